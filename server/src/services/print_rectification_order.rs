//! Gathers a case's rectification order (交办单, 整改通知书): what was found, and what has to be done until when.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, ItemCode, RegionCode};
use sync_core::model::inspection::{Inspection, Verdict};
use sync_core::time::Instant;

use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::districts::district_head;
use crate::db::rectifications::present_rounds;
use crate::db::schema::{cases, inspections, units};
use crate::db::types::stored_json;
use crate::prints::{FaultLine, OrderTerms, RectificationOrder, case_number, order_number, written_day};
use crate::problem::ApiError;
use crate::services::rectify_case::LoopRules;
use crate::services::show_case::{CaseDetail, StopWorkView, show_case};
use crate::state::AppState;
use crate::tables::Language;
use crate::words::{PackWords, Word};

/// The order of a case that the actor sees; `address` is where its code leads.
///
/// # Errors
/// `case_unknown`; those of the database.
pub async fn print_rectification_order(
    state: &AppState,
    actor: &Actor,
    case_id: CaseId,
    language: Language,
    address: String,
) -> Result<RectificationOrder, ApiError> {
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let now = state.clock.now();
    let rules = LoopRules { book: &book, calendar: &state.calendar, now };
    let case = show_case(&mut connection, rules, actor, case_id).await?;
    let district = district_head(&mut connection, &actor.district).await?;
    let words = &PackWords::new(book, language);
    let round = present_rounds(&connection, &actor.district, [case_id.0]).await?.remove(&case_id);
    let unit_name = match &round {
        // What was re-checked stays the order of the unit that did it, whatever became of the case.
        Some(round) if round.unit_id != case.summary.unit_id => {
            units::table
                .find((actor.district.as_str(), round.unit_id.0))
                .select(units::name)
                .first(&mut connection)
                .await?
        }
        _ => case.summary.unit_name.clone(),
    };
    let issued_on = round.as_ref().map_or(now, |round| round.ordered_at).record_date();
    let terms = round.map(|round| OrderTerms {
        round: round.number,
        ordered_at: round.ordered_at.record_text(),
        requirement: round.requirement,
        deadline: round.deadline.map(Instant::record_text),
    });
    let found = inspections_of(&mut connection, &actor.district, &case).await?;
    let CaseDetail { summary, inspection, .. } = &case;
    let mut clauses: Vec<&str> = case.charges.iter().map(|charge| charge.clause.as_str()).collect();
    clauses.sort_unstable();
    clauses.dedup();
    let number = order_number(&district.code, case_id, summary.occurred_at, language);
    Ok(RectificationOrder {
        number,
        address_url: address,
        unit_name,
        case_number: case_number(case_id),
        found_at: summary.occurred_at.record_text(),
        item: language.of(&summary.item_zh, &summary.item_en).clone(),
        level: summary.level.word(language).to_owned(),
        target: object(&case, words),
        address: case
            .target
            .as_ref()
            .map_or_else(|| inspection.place.clone(), |target| target.content.address.clone()),
        grid: format!("{}（{}）", summary.grid_name, summary.grid),
        clauses: clauses.join(language.of("；", "; ")),
        faults: faults(&found, &case.summary.item, words),
        terms,
        stop_work: case.stop_work.as_ref().map(|order| stop_work(order, language)),
        issued_on: written_day(issued_on, language),
        district,
    })
}

/// Kind, register number and name of what was inspected.
pub(super) fn object(case: &CaseDetail, words: &PackWords) -> String {
    let inspection = &case.inspection;
    let pack = inspection.context.pack.as_ref().map(|pack| &pack.hash);
    let kind = words.kind(pack, &inspection.kind);
    let summary = &case.summary;
    match (&summary.target_name, &summary.target_code) {
        (Some(name), Some(code)) => format!("{kind}　{name}（{code}）"),
        (Some(name), None) => format!("{kind}　{name}"),
        (None, _) => kind,
    }
}

/// The inspections that found what the case is about: its own, then those of the cases that it absorbed.
async fn inspections_of(
    connection: &mut Connection,
    district: &RegionCode,
    case: &CaseDetail,
) -> Result<Vec<Inspection>, ApiError> {
    let stands_on =
        inspections::district.eq(cases::district).and(inspections::inspection_id.eq(cases::inspection_id));
    let absorbed: Vec<serde_json::Value> = cases::table
        .inner_join(inspections::table.on(stands_on))
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(case.absorbed.iter().map(|case| case.0)))
        .order((inspections::occurred_at, inspections::inspection_id))
        .select(inspections::sealed)
        .load(connection)
        .await?;
    let mut found = vec![case.inspection.clone()];
    for sealed in absorbed {
        found.push(stored_json("inspections.sealed", sealed)?);
    }
    Ok(found)
}

/// The failed questions of a case's item, each with a note once; all failed ones where the pack is not at hand.
fn faults(found: &[Inspection], item: &ItemCode, words: &PackWords) -> Vec<FaultLine> {
    let mut lines: Vec<FaultLine> = Vec::new();
    for inspection in found {
        let pack = inspection.context.pack.as_ref().map(|pack| &pack.hash);
        let kind = words.find(pack, &inspection.kind);
        for answer in inspection.answers.iter().filter(|answer| answer.verdict == Verdict::Fail) {
            let question = kind.and_then(|kind| kind.question(&answer.question));
            if question.is_some_and(|question| question.item != *item) {
                continue;
            }
            let name = question.map_or_else(
                || answer.question.to_string(),
                |question| words.language().of(&question.zh, &question.en).clone(),
            );
            let line = FaultLine { question: name, note: answer.note.clone() };
            let known = |known: &FaultLine| {
                known.question == line.question && (known.note == line.note || line.note.is_empty())
            };
            if !lines.iter().any(known) {
                lines.push(line);
            }
        }
    }
    lines
}

/// A stop-work order (停工整顿) in words.
fn stop_work(order: &StopWorkView, language: Language) -> String {
    let StopWorkView { occurrence, weeks, months, clause } = order;
    let (zh, en) = match (weeks, months) {
        (Some(weeks), _) => (format!("{weeks}周"), format!("{weeks} week(s)")),
        (None, Some(months)) => (format!("{months}个月"), format!("{months} month(s)")),
        (None, None) => (String::new(), String::new()),
    };
    language.of(
        format!("第{occurrence}次发现，停工整顿{zh}（{clause}）。"),
        format!("Found for time {occurrence}: work stops for {en} ({clause})."),
    )
}
