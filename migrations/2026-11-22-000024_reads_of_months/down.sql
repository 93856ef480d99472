DROP INDEX cases_flagged_idx;
DROP INDEX ledger_entries_page_idx;
DROP INDEX ledger_entries_period_idx;
CREATE INDEX ledger_entries_period_idx ON ledger_entries (district, period, unit_id, item)
    INCLUDE (grid, case_id, amount_fen);
