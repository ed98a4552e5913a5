-- Failed sign-ins at the desk are counted by keyed hashes of name and address, so that a name that nobody has
-- is counted as one that somebody has. `failures` and `paused_until` of desk_operator are no longer written.
CREATE TABLE desk_sign_in (
    tally BYTEA PRIMARY KEY,
    failures BIGINT NOT NULL,
    paused_until BIGINT NOT NULL,
    failed_at BIGINT NOT NULL
);

CREATE INDEX desk_sign_in_age ON desk_sign_in (failed_at);

-- Of which quota it is: `action`, or `look`.
ALTER TABLE desk_action ADD COLUMN quota TEXT NOT NULL DEFAULT 'action';
