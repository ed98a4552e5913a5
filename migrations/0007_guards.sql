-- What protects against waves: wrong codes of whole networks, and what was sent where.

-- Networks are keyed hashes; a row ends an hour after its first failure.
CREATE TABLE network_attempt (
    network BYTEA PRIMARY KEY,
    failures BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE INDEX network_attempt_end ON network_attempt (ends_at);

-- The tallies that a send counts in, separated by spaces; null for those from before.
ALTER TABLE sms_send ADD COLUMN tallies TEXT;

-- Messages in a quarter of an hour; a tally is `all`, a country, or a keyed hash.
CREATE TABLE sms_tally (
    tally TEXT NOT NULL,
    slot BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    PRIMARY KEY (tally, slot)
);

CREATE INDEX sms_tally_age ON sms_tally (slot);
