//! Ledgers of any length: one real, confirmed case multiplied by set-based SQL, spread over two years.
//!
//! The chain of hashes is not continued (nothing measured here reads it); every other column is as the product writes
//! it.

use anyhow::Result;
use diesel_async::SimpleAsyncConnection;
use sync_core::grams::{folded, index_grams};
use sync_core::wire::push::Outcome;

use crate::office::Bench;
use crate::push::finding;

/// Charges of a seeded case; each has one entry.
pub const CHARGES_A_CASE: usize = 4;

/// The measures of those charges.
const MEASURES: [&str; CHARGES_A_CASE] =
    ["hoarding", "material_cover", "vehicle_washing", "ground_hardening"];

/// Names that seeded cases are found by, over and over.
const NAMES: usize = 200;

/// Days over which cases are spread.
const DAYS: usize = 730;

/// Brings the ledger to this many entries, of which `present` are there already.
pub async fn seed(bench: &Bench, present: usize, entries: usize) -> Result<()> {
    let device = bench.devices(1, &format!("seed{entries}")).await.remove(0);
    let template = finding(bench, &device, entries);
    let outcome = device.push(&[device.submit(&template)]).await;
    anyhow::ensure!(outcome == [Outcome::Applied], "{outcome:?}");

    let names: Vec<String> = (0..NAMES).map(name_row).collect();
    let first = present / CHARGES_A_CASE;
    let last = entries / CHARGES_A_CASE;
    let measures = MEASURES.map(|measure| format!("('{measure}')")).join(", ");
    let sql = SEED
        .replace("$names", &names.join(", "))
        .replace("$lineage", &template.lineage.to_string())
        .replace("$first", &first.to_string())
        .replace("$last", &last.to_string())
        .replace("$names_count", &NAMES.to_string())
        .replace("$days", &DAYS.to_string())
        .replace("$measures", &measures);
    bench.fixtures.connection().await.batch_execute(&sql).await?;
    // By themselves: they do not run in a transaction.
    bench.fixtures.connection().await.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// A name with what it is searched by, as a row of VALUES.
fn name_row(number: usize) -> String {
    const STREETS: [&str; 8] =
        ["东环路", "西环路", "文昌街", "解放路", "工业大道", "滨河路", "和平街", "建设路"];
    let name = format!("{}{number} 号安置房工地", STREETS[number % STREETS.len()]);
    let grams: Vec<String> = index_grams([name.as_str(), "工地扬尘", "Construction site dust"])
        .into_iter()
        .map(|gram| format!("'{}'", gram.replace('\'', "''")))
        .collect();
    format!("({number}, '{}', ARRAY[{}])", folded(&name), grams.join(","))
}

const SEED: &str = "
CREATE TEMPORARY TABLE seeded AS
SELECT n, gen_random_uuid() AS op_id, gen_random_uuid() AS inspection_id, gen_random_uuid() AS case_id,
       date_trunc('hour', now()) - make_interval(days => (n % $days)::int, hours => (n % 9)::int, mins => (n % 60)::int)
           AS occurred_at,
       113.0 + (n % 1000) * 0.0005 AS lon, 35.0 + (n / 1000 % 1000) * 0.0005 AS lat,
       texts.text, texts.grams
FROM generate_series($first + 1, $last) AS n
JOIN (VALUES $names) AS texts (number, text, grams) ON texts.number = n % $names_count;

INSERT INTO operations (district, op_id, bytes, sha256, device_id, user_id, incarnation, device_seq, kind, received_at,
                        outcome)
SELECT t.district, seeded.op_id, t.bytes, t.sha256, t.device_id, t.user_id, t.incarnation, 1000000 + n, t.kind,
       occurred_at, t.outcome
FROM seeded, operations t JOIN inspections i USING (district, op_id) WHERE i.inspection_id = '$lineage';

INSERT INTO inspections
SELECT (jsonb_populate_record(t, jsonb_build_object(
    'inspection_id', seeded.inspection_id, 'lineage', seeded.inspection_id, 'op_id', seeded.op_id,
    'occurred_at', seeded.occurred_at, 'received_at', seeded.occurred_at, 'lon', seeded.lon, 'lat', seeded.lat))).*
FROM seeded, inspections t WHERE t.inspection_id = '$lineage';

INSERT INTO cases
SELECT (jsonb_populate_record(t, jsonb_build_object(
    'case_id', seeded.case_id, 'lineage', seeded.inspection_id, 'inspection_id', seeded.inspection_id,
    'occurred_at', seeded.occurred_at,
    'occurred_month', date_trunc('month', seeded.occurred_at AT TIME ZONE 'Asia/Shanghai')::date,
    'unit_id', (SELECT unit_id FROM units WHERE units.district = t.district ORDER BY budget_code OFFSET n % 3 LIMIT 1),
    'grid', t.district || CASE n % 3 WHEN 0 THEN '/001/001' WHEN 1 THEN '/001/002' ELSE '/002/001' END,
    'review_state', 'confirmed', 'version', 2, 'flags', ARRAY[]::text[],
    'search_text', seeded.text, 'search_grams', seeded.grams,
    'created_at', seeded.occurred_at, 'updated_at', seeded.occurred_at))).*
FROM seeded, cases t WHERE t.lineage = '$lineage';

INSERT INTO charges
SELECT (jsonb_populate_record(t, jsonb_build_object(
    'charge_id', gen_random_uuid(), 'case_id', c.case_id, 'unit_id', c.unit_id, 'measure', measures.measure,
    'state', 'posted'))).*
FROM seeded JOIN cases c USING (case_id),
     (SELECT charges.* FROM charges JOIN cases USING (district, case_id) WHERE lineage = '$lineage' LIMIT 1) AS t,
     (VALUES $measures) AS measures (measure);

INSERT INTO decisions (district, decision_no, request_id, case_id, kind, actor, expected_version, decided_at, detail)
SELECT c.district, d.decision_number + row_number() OVER (ORDER BY n), gen_random_uuid(), c.case_id, 'confirm',
       u.user_id, 1, seeded.occurred_at, '{}'
FROM seeded JOIN cases c USING (case_id) JOIN districts d USING (district)
JOIN users u ON u.district = c.district AND u.username = 'zhang';

INSERT INTO ledger_entries (district, entry_no, kind, unit_id, period, occurred_month, case_id, charge_id, posting_no,
                            decision_no, amount_fen, grid, item, measure, pack_hash, clause, posted_at, previous_hash,
                            hash)
SELECT c.district, d.entry_number + row_number() OVER (ORDER BY n, ch.measure), 'deduction', ch.unit_id,
       c.occurred_month, c.occurred_month, c.case_id, ch.charge_id, 1, decisions.decision_no, ch.amount_fen, c.grid,
       c.item, ch.measure, ch.pack_hash, ch.clause, seeded.occurred_at, d.entry_hash, sha256(ch.charge_id::text::bytea)
FROM seeded JOIN cases c USING (case_id) JOIN charges ch USING (district, case_id) JOIN districts d USING (district)
JOIN decisions USING (district, case_id);

UPDATE districts SET
    decision_number = coalesce((SELECT max(decision_no) FROM decisions), 0),
    entry_number = coalesce((SELECT max(entry_no) FROM ledger_entries), 0);

DROP TABLE seeded;
";
