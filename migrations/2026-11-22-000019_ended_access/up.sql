-- Streams of events end with the session, device or user that they were opened by, at whichever process they are open
-- and whatever ends them, the command line too: the row itself says so. The payload is the kind and the id.
CREATE FUNCTION tell_access_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lantian_access', TG_ARGV[0] || ' ' || (to_jsonb(OLD) ->> TG_ARGV[1]));
    RETURN NULL;
END $$;

CREATE TRIGGER sessions_ended AFTER DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION tell_access_ended('session', 'session_id');
CREATE TRIGGER devices_revoked AFTER UPDATE OF revoked_at ON devices
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION tell_access_ended('device', 'device_id');
CREATE TRIGGER users_disabled AFTER UPDATE OF disabled_at ON users
    FOR EACH ROW WHEN (NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION tell_access_ended('user', 'user_id');
