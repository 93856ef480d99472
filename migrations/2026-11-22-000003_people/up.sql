-- People, their dated assignments, sessions and devices, and the audit trail.
CREATE TABLE users (
    district TEXT NOT NULL CONSTRAINT users_district_fkey REFERENCES districts,
    user_id UUID NOT NULL,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    -- argon2id in PHC form; null: cannot sign in by password (device only).
    password_hash TEXT,
    failed_sign_ins INTEGER NOT NULL DEFAULT 0,
    locked_until TIMESTAMPTZ,
    disabled_at TIMESTAMPTZ,
    -- Grows with every change of the user's assignments; cursors name it.
    scope_version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT users_pkey PRIMARY KEY (district, user_id),
    CONSTRAINT users_username_key UNIQUE (username)
);

CREATE TABLE assignments (
    district TEXT NOT NULL,
    assignment_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role TEXT NOT NULL CONSTRAINT assignments_role_check
        CHECK (role IN ('inspector', 'supervisor', 'liaison', 'finance', 'administrator')),
    grid TEXT NOT NULL,
    unit_id UUID,
    level TEXT CONSTRAINT assignments_level_check CHECK
        (level IN ('national', 'provincial', 'municipal', 'district', 'township', 'self_check')),
    from_day DATE NOT NULL,
    until_day DATE,
    CONSTRAINT assignments_pkey PRIMARY KEY (district, assignment_id),
    CONSTRAINT assignments_user_fkey FOREIGN KEY (district, user_id) REFERENCES users,
    CONSTRAINT assignments_grid_fkey FOREIGN KEY (district, grid) REFERENCES grids,
    CONSTRAINT assignments_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT assignments_days_check CHECK (until_day >= from_day),
    CONSTRAINT assignments_liaison_unit_check CHECK (role <> 'liaison' OR unit_id IS NOT NULL),
    CONSTRAINT assignments_inspector_level_check CHECK (role <> 'inspector' OR level IS NOT NULL)
);
CREATE INDEX assignments_user_idx ON assignments (district, user_id);

CREATE TABLE sessions (
    -- SHA-256 of the cookie's random value: the table alone signs nobody in.
    token_hash BYTEA NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY,
    session_id UUID NOT NULL CONSTRAINT sessions_id_key UNIQUE,
    district TEXT NOT NULL,
    user_id UUID NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    CONSTRAINT sessions_user_fkey FOREIGN KEY (district, user_id) REFERENCES users
);
CREATE INDEX sessions_user_idx ON sessions (district, user_id);

CREATE TABLE devices (
    district TEXT NOT NULL CONSTRAINT devices_district_fkey REFERENCES districts,
    device_id UUID NOT NULL,
    name TEXT NOT NULL,
    -- Uncompressed SEC1 point, P-256.
    public_key BYTEA NOT NULL CONSTRAINT devices_public_key_check CHECK (octet_length(public_key) = 65),
    incarnation UUID NOT NULL,
    enrolled_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    CONSTRAINT devices_pkey PRIMARY KEY (district, device_id),
    CONSTRAINT devices_id_key UNIQUE (device_id),
    CONSTRAINT devices_public_key_key UNIQUE (district, public_key)
);

CREATE TABLE device_users (
    district TEXT NOT NULL,
    device_id UUID NOT NULL,
    user_id UUID NOT NULL,
    enrolled_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT device_users_pkey PRIMARY KEY (district, device_id, user_id),
    CONSTRAINT device_users_device_fkey FOREIGN KEY (district, device_id) REFERENCES devices,
    CONSTRAINT device_users_user_fkey FOREIGN KEY (district, user_id) REFERENCES users
);

CREATE TABLE enrolment_codes (
    code_hash BYTEA NOT NULL CONSTRAINT enrolment_codes_pkey PRIMARY KEY,
    district TEXT NOT NULL,
    user_id UUID NOT NULL,
    issued_by UUID,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    device_id UUID,
    CONSTRAINT enrolment_codes_user_fkey FOREIGN KEY (district, user_id) REFERENCES users
);

CREATE TABLE device_challenges (
    challenge_hash BYTEA NOT NULL CONSTRAINT device_challenges_pkey PRIMARY KEY,
    device_id UUID NOT NULL CONSTRAINT device_challenges_device_fkey REFERENCES devices (device_id),
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX device_challenges_expiry_idx ON device_challenges (expires_at);

CREATE TABLE audit_events (
    district TEXT NOT NULL CONSTRAINT audit_events_district_fkey REFERENCES districts,
    event_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- `sign_in`, `sign_in_failed`, `sign_out`, `device_enrolled`, `device_revoked`, `decision` …
    action TEXT NOT NULL,
    user_id UUID,
    device_id UUID,
    -- What it was done to, as `entity/id`.
    subject TEXT,
    address TEXT,
    detail JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT audit_events_pkey PRIMARY KEY (district, event_id)
);
CREATE INDEX audit_events_at_idx ON audit_events (district, at);
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
