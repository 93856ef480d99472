//! Posts what is due by the packs (到期入账): undecided cases whose days for review are over are confirmed, and published
//! ones whose publication is over are posted, by the server itself.
//!
//! Invariants: a step is done once however many processes do it: rows that another one holds are skipped, what it did is
//! seen, and the decision's id is derived from the step. A case with an open doubt, an amount to be entered, nothing to
//! charge, an open proposal or an open appeal is left to people.

use diesel::dsl::{exists, not, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date as SqlDate, Integer, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::civil::Date;
use sync_core::ids::{CaseId, DecisionRequestId, RegionCode};
use sync_core::model::appeal::AppealState;
use sync_core::model::case::ReviewState;
use sync_core::model::decision::DecisionKind;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::appeals::open_of as appealed_of;
use crate::db::cases::CaseStateRow;
use crate::db::changes::record_changes;
use crate::db::schema::{appeals, cases, districts};
use crate::db::types::{Day, stored};
use crate::problem::ApiError;
use crate::services::confirm_cases::{CASES_PER_TRANSACTION, Due, Manner, confirm_cases};
use crate::services::decide_case::StandingCase;
use crate::services::record_decision::DecidedBy;
use crate::state::AppState;

/// Confirms and posts what is due in every district. Returns how many decisions it made.
///
/// # Errors
/// The first district's fault, after all others had their turn: faults of the database; `period_closed` where even the
/// present month is closed. What was done stays done.
pub async fn post_due(state: &AppState) -> Result<usize, ApiError> {
    let mut connection = state.connection().await?;
    let codes: Vec<String> =
        districts::table.order(districts::district).select(districts::district).load(&mut connection).await?;
    let mut made: usize = 0;
    let mut failed: Option<ApiError> = None;
    for code in codes {
        let district: RegionCode = stored("districts.district", &code)?;
        match of_district(state, &mut connection, &district).await {
            Ok(done) => made = made.saturating_add(done),
            Err(error) => {
                tracing::error!(%district, %error, "posting what is due in a district failed");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(made), Err)
}

/// What is due in one district.
async fn of_district(
    state: &AppState,
    connection: &mut Connection,
    district: &RegionCode,
) -> Result<usize, ApiError> {
    let book = state.policies.of(connection, district).await?;
    let mut made: usize = 0;
    for kind in [DecisionKind::AutoConfirm, DecisionKind::PostPublished] {
        loop {
            let done = step(connection, &book, district, kind, state.clock.now()).await?;
            made = made.saturating_add(done);
            if done < usize::from(CASES_PER_TRANSACTION) {
                break;
            }
        }
    }
    Ok(made)
}

/// One transaction's worth of one kind.
async fn step(
    connection: &mut Connection,
    book: &PolicyBook,
    district: &RegionCode,
    kind: DecisionKind,
    now: Instant,
) -> Result<usize, ApiError> {
    connection
        .transaction(async |connection| {
            let today = now.record_date();
            let mut rows = match kind {
                DecisionKind::PostPublished => published_until(connection, district, today).await?,
                _ => undecided_too_long(connection, district, book, today).await?,
            };
            leave_to_people(connection, district, &mut rows).await?;
            let due = rows.into_iter().map(|row| {
                let case = StandingCase::try_from(row)?;
                Ok(Due { request_id: request_id(kind, case.case_id, case.version), case })
            });
            let due: Vec<Due> = due.collect::<Result<_, ApiError>>()?;
            let manner = Manner { kind, by: DecidedBy::Timer, reason: None };
            let confirmed = confirm_cases(connection, book, district, &due, &manner, now).await?;
            record_changes(connection, district, &confirmed.changes).await?;
            Ok(confirmed.decided.len())
        })
        .await
}

/// The id of a timer's step on a case in a version: the same in every process.
fn request_id(kind: DecisionKind, case: CaseId, version: i32) -> DecisionRequestId {
    DecisionRequestId::derive(&format!("{}/{case}/{version}", kind.code()))
}

/// Of cases that are locked now, drops those on which somebody filed an appeal or proposed a decision before they were, and
/// those that are proposed as duplicates since:
/// it is not in the snapshot of the statement that found them, but in this one.
async fn leave_to_people(
    connection: &mut Connection,
    district: &RegionCode,
    rows: &mut Vec<CaseStateRow>,
) -> QueryResult<()> {
    let appealed = appealed_of(connection, district, rows.iter().map(|row| CaseId(row.case_id))).await?;
    let proposed: Vec<Uuid> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(rows.iter().map(|row| row.case_id)))
        .filter(is_proposed().or(may_be_a_duplicate()))
        .select(cases::case_id)
        .load(connection)
        .await?;
    rows.retain(|row| {
        !proposed.contains(&row.case_id) && appealed.iter().all(|(case, _)| case.0 != row.case_id)
    });
    Ok(())
}

/// Whether somebody proposed a decision on a case as it stands, which a second person has not reviewed yet.
fn is_proposed() -> SqlLiteral<Bool> {
    sql::<Bool>(
        "EXISTS (SELECT FROM proposals WHERE proposals.district = cases.district AND state = 'open'
                   AND proposals.case_id = cases.case_id AND expected_version = cases.version)",
    )
}

/// Whether it may be the same as another case, which nobody has decided yet.
fn may_be_a_duplicate() -> SqlLiteral<Bool> {
    sql::<Bool>(
        "EXISTS (SELECT FROM duplicate_proposals AS pair WHERE pair.district = cases.district
                   AND pair.state = 'proposed' AND cases.case_id IN (pair.case_id, pair.other_case_id))",
    )
}

