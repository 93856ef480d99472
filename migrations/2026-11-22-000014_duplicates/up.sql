-- Two reports of one fire are one case: where a case is, which others may be the same, and which one absorbed it.
ALTER TABLE cases
    -- Where it is, in degrees: the point looked at, the target's, or the fix. Null where no place is known or a
    -- correction withdrew it: such a case is nobody's duplicate.
    ADD COLUMN lon DOUBLE PRECISION,
    ADD COLUMN lat DOUBLE PRECISION,
    -- The hundredth of a degree that it lies in (server/src/db/place_cells.rs), by which near ones are found.
    ADD COLUMN cell INTEGER,
    ADD COLUMN merged_into UUID,
    ADD CONSTRAINT cases_merged_into_fkey FOREIGN KEY (district, merged_into) REFERENCES cases,
    ADD CONSTRAINT cases_merged_check CHECK ((review_state = 'merged') = (merged_into IS NOT NULL));

UPDATE cases SET lon = coalesce(target.lon, inspection.lon), lat = coalesce(target.lat, inspection.lat)
FROM inspections AS inspection
LEFT JOIN targets AS target USING (district, target_id)
WHERE (inspection.district, inspection.inspection_id) = (cases.district, cases.inspection_id);
UPDATE cases SET cell = (floor((lat + 90) * 100) * 36001 + floor((lon + 180) * 100))::integer
WHERE lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180;

CREATE INDEX cases_cell_idx ON cases (district, item, cell, occurred_at);
DROP INDEX cases_target_idx;
CREATE INDEX cases_target_idx ON cases (district, target_id, item, occurred_at);
CREATE INDEX cases_merged_into_idx ON cases (district, merged_into) WHERE merged_into IS NOT NULL;

-- Pairs of cases that may be one (疑似重复).
CREATE TABLE duplicate_proposals (
    district TEXT NOT NULL CONSTRAINT duplicate_proposals_district_fkey REFERENCES districts,
    -- The lesser id of the two first, so that a pair is here once.
    case_id UUID NOT NULL,
    other_case_id UUID NOT NULL,
    ground TEXT NOT NULL CONSTRAINT duplicate_proposals_ground_check
        CHECK (ground IN ('near_in_place_and_time', 'open_case_on_target')),
    -- How far apart; metres are null where one of the places is not known.
    metres DOUBLE PRECISION,
    hours DOUBLE PRECISION NOT NULL,
    found_at TIMESTAMPTZ NOT NULL,
    -- Lapsed (失效): a correction or dismissal took its ground away.
    state TEXT NOT NULL CONSTRAINT duplicate_proposals_state_check
        CHECK (state IN ('proposed', 'merged', 'kept_apart', 'lapsed')),
    decision_no BIGINT,
    CONSTRAINT duplicate_proposals_pkey PRIMARY KEY (district, case_id, other_case_id),
    CONSTRAINT duplicate_proposals_order_check CHECK (case_id < other_case_id),
    CONSTRAINT duplicate_proposals_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT duplicate_proposals_other_fkey FOREIGN KEY (district, other_case_id) REFERENCES cases,
    CONSTRAINT duplicate_proposals_decision_fkey FOREIGN KEY (district, decision_no) REFERENCES decisions,
    CONSTRAINT duplicate_proposals_decided_check
        CHECK ((state IN ('merged', 'kept_apart')) = (decision_no IS NOT NULL))
);
CREATE INDEX duplicate_proposals_other_idx ON duplicate_proposals (district, other_case_id);
