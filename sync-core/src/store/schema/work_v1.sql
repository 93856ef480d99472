-- work.db, version 1: what one user recorded on this device. Precious: never replaced, never deleted.
-- Times are milliseconds since 1970; ids are UUIDs in their hyphenated form.

-- Whose it is, which installation, and what the server last said about itself.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    user_id TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    last_device_seq INTEGER NOT NULL DEFAULT 0 CHECK (last_device_seq >= 0),
    epoch TEXT,
    backed_up_through INTEGER
) STRICT;

-- The outbox (待发操作). `subject` is what a batch never splits: the inspection lineage, or the target.
-- `bytes` are the operation as encoded once and sent for ever; they go only after a backup has them.
CREATE TABLE operation (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    op_id TEXT NOT NULL UNIQUE,
    incarnation TEXT NOT NULL,
    device_seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    bytes BLOB,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'applied', 'refused', 'quarantined')),
    missing TEXT CHECK ((missing IS NOT NULL) = (state = 'held')),
    refusal TEXT CHECK ((refusal IS NOT NULL) = (state = 'refused')),
    acknowledged_at INTEGER CHECK ((acknowledged_at IS NOT NULL) = (state IN ('applied', 'refused', 'quarantined'))),
    UNIQUE (incarnation, device_seq),
    CHECK (bytes IS NOT NULL OR state = 'applied')
) STRICT;
CREATE INDEX operation_state ON operation (state, subject);
CREATE INDEX operation_retained ON operation (acknowledged_at) WHERE bytes IS NOT NULL;

-- Sealed inspections (检查记录) as sealed.
CREATE TABLE inspection (
    inspection_id TEXT PRIMARY KEY,
    lineage TEXT NOT NULL,
    replaces TEXT,
    target_id TEXT,
    op_id TEXT NOT NULL UNIQUE REFERENCES operation (op_id),
    occurred_at INTEGER NOT NULL,
    json TEXT NOT NULL CHECK (json_valid(json))
) STRICT, WITHOUT ROWID;
CREATE INDEX inspection_recent ON inspection (occurred_at, inspection_id);
CREATE INDEX inspection_lineage ON inspection (lineage);

-- Targets registered or updated here and not yet seen in the pulled register.
CREATE TABLE target_overlay (
    op_id TEXT PRIMARY KEY REFERENCES operation (op_id),
    target_id TEXT NOT NULL,
    base_version INTEGER NOT NULL CHECK (base_version >= 0), -- 0: registered here
    json TEXT NOT NULL CHECK (json_valid(json))
) STRICT, WITHOUT ROWID;
CREATE INDEX target_overlay_target ON target_overlay (target_id);

-- Photos (照片) of sealed inspections, in the order they were sealed.
CREATE TABLE photo (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL CHECK (size >= 0), -- bytes
    state TEXT NOT NULL CHECK (state IN ('waiting', 'verified', 'refused')),
    upload_url TEXT,
    upload_offset INTEGER NOT NULL DEFAULT 0 CHECK (upload_offset BETWEEN 0 AND size), -- bytes
    refusal TEXT CHECK ((refusal IS NOT NULL) = (state = 'refused')),
    verified_at INTEGER CHECK ((verified_at IS NOT NULL) = (state = 'verified'))
) STRICT;
CREATE INDEX photo_waiting ON photo (position) WHERE state = 'waiting';

-- Drafts (草稿) by the id the inspection will have, so that sealing it removes its draft in one transaction.
CREATE TABLE draft (
    inspection_id TEXT PRIMARY KEY,
    saved_at INTEGER NOT NULL,
    json TEXT NOT NULL CHECK (json_valid(json))
) STRICT, WITHOUT ROWID;
