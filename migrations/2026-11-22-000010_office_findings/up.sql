-- Inspections that no device sent: findings of higher-level groups, entered by the office from a document, and cases
-- imported from the time before this product.
ALTER TABLE inspections
    ADD COLUMN source TEXT NOT NULL DEFAULT 'device'
        CONSTRAINT inspections_source_check CHECK (source IN ('device', 'office', 'history')),
    -- The document it is on record by: number, issuing group, date, title.
    ADD COLUMN document JSONB,
    ALTER COLUMN op_id DROP NOT NULL,
    ALTER COLUMN device_id DROP NOT NULL,
    -- What a device sent came in an operation, and nothing else did.
    ADD CONSTRAINT inspections_device_check
        CHECK ((source = 'device') = (op_id IS NOT NULL) AND (source = 'device') = (device_id IS NOT NULL)),
    ADD CONSTRAINT inspections_document_check CHECK (source <> 'office' OR document IS NOT NULL);
