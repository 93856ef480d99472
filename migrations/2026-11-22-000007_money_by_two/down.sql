DROP INDEX proposals_state_idx;
DROP INDEX cases_posts_on_idx;
ALTER TABLE cases DROP COLUMN posts_on;
DROP INDEX ledger_entries_adjustment_key;
DROP INDEX ledger_entries_transfer_key;
