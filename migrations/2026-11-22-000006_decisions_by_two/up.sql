-- A decision is about a case or about a month of account; a person or a timer makes it, and where money moves back or
-- by hand a second person reviews it (经办, 复核).
ALTER TABLE decisions
    ALTER COLUMN case_id DROP NOT NULL,
    ALTER COLUMN expected_version DROP NOT NULL,
    -- Null: a timer made it.
    ALTER COLUMN actor DROP NOT NULL,
    -- First day of the month of account that it is about.
    ADD COLUMN month DATE,
    -- The second person.
    ADD COLUMN reviewer UUID,
    ADD CONSTRAINT decisions_subject_check CHECK ((case_id IS NULL) <> (month IS NULL)),
    ADD CONSTRAINT decisions_version_check CHECK ((case_id IS NULL) = (expected_version IS NULL)),
    ADD CONSTRAINT decisions_two_people_check CHECK (reviewer <> actor),
    ADD CONSTRAINT decisions_reviewer_check CHECK (reviewer IS NULL OR actor IS NOT NULL),
    ADD CONSTRAINT decisions_reviewer_fkey FOREIGN KEY (district, reviewer) REFERENCES users;

-- What one person asks for (经办) and another reviews (复核) before it is decided.
CREATE TABLE proposals (
    district TEXT NOT NULL CONSTRAINT proposals_district_fkey REFERENCES districts,
    proposal_id UUID NOT NULL,
    -- Made by the client: a retry is answered with the first proposal. The decision carries it too.
    request_id UUID NOT NULL,
    kind TEXT NOT NULL,
    case_id UUID,
    expected_version INTEGER,
    -- First day of the month of account that it is about.
    month DATE,
    -- The request as it was made.
    request JSONB NOT NULL,
    reason TEXT,
    proposed_by UUID NOT NULL,
    proposed_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CONSTRAINT proposals_state_check CHECK
        (state IN ('open', 'approved', 'rejected', 'withdrawn', 'stale')),
    reviewed_by UUID,
    reviewed_at TIMESTAMPTZ,
    review_reason TEXT,
    decision_no BIGINT,
    CONSTRAINT proposals_pkey PRIMARY KEY (district, proposal_id),
    CONSTRAINT proposals_request_key UNIQUE (district, request_id),
    CONSTRAINT proposals_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT proposals_proposer_fkey FOREIGN KEY (district, proposed_by) REFERENCES users,
    CONSTRAINT proposals_reviewer_fkey FOREIGN KEY (district, reviewed_by) REFERENCES users,
    CONSTRAINT proposals_decision_fkey FOREIGN KEY (district, decision_no) REFERENCES decisions,
    CONSTRAINT proposals_subject_check CHECK ((case_id IS NULL) <> (month IS NULL)),
    CONSTRAINT proposals_version_check CHECK ((case_id IS NULL) = (expected_version IS NULL)),
    CONSTRAINT proposals_two_people_check CHECK (state NOT IN ('approved', 'rejected') OR reviewed_by <> proposed_by),
    CONSTRAINT proposals_reviewed_check CHECK ((state = 'open') = (reviewed_at IS NULL)),
    CONSTRAINT proposals_decided_check CHECK ((state = 'approved') = (decision_no IS NOT NULL))
);
CREATE UNIQUE INDEX proposals_open_case_key ON proposals (district, case_id) WHERE state = 'open';
CREATE UNIQUE INDEX proposals_open_month_key ON proposals (district, month) WHERE state = 'open' AND case_id IS NULL;
