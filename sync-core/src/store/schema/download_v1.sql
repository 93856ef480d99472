-- download.db, version 1: what has arrived of a snapshot, so that a download resumes where it stopped. It may be thrown
-- away at any time.
CREATE TABLE download (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sha256 TEXT NOT NULL, -- of the whole file, as 64 hex digits
    total INTEGER NOT NULL CHECK (total > 0) -- bytes
) STRICT;

CREATE TABLE chunk (
    start INTEGER PRIMARY KEY CHECK (start >= 0), -- bytes from the beginning of the file
    bytes BLOB NOT NULL CHECK (length(bytes) > 0)
) STRICT;
