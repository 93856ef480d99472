-- What devices sent: operations as their original bytes, sealed inspections, photos and their uploads.
CREATE TABLE operations (
    district TEXT NOT NULL CONSTRAINT operations_district_fkey REFERENCES districts,
    op_id UUID NOT NULL,
    bytes BYTEA NOT NULL,
    sha256 BYTEA NOT NULL CONSTRAINT operations_sha256_check CHECK (octet_length(sha256) = 32),
    -- Who pushed it: the signed-in device, user and installation.
    device_id UUID NOT NULL,
    user_id UUID NOT NULL,
    incarnation UUID NOT NULL,
    -- From the header; null where it could not be read.
    device_seq BIGINT,
    kind TEXT,
    received_at TIMESTAMPTZ NOT NULL,
    -- The stored result: `applied` or `rejected` with code, field and sentences. Null: in quarantine (隔离), pushed
    -- by a revoked device, kept for an administrator.
    outcome JSONB,
    CONSTRAINT operations_pkey PRIMARY KEY (district, op_id),
    CONSTRAINT operations_device_fkey FOREIGN KEY (district, device_id) REFERENCES devices,
    CONSTRAINT operations_user_fkey FOREIGN KEY (district, user_id) REFERENCES users
);
CREATE INDEX operations_device_seq_idx ON operations (district, device_id, incarnation, user_id, device_seq);

CREATE TABLE inspections (
    district TEXT NOT NULL,
    inspection_id UUID NOT NULL,
    lineage UUID NOT NULL,
    replaces UUID,
    op_id UUID NOT NULL,
    author UUID NOT NULL,
    device_id UUID NOT NULL,
    kind TEXT NOT NULL,
    target_id UUID,
    occurred_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    grid TEXT NOT NULL,
    unit_id UUID NOT NULL,
    level TEXT NOT NULL,
    pack_hash TEXT,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    -- The sealed inspection as JSON; the signed-for bytes are the operation's.
    sealed JSONB NOT NULL,
    -- Doubts that block posting until settled.
    flags TEXT[] NOT NULL DEFAULT '{}',
    CONSTRAINT inspections_pkey PRIMARY KEY (district, inspection_id),
    -- A second correction of the same inspection is refused.
    CONSTRAINT inspections_replaces_key UNIQUE (district, replaces),
    CONSTRAINT inspections_replaces_fkey FOREIGN KEY (district, replaces) REFERENCES inspections,
    CONSTRAINT inspections_operation_fkey FOREIGN KEY (district, op_id) REFERENCES operations,
    CONSTRAINT inspections_author_fkey FOREIGN KEY (district, author) REFERENCES users,
    CONSTRAINT inspections_target_fkey FOREIGN KEY (district, target_id) REFERENCES targets,
    CONSTRAINT inspections_grid_fkey FOREIGN KEY (district, grid) REFERENCES grids,
    CONSTRAINT inspections_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT inspections_pack_fkey FOREIGN KEY (pack_hash) REFERENCES packs,
    CONSTRAINT inspections_first_check CHECK ((replaces IS NULL) = (lineage = inspection_id))
);
CREATE INDEX inspections_lineage_idx ON inspections (district, lineage);
CREATE INDEX inspections_target_idx ON inspections (district, target_id, occurred_at);

-- Photos by content: one row for one picture, whoever sent it.
CREATE TABLE photos (
    district TEXT NOT NULL CONSTRAINT photos_district_fkey REFERENCES districts,
    sha256 TEXT NOT NULL CONSTRAINT photos_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size BIGINT NOT NULL,
    state TEXT NOT NULL CONSTRAINT photos_state_check CHECK (state IN ('verified', 'refused')),
    -- Problem code, when refused.
    refusal TEXT,
    media_type TEXT,
    width INTEGER,
    height INTEGER,
    -- EXIF facts as read from the original.
    exif JSONB,
    received_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT photos_pkey PRIMARY KEY (district, sha256),
    CONSTRAINT photos_refusal_check CHECK ((state = 'refused') = (refusal IS NOT NULL))
);

CREATE TABLE inspection_photos (
    district TEXT NOT NULL,
    inspection_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    source TEXT NOT NULL CONSTRAINT inspection_photos_source_check CHECK (source IN ('camera', 'gallery')),
    question TEXT,
    -- When the stamped copy (水印) was made; null while pending, as it is for want of a font.
    stamped_at TIMESTAMPTZ,
    CONSTRAINT inspection_photos_pkey PRIMARY KEY (district, inspection_id, ordinal),
    CONSTRAINT inspection_photos_inspection_fkey FOREIGN KEY (district, inspection_id) REFERENCES inspections
);
CREATE INDEX inspection_photos_sha256_idx ON inspection_photos (district, sha256);
CREATE INDEX inspection_photos_unstamped_idx ON inspection_photos (district, inspection_id, ordinal)
    WHERE stamped_at IS NULL;

-- Resumable uploads (tus). The row lock orders appends; `received` is what is durable.
CREATE TABLE uploads (
    district TEXT NOT NULL CONSTRAINT uploads_district_fkey REFERENCES districts,
    upload_id UUID NOT NULL,
    user_id UUID NOT NULL,
    device_id UUID,
    sha256 TEXT NOT NULL,
    length BIGINT NOT NULL,
    received BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    CONSTRAINT uploads_pkey PRIMARY KEY (district, upload_id),
    CONSTRAINT uploads_user_fkey FOREIGN KEY (district, user_id) REFERENCES users,
    CONSTRAINT uploads_received_check CHECK (received BETWEEN 0 AND length)
);
CREATE INDEX uploads_expiry_idx ON uploads (expires_at) WHERE finished_at IS NULL;
