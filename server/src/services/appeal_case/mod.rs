//! A charged unit appeals (申诉), with grounds and photos that were uploaded before, or takes its appeal back.
//!
//! Invariants: filing and withdrawing are rows of record, not decisions; both make another version of the case, so a
//! decision that was looked at or proposed before learns of it. The case's row is locked first, the district's last.
//! Of a case one appeal is open, and against one charging decision one is decided.

mod refusal;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::ids::{AppealId, CaseId, DecisionRequestId, PhotoHash, UnitId};
use sync_core::limits::{NOTE_MAX_CHARS, RECORD_MAX_PHOTOS};
use sync_core::model::appeal::AppealState;
use sync_core::model::case::{ChargeState, ReviewState};
use sync_core::text::check_required;
use sync_core::time::Instant;
use utoipa::ToSchema;

pub use refusal::AppealRefusal;

use crate::appeals::hold::CHARGING;
use crate::appeals::terms::Terms;
use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::auth::case_scope::liaison_units;
use crate::calendar::Planned;
use crate::db::appeals::AppealRow;
use crate::db::changes::{NewChange, record_changes};
use crate::db::rectifications::{RecordPhotoWrite, RecordSubject, insert_record_photos, photos_of_record};
use crate::db::schema::charges;
use crate::db::types::Time;
use crate::db::{Connection, appeals, cases, decisions, photos, proposals};
use crate::services::decide_case::{StandingCase, meanwhile};
use crate::services::list_appeals::{Appeal, show_appeal};
use crate::services::rectify_case::LoopRules;

/// An appeal to be filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The version of the case that was looked at.
    pub expected_version: u32,
    /// Why the unit objects.
    pub grounds: String,
    /// Photos of it, uploaded before.
    #[serde(default)]
    pub photos: Vec<PhotoHash>,
}

impl AppealRequest {
    fn check(&self) -> Result<(), AppealRefusal> {
        check_required(&self.grounds, NOTE_MAX_CHARS)?;
        if self.photos.len() > RECORD_MAX_PHOTOS { Err(AppealRefusal::TooManyPhotos) } else { Ok(()) }
    }

    fn is_of(&self, appeal: &AppealRow, photos: &[String], actor: &Actor, case_id: CaseId) -> bool {
        (appeal.case_id, appeal.filed_by, appeal.grounds.as_str())
            == (case_id.0, actor.user_id.0, self.grounds.as_str())
            && self.photos.iter().map(PhotoHash::as_str).eq(photos.iter().map(String::as_str))
    }
}

/// Appeals for a liaison of the unit that a confirmed case charges.
///
/// # Errors
/// [`AppealRefusal`]; nothing is changed then.
pub async fn file_appeal(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &AppealRequest,
    rules: LoopRules<'_>,
) -> Result<Appeal, AppealRefusal> {
    request.check()?;
    let id = connection
        .transaction(async |connection| file(connection, actor, case_id, request, rules).await)
        .await?;
    Ok(show_appeal(connection, &actor.district, id, rules.now).await?)
}

async fn file(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &AppealRequest,
    rules: LoopRules<'_>,
) -> Result<AppealId, AppealRefusal> {
    let district = &actor.district;
    let row = cases::lock(connection, district, case_id).await?;
    let row = row.filter(|case| liaison_units(actor).contains(&UnitId(case.unit_id)));
    let row = row.ok_or(AppealRefusal::CaseUnknown)?;
    if let Some(first) = appeals::of_request(connection, district, request.request_id).await? {
        let photos = photos_of_record(connection, district, first.appeal_id).await?;
        let same = request.is_of(&first, &photos, actor, case_id);
        return if same { Ok(AppealId(first.appeal_id)) } else { Err(AppealRefusal::RequestIdReused) };
    }
    if i64::from(row.version) != i64::from(request.expected_version) {
        return Err(AppealRefusal::Changed(meanwhile(connection, district, &row).await?));
    }
    let case = StandingCase::try_from(row.clone())?;
    let (charged_by, due) = against(connection, actor, &case, rules).await?;
    let missing = photos::unverified_among(connection, district, &request.photos).await?;
    if let Some(photo) = missing.into_iter().next() {
        return Err(AppealRefusal::PhotoUnknown(photo));
    }
    let id = AppealId::fresh();
    let appeal = AppealRow {
        district: district.to_string(),
        appeal_id: id.0,
        request_id: request.request_id.0,
        case_id: case_id.0,
        unit_id: row.unit_id,
        charged_by,
        grounds: request.grounds.clone(),
        filed_by: actor.user_id.0,
        filed_at: Time(rules.now),
        due_at: Time(due.at),
        due_assumed: due.assumed,
        state: AppealState::Open.code().to_owned(),
        withdrawn_by: None,
        withdrawn_at: None,
        decision_no: None,
    };
    appeals::insert(connection, &appeal).await?;
    let shown = RecordPhotoWrite::of_hashes(district, id.0, RecordSubject::Case(case_id), &request.photos);
    insert_record_photos(connection, &shown).await?;
    note(connection, actor, &case, Action::AppealFiled, id, rules.now).await?;
    Ok(id)
}

