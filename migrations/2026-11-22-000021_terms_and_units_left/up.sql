-- An appeal is filed though the holiday calendar lacks a year that its time runs through: its date is planned with Monday
-- to Friday as workdays then, and set anew once the year is there.
ALTER TABLE appeals ADD COLUMN due_assumed BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX appeals_assumed_idx ON appeals (district) WHERE due_assumed AND state = 'open';

-- The unit that answered for a case before a decision: it hears that the case left it.
ALTER TABLE changes ADD COLUMN unit_before UUID;

-- What is append-only is not emptied either.
CREATE TRIGGER audit_events_not_emptied BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER decisions_not_emptied BEFORE TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER ledger_entries_not_emptied BEFORE TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER periods_not_emptied BEFORE TRUNCATE ON periods FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER month_exports_not_emptied BEFORE TRUNCATE ON month_exports FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER executions_not_emptied BEFORE TRUNCATE ON executions FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
