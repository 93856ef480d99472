//! Shows a case's loop (闭环): every round with its reports, re-checks and overdue steps. Screens show it, and the
//! order (交办单) is printed from it.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::geo::Point;
use sync_core::ids::{CaseId, DeviceId, GridPath, PhotoHash, RegionCode, UnitId, UserId};
use sync_core::model::rectification::{PauseKind, RoundState};
use sync_core::policy::Escalation;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::rectifications::{RecordKind, rounds_of};
use crate::db::schema::{record_photos, rectification_records, rectification_steps, users};
use crate::db::types::{StoredValueError, Time, stored, stored_code};
use crate::problem::ApiError;
use crate::rectification::ordered_span::OrderedSpan;
use crate::rectification::round::Round;

/// A photo of a report or re-check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordPhoto {
    /// SHA-256 of its original.
    pub sha256: PhotoHash,
    /// When it was taken, where that is known.
    pub taken_at: Option<Instant>,
}

/// A report (整改反馈) or re-check (复核).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordView {
    /// The operation or request that brought it.
    pub record_id: Uuid,
    /// Which of the two.
    pub kind: RecordKind,
    /// Of a re-check: whether it was in order.
    pub passed: Option<bool>,
    /// Who made it.
    pub author: UserId,
    /// The author's name.
    pub author_name: String,
    /// The tablet it came from; absent where it was entered in the office.
    pub device_id: Option<DeviceId>,
    /// What was done or seen.
    pub text: String,
    /// Where the tablet was.
    pub point: Option<Point>,
    /// When it was made.
    pub occurred_at: Instant,
    /// When the server got it.
    pub received_at: Instant,
    /// Its photos.
    pub photos: Vec<RecordPhoto>,
}

/// A step taken for want of rectification in time (督办, 约谈, 问责).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepView {
    /// Which.
    pub step: Escalation,
    /// When.
    pub taken_at: Instant,
    /// The decision that records it.
    pub decision_no: i64,
}

/// A round (轮次).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RoundView {
    /// From 1.
    pub round: u16,
    /// Where it stands.
    pub state: RoundState,
    /// The unit responsible when it was ordered.
    pub unit_id: UnitId,
    /// The case's grid then.
    pub grid: GridPath,
    /// Who ordered it; absent where a failed re-check did.
    pub ordered_by: Option<UserId>,
    /// When.
    pub ordered_at: Instant,
    /// What has to be done.
    pub requirement: String,
    /// The time given.
    pub span: OrderedSpan,
    /// By when; absent while the holiday calendar lacks the year.
    pub deadline: Option<Instant>,
    /// How often it was extended (延期).
    pub extensions: u16,
    /// How far it was taken up.
    pub step: Option<Escalation>,
    /// Why its clock is stopped by a supervisor, if it is (缓办, 挂账).
    pub pause: Option<PauseKind>,
    /// Since when its clock stands.
    pub stopped_at: Option<Instant>,
    /// When the report that stands was made.
    pub reported_at: Option<Instant>,
    /// When it was re-checked.
    pub checked_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Reports and re-checks in order; in lists left empty.
    pub records: Vec<RecordView>,
    /// Steps taken in order; in lists left empty.
    pub steps: Vec<StepView>,
}

impl RoundView {
    /// A round without its records and steps.
    #[must_use]
    pub fn new(round: Round) -> Self {
        Self {
            step: round.step(),
            round: round.number,
            state: round.state,
            unit_id: round.unit_id,
            grid: round.grid,
            ordered_by: round.ordered_by,
            ordered_at: round.ordered_at,
            requirement: round.requirement,
            span: round.span,
            deadline: round.deadline,
            extensions: round.extensions,
            pause: round.pause,
            stopped_at: round.stopped_at,
            reported_at: round.reported_at,
            checked_at: round.checked_at,
            closed_at: round.closed_at,
            records: Vec::new(),
            steps: Vec::new(),
        }
    }
}

