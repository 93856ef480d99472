-- The register (台账) and what it hangs on: units, grids, zones, policy packs, targets.
CREATE TABLE units (
    district TEXT NOT NULL CONSTRAINT units_district_fkey REFERENCES districts,
    unit_id UUID NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT units_kind_check CHECK (kind IN ('street_office', 'bureau')),
    credit_code TEXT,
    budget_code TEXT NOT NULL,
    CONSTRAINT units_pkey PRIMARY KEY (district, unit_id),
    CONSTRAINT units_name_key UNIQUE (district, name),
    CONSTRAINT units_budget_code_key UNIQUE (district, budget_code)
);

CREATE TABLE grids (
    district TEXT NOT NULL CONSTRAINT grids_district_fkey REFERENCES districts,
    path TEXT NOT NULL CONSTRAINT grids_path_check CHECK (path ~ '^[0-9]{6}(/[0-9]{3}){0,4}$'),
    name TEXT NOT NULL,
    statistical_code TEXT,
    unit_id UUID NOT NULL,
    polygon JSONB,
    staff JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT grids_pkey PRIMARY KEY (district, path),
    CONSTRAINT grids_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT grids_district_path_check CHECK (left(path, 6) = district)
);

CREATE TABLE zones (
    district TEXT NOT NULL CONSTRAINT zones_district_fkey REFERENCES districts,
    zone_id UUID NOT NULL,
    kind TEXT NOT NULL
        CONSTRAINT zones_kind_check CHECK (kind IN ('built_up_area', 'no_burn', 'fireworks_prohibited')),
    name TEXT NOT NULL,
    polygon JSONB NOT NULL,
    from_day DATE NOT NULL,
    until_day DATE,
    CONSTRAINT zones_pkey PRIMARY KEY (district, zone_id),
    CONSTRAINT zones_days_check CHECK (until_day >= from_day)
);

-- Pack versions are immutable and the same for every district that adopts them.
CREATE TABLE packs (
    hash TEXT NOT NULL CONSTRAINT packs_pkey PRIMARY KEY
        CONSTRAINT packs_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'),
    pack_id TEXT NOT NULL,
    region TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT packs_status_check CHECK (status IN ('draft', 'issued')),
    source TEXT NOT NULL,
    added_at TIMESTAMPTZ NOT NULL
);

-- A district adopts a pack version, with dates of its own where the pack is a draft or leaves them open.
CREATE TABLE pack_adoptions (
    district TEXT NOT NULL CONSTRAINT pack_adoptions_district_fkey REFERENCES districts,
    hash TEXT NOT NULL CONSTRAINT pack_adoptions_hash_fkey REFERENCES packs,
    from_day DATE,
    until_day DATE,
    adopted_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pack_adoptions_pkey PRIMARY KEY (district, hash),
    CONSTRAINT pack_adoptions_days_check CHECK (until_day >= from_day)
);

CREATE TABLE targets (
    district TEXT NOT NULL CONSTRAINT targets_district_fkey REFERENCES districts,
    target_id UUID NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    grid TEXT NOT NULL,
    unit_id UUID NOT NULL,
    supervising_department TEXT,
    responsible_person TEXT,
    facts JSONB NOT NULL DEFAULT '{}',
    version INTEGER NOT NULL CONSTRAINT targets_version_check CHECK (version > 0),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    CONSTRAINT targets_pkey PRIMARY KEY (district, target_id),
    CONSTRAINT targets_code_key UNIQUE (district, code),
    CONSTRAINT targets_grid_fkey FOREIGN KEY (district, grid) REFERENCES grids,
    CONSTRAINT targets_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT targets_point_check CHECK (lon BETWEEN 73 AND 136 AND lat BETWEEN 3 AND 54)
);
CREATE INDEX targets_grid_idx ON targets (district, grid, kind);
