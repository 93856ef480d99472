-- When a change was recorded, by the database's clock: changes that a later one of the same kind has outdated go after a
-- while. Rows from before are as old as this migration.
ALTER TABLE changes ADD COLUMN changed_at TIMESTAMPTZ NOT NULL DEFAULT now();
