-- work.db, version 2: field records (现场记录) beside inspections, as recorded: reports of rectification, re-checks and
-- verifications of fire points. `subject` is the case or the fire point.
CREATE TABLE field_record (
    op_id TEXT PRIMARY KEY REFERENCES operation (op_id),
    subject TEXT NOT NULL,
    json TEXT NOT NULL CHECK (json_valid(json))
) STRICT, WITHOUT ROWID;
CREATE INDEX field_record_subject ON field_record (subject);
