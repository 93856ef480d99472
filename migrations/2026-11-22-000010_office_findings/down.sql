ALTER TABLE inspections
    DROP CONSTRAINT inspections_document_check,
    DROP CONSTRAINT inspections_device_check,
    ALTER COLUMN device_id SET NOT NULL,
    ALTER COLUMN op_id SET NOT NULL,
    DROP COLUMN document,
    DROP COLUMN source;
