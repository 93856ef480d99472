CREATE INDEX uploads_expiry_idx ON uploads (expires_at) WHERE finished_at IS NULL;
DROP INDEX uploads_unjudged_idx;
DROP INDEX uploads_open_idx;
-- Before, a refused upload was removed.
DELETE FROM uploads WHERE refusal IS NOT NULL;
ALTER TABLE uploads DROP CONSTRAINT uploads_refusal_check;
ALTER TABLE uploads DROP COLUMN refusal;
