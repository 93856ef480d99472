-- The verdict on an upload comes after its last byte was acknowledged. It stays with the upload until that expires,
-- so that the sender can ask for it: `finished_at` alone means verified, with `refusal` (a problem code) refused.
ALTER TABLE uploads ADD COLUMN refusal TEXT;
ALTER TABLE uploads ADD CONSTRAINT uploads_refusal_check CHECK (refusal IS NULL OR finished_at IS NOT NULL);

-- What one user has begun and not sent to its end, and what awaits its verdict: neither is searched among the rest.
CREATE INDEX uploads_open_idx ON uploads (district, user_id) WHERE received < length;
CREATE INDEX uploads_unjudged_idx ON uploads (upload_id) WHERE finished_at IS NULL AND received = length;
DROP INDEX uploads_expiry_idx;