/// Confirmed cases whose publication is over, and that nothing is to be decided or entered of.
async fn published_until(
    connection: &mut Connection,
    district: &RegionCode,
    today: Date,
) -> QueryResult<Vec<CaseStateRow>> {
    let appealed = exists(
        appeals::table
            .filter(appeals::district.eq(cases::district))
            .filter(appeals::case_id.eq(cases::case_id))
            .filter(appeals::state.eq(AppealState::Open.code())),
    );
    let amount_missing = sql::<Bool>(
        "EXISTS (SELECT FROM charges WHERE charges.district = cases.district AND charges.case_id = cases.case_id
                   AND state = 'pending' AND amount_fen IS NULL)",
    );
    cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::posts_on.le(Day(today)))
        .filter(cases::review_state.eq(ReviewState::Confirmed.code()))
        .filter(cases::flags.eq(Vec::<String>::new()))
        .filter(not(appealed))
        .filter(not(amount_missing))
        .filter(not(is_proposed()))
        .filter(not(may_be_a_duplicate()))
        .order(cases::case_id)
        .limit(i64::from(CASES_PER_TRANSACTION))
        .select(CaseStateRow::as_select())
        .for_update()
        .skip_locked()
        .load(connection)
        .await
}

/// Cases under review of which nothing is in doubt or missing, and on which nothing happened for the days that their
/// pack gives.
async fn undecided_too_long(
    connection: &mut Connection,
    district: &RegionCode,
    book: &PolicyBook,
    today: Date,
) -> QueryResult<Vec<CaseStateRow>> {
    let asking = book.packs().filter_map(|pack| {
        let days = pack.content().charging.auto_post_days?;
        Some((pack.hash().to_string(), i32::from(days)))
    });
    let (hashes, days): (Vec<String>, Vec<i32>) = asking.unzip();
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let over = sql::<Bool>("EXISTS (SELECT FROM unnest(")
        .bind::<Array<Text>, _>(hashes)
        .sql(", ")
        .bind::<Array<Integer>, _>(days)
        .sql(
            ") AS asking (hash, days) WHERE asking.hash = cases.pack_hash
               AND (cases.updated_at AT TIME ZONE 'Asia/Shanghai')::date + asking.days <= ",
        )
        .bind::<SqlDate, _>(Day(today))
        .sql(")");
    let chargeable = sql::<Bool>(
        "(SELECT count(*) > 0 AND count(*) = count(amount_fen) FROM charges
          WHERE charges.district = cases.district AND charges.case_id = cases.case_id AND state = 'pending')",
    );
    cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::review_state.eq(ReviewState::UnderReview.code()))
        .filter(cases::flags.eq(Vec::<String>::new()))
        .filter(over)
        .filter(chargeable)
        .filter(not(is_proposed()))
        .order(cases::case_id)
        .limit(i64::from(CASES_PER_TRANSACTION))
        .select(CaseStateRow::as_select())
        .for_update()
        .skip_locked()
        .load(connection)
        .await
}
