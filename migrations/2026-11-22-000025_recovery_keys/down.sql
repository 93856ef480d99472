ALTER TABLE device_users DROP COLUMN recovery_key;
