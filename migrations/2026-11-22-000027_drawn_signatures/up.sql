-- A signature drawn on a tablet is no picture from a gallery.

ALTER TABLE inspection_photos
    DROP CONSTRAINT inspection_photos_source_check,
    ADD CONSTRAINT inspection_photos_source_check CHECK (source IN ('camera', 'gallery', 'drawing'));
ALTER TABLE record_photos
    DROP CONSTRAINT record_photos_source_check,
    ADD CONSTRAINT record_photos_source_check CHECK (source IN ('camera', 'gallery', 'drawing'));
