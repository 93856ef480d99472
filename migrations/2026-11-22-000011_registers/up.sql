-- Units, grids and zones are changed by people in the office: a change names the version it was made on.
ALTER TABLE units ADD COLUMN version INTEGER NOT NULL DEFAULT 1
    CONSTRAINT units_version_check CHECK (version > 0);
ALTER TABLE grids ADD COLUMN version INTEGER NOT NULL DEFAULT 1
    CONSTRAINT grids_version_check CHECK (version > 0);
ALTER TABLE zones ADD COLUMN version INTEGER NOT NULL DEFAULT 1
    CONSTRAINT zones_version_check CHECK (version > 0);
