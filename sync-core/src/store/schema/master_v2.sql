-- master.db, version 2: a register of 100,000 targets is listed by place, by name and by kind without reading it through.

ALTER TABLE register_entry ADD COLUMN kind TEXT NOT NULL DEFAULT '';

UPDATE register_entry SET kind = coalesce(
    (SELECT json ->> '$.kind' FROM pulled WHERE entity = 'target' AND id = register_entry.target_id), '');

CREATE INDEX register_by_place ON register_entry (lat, lon);
CREATE INDEX register_by_name ON register_entry (name, target_id);
CREATE INDEX register_by_kind ON register_entry (kind, name, target_id);
