//! Gathers a unit's deduction notice (财力扣缴通知书) for a month: what stands posted of each case, net.
//!
//! Invariant: the cases of a notice add up to the unit's posted total of the month; a case that nets to nothing is left
//! out, one that takes back an earlier month stands with its sign. The notice of a closed month names everything as it was
//! named at the closing and bears its day: printed again, it is the same page.

use diesel::sql_types::{BigInt, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, UnitId};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::auth::money_scope::MoneyScope;
use crate::db::types::{Day, StoredValueError, Time, stored};
use crate::db::{Connection, closed_names, periods};
use crate::prints::{DeductionNotice, NoticeLine, case_number, notice_number};
use crate::problem::ApiError;
use crate::services::export_month::FILE_MAX_ROWS;
use crate::tables::Language;
use crate::words::PackWords;

/// What stands of one charge in the month, under one clause.
#[derive(QueryableByName)]
struct ChargeRow {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    item_zh: String,
    #[diesel(sql_type = Text)]
    item_en: String,
    #[diesel(sql_type = Nullable<Text>)]
    place: Option<String>,
    #[diesel(sql_type = Text)]
    measure: String,
    #[diesel(sql_type = Text)]
    pack_hash: String,
    #[diesel(sql_type = Text)]
    clause: String,
    #[diesel(sql_type = BigInt)]
    net: i64,
}

#[derive(QueryableByName)]
struct UnitRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    budget_code: String,
}

/// The notice of a unit for a month, as it stands `now` or stood at the closing; `site` is where the office's screens
/// are found.
///
/// # Errors
/// `not_found` where nothing stands posted, or it is not the scope's to see; `too_many_items`; those of the database.
pub async fn print_deduction_notice(
    connection: &mut Connection,
    scope: &MoneyScope,
    unit: UnitId,
    month: Month,
    words: &PackWords,
    site: &str,
    now: Instant,
) -> Result<DeductionNotice, ApiError> {
    let nothing = || ApiError::new(ProblemKind::NotFound).field("unit_id");
    if scope.units.as_ref().is_some_and(|own| !own.contains(&unit.0)) {
        return Err(nothing());
    }
    let charges = read_charges(connection, scope, unit, month).await?;
    if charges.is_empty() {
        return Err(nothing());
    }
    let UnitRow { name, budget_code } = sql_query(
        "SELECT coalesce(closed.name, units.name) AS name,
                    coalesce(closed.budget_code, units.budget_code) AS budget_code
             FROM units
             LEFT JOIN closed_names AS closed ON closed.district = $1 AND closed.month = $3
                  AND closed.kind = 'unit' AND closed.id = unit_id::text
             WHERE units.district = $1 AND unit_id = $2",
    )
    .bind::<Text, _>(scope.district.as_str())
    .bind::<SqlUuid, _>(unit.0)
    .bind::<SqlDate, _>(Day(month.first_day()))
    .get_result(connection)
    .await?;
    let closed_at =
        periods::find_closed(connection, &scope.district, month).await?.map(|period| period.closed_at);
    let (lines, clauses) = by_case(charges, words, site)?;
    let total = Fen::checked_sum(lines.iter().map(|line| line.amount));
    Ok(DeductionNotice {
        number: notice_number(&scope.district, &budget_code, month, words.language()),
        address: format!("{site}/notices/{month}/{unit}"),
        district: closed_names::head_of_month(connection, &scope.district, month).await?,
        unit_name: name,
        budget_code,
        month,
        closed: closed_at.is_some(),
        issued_on: closed_at.unwrap_or(now).record_date(),
        clauses,
        total: total.ok_or(ProblemKind::NumberOutOfRange)?,
        lines,
    })
}

