-- Closed months with their digest and files, executions against them, and the payee list of subsidies.

-- A row of periods is a closed month, with what it was closed with; it does not change. No server wrote a row before.
ALTER TABLE periods
    ALTER COLUMN closed_at SET NOT NULL,
    -- SHA-256 of the month's lines (docs/ledger.md).
    ADD COLUMN digest BYTEA NOT NULL CONSTRAINT periods_digest_check CHECK (octet_length(digest) = 32),
    ADD COLUMN decision_no BIGINT NOT NULL,
    -- Where the ledger stood: number and hash of its last entry, verified up to there.
    ADD COLUMN entry_no BIGINT NOT NULL,
    ADD COLUMN entry_hash BYTEA NOT NULL CONSTRAINT periods_entry_hash_check CHECK (octet_length(entry_hash) = 32),
    ADD CONSTRAINT periods_decision_fkey FOREIGN KEY (district, decision_no) REFERENCES decisions;
CREATE TRIGGER periods_append_only BEFORE UPDATE OR DELETE ON periods
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- A closed month's files, byte for byte as they were handed out first.
CREATE TABLE month_exports (
    district TEXT NOT NULL,
    month DATE NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    CONSTRAINT month_exports_pkey PRIMARY KEY (district, month, name),
    CONSTRAINT month_exports_period_fkey FOREIGN KEY (district, month) REFERENCES periods,
    CONSTRAINT month_exports_sha256_check CHECK (sha256 = sha256(bytes))
);
CREATE TRIGGER month_exports_append_only BEFORE UPDATE OR DELETE ON month_exports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- What finance did (扣缴执行): a voucher against a unit's account of a closed month. A wrong one is cancelled (红冲) by
-- an entry of the opposite sign, never edited.
CREATE TABLE executions (
    district TEXT NOT NULL,
    execution_id UUID NOT NULL,
    -- Made by the client: a retry is answered with the first entry.
    request_id UUID NOT NULL,
    month DATE NOT NULL,
    unit_id UUID NOT NULL,
    voucher TEXT NOT NULL,
    executed_on DATE NOT NULL,
    -- Signed fen, with the sign of what stands in the month; a cancellation has the opposite one.
    amount_fen BIGINT NOT NULL CONSTRAINT executions_amount_check CHECK (amount_fen <> 0),
    cancels UUID,
    reason TEXT,
    recorded_by UUID NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT executions_pkey PRIMARY KEY (district, execution_id),
    CONSTRAINT executions_request_key UNIQUE (district, request_id),
    CONSTRAINT executions_cancels_key UNIQUE (district, cancels),
    CONSTRAINT executions_period_fkey FOREIGN KEY (district, month) REFERENCES periods,
    CONSTRAINT executions_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units,
    CONSTRAINT executions_cancels_fkey FOREIGN KEY (district, cancels) REFERENCES executions,
    CONSTRAINT executions_recorder_fkey FOREIGN KEY (district, recorded_by) REFERENCES users,
    CONSTRAINT executions_reason_check CHECK ((cancels IS NULL) = (reason IS NULL))
);
CREATE INDEX executions_month_idx ON executions (district, month, unit_id);
CREATE TRIGGER executions_append_only BEFORE UPDATE OR DELETE ON executions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Subsidies (资金补助) to enterprises: money that goes out, apart from the ledger of what is deducted.
CREATE TABLE subsidies (
    district TEXT NOT NULL CONSTRAINT subsidies_district_fkey REFERENCES districts,
    subsidy_id UUID NOT NULL,
    request_id UUID NOT NULL,
    -- The payee: by name and unified social credit code, and by the register where it is there.
    payee TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    target_id UUID,
    pack_id TEXT NOT NULL,
    pack_hash TEXT NOT NULL,
    rule TEXT NOT NULL,
    clause TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CONSTRAINT subsidies_amount_check CHECK (amount_fen > 0),
    -- The provincial publication (省级公示) that the payment waits for.
    publication TEXT NOT NULL,
    published_on DATE NOT NULL,
    state TEXT NOT NULL CONSTRAINT subsidies_state_check CHECK (state IN ('entered', 'approved', 'paid', 'cancelled')),
    entered_by UUID NOT NULL,
    entered_at TIMESTAMPTZ NOT NULL,
    approved_by UUID,
    approved_at TIMESTAMPTZ,
    paid_by UUID,
    paid_at TIMESTAMPTZ,
    voucher TEXT,
    paid_on DATE,
    cancelled_by UUID,
    cancelled_at TIMESTAMPTZ,
    reason TEXT,
    CONSTRAINT subsidies_pkey PRIMARY KEY (district, subsidy_id),
    CONSTRAINT subsidies_request_key UNIQUE (district, request_id),
    CONSTRAINT subsidies_target_fkey FOREIGN KEY (district, target_id) REFERENCES targets,
    CONSTRAINT subsidies_pack_fkey FOREIGN KEY (pack_hash) REFERENCES packs,
    CONSTRAINT subsidies_entered_fkey FOREIGN KEY (district, entered_by) REFERENCES users,
    CONSTRAINT subsidies_approved_fkey FOREIGN KEY (district, approved_by) REFERENCES users,
    CONSTRAINT subsidies_paid_fkey FOREIGN KEY (district, paid_by) REFERENCES users,
    CONSTRAINT subsidies_cancelled_fkey FOREIGN KEY (district, cancelled_by) REFERENCES users,
    CONSTRAINT subsidies_two_people_check CHECK (approved_by <> entered_by),
    CONSTRAINT subsidies_approval_check CHECK (
        num_nulls(approved_by, approved_at) IN (0, 2) AND (state NOT IN ('approved', 'paid') OR approved_by IS NOT NULL)),
    CONSTRAINT subsidies_payment_check CHECK (
        num_nulls(paid_by, paid_at, voucher, paid_on) = CASE state WHEN 'paid' THEN 0 ELSE 4 END),
    CONSTRAINT subsidies_cancellation_check CHECK (
        num_nulls(cancelled_by, cancelled_at, reason) = CASE state WHEN 'cancelled' THEN 0 ELSE 3 END)
);
-- One enterprise gets one subsidy of one document.
CREATE UNIQUE INDEX subsidies_payee_key ON subsidies (district, pack_id, credit_code) WHERE state <> 'cancelled';
