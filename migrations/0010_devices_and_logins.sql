-- Whether a browser was seen with the newest secret: until then the one before may stand in for it, since the
-- answer that carried the newest may have been lost. Of exchanges from before that is taken as seen.
ALTER TABLE device ADD COLUMN seen BIGINT NOT NULL DEFAULT 1;

-- Log-ins and sessions that are watched are forgotten when they end.
CREATE INDEX login_binding_end ON login_binding (expires_at);
