UPDATE inspection_photos SET source = 'gallery' WHERE source = 'drawing';
UPDATE record_photos SET source = 'gallery' WHERE source = 'drawing';
ALTER TABLE inspection_photos
    DROP CONSTRAINT inspection_photos_source_check,
    ADD CONSTRAINT inspection_photos_source_check CHECK (source IN ('camera', 'gallery'));
ALTER TABLE record_photos
    DROP CONSTRAINT record_photos_source_check,
    ADD CONSTRAINT record_photos_source_check CHECK (source IN ('camera', 'gallery'));
