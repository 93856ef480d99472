//! Ledgers of any length: one real inspection with its case multiplied by set-based SQL, spread over two years, sites
//! and units, decided and posted.
//!
//! Every table of the main path gets its rows: operations, inspections, cases, charges, decisions, entries, changes. The
//! chain of hashes is not continued (nothing measured here reads it); every other column is as the product writes it.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use sync_core::grams::{folded, index_grams};
use sync_core::wire::push::Outcome;
use tokio_postgres::NoTls;

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

/// Cases that have no entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Without {
    /// Those that were dismissed, before all others.
    pub dismissed: usize,
    /// The latest ones, which wait for a decision: so many entries are missing.
    pub undecided: usize,
}

/// Brings the ledger to this many entries, of which `present` are there already; at first with cases that have none.
pub async fn seed(bench: &Bench, present: usize, entries: usize, without: Without) -> Result<()> {
    let began = Instant::now();
    let device = bench.devices(1, &format!("seed{entries}")).await.remove(0);
    let template = finding(bench, &device);
    let outcome = device.push(&[device.submit(&template)]).await;
    anyhow::ensure!(outcome == [Outcome::Applied], "{outcome:?}");

    let (client, connection) = tokio_postgres::connect(bench.fixtures.database_url(), NoTls).await?;
    tokio::spawn(connection);
    let (mut drop_indexes, mut create_indexes) = (String::new(), String::new());
    for index in client.query(INDEXES, &[]).await? {
        let (name, definition): (String, String) = (index.try_get(0)?, index.try_get(1)?);
        writeln!(drop_indexes, "DROP INDEX {name};")?;
        writeln!(create_indexes, "{definition};")?;
    }

    let names: Vec<String> = (0..NAMES).map(name_row).collect();
    let measures = MEASURES.map(|measure| format!("('{measure}')")).join(", ");
    let (done, last) = (present / CHARGES_A_CASE, entries / CHARGES_A_CASE);
    let first = if present == 0 { format!("-{}", without.dismissed) } else { done.to_string() };
    let sql = SEED
        .replace("$names_count", &NAMES.to_string())
        .replace("$names", &names.join(", "))
        .replace("$lineage", &template.lineage.to_string())
        .replace("$quiet_grid", bench.district.grid(QUIET_GRID).as_str())
        .replace("$first", &first)
        .replace("$last", &last.to_string())
        .replace("$undecided", &without.undecided.to_string())
        .replace("$hours", &HOURS.to_string())
        .replace("$days_before", &DAYS_BEFORE.to_string())
        .replace("$measures", &measures)
        .replace("$drop_indexes", &drop_indexes)
        .replace("$create_indexes", &create_indexes);
    client.batch_execute(&sql).await?;
    // By itself: it does not run in a transaction.
    client.batch_execute("VACUUM ANALYZE").await?;
    eprintln!("seeded {entries} entries in {} s", began.elapsed().as_secs());
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
SET LOCAL maintenance_work_mem = '512MB';
-- References are sound by construction: where the role may, they are not checked.
SELECT set_config('session_replication_role', 'replica', TRUE) FROM pg_roles WHERE rolname = current_user AND rolsuper;
$drop_indexes

CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS
WITH sites AS (
    SELECT target_id, unit_id, grid, row_number() OVER (ORDER BY target_id) - 1 AS number
    FROM targets WHERE grid <> '$quiet_grid'
)
SELECT n, n <= 0 AS dismissed, n > $last - $undecided AS undecided, gen_random_uuid() AS op_id, gen_random_uuid() AS inspection_id,
       gen_random_uuid() AS case_id, sites.target_id, sites.unit_id, sites.grid,
       date_trunc('second', now() - make_interval(days => $days_before)
                            - make_interval(hours => $hours) * (($last - n)::double precision / ($last - $first)))
           AS occurred_at,
       112.0 + (abs(n) % 1000) * 0.0005 AS lon, 35.0 + (abs(n) / 1000 % 1000) * 0.0005 AS lat, texts.text, texts.grams
FROM generate_series($first + 1, $last) AS n
JOIN (VALUES $names) AS texts (number, text, grams) ON texts.number = abs(n) % $names_count
JOIN sites ON sites.number = abs(n) % (SELECT count(*) FROM sites);
ANALYZE seeded;

INSERT INTO operations (district, op_id, bytes, sha256, device_id, user_id, incarnation, device_seq, kind, received_at,
                        outcome)
SELECT t.district, seeded.op_id, t.bytes, t.sha256, t.device_id, t.user_id, t.incarnation, 1000000000 + n, t.kind,
       occurred_at, t.outcome
FROM seeded, (SELECT operations.* FROM operations JOIN inspections USING (district, op_id)
              WHERE inspection_id = '$lineage') AS t;

INSERT INTO inspections
    (district, inspection_id, lineage, op_id, author, device_id, kind, target_id, occurred_at, received_at, grid, unit_id,
     level, pack_hash, lon, lat, sealed, flags, source)
SELECT t.district, seeded.inspection_id, seeded.inspection_id, seeded.op_id, t.author, t.device_id, t.kind,
       seeded.target_id, seeded.occurred_at, seeded.occurred_at, seeded.grid, seeded.unit_id, t.level, t.pack_hash,
       seeded.lon, seeded.lat, t.sealed, t.flags, t.source
FROM seeded, inspections AS t WHERE t.inspection_id = '$lineage';

INSERT INTO cases
    (district, case_id, lineage, inspection_id, item, kind, author, target_id, grid, unit_id, level, occurred_at,
     occurred_month, pack_id, pack_hash, review_state, rectification_state, flags, version, lon, lat, cell, evaluation,
     search_text, search_grams, created_at, updated_at)
SELECT t.district, seeded.case_id, seeded.inspection_id, seeded.inspection_id, t.item, t.kind, t.author,
       seeded.target_id, seeded.grid, seeded.unit_id, t.level, seeded.occurred_at,
       date_trunc('month', seeded.occurred_at AT TIME ZONE 'Asia/Shanghai')::date, t.pack_id, t.pack_hash,
       CASE WHEN dismissed THEN 'dismissed' WHEN undecided THEN 'under_review' ELSE 'confirmed' END,
       CASE WHEN undecided THEN 'none' ELSE 'closed' END, '{}', CASE WHEN undecided THEN 1 ELSE 2 END, seeded.lon,
       seeded.lat,
       (floor((seeded.lat + 90) * 100) * 36001 + floor((seeded.lon + 180) * 100))::integer, t.evaluation, seeded.text,
       seeded.grams, seeded.occurred_at, seeded.occurred_at
FROM seeded, cases AS t WHERE t.lineage = '$lineage';

INSERT INTO charges
    (district, charge_id, case_id, measure, unit_id, amount_fen, pack_hash, clause, reason, state)
SELECT t.district, gen_random_uuid(), seeded.case_id, measures.measure, seeded.unit_id, t.amount_fen, t.pack_hash,
       t.clause, t.reason, CASE WHEN dismissed THEN 'void' WHEN undecided THEN 'pending' ELSE 'posted' END
FROM seeded, (VALUES $measures) AS measures (measure),
     (SELECT charges.* FROM charges JOIN cases USING (district, case_id) WHERE lineage = '$lineage' LIMIT 1) AS t;

INSERT INTO decisions (district, decision_no, request_id, case_id, kind, actor, expected_version, decided_at, detail)
SELECT d.district, d.decision_number + row_number() OVER (ORDER BY n), gen_random_uuid(), seeded.case_id,
       CASE WHEN dismissed THEN 'dismiss' ELSE 'confirm' END, u.user_id, 1, seeded.occurred_at, '{}'
FROM seeded, districts d JOIN users u ON u.district = d.district AND u.username = 'zhang'
WHERE NOT undecided;

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

INSERT INTO month_sums (district, period, unit_id, amount_fen)
SELECT district, period, unit_id, sum(amount_fen) FROM ledger_entries GROUP BY district, period, unit_id
ON CONFLICT ON CONSTRAINT month_sums_pkey DO UPDATE SET amount_fen = excluded.amount_fen;

UPDATE districts SET
    change_number = (SELECT max(number) FROM changes),
    decision_number = (SELECT max(decision_no) FROM decisions),
    entry_number = coalesce((SELECT max(entry_no) FROM ledger_entries), 0);
$create_indexes
COMMIT;
";

/// The indexes of what is seeded, keys apart; they are faster made anew than filled row by row.
const INDEXES: &str = "
SELECT i.relname, pg_get_indexdef(i.oid)
FROM pg_index JOIN pg_class AS i ON i.oid = indexrelid
WHERE indrelid IN ('operations'::regclass, 'inspections'::regclass, 'cases'::regclass, 'charges'::regclass,
                   'decisions'::regclass, 'ledger_entries'::regclass, 'changes'::regclass)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)";
