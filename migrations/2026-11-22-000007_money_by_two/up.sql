-- Money by decision: what may happen once to a charge in one decision, when published cases post, and proposals by
-- their state.
CREATE UNIQUE INDEX ledger_entries_transfer_key ON ledger_entries (district, decision_no, charge_id, unit_id)
    WHERE kind = 'transfer';
CREATE UNIQUE INDEX ledger_entries_adjustment_key ON ledger_entries (district, decision_no, charge_id)
    WHERE kind = 'adjustment';

ALTER TABLE cases
    -- Confirmed and published (公示): its charges post by themselves on this day. Null: not in publication.
    ADD COLUMN posts_on DATE;
CREATE INDEX cases_posts_on_idx ON cases (district, posts_on) WHERE posts_on IS NOT NULL;

CREATE INDEX proposals_state_idx ON proposals (district, state, proposal_id DESC);
