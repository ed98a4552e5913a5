-- One text for SQLite and PostgreSQL: TEXT, BIGINT, INTEGER and BYTEA only.
-- Times are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE player (
    subject TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL DEFAULT 0,
    must_bind INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE factor (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES player (subject),
    kind TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    matures_at BIGINT NOT NULL,
    last_step BIGINT NOT NULL
);

-- At most one active factor of a kind: two log-ins that confirm at once cannot both bind one.
CREATE UNIQUE INDEX factor_of_player ON factor (subject, kind);

CREATE TABLE attempt (
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    failures BIGINT NOT NULL,
    paused_until BIGINT NOT NULL,
    PRIMARY KEY (subject, kind)
);

-- A log-in whose stamps count while ended_at is null; subject is null for one ended unopened.
CREATE TABLE family (
    binding BYTEA PRIMARY KEY,
    subject TEXT,
    opened_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE TABLE spent (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX spent_expiry ON spent (expires_at);

CREATE TABLE login_binding (
    session BYTEA PRIMARY KEY,
    subject TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
