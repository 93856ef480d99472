-- In the order in which a month is summed, so that the entries of a case stand together and nothing is sorted or hashed.
DROP INDEX ledger_entries_period_idx;
CREATE INDEX ledger_entries_period_idx ON ledger_entries (district, period, unit_id, item, grid, case_id)
    INCLUDE (amount_fen);
-- A month's entries page by page: without it a page of the last month begins at the ledger's first entry.
CREATE INDEX ledger_entries_page_idx ON ledger_entries (district, period, entry_no);
-- Cases with doubts are few, and were searched among all.
CREATE INDEX cases_flagged_idx ON cases (district, occurred_at DESC, case_id)
    INCLUDE (review_state, unit_id, grid, item, kind, author) WHERE flags <> '{}';
