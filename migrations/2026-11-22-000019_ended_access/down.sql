DROP TRIGGER users_disabled ON users;
DROP TRIGGER devices_revoked ON devices;
DROP TRIGGER sessions_ended ON sessions;
DROP FUNCTION tell_access_ended();
