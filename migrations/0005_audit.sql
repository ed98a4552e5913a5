-- The audit trail, in place of the table of 0002, which no release wrote. Rows are only added, and taken
-- away by retention, which leaves a signed checkpoint. `player` is a pseudonym: whose it is stands in
-- audit_player alone, so that a player can be erased and the chain stays whole.
DROP TABLE audit;

CREATE TABLE audit_player (
    pseudonym TEXT PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    salt BYTEA NOT NULL
);

-- One chain a process. `number` counts the chains without a gap, so that none can be taken away whole.
CREATE TABLE audit_head (
    chain TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL
);

CREATE TABLE audit_entry (
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    player TEXT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    why TEXT NOT NULL,
    origin TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hash BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE INDEX audit_entry_of_player ON audit_entry (player, at);
CREATE INDEX audit_entry_by_event ON audit_entry (event, at);
CREATE INDEX audit_entry_by_time ON audit_entry (at, id);

-- Rows that retention took away, from `first` to `last`; `hash` is the last one's.
CREATE TABLE audit_checkpoint (
    chain TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (chain, first)
);

-- How far each sink has each chain; leased by one process at a time.
CREATE TABLE audit_sent (
    sink TEXT NOT NULL,
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (sink, chain)
);