/// What stands of each charge of the unit in the month, where it is anything, in order of occurrence.
async fn read_charges(
    connection: &mut Connection,
    scope: &MoneyScope,
    unit: UnitId,
    month: Month,
) -> Result<Vec<ChargeRow>, ApiError> {
    let most = i64::try_from(FILE_MAX_ROWS).unwrap_or(i64::MAX);
    let rows: Vec<ChargeRow> = sql_query(
        "WITH net AS (
             SELECT case_id, measure, pack_hash, clause, sum(amount_fen)::bigint AS net,
                    sum(sum(amount_fen)) OVER (PARTITION BY case_id) AS of_case
             FROM ledger_entries WHERE district = $1 AND unit_id = $2 AND period = $3
             GROUP BY case_id, measure, pack_hash, clause
         )
         SELECT net.case_id, coalesce(closed.occurred_at, cases.occurred_at) AS occurred_at,
                coalesce(closed.target_kind, cases.kind) AS kind,
                coalesce(closed.item_zh, evaluation->>'zh', cases.item) AS item_zh,
                coalesce(closed.item_en, evaluation->>'en', cases.item) AS item_en,
                coalesce(closed.place, targets.name, sealed->>'place') AS place,
                net.measure, net.pack_hash, net.clause, net.net
         FROM net
         JOIN cases ON cases.district = $1 AND cases.case_id = net.case_id
         JOIN inspections ON inspections.district = $1 AND inspections.inspection_id = cases.inspection_id
         LEFT JOIN targets ON targets.district = $1 AND targets.target_id = cases.target_id
         LEFT JOIN closed_cases AS closed ON closed.district = $1 AND closed.month = $3
              AND closed.case_id = net.case_id
         WHERE net.net <> 0 AND net.of_case <> 0
         ORDER BY occurred_at, net.case_id, net.measure
         LIMIT $4",
    )
    .bind::<Text, _>(scope.district.as_str())
    .bind::<SqlUuid, _>(unit.0)
    .bind::<SqlDate, _>(Day(month.first_day()))
    .bind::<BigInt, _>(most.saturating_add(1))
    .load(connection)
    .await?;
    if rows.len() > FILE_MAX_ROWS {
        return Err(ProblemKind::TooManyItems.into());
    }
    Ok(rows)
}

/// The lines of the notice, and the clauses that they name by number.
fn by_case(
    charges: Vec<ChargeRow>,
    words: &PackWords,
    site: &str,
) -> Result<(Vec<NoticeLine>, Vec<String>), StoredValueError> {
    let language = words.language();
    let comma = language.of("、", ", ");
    let mut clauses: Vec<String> = Vec::new();
    let mut lines: Vec<NoticeLine> = Vec::new();
    for same_case in charges.chunk_by(|one, next| one.case_id == next.case_id) {
        let Some(first) = same_case.first() else { continue };
        let kind = stored("cases.kind", &first.kind)?;
        let mut measures = Vec::with_capacity(same_case.len());
        let mut numbers: Vec<String> = Vec::new();
        for charge in same_case {
            let pack = stored("ledger_entries.pack_hash", &charge.pack_hash)?;
            measures.push(words.measure(&pack, &kind, &stored("ledger_entries.measure", &charge.measure)?));
            let known = clauses.iter().position(|clause| *clause == charge.clause);
            let number = known.unwrap_or(clauses.len()).saturating_add(1).to_string();
            if known.is_none() {
                clauses.push(charge.clause.clone());
            }
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        measures.dedup();
        lines.push(NoticeLine {
            occurred_on: first.occurred_at.0.record_date(),
            item: match language {
                Language::Zh => first.item_zh.clone(),
                Language::En => first.item_en.clone(),
            },
            measures: measures.join(comma),
            place: first.place.clone().unwrap_or_default(),
            clauses: numbers.join(comma),
            case_number: case_number(CaseId(first.case_id)),
            address: format!("{site}/cases/{}", first.case_id),
            amount: Fen::new(same_case.iter().fold(0, |sum, charge| charge.net.saturating_add(sum))),
        });
    }
    Ok((lines, clauses))
}
