-- work.db, version 3: when the register was last compared with the server's, how often it had to be repaired, and what
-- the last rounds of syncing did.
ALTER TABLE identity ADD COLUMN compared_at INTEGER; -- milliseconds since 1970, by the device's clock
ALTER TABLE identity ADD COLUMN repairs INTEGER NOT NULL DEFAULT 0 CHECK (repairs >= 0);

-- The sync log (同步日志): one line a round, the newest ones.
CREATE TABLE sync_log (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL CHECK (json_valid(line))
) STRICT;
