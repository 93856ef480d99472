-- What lists count by and months sum stands in the index, so that neither reads the rows: at a million entries these
-- are half a gigabyte.
DROP INDEX cases_occurred_idx;
CREATE INDEX cases_occurred_idx ON cases (district, occurred_at DESC, case_id)
    INCLUDE (review_state, unit_id, grid, item, kind, author, flags);
DROP INDEX ledger_entries_period_idx;
CREATE INDEX ledger_entries_period_idx ON ledger_entries (district, period, unit_id, item)
    INCLUDE (grid, case_id, amount_fen);
