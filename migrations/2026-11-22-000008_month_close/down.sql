DROP TABLE subsidies;
DROP TABLE executions;
DROP TABLE month_exports;
DROP TRIGGER periods_append_only ON periods;
ALTER TABLE periods
    ALTER COLUMN closed_at DROP NOT NULL,
    DROP CONSTRAINT periods_decision_fkey,
    DROP COLUMN entry_hash,
    DROP COLUMN entry_no,
    DROP COLUMN decision_no,
    DROP COLUMN digest;
