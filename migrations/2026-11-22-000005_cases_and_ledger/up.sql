-- Cases, charges, decisions, and the ledger: invariant 2 lives in the unique keys here.
CREATE TABLE cases (
    district TEXT NOT NULL,
    case_id UUID NOT NULL,
    lineage UUID NOT NULL,
    -- The inspection it stands on now.
    inspection_id UUID NOT NULL,
    item TEXT NOT NULL,
    kind TEXT NOT NULL,
    author UUID NOT NULL,
    target_id UUID,
    grid TEXT NOT NULL,
    unit_id UUID NOT NULL,
    level TEXT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    -- First day of the month of occurrence, Asia/Shanghai.
    occurred_month DATE NOT NULL,
    pack_id TEXT,
    pack_hash TEXT,
    review_state TEXT NOT NULL CONSTRAINT cases_review_state_check CHECK (review_state IN
        ('awaiting_evidence', 'under_review', 'confirmed', 'returned', 'dismissed', 'merged')),
    rectification_state TEXT NOT NULL DEFAULT 'none' CONSTRAINT cases_rectification_state_check CHECK
        (rectification_state IN ('none', 'assigned', 'rectified', 'verified', 'closed',
                                 'supervision', 'summons', 'accountability')),
    flags TEXT[] NOT NULL DEFAULT '{}',
    version INTEGER NOT NULL DEFAULT 1 CONSTRAINT cases_version_check CHECK (version > 0),
    -- Reason of the last decision.
    reason TEXT,
    -- What the evaluator said: reasons of charges and non-charges, evidence required.
    evaluation JSONB NOT NULL,
    -- What people search by, folded, one text a line; and its characters and pairs of characters, so that
    -- two-character words come from an index.
    search_text TEXT NOT NULL DEFAULT '',
    search_grams TEXT[] NOT NULL DEFAULT '{}',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT cases_pkey PRIMARY KEY (district, case_id),
    CONSTRAINT cases_item_key UNIQUE (district, lineage, item),
    CONSTRAINT cases_inspection_fkey FOREIGN KEY (district, inspection_id) REFERENCES inspections,
    CONSTRAINT cases_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT cases_grid_fkey FOREIGN KEY (district, grid) REFERENCES grids
);
CREATE INDEX cases_state_idx ON cases (district, review_state, occurred_at DESC, case_id);
CREATE INDEX cases_occurred_idx ON cases (district, occurred_at DESC, case_id);
CREATE INDEX cases_unit_idx ON cases (district, unit_id, occurred_at DESC);
CREATE INDEX cases_grid_idx ON cases (district, grid text_pattern_ops, occurred_at DESC);
CREATE INDEX cases_target_idx ON cases (district, target_id, item);
CREATE INDEX cases_search_idx ON cases USING gin (search_grams);

CREATE TABLE charges (
    district TEXT NOT NULL,
    charge_id UUID NOT NULL,
    case_id UUID NOT NULL,
    -- `case`, a measure, or a fire point: never null, or uniqueness would not hold.
    measure TEXT NOT NULL,
    unit_id UUID NOT NULL,
    -- Fen; null until entered, where the pack says `entered`.
    amount_fen BIGINT CONSTRAINT charges_amount_check CHECK (amount_fen >= 0),
    pack_hash TEXT NOT NULL,
    clause TEXT NOT NULL,
    reason JSONB NOT NULL,
    state TEXT NOT NULL CONSTRAINT charges_state_check CHECK (state IN ('pending', 'posted', 'void')),
    CONSTRAINT charges_pkey PRIMARY KEY (district, charge_id),
    CONSTRAINT charges_measure_key UNIQUE (district, case_id, measure),
    CONSTRAINT charges_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT charges_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units
);
CREATE INDEX charges_pending_idx ON charges (district, unit_id) WHERE state = 'pending';

CREATE TABLE decisions (
    district TEXT NOT NULL CONSTRAINT decisions_district_fkey REFERENCES districts,
    decision_no BIGINT NOT NULL,
    -- Made by the client: a retry is answered with the first decision.
    request_id UUID NOT NULL,
    case_id UUID NOT NULL,
    kind TEXT NOT NULL,
    actor UUID NOT NULL,
    reason TEXT,
    expected_version INTEGER NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL,
    detail JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT decisions_pkey PRIMARY KEY (district, decision_no),
    CONSTRAINT decisions_request_key UNIQUE (district, request_id),
    CONSTRAINT decisions_case_version_key UNIQUE (district, case_id, expected_version),
    CONSTRAINT decisions_case_fkey FOREIGN KEY (district, case_id) REFERENCES cases,
    CONSTRAINT decisions_actor_fkey FOREIGN KEY (district, actor) REFERENCES users
);
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TABLE periods (
    district TEXT NOT NULL CONSTRAINT periods_district_fkey REFERENCES districts,
    month DATE NOT NULL CONSTRAINT periods_month_check CHECK (extract(day FROM month) = 1),
    closed_at TIMESTAMPTZ,
    CONSTRAINT periods_pkey PRIMARY KEY (district, month)
);

CREATE TABLE ledger_entries (
    district TEXT NOT NULL CONSTRAINT ledger_entries_district_fkey REFERENCES districts,
    entry_no BIGINT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT ledger_entries_kind_check
        CHECK (kind IN ('deduction', 'reversal', 'adjustment', 'transfer')),
    unit_id UUID NOT NULL,
    -- First day of the month of account it is posted to, and of the month of occurrence.
    period DATE NOT NULL,
    occurred_month DATE NOT NULL,
    case_id UUID NOT NULL,
    charge_id UUID NOT NULL,
    -- Counts the postings of a charge from 1: posted again only after a reversal.
    posting_no INTEGER NOT NULL CONSTRAINT ledger_entries_posting_no_check CHECK (posting_no > 0),
    -- The entry it takes back.
    reverses BIGINT,
    decision_no BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    grid TEXT NOT NULL,
    item TEXT NOT NULL,
    measure TEXT NOT NULL,
    pack_hash TEXT NOT NULL,
    clause TEXT NOT NULL,
    posted_at TIMESTAMPTZ NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (district, entry_no),
    CONSTRAINT ledger_entries_hash_key UNIQUE (district, hash),
    CONSTRAINT ledger_entries_reversal_key UNIQUE (district, reverses),
    CONSTRAINT ledger_entries_reverses_fkey FOREIGN KEY (district, reverses) REFERENCES ledger_entries,
    CONSTRAINT ledger_entries_charge_fkey FOREIGN KEY (district, charge_id) REFERENCES charges,
    CONSTRAINT ledger_entries_decision_fkey FOREIGN KEY (district, decision_no) REFERENCES decisions,
    CONSTRAINT ledger_entries_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT ledger_entries_reversal_check CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_entries_posting_key ON ledger_entries (district, charge_id, posting_no)
    WHERE kind = 'deduction';
CREATE INDEX ledger_entries_charge_idx ON ledger_entries (district, charge_id);
CREATE INDEX ledger_entries_decision_idx ON ledger_entries (district, decision_no);
CREATE INDEX ledger_entries_period_idx ON ledger_entries (district, period, unit_id, item);
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
