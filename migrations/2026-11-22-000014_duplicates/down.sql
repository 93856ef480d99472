DROP TABLE duplicate_proposals;
DROP INDEX cases_target_idx;
CREATE INDEX cases_target_idx ON cases (district, target_id, item);
ALTER TABLE cases
    DROP CONSTRAINT cases_merged_check,
    DROP CONSTRAINT cases_merged_into_fkey,
    DROP COLUMN merged_into,
    DROP COLUMN cell,
    DROP COLUMN lat,
    DROP COLUMN lon;
