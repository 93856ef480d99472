//! Enters a subsidy: what it costs and which clause it follows from are the adopted pack's.

use diesel_async::AsyncConnection;
use serde_json::json;
use sync_core::ids::SubsidyId;
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::policy::{Amount, PolicyBook};
use sync_core::text::check_required;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use sync_core::model::credit_code::is_credit_code;

use super::{Subsidy, SubsidyRequest, SubsidyState};
use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::subsidies::{self, SubsidyRow};
use crate::db::types::{Day, Time};
use crate::problem::ApiError;

/// Enters a subsidy; `book` is what the district adopted.
///
/// # Errors
/// `credit_code_invalid`, `subsidy_rule_unknown`, `date_out_of_range`, `subsidy_exists`, `request_id_reused`, those of
/// texts; faults of the database.
pub async fn enter_subsidy(
    connection: &mut Connection,
    actor: &Actor,
    book: &PolicyBook,
    request: &SubsidyRequest,
    now: Instant,
) -> Result<Subsidy, ApiError> {
    for (field, text) in [("payee", &request.payee), ("publication", &request.publication)] {
        check_required(text, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field(field))?;
    }
    if !is_credit_code(&request.credit_code) {
        return Err(ApiError::new(ProblemKind::CreditCodeInvalid).field("credit_code"));
    }
    if request.published_on > now.record_date() {
        return Err(ApiError::new(ProblemKind::DateOutOfRange).field("published_on"));
    }
    let subsidy = granted(actor, book, request, now)
        .ok_or_else(|| ApiError::new(ProblemKind::SubsidyRuleUnknown).field("rule"))?;
    connection
        .transaction(async |connection| {
            if let Some(first) =
                subsidies::of_request(connection, &actor.district, request.request_id).await?
            {
                return if asked_alike(&first, &subsidy) {
                    Ok(first.try_into()?)
                } else {
                    Err(ApiError::new(ProblemKind::RequestIdReused).field("request_id"))
                };
            }
            subsidies::insert(connection, &subsidy).await?;
            let event = Event::new(Action::SubsidyChanged, &actor.district)
                .by(Some(actor.user_id))
                .about("subsidy", subsidy.subsidy_id)
                .detail(json!({ "state": SubsidyState::Entered, "amount_fen": subsidy.amount_fen }));
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::Subsidy(SubsidyId(subsidy.subsidy_id)));
            record_changes(connection, &actor.district, &[change]).await?;
            Ok(subsidy.try_into()?)
        })
        .await
}

/// The row, where the district's pack of that name has the rule. The version is that of the day of publication; a
/// publication may also come when the document's own days are over.
fn granted(actor: &Actor, book: &PolicyBook, request: &SubsidyRequest, now: Instant) -> Option<SubsidyRow> {
    let pack = book.version_at(&actor.district, &request.pack_id, request.published_on)?;
    let rule = pack.content().subsidies.iter().find(|rule| rule.code == request.rule)?;
    let Amount::Fixed(amount) = rule.amount else { return None };
    Some(SubsidyRow {
        district: actor.district.to_string(),
        subsidy_id: SubsidyId::fresh().0,
        request_id: request.request_id.0,
        payee: request.payee.clone(),
        credit_code: request.credit_code.clone(),
        target_id: request.target_id.map(|target| target.0),
        pack_id: pack.id().to_string(),
        pack_hash: pack.hash().to_string(),
        rule: rule.code.to_string(),
        clause: pack.citation(&rule.clause),
        amount_fen: amount.get(),
        publication: request.publication.clone(),
        published_on: Day(request.published_on),
        state: SubsidyState::Entered.code().to_owned(),
        entered_by: actor.user_id.0,
        entered_at: Time(now),
        approved_by: None,
        approved_at: None,
        paid_by: None,
        paid_at: None,
        voucher: None,
        paid_on: None,
        cancelled_by: None,
        cancelled_at: None,
        reason: None,
    })
}

/// Whether two entries were asked for alike, whatever became of the first.
fn asked_alike(first: &SubsidyRow, again: &SubsidyRow) -> bool {
    first.entered_by == again.entered_by
        && first.payee == again.payee
        && first.credit_code == again.credit_code
        && first.target_id == again.target_id
        && first.pack_id == again.pack_id
        && first.rule == again.rule
        && first.publication == again.publication
        && first.published_on == again.published_on
}
