-- Appeals (申诉): a unit objects to what a case charges it with, in time, and a decision answers it.
CREATE TABLE appeals (
    district TEXT NOT NULL CONSTRAINT appeals_district_fkey REFERENCES districts,
    appeal_id UUID NOT NULL,
    -- Made by the client: a retry is answered with the first appeal.
    request_id UUID NOT NULL,
    case_id UUID NOT NULL,
    -- The unit that appeals: the one that was charged when it did.
    unit_id UUID NOT NULL,
    -- The decision that charged it, from which the time to appeal ran.
    charged_by BIGINT NOT NULL,
    grounds TEXT NOT NULL,
    filed_by UUID NOT NULL,
    filed_at TIMESTAMPTZ NOT NULL,
    -- When it has to be decided.
    due_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CONSTRAINT appeals_state_check CHECK (state IN ('open', 'withdrawn', 'decided')),
    withdrawn_by UUID,
    withdrawn_at TIMESTAMPTZ,
    -- The decision that answers it: its kind is the outcome.
    decision_no BIGINT,
    CONSTRAINT appeals_pkey PRIMARY KEY (district, appeal_id),
    CONSTRAINT appeals_request_key UNIQUE (district, request_id),
    CONSTRAINT appeals_decision_key UNIQUE (district, decision_no),
    CONSTRAINT appeals_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT appeals_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT appeals_charged_by_fkey FOREIGN KEY (district, charged_by) REFERENCES decisions,
    CONSTRAINT appeals_filed_by_fkey FOREIGN KEY (district, filed_by) REFERENCES users,
    CONSTRAINT appeals_withdrawn_by_fkey FOREIGN KEY (district, withdrawn_by) REFERENCES users,
    CONSTRAINT appeals_decision_fkey FOREIGN KEY (district, decision_no) REFERENCES decisions,
    CONSTRAINT appeals_withdrawn_check CHECK (
        num_nulls(withdrawn_by, withdrawn_at) = CASE state WHEN 'withdrawn' THEN 0 ELSE 2 END),
    CONSTRAINT appeals_decided_check CHECK ((state = 'decided') = (decision_no IS NOT NULL)),
    CONSTRAINT appeals_later_check CHECK (decision_no > charged_by)
);
-- A case has one open appeal, and one that was decided for each decision that charged a unit.
CREATE UNIQUE INDEX appeals_open_case_key ON appeals (district, case_id) WHERE state = 'open';
CREATE UNIQUE INDEX appeals_charged_by_key ON appeals (district, case_id, charged_by) WHERE state = 'decided';
CREATE INDEX appeals_case_idx ON appeals (district, case_id);
CREATE INDEX appeals_state_idx ON appeals (district, state, appeal_id DESC);
