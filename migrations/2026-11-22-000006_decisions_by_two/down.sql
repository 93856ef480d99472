DROP TABLE proposals;
ALTER TABLE decisions
    DROP CONSTRAINT decisions_reviewer_fkey,
    DROP CONSTRAINT decisions_reviewer_check,
    DROP CONSTRAINT decisions_two_people_check,
    DROP CONSTRAINT decisions_version_check,
    DROP CONSTRAINT decisions_subject_check,
    DROP COLUMN reviewer,
    DROP COLUMN month,
    ALTER COLUMN actor SET NOT NULL,
    ALTER COLUMN expected_version SET NOT NULL,
    ALTER COLUMN case_id SET NOT NULL;
