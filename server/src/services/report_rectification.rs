//! A unit reports that a case is rectified (整改反馈), with photos that were uploaded before.
//!
//! Invariants: a report is a row of record, not a decision; of a round one report stands, and the same request again
//! gets the first answer. The case's row is locked first, the district's last.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, DecisionRequestId, PhotoHash};
use sync_core::limits::{NOTE_MAX_CHARS, RECORD_MAX_PHOTOS};
use sync_core::model::case::ReviewState;
use sync_core::model::rectification::RoundState;
use sync_core::text::check_required;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::actor::Actor;
use crate::auth::case_scope::liaison_units;
use crate::db::changes::record_changes;
use crate::db::rectifications::{
    LoopChanges, RecordKind, RecordPhotoWrite, RecordSubject, RecordWrite, insert_record_photos,
    insert_records, lock_case, photos_of_record, present_rounds,
};
use crate::db::schema::rectification_records;
use crate::db::{Connection, photos};
use crate::services::rectify_case::LoopRefusal;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The round it answers.
    pub round: u16,
    /// What was done.
    pub text: String,
    /// Photos of it, uploaded before.
    #[serde(default)]
    pub photos: Vec<PhotoHash>,
}

/// A report on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reported {
    /// The case.
    pub case_id: CaseId,
    /// The round it answers.
    pub round: u16,
    /// Where that stands by the report.
    pub state: RoundState,
}

impl ReportRequest {
    fn check(&self) -> Result<(), LoopRefusal> {
        check_required(&self.text, NOTE_MAX_CHARS)
            .map_err(|fault| LoopRefusal::Text { field: "text", fault })?;
        if self.photos.len() > RECORD_MAX_PHOTOS { Err(LoopRefusal::TooManyPhotos) } else { Ok(()) }
    }
}

/// Reports for a liaison of the case's unit.
///
/// # Errors
/// [`LoopRefusal`]; nothing is changed then.
pub async fn report_rectification(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &ReportRequest,
    now: Instant,
) -> Result<Reported, LoopRefusal> {
    request.check()?;
    connection.transaction(async |conn| report(conn, actor, case_id, request, now).await).await
}

async fn report(
    conn: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &ReportRequest,
    now: Instant,
) -> Result<Reported, LoopRefusal> {
    let units = liaison_units(actor);
    let case = lock_case(conn, &actor.district, case_id).await?;
    let case = case.filter(|case| units.contains(&case.unit_id)).ok_or(LoopRefusal::CaseUnknown)?;
    let answer = Reported { case_id, round: request.round, state: RoundState::Rectified };
    match earlier(conn, actor, case_id, request).await? {
        Some(true) => return Ok(answer),
        Some(false) => return Err(LoopRefusal::RequestIdReused),
        None => {}
    }
    if matches!(case.review_state, ReviewState::Dismissed | ReviewState::Merged) {
        return Err(LoopRefusal::ReviewForbids(case.review_state));
    }
    let round = present_rounds(conn, &actor.district, [case_id.0]).await?.remove(&case_id);
    let mut round = round.filter(|round| round.number == request.round).ok_or(LoopRefusal::RoundUnknown)?;
    round.report(now, now)?;
    let missing = photos::unverified_among(conn, &actor.district, &request.photos).await?;
    if let Some(photo) = missing.into_iter().next() {
        return Err(LoopRefusal::PhotoUnknown(photo));
    }
    let mut loops = LoopChanges::default();
    loops.add(&case, round);
    let changes = loops.store(conn, &actor.district, now).await?;
    let record = RecordWrite {
        district: actor.district.clone(),
        record_id: request.request_id.0,
        case_id,
        round: request.round,
        kind: RecordKind::Report,
        passed: None,
        author: actor.user_id,
        device_id: None,
        text: request.text.clone(),
        lon: None,
        lat: None,
        occurred_at: now,
        received_at: now,
    };
    insert_records(conn, &[record]).await?;
    let subject = RecordSubject::Case(case_id);
    let shown = RecordPhotoWrite::of_hashes(&actor.district, request.request_id.0, subject, &request.photos);
    insert_record_photos(conn, &shown).await?;
    record_changes(conn, &actor.district, &changes).await?;
    Ok(answer)
}

/// Whether a record of this id is this report; none where there is no record.
async fn earlier(
    conn: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &ReportRequest,
) -> QueryResult<Option<bool>> {
    let first: Option<(Uuid, i32, Uuid, String)> = rectification_records::table
        .find((actor.district.as_str(), request.request_id.0))
        .select((
            rectification_records::case_id,
            rectification_records::round,
            rectification_records::author,
            rectification_records::text,
        ))
        .first(conn)
        .await
        .optional()?;
    let Some((of, round, author, text)) = first else { return Ok(None) };
    let photos = photos_of_record(conn, &actor.district, request.request_id.0).await?;
    let same_photos = request.photos.iter().map(PhotoHash::as_str).eq(photos.iter().map(String::as_str));
    let same = (of, round, author, text.as_str())
        == (case_id.0, i32::from(request.round), actor.user_id.0, request.text.as_str());
    Ok(Some(same && same_photos))
}
