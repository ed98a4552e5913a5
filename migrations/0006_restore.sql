-- The global epoch: added to every player's own, raised when a backup of the database was put back. It is a
-- Unix time, so that it is above all that any copy of the database ever held.
CREATE TABLE global_epoch (
    epoch BIGINT PRIMARY KEY
);
