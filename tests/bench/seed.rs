//! Ledgers of any length: one real inspection with its case multiplied by set-based SQL, spread over two years, sites
//! and units, decided and posted.
//!
//! Every table of the main path gets its rows: operations, inspections, cases, charges, decisions, entries, changes. The
//! chain of hashes is not continued (nothing measured here reads it); every other column is as the product writes it.

use anyhow::Result;
use diesel_async::SimpleAsyncConnection;
use sync_core::grams::{folded, index_grams};
use sync_core::wire::push::Outcome;

use crate::office::{Bench, QUIET_GRID};
use crate::push::finding;

/// Charges of a seeded case; each has one entry.
const CHARGES_A_CASE: usize = 4;

/// The measures of those charges.
const MEASURES: [&str; CHARGES_A_CASE] =
    ["hoarding", "material_cover", "vehicle_washing", "ground_hardening"];

/// Names that seeded cases are found by, over and over.
const NAMES: usize = 200;

/// A word in the name of one case of 200, of one in eight, and in every one.
pub const RARE_WORD: &str = "嘉禾";
pub const COMMON_WORD: &str = "文昌";
pub const EVERY_WORD: &str = "工地";

/// Hours over which cases are spread: two years.
const HOURS: usize = 730 * 24;

/// Days that lie between the last of them and now: none is taken for a duplicate of what devices push.
const DAYS_BEFORE: usize = 7;

/// Brings the ledger to this many entries, of which `present` are there already; at first with so many cases that were
/// dismissed and have no entries.
pub async fn seed(bench: &Bench, present: usize, entries: usize, dismissed: usize) -> Result<()> {
    eprintln!("seeding {entries} entries …");
    let device = bench.devices(1, &format!("seed{entries}")).await.remove(0);
    let template = finding(bench, &device);
    let outcome = device.push(&[device.submit(&template)]).await;
    anyhow::ensure!(outcome == [Outcome::Applied], "{outcome:?}");

    let names: Vec<String> = (0..NAMES).map(name_row).collect();
    let measures = MEASURES.map(|measure| format!("('{measure}')")).join(", ");
    let (done, last) = (present / CHARGES_A_CASE, entries / CHARGES_A_CASE);
    let first = if present == 0 { format!("-{dismissed}") } else { done.to_string() };
    let sql = SEED
        .replace("$names_count", &NAMES.to_string())
        .replace("$names", &names.join(", "))
        .replace("$lineage", &template.lineage.to_string())
        .replace("$quiet_grid", bench.district.grid(QUIET_GRID).as_str())
        .replace("$first", &first)
        .replace("$last", &last.to_string())
        .replace("$hours", &HOURS.to_string())
        .replace("$days_before", &DAYS_BEFORE.to_string())
        .replace("$measures", &measures);
    let mut connection = bench.fixtures.connection().await;
    connection.batch_execute(&sql).await?;
    // By itself: it does not run in a transaction.
    connection.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// A name with what it is searched by, as a row of VALUES.
fn name_row(number: usize) -> String {
    const STREETS: [&str; 8] =
        ["东环路", "西环路", COMMON_WORD, "解放路", "工业大道", "滨河路", "和平街", "建设路"];
    let estate = if number == 0 { RARE_WORD } else { "安置房" };
    let name = format!("{}{number} 号{estate}{EVERY_WORD}", STREETS[number % STREETS.len()]);
    let texts = [name.as_str(), "工地扬尘", "Construction site dust"];
    let grams: Vec<String> =
        index_grams(texts).into_iter().map(|gram| format!("'{}'", gram.replace('\'', "''"))).collect();
    format!("({number}, '{}', ARRAY[{}])", folded(&texts.join("\n")), grams.join(","))
}

const SEED: &str = "
BEGIN;
SET LOCAL synchronous_commit = off;

CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS
WITH sites AS (
    SELECT target_id, unit_id, grid, row_number() OVER (ORDER BY target_id) - 1 AS number, count(*) OVER () AS all_sites
    FROM targets WHERE grid <> '$quiet_grid'
)
SELECT n, n <= 0 AS dismissed, gen_random_uuid() AS op_id, gen_random_uuid() AS inspection_id,
       gen_random_uuid() AS case_id, sites.target_id, sites.unit_id, sites.grid,
       date_trunc('minute', now()) - make_interval(days => $days_before, hours => (abs(n) * 7919 % $hours)::int,
                                                   mins => (abs(n) % 60)::int) AS occurred_at,
       112.0 + (abs(n) % 1000) * 0.0005 AS lon, 35.0 + (abs(n) / 1000 % 1000) * 0.0005 AS lat, texts.text, texts.grams
FROM generate_series($first + 1, $last) AS n
JOIN (VALUES $names) AS texts (number, text, grams) ON texts.number = abs(n) % $names_count
JOIN sites ON sites.number = abs(n) % sites.all_sites;
ANALYZE seeded;

INSERT INTO operations (district, op_id, bytes, sha256, device_id, user_id, incarnation, device_seq, kind, received_at,
                        outcome)
SELECT t.district, seeded.op_id, t.bytes, t.sha256, t.device_id, t.user_id, t.incarnation, 1000000000 + n, t.kind,
       occurred_at, t.outcome
FROM seeded, (SELECT operations.* FROM operations JOIN inspections USING (district, op_id)
              WHERE inspection_id = '$lineage') AS t;

INSERT INTO inspections
SELECT written.*
FROM seeded, inspections AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'inspection_id', seeded.inspection_id, 'lineage', seeded.inspection_id, 'op_id', seeded.op_id,
    'target_id', seeded.target_id, 'grid', seeded.grid, 'unit_id', seeded.unit_id,
    'occurred_at', seeded.occurred_at, 'received_at', seeded.occurred_at, 'lon', seeded.lon, 'lat', seeded.lat))
    AS written