/// The decision that the unit can appeal against, and when the appeal has to be decided.
async fn against(
    connection: &mut Connection,
    actor: &Actor,
    case: &StandingCase,
    rules: LoopRules<'_>,
) -> Result<(i64, Planned), AppealRefusal> {
    let district = &actor.district;
    let charged = case.state == ReviewState::Confirmed && is_charged(connection, actor, case.case_id).await?;
    let last = decisions::last_of_kinds(connection, district, case.case_id, &CHARGING).await?;
    let Some((charged_by, charged_at)) = last.filter(|_| charged) else {
        return Err(AppealRefusal::NotCharged(case.state));
    };
    for earlier in appeals::of_case(connection, district, case.case_id).await? {
        if earlier.state == AppealState::Open.code() {
            return Err(AppealRefusal::Open);
        }
        if earlier.state == AppealState::Decided.code() && earlier.charged_by == charged_by {
            return Err(AppealRefusal::Decided);
        }
    }
    let terms = Terms::of(case.pack.as_ref().and_then(|pack| rules.book.by_hash(&pack.hash)));
    let until = terms.file_until(charged_at, rules.calendar)?;
    if rules.now > until {
        return Err(AppealRefusal::Late(until));
    }
    Ok((charged_by, terms.decide_until(rules.now, rules.calendar)?))
}

/// Whether a case charges its unit with anything.
async fn is_charged(connection: &mut Connection, actor: &Actor, case_id: CaseId) -> QueryResult<bool> {
    let live = charges::table
        .filter(charges::district.eq(actor.district.as_str()))
        .filter(charges::case_id.eq(case_id.0))
        .filter(charges::state.ne(ChargeState::Void.code()));
    diesel::select(diesel::dsl::exists(live)).get_result(connection).await
}

/// Takes an open appeal back, for a liaison of the unit that filed it. Again it answers alike.
///
/// # Errors
/// [`AppealRefusal`]; nothing is changed then.
pub async fn withdraw_appeal(
    connection: &mut Connection,
    actor: &Actor,
    id: AppealId,
    now: Instant,
) -> Result<Appeal, AppealRefusal> {
    connection.transaction(async |connection| withdraw(connection, actor, id, now).await).await?;
    Ok(show_appeal(connection, &actor.district, id, now).await?)
}

async fn withdraw(
    connection: &mut Connection,
    actor: &Actor,
    id: AppealId,
    now: Instant,
) -> Result<(), AppealRefusal> {
    let district = &actor.district;
    let own = |appeal: &AppealRow| liaison_units(actor).contains(&UnitId(appeal.unit_id));
    let appeal = appeals::find(connection, district, id).await?.filter(own);
    let case_id = CaseId(appeal.ok_or(AppealRefusal::Unknown)?.case_id);
    let case = cases::lock(connection, district, case_id).await?.ok_or(AppealRefusal::Unknown)?;
    // As it stands under the lock.
    let appeal = appeals::find(connection, district, id).await?.ok_or(AppealRefusal::Unknown)?;
    if appeal.state == AppealState::Withdrawn.code() {
        return Ok(());
    }
    if appeal.state != AppealState::Open.code() {
        return Err(AppealRefusal::NotOpen);
    }
    appeals::withdraw(connection, district, id, actor.user_id, now).await?;
    note(connection, actor, &StandingCase::try_from(case)?, Action::AppealWithdrawn, id, now).await
}

/// Makes another version of the case, which ends what was proposed on the last one, with its audit event.
async fn note(
    connection: &mut Connection,
    actor: &Actor,
    case: &StandingCase,
    action: Action,
    id: AppealId,
    now: Instant,
) -> Result<(), AppealRefusal> {
    let (district, case_id) = (&actor.district, case.case_id);
    let version = cases::touch(connection, district, case_id, now).await?;
    proposals::end_outdated(connection, district, case_id, version, now).await?;
    let event = Event::new(action, district)
        .by(Some(actor.user_id))
        .about("appeal", id)
        .detail(json!({ "case_id": case_id }));
    audit::record(connection, now, &[event]).await?;
    let change = NewChange::of_case(case_id, case.grid.clone(), case.author);
    Ok(record_changes(connection, district, &[change]).await?)
}
