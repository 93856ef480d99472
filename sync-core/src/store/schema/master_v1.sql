-- master.db, version 1: what the server sent. It may be replaced at any time; nothing here is the only copy.

-- Every pulled row as the JSON text it came in, so that fields and whole kinds that this build does not know
-- survive until a build that does. `id` is the change's id; `entity` one of the wire's kinds.
CREATE TABLE pulled (
    entity TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL CHECK (json_valid(json)),
    PRIMARY KEY (entity, id)
) STRICT, WITHOUT ROWID;

-- Cases (案件) by inspection lineage.
CREATE INDEX pulled_case_lineage ON pulled (json ->> '$.lineage') WHERE entity = 'case';

-- The register (台账) as search needs it; derived from `pulled`. Degrees in WGS-84.
CREATE TABLE register_entry (
    entry_no INTEGER PRIMARY KEY,
    target_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    code TEXT,
    lon REAL NOT NULL,
    lat REAL NOT NULL
) STRICT;

-- Its terms, written by `store::search_terms`: bigrams of the name in order, heads of the code, bigrams of the
-- pinyin initials. The ascii tokenizer splits at spaces and keeps every Chinese character, also the rare ones.
CREATE VIRTUAL TABLE register_search USING fts5 (
    name, code, initials,
    content = '', contentless_delete = 1, tokenize = 'ascii'
);

-- Where the pull stands.
CREATE TABLE position (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cursor TEXT NOT NULL,
    server_time INTEGER NOT NULL -- milliseconds since 1970
) STRICT;
