-- What is posted to each unit's account of each month of account: kept with the entries, in the same transaction, so
-- that a list of months does not sum the ledger. `server ledger verify` holds it against the entries.
CREATE TABLE month_sums (
    district TEXT NOT NULL CONSTRAINT month_sums_district_fkey REFERENCES districts,
    -- First day of the month of account.
    period DATE NOT NULL,
    unit_id UUID NOT NULL,
    amount_fen BIGINT NOT NULL,
    CONSTRAINT month_sums_pkey PRIMARY KEY (district, period, unit_id),
    CONSTRAINT month_sums_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES units
);
INSERT INTO month_sums (district, period, unit_id, amount_fen)
SELECT district, period, unit_id, sum(amount_fen) FROM ledger_entries GROUP BY district, period, unit_id;
