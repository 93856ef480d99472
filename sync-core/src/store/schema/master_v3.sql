-- master.db, version 3: how many targets of each kind there are is known without reading a register of 100,000 through.

-- Kept by `store::master::apply`.
CREATE TABLE register_count (
    kind TEXT PRIMARY KEY,
    targets INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO register_count (kind, targets) SELECT kind, count(*) FROM register_entry GROUP BY kind;