WHERE t.inspection_id = '$lineage';

INSERT INTO cases
SELECT written.*
FROM seeded, cases AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'case_id', seeded.case_id, 'lineage', seeded.inspection_id, 'inspection_id', seeded.inspection_id,
    'target_id', seeded.target_id, 'grid', seeded.grid, 'unit_id', seeded.unit_id,
    'occurred_at', seeded.occurred_at,
    'occurred_month', date_trunc('month', seeded.occurred_at AT TIME ZONE 'Asia/Shanghai')::date,
    'review_state', CASE WHEN dismissed THEN 'dismissed' ELSE 'confirmed' END, 'rectification_state', 'closed',
    'version', 2, 'flags', ARRAY[]::text[], 'lon', seeded.lon, 'lat', seeded.lat,
    'cell', (floor((seeded.lat + 90) * 100) * 36001 + floor((seeded.lon + 180) * 100))::integer,
    'search_text', seeded.text, 'search_grams', seeded.grams,
    'created_at', seeded.occurred_at, 'updated_at', seeded.occurred_at)) AS written
WHERE t.lineage = '$lineage';

INSERT INTO charges
SELECT written.*
FROM seeded, (VALUES $measures) AS measures (measure), charges AS t, LATERAL jsonb_populate_record(t, jsonb_build_object(
    'charge_id', gen_random_uuid(), 'case_id', seeded.case_id, 'unit_id', seeded.unit_id,
    'measure', measures.measure, 'state', CASE WHEN dismissed THEN 'void' ELSE 'posted' END)) AS written
WHERE t.charge_id = (SELECT charge_id FROM charges JOIN cases USING (district, case_id) WHERE lineage = '$lineage'
                     LIMIT 1);

INSERT INTO decisions (district, decision_no, request_id, case_id, kind, actor, expected_version, decided_at, detail)
SELECT d.district, d.decision_number + row_number() OVER (ORDER BY n), gen_random_uuid(), seeded.case_id,
       CASE WHEN dismissed THEN 'dismiss' ELSE 'confirm' END, u.user_id, 1, seeded.occurred_at, '{}'
FROM seeded, districts d JOIN users u ON u.district = d.district AND u.username = 'zhang';

INSERT INTO ledger_entries (district, entry_no, kind, unit_id, period, occurred_month, case_id, charge_id, posting_no,
                            decision_no, amount_fen, grid, item, measure, pack_hash, clause, posted_at, previous_hash,
                            hash)
SELECT c.district, d.entry_number + row_number() OVER (ORDER BY n, ch.measure), 'deduction', ch.unit_id,
       c.occurred_month, c.occurred_month, c.case_id, ch.charge_id, 1, decisions.decision_no, ch.amount_fen, c.grid,
       c.item, ch.measure, ch.pack_hash, ch.clause, seeded.occurred_at, d.entry_hash, sha256(ch.charge_id::text::bytea)
FROM seeded JOIN cases c USING (case_id) JOIN charges ch USING (district, case_id) JOIN districts d USING (district)
JOIN decisions USING (district, case_id)
WHERE NOT dismissed;

INSERT INTO changes (district, number, ordinal, change_id, entity, entity_id, grid_before, grid_after, user_id)
SELECT d.district, d.change_number + row_number() OVER (ORDER BY seeded.occurred_at), 1, gen_random_uuid(), 'case',
       seeded.case_id::text, seeded.grid, seeded.grid, NULL
FROM seeded, districts d;

UPDATE districts SET
    change_number = (SELECT max(number) FROM changes),
    decision_number = (SELECT max(decision_no) FROM decisions),
    entry_number = coalesce((SELECT max(entry_no) FROM ledger_entries), 0);
COMMIT;
";
