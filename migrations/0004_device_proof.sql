-- By which kind of factor a remembered device was proven. Of those from before that is not known: they
-- count as the kind that the fewest routes take.
ALTER TABLE device ADD COLUMN proven_by TEXT NOT NULL DEFAULT 'backup_code';

-- In which epoch its last exchange was: when that ended, so did what the log-in may have of it.
ALTER TABLE device ADD COLUMN rotated_epoch BIGINT NOT NULL DEFAULT 0;

CREATE INDEX freeze_offer_expired ON freeze_offer (expires_at);
