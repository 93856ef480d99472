DROP TABLE ledger_entries;
DROP TABLE periods;
DROP TABLE decisions;
DROP TABLE charges;
DROP TABLE cases;
