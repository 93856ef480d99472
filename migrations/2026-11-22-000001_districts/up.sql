-- A district is the tenant: every row that grows carries its code first in its key, so that tables partition and
-- shard on it. Its row is the lock that makes change, decision and ledger numbers commit-ordered and gap-free.
CREATE TABLE districts (
    district TEXT NOT NULL CONSTRAINT districts_pkey PRIMARY KEY
        CONSTRAINT districts_code_check CHECK (district ~ '^[0-9]{6}$'),
    name TEXT NOT NULL,
    epoch UUID NOT NULL,
    change_number BIGINT NOT NULL DEFAULT 0,
    decision_number BIGINT NOT NULL DEFAULT 0,
    entry_number BIGINT NOT NULL DEFAULT 0,
    -- Hash of the last ledger entry: the head of the chain.
    entry_hash BYTEA NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000'
        CONSTRAINT districts_entry_hash_check CHECK (octet_length(entry_hash) = 32),
    backed_up_through TIMESTAMPTZ,
    demonstration BOOLEAN NOT NULL DEFAULT FALSE
);

-- What devices must hear of, in commit order. All rows of one transaction share one number: a page never splits it.
CREATE TABLE changes (
    district TEXT NOT NULL CONSTRAINT changes_district_fkey REFERENCES districts,
    number BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    change_id UUID NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    -- The grid before and after; both null: the whole district hears of it (units, packs, zones, grids).
    grid_before TEXT,
    grid_after TEXT,
    -- Addressed to one user, whatever the grid (own assignments, own operations' results, own cases).
    user_id UUID,
    CONSTRAINT changes_pkey PRIMARY KEY (district, number, ordinal)
);
CREATE INDEX changes_entity_idx ON changes (district, entity, entity_id, number);

-- Ledger, decisions and audit are on record for ever.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
