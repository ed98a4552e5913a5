-- The support desk: its operators' sign-ins, what they did lately, and resets of second factors.
-- Who the operators are stands in the configuration.

CREATE TABLE desk_operator (
    name TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    paused_until BIGINT NOT NULL,
    -- The TOTP step that was last accepted.
    last_step BIGINT NOT NULL
);

-- token and credentials are keyed hashes.
CREATE TABLE desk_session (
    token BYTEA PRIMARY KEY,
    operator TEXT NOT NULL,
    credentials BYTEA NOT NULL,
    used_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE TABLE desk_action (
    id TEXT PRIMARY KEY,
    operator TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX desk_action_by_operator ON desk_action (operator, at);

CREATE TABLE desk_reset (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    -- Until when it can be approved.
    expires_at BIGINT NOT NULL,
    -- waiting, approved, done or cancelled.
    state TEXT NOT NULL,
    approved_by TEXT,
    due_at BIGINT,
    -- The hash of what the cancel link holds.
    cancel BYTEA,
    ended_at BIGINT,
    ended_by TEXT,
    -- A temporary code that was given after it: its keyed hash.
    code BYTEA,
    code_expires_at BIGINT,
    code_spent_at BIGINT
);

CREATE INDEX desk_reset_of_player ON desk_reset (subject, requested_at);
CREATE INDEX desk_reset_by_state ON desk_reset (state, due_at);
CREATE UNIQUE INDEX desk_reset_by_cancel ON desk_reset (cancel);

CREATE INDEX contact_by_lookup ON contact (lookup);
