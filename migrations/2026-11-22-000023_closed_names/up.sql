-- What a closed month called its units, grids and cases, and the people who decided: the register changes, the month's
-- papers do not. Written by the closing, in its transaction.

CREATE TABLE closed_names (
    district TEXT NOT NULL,
    -- First day of the month of account.
    month DATE NOT NULL,
    -- Of what: the district itself and the office (制表单位) that issues its papers have the district's code as id.
    kind TEXT NOT NULL CONSTRAINT closed_names_kind_check CHECK (kind IN ('district', 'office', 'unit', 'grid', 'user')),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The code that finance books a unit under.
    budget_code TEXT CONSTRAINT closed_names_budget_code_check CHECK ((kind = 'unit') = (budget_code IS NOT NULL)),
    CONSTRAINT closed_names_pkey PRIMARY KEY (district, month, kind, id),
    CONSTRAINT closed_names_period_fkey FOREIGN KEY (district, month) REFERENCES periods
);

-- The cases of a closed month's entries: an accepted correction may give them another time and place later.
CREATE TABLE closed_cases (
    district TEXT NOT NULL,
    month DATE NOT NULL,
    case_id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    target_kind TEXT NOT NULL,
    item_zh TEXT NOT NULL,
    item_en TEXT NOT NULL,
    -- The target's name, else the place that the inspection names.
    place TEXT NOT NULL,
    CONSTRAINT closed_cases_pkey PRIMARY KEY (district, month, case_id),
    CONSTRAINT closed_cases_period_fkey FOREIGN KEY (district, month) REFERENCES periods
);

-- Months that were closed before: as they are called today, for nothing else is known.
INSERT INTO closed_names (district, month, kind, id, name, budget_code)
SELECT district, month, named.kind, id, name, budget_code
FROM periods JOIN (
    SELECT district, 'unit' AS kind, unit_id::text AS id, name, budget_code FROM units
    UNION ALL SELECT district, 'grid', path, name, NULL FROM grids
    UNION ALL SELECT district, 'user', user_id::text, name, NULL FROM users
    UNION ALL SELECT district, 'district', district, name, NULL FROM districts
    UNION ALL SELECT districts.district, 'office', districts.district, coalesce(units.name, districts.name), NULL
    FROM districts
    LEFT JOIN grids ON grids.district = districts.district AND grids.path = districts.district
    LEFT JOIN units ON units.district = grids.district AND units.unit_id = grids.unit_id
) AS named USING (district);

INSERT INTO closed_cases (district, month, case_id, occurred_at, target_kind, item_zh, item_en, place)
SELECT cases.district, posted.period, cases.case_id, cases.occurred_at, cases.kind,
       coalesce(evaluation->>'zh', cases.item), coalesce(evaluation->>'en', cases.item),
       coalesce(targets.name, sealed->>'place', '')
FROM (SELECT DISTINCT ledger_entries.district, period, case_id FROM ledger_entries
      JOIN periods ON periods.district = ledger_entries.district AND periods.month = period) AS posted
JOIN cases USING (district, case_id)
JOIN inspections ON inspections.district = cases.district AND inspections.inspection_id = cases.inspection_id
LEFT JOIN targets ON targets.district = cases.district AND targets.target_id = cases.target_id;

CREATE TRIGGER closed_names_append_only BEFORE UPDATE OR DELETE ON closed_names
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER closed_cases_append_only BEFORE UPDATE OR DELETE ON closed_cases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER closed_names_not_emptied BEFORE TRUNCATE ON closed_names FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER closed_cases_not_emptied BEFORE TRUNCATE ON closed_cases FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
