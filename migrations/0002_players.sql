-- What players own besides factors: backup codes, remembered devices, contacts, restrictions, and
-- what they are told. Sealed columns hold nonce and ciphertext; key_id names their key.

-- Several apps are allowed; that two first enrolments cannot both succeed is held by the player's
-- row, which every change of an account locks first.
DROP INDEX factor_of_player;
ALTER TABLE factor ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
CREATE INDEX factor_by_player ON factor (subject);

ALTER TABLE player ADD COLUMN frozen_at BIGINT;
-- The event whose notice froze the account: only a factor older than it may clear the freeze.
ALTER TABLE player ADD COLUMN frozen_for BIGINT;

CREATE TABLE backup_code (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES player (subject),
    selector TEXT NOT NULL,
    hash TEXT NOT NULL,
    spent_at BIGINT
);

CREATE UNIQUE INDEX backup_code_of_player ON backup_code (subject, selector);

-- When something last happened that makes routes wait.
CREATE TABLE cool_down (
    subject TEXT NOT NULL REFERENCES player (subject),
    cause TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (subject, cause)
);

CREATE TABLE device (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    token BYTEA NOT NULL,
    previous_token BYTEA,
    rotated_at BIGINT NOT NULL,
    rotated_for BYTEA,
    auth_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX device_of_player ON device (subject);

-- Numbers and addresses that the site named for a player; lookup is a keyed hash.
CREATE TABLE contact (
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    lookup BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    is_current INTEGER NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (subject, kind, lookup)
);

CREATE TABLE sms_send (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    number BYTEA NOT NULL,
    sent_at BIGINT NOT NULL,
    verified_at BIGINT
);

CREATE INDEX sms_send_by_number ON sms_send (number, sent_at);
CREATE INDEX sms_send_by_player ON sms_send (subject, sent_at);

-- Notices that wait for their courier; gone when they were carried.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

CREATE INDEX outbox_due ON outbox (next_try_at);

CREATE TABLE freeze_offer (
    token BYTEA PRIMARY KEY,
    subject TEXT NOT NULL,
    event_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE INDEX audit_of_player ON audit (subject, at);
