DROP TRIGGER audit_events_not_emptied ON audit_events;
DROP TRIGGER decisions_not_emptied ON decisions;
DROP TRIGGER ledger_entries_not_emptied ON ledger_entries;
DROP TRIGGER periods_not_emptied ON periods;
DROP TRIGGER month_exports_not_emptied ON month_exports;
DROP TRIGGER executions_not_emptied ON executions;
