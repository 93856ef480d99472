DROP INDEX cases_occurred_idx;
CREATE INDEX cases_occurred_idx ON cases (district, occurred_at DESC, case_id);
DROP INDEX ledger_entries_period_idx;
CREATE INDEX ledger_entries_period_idx ON ledger_entries (district, period, unit_id, item);
