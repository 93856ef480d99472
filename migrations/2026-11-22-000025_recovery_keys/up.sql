-- What a tablet's stores of one user can be opened with when the PIN is forgotten: half of it. The other half never
-- leaves the tablet. Made when the user first signs in there.
ALTER TABLE device_users
    ADD COLUMN recovery_key BYTEA CONSTRAINT device_users_recovery_key_check CHECK (octet_length(recovery_key) = 32);