/// Every round of a case, the first first; whoever may see the case may see them.
///
/// # Errors
/// Those of the database.
pub async fn show_rectification(
    conn: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Vec<RoundView>, ApiError> {
    let rounds = rounds_of(conn, district, case_id).await?;
    if rounds.is_empty() {
        return Ok(Vec::new());
    }
    let mut views: Vec<RoundView> = rounds.into_iter().map(RoundView::new).collect();
    for (number, record) in records(conn, district, case_id).await? {
        if let Some(view) = views.iter_mut().find(|view| i32::from(view.round) == number) {
            view.records.push(record);
        }
    }
    for (number, step) in steps(conn, district, case_id).await? {
        if let Some(view) = views.iter_mut().find(|view| i32::from(view.round) == number) {
            view.steps.push(step);
        }
    }
    Ok(views)
}

#[derive(Queryable)]
struct RecordRow {
    round: i32,
    record_id: Uuid,
    kind: String,
    passed: Option<bool>,
    author: Uuid,
    author_name: String,
    device_id: Option<Uuid>,
    text: String,
    lon: Option<f64>,
    lat: Option<f64>,
    occurred_at: Time,
    received_at: Time,
}

async fn records(
    conn: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Vec<(i32, RecordView)>, ApiError> {
    use rectification_records as records;
    let rows: Vec<RecordRow> = records::table
        .inner_join(
            users::table.on(users::district.eq(records::district).and(users::user_id.eq(records::author))),
        )
        .filter(records::district.eq(district.as_str()))
        .filter(records::case_id.eq(case_id.0))
        .order((records::round, records::received_at, records::record_id))
        .select((
            records::round,
            records::record_id,
            records::kind,
            records::passed,
            records::author,
            users::name,
            records::device_id,
            records::text,
            records::lon,
            records::lat,
            records::occurred_at,
            records::received_at,
        ))
        .load(conn)
        .await?;
    let mut photos = photos(conn, district, case_id).await?;
    let view = |row: RecordRow| -> Result<(i32, RecordView), StoredValueError> {
        let record = RecordView {
            photos: photos.remove(&row.record_id).unwrap_or_default(),
            record_id: row.record_id,
            kind: stored_code("rectification_records.kind", &row.kind)?,
            passed: row.passed,
            author: UserId(row.author),
            author_name: row.author_name,
            device_id: row.device_id.map(DeviceId),
            text: row.text,
            point: row.lon.zip(row.lat).map(|(lon, lat)| Point { lon, lat }),
            occurred_at: row.occurred_at.0,
            received_at: row.received_at.0,
        };
        Ok((row.round, record))
    };
    Ok(rows.into_iter().map(view).collect::<Result<_, _>>()?)
}

async fn photos(
    conn: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<HashMap<Uuid, Vec<RecordPhoto>>, ApiError> {
    let rows: Vec<(Uuid, String, Option<Time>)> = record_photos::table
        .filter(record_photos::district.eq(district.as_str()))
        .filter(record_photos::case_id.eq(case_id.0))
        .order((record_photos::record_id, record_photos::ordinal))
        .select((record_photos::record_id, record_photos::sha256, record_photos::taken_at))
        .load(conn)
        .await?;
    let mut by_record: HashMap<Uuid, Vec<RecordPhoto>> = HashMap::new();
    for (record, sha256, taken_at) in rows {
        let sha256 = stored("record_photos.sha256", &sha256)?;
        let photo = RecordPhoto { sha256, taken_at: taken_at.map(Instant::from) };
        by_record.entry(record).or_default().push(photo);
    }
    Ok(by_record)
}

async fn steps(
    conn: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Vec<(i32, StepView)>, ApiError> {
    let rows: Vec<(i32, String, Time, i64)> = rectification_steps::table
        .filter(rectification_steps::district.eq(district.as_str()))
        .filter(rectification_steps::case_id.eq(case_id.0))
        .order(rectification_steps::decision_no)
        .select((
            rectification_steps::round,
            rectification_steps::step,
            rectification_steps::taken_at,
            rectification_steps::decision_no,
        ))
        .load(conn)
        .await?;
    let view = |(round, step, taken_at, decision_no): (i32, String, Time, i64)| {
        let step = stored_code("rectification_steps.step", &step)?;
        Ok::<_, StoredValueError>((round, StepView { step, taken_at: taken_at.0, decision_no }))
    };
    Ok(rows.into_iter().map(view).collect::<Result<_, _>>()?)
}
