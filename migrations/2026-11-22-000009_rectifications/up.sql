-- The closed loop (闭环): rounds of rectification with their reports, re-checks and overdue steps; fire point leads.

-- One round is one order (交办) with one deadline. `cases.rectification_state` is its summary in one word.
CREATE TABLE rectifications (
    district TEXT NOT NULL,
    case_id UUID NOT NULL,
    -- From 1; a failed re-check or an order to another unit begins the next.
    round INTEGER NOT NULL CONSTRAINT rectifications_round_check CHECK (round > 0),
    -- The unit responsible and the case's grid when it was ordered: what ratios count by.
    unit_id UUID NOT NULL,
    grid TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT rectifications_state_check CHECK (state IN
        ('assigned', 'paused', 'returned', 'rectified', 'verified', 'failed', 'closed', 'withdrawn')),
    -- Null: a failed re-check ordered it by itself.
    ordered_by UUID,
    ordered_at TIMESTAMPTZ NOT NULL,
    requirement TEXT NOT NULL,
    -- The time given, as ordered.
    span_unit TEXT NOT NULL CONSTRAINT rectifications_span_unit_check
        CHECK (span_unit IN ('working_hours', 'working_days', 'days')),
    span_count INTEGER NOT NULL CONSTRAINT rectifications_span_count_check CHECK (span_count > 0),
    -- Null: the holiday calendar lacks the year it falls in.
    deadline TIMESTAMPTZ,
    extensions INTEGER NOT NULL DEFAULT 0 CONSTRAINT rectifications_extensions_check CHECK (extensions >= 0),
    -- Where it goes when it is overdue (督办, 约谈, 问责), and the days in between, as the pack said when it was ordered.
    steps TEXT[] NOT NULL,
    step_days INTEGER NOT NULL CONSTRAINT rectifications_step_days_check CHECK (step_days >= 0),
    steps_taken INTEGER NOT NULL DEFAULT 0
        CONSTRAINT rectifications_steps_taken_check CHECK (steps_taken BETWEEN 0 AND cardinality(steps)),
    -- When the next step is due; null after the last, and where there is no deadline.
    next_step_at TIMESTAMPTZ,
    pause_kind TEXT CONSTRAINT rectifications_pause_kind_check CHECK (pause_kind IN ('deferred', 'on_the_books')),
    -- Since when the unit's clock stands: paused, returned, or reported.
    stopped_at TIMESTAMPTZ,
    -- When the report that stands was made, and when it was re-checked and closed.
    reported_at TIMESTAMPTZ,
    checked_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ,
    CONSTRAINT rectifications_pkey PRIMARY KEY (district, case_id, round),
    CONSTRAINT rectifications_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT rectifications_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT rectifications_grid_fkey FOREIGN KEY (district, grid) REFERENCES grids,
    CONSTRAINT rectifications_orderer_fkey FOREIGN KEY (district, ordered_by) REFERENCES users,
    CONSTRAINT rectifications_pause_check CHECK ((state = 'paused') = (pause_kind IS NOT NULL)),
    CONSTRAINT rectifications_closed_check CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
-- A case has one present round.
CREATE UNIQUE INDEX rectifications_present_key ON rectifications (district, case_id)
    WHERE state NOT IN ('failed', 'withdrawn');
CREATE INDEX rectifications_due_idx ON rectifications (next_step_at) WHERE state = 'assigned';
-- Those that wait for the holiday calendar.
CREATE INDEX rectifications_unplanned_idx ON rectifications (district, case_id)
    WHERE state = 'assigned' AND next_step_at IS NULL AND (deadline IS NULL OR steps_taken < cardinality(steps));
CREATE INDEX rectifications_ordered_idx ON rectifications (district, ordered_at DESC, case_id, round);

-- Steps taken for want of rectification in time. The key is what makes a step happen once, however many processes
-- run the timer.
CREATE TABLE rectification_steps (
    district TEXT NOT NULL,
    case_id UUID NOT NULL,
    round INTEGER NOT NULL,
    step TEXT NOT NULL CONSTRAINT rectification_steps_step_check
        CHECK (step IN ('supervision', 'summons', 'accountability')),
    taken_at TIMESTAMPTZ NOT NULL,
    decision_no BIGINT NOT NULL,
    CONSTRAINT rectification_steps_pkey PRIMARY KEY (district, case_id, round, step),
    CONSTRAINT rectification_steps_round_fkey FOREIGN KEY (district, case_id, round) REFERENCES rectifications,
    CONSTRAINT rectification_steps_decision_fkey FOREIGN KEY (district, decision_no) REFERENCES decisions
);

-- Reports (整改反馈) and re-checks (复核), by the operation or request that brought them.
CREATE TABLE rectification_records (
    district TEXT NOT NULL,
    record_id UUID NOT NULL,
    case_id UUID NOT NULL,
    round INTEGER NOT NULL,
    kind TEXT NOT NULL CONSTRAINT rectification_records_kind_check CHECK (kind IN ('report', 'check')),
    -- Of re-checks: whether it is in order.
    passed BOOLEAN,
    author UUID NOT NULL,
    -- The tablet it came from; null: entered in the office.
    device_id UUID,
    text TEXT NOT NULL,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    occurred_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT rectification_records_pkey PRIMARY KEY (district, record_id),
    CONSTRAINT rectification_records_round_fkey FOREIGN KEY (district, case_id, round) REFERENCES rectifications,
    CONSTRAINT rectification_records_author_fkey FOREIGN KEY (district, author) REFERENCES users,
    CONSTRAINT rectification_records_passed_check CHECK ((kind = 'check') = (passed IS NOT NULL))
);
CREATE INDEX rectification_records_case_idx ON rectification_records (district, case_id, round);

-- Fire point leads (火点线索) from satellites, cameras and drones, and what was found on the spot.
CREATE TABLE fire_points (
    district TEXT NOT NULL CONSTRAINT fire_points_district_fkey REFERENCES districts,
    -- Made by the client: a retry is answered with the first lead.
    fire_point_id UUID NOT NULL,
    source TEXT NOT NULL CONSTRAINT fire_points_source_check CHECK (source IN ('satellite', 'video', 'drone')),
    lon DOUBLE PRECISION NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    grid TEXT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    note TEXT NOT NULL,
    entered_by UUID NOT NULL,
    entered_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL DEFAULT 'lead'
        CONSTRAINT fire_points_state_check CHECK (state IN ('lead', 'confirmed', 'not_found')),
    -- The operation that verified it, and what it says.
    verified_by UUID,
    verified_at TIMESTAMPTZ,
    record_id UUID,
    inspection_id UUID,
    finding TEXT,
    CONSTRAINT fire_points_pkey PRIMARY KEY (district, fire_point_id),
    CONSTRAINT fire_points_grid_fkey FOREIGN KEY (district, grid) REFERENCES grids,
    CONSTRAINT fire_points_entered_fkey FOREIGN KEY (district, entered_by) REFERENCES users,
    CONSTRAINT fire_points_verified_fkey FOREIGN KEY (district, verified_by) REFERENCES users,
    CONSTRAINT fire_points_inspection_fkey FOREIGN KEY (district, inspection_id) REFERENCES inspections,
    CONSTRAINT fire_points_verified_check CHECK ((state = 'lead') = (record_id IS NULL)),
    CONSTRAINT fire_points_fire_check CHECK ((state = 'confirmed') = (inspection_id IS NOT NULL))
);
CREATE INDEX fire_points_seen_idx ON fire_points (district, seen_at DESC, fire_point_id);

-- Photos of reports, re-checks and verifications; whoever may see the case or the lead may see them.
CREATE TABLE record_photos (
    district TEXT NOT NULL,
    record_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    case_id UUID,
    fire_point_id UUID,
    sha256 TEXT NOT NULL,
    -- Null where the office did not say.
    taken_at TIMESTAMPTZ,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    source TEXT NOT NULL CONSTRAINT record_photos_source_check CHECK (source IN ('camera', 'gallery')),
    CONSTRAINT record_photos_pkey PRIMARY KEY (district, record_id, ordinal),
    CONSTRAINT record_photos_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT record_photos_fire_point_fkey FOREIGN KEY (district, fire_point_id) REFERENCES fire_points,
    CONSTRAINT record_photos_subject_check CHECK ((case_id IS NULL) <> (fire_point_id IS NULL))
);
CREATE INDEX record_photos_sha256_idx ON record_photos (district, sha256);
