//! Rows of `rectifications` (整改), their records and photos, and what they leave behind in `cases`.
//!
//! Invariant: a round changes only under its case's row lock, and the case's version grows with it, so that whoever
//! decides on the case learns of it.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::geo::Point;
use sync_core::ids::{
    CaseId, DeviceId, FirePointId, GridPath, ItemCode, PackHash, PhotoHash, RegionCode, UnitId, UserId,
};
use sync_core::model::case::ReviewState;
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::rectification::{LastReport, RoundState};
use sync_core::policy::Escalation;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::bulk::{execute_with_rows, insert_rows};
use crate::db::changes::{Entity, NewChange};
use crate::db::schema::{cases, record_photos, rectification_records, rectifications};
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, Time, storable, stored, stored_code};
use crate::problem::ApiError;
use crate::rectification::ordered_span::OrderedSpan;
use crate::rectification::round::Round;

/// The states in which a round is over and another one follows or none: all others are a case's present round.
pub const PAST_STATES: [&str; 2] = [RoundState::Failed.code(), RoundState::Withdrawn.code()];

/// The review states of what is no case any more: its present round, if it has one, is nobody's any more.
pub const NO_CASE_ANY_MORE: [&str; 2] = [ReviewState::Dismissed.code(), ReviewState::Merged.code()];

/// What the loop must know of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopCase {
    /// Its id.
    pub case_id: CaseId,
    /// Its grid.
    pub grid: GridPath,
    /// Its responsible unit.
    pub unit_id: UnitId,
    /// Who recorded it.
    pub author: UserId,
    /// Its item.
    pub item: ItemCode,
    /// The pack it is judged by.
    pub pack: Option<PackHash>,
    /// Its review state.
    pub review_state: ReviewState,
    /// Its version.
    pub version: i32,
}

type LoopCaseRow = (Uuid, String, Uuid, Uuid, String, Option<String>, String, i32);

fn loop_case(row: LoopCaseRow) -> Result<LoopCase, StoredValueError> {
    let (case_id, grid, unit_id, author, item, pack, review_state, version) = row;
    Ok(LoopCase {
        case_id: CaseId(case_id),
        grid: stored("cases.grid", &grid)?,
        unit_id: UnitId(unit_id),
        author: UserId(author),
        item: stored("cases.item", &item)?,
        pack: pack.map(|pack| stored("cases.pack_hash", &pack)).transpose()?,
        review_state: stored_code("cases.review_state", &review_state)?,
        version,
    })
}

/// Reads these cases, which the caller has locked where it means to change their loops.
///
/// # Errors
/// Faults of the database.
pub async fn cases_of_loops(
    mut conn: &Connection,
    district: &RegionCode,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<LoopCase>, ApiError> {
    let rows: Vec<LoopCaseRow> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(ids))
        .select((
            cases::case_id,
            cases::grid,
            cases::unit_id,
            cases::author,
            cases::item,
            cases::pack_hash,
            cases::review_state,
            cases::version,
        ))
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(loop_case).collect::<Result<_, _>>()?)
}

/// Reads a case for its loop and locks its row to the end of the transaction.
///
/// # Errors
/// Faults of the database.
pub async fn lock_case(
    conn: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Option<LoopCase>, ApiError> {
    lock_cases(conn, district, [case_id.0]).await?;
    Ok(cases_of_loops(conn, district, [case_id.0]).await?.pop())
}

/// Locks these cases to the end of the transaction, in the order of their ids.
///
/// # Errors
/// Faults of the database.
pub async fn lock_cases(
    conn: &mut Connection,
    district: &RegionCode,
    ids: impl IntoIterator<Item = Uuid>,
) -> QueryResult<Vec<Uuid>> {
    cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(ids))
        .order(cases::case_id)
        .select(cases::case_id)
        .for_no_key_update()
        .load(conn)
        .await
}

/// A round as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rectifications, check_for_backend(diesel::pg::Pg))]
pub struct RoundRow {
    case_id: Uuid,
    round: i32,
    unit_id: Uuid,
    grid: String,
    state: String,
    ordered_by: Option<Uuid>,
    ordered_at: Time,
    requirement: String,
    span_unit: String,
    span_count: i32,
    deadline: Option<Time>,
    extensions: i32,
    steps: Vec<String>,
    step_days: i32,
    steps_taken: i32,
    next_step_at: Option<Time>,
    pause_kind: Option<String>,
    stopped_at: Option<Time>,
    reported_at: Option<Time>,
    checked_at: Option<Time>,
    closed_at: Option<Time>,
}

impl RoundRow {
    /// Whose round, and the round.
    ///
    /// # Errors
    /// [`StoredValueError`] where a column holds what is no value of it.
    pub fn read(self) -> Result<(CaseId, Round), StoredValueError> {
        let count = |number: i32| u16::try_from(number).unwrap_or(u16::MAX);
        let span = OrderedSpan::from_parts(&self.span_unit, self.span_count.unsigned_abs());
        let steps = self.steps.iter().map(|step| stored_code("rectifications.steps", step));
        let round = Round {
            number: count(self.round),
            unit_id: UnitId(self.unit_id),
            grid: stored("rectifications.grid", &self.grid)?,
            state: stored_code("rectifications.state", &self.state)?,
            ordered_by: self.ordered_by.map(UserId),
            ordered_at: self.ordered_at.0,
            requirement: self.requirement,
            span: span.ok_or_else(|| StoredValueError::new("rectifications.span_unit", &self.span_unit))?,
            deadline: self.deadline.map(Instant::from),
            extensions: count(self.extensions),
            steps: steps.collect::<Result<_, _>>()?,
            step_days: count(self.step_days),
            steps_taken: count(self.steps_taken),
            next_step_at: self.next_step_at.map(Instant::from),
            pause: self.pause_kind.map(|kind| stored_code("rectifications.pause_kind", &kind)).transpose()?,
            stopped_at: self.stopped_at.map(Instant::from),
            reported_at: self.reported_at.map(Instant::from),
            checked_at: self.checked_at.map(Instant::from),
            closed_at: self.closed_at.map(Instant::from),
        };
        Ok((CaseId(self.case_id), round))
    }
}

/// The present rounds of these cases, whose rows the caller has locked where it means to change them.
///
/// # Errors
/// Faults of the database.
pub async fn present_rounds(
    mut conn: &Connection,
    district: &RegionCode,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<CaseId, Round>, ApiError> {
    let rows: Vec<RoundRow> = rectifications::table
        .filter(rectifications::district.eq(district.as_str()))
        .filter(rectifications::case_id.eq_any(ids))
        .filter(rectifications::state.ne_all(PAST_STATES))
        .select(RoundRow::as_select())
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(RoundRow::read).collect::<Result<_, _>>()?)
}

/// Every round of a case, the first first.
///
/// # Errors
/// Faults of the database.
pub async fn rounds_of(
    conn: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Vec<Round>, ApiError> {
    let rows: Vec<RoundRow> = rectifications::table
        .filter(rectifications::district.eq(district.as_str()))
        .filter(rectifications::case_id.eq(case_id.0))
        .order(rectifications::round)
        .select(RoundRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.read().map(|(_, round)| round)).collect::<Result<_, _>>()?)
}

/// The last report of each round of these cases.
///
/// # Errors
/// Faults of the database.
pub async fn last_reports(
    conn: &mut Connection,
    district: &RegionCode,
    ids: &[Uuid],
) -> Result<HashMap<(CaseId, u16), LastReport>, ApiError> {
    use rectification_records as records;
    let rows: Vec<(Uuid, i32, Time, String)> = records::table
        .filter(records::district.eq(district.as_str()))
        .filter(records::case_id.eq_any(ids))
        .filter(records::kind.eq("report"))
        .order((records::received_at, records::record_id))
        .select((records::case_id, records::round, records::occurred_at, records::text))
        .load(conn)
        .await?;
    let by_round = rows.into_iter().map(|(case, round, at, text)| {
        let round = u16::try_from(round).unwrap_or(u16::MAX);
        ((CaseId(case), round), LastReport { at: at.0, text })
    });
    // Of several reports of a round the last one stays.
    Ok(by_round.collect())
}

/// Who made the report of each round of these cases that came last.
///
/// # Errors
/// Faults of the database.
pub async fn last_reporters(
    mut conn: &Connection,
    district: &RegionCode,
    ids: impl IntoIterator<Item = Uuid>,
) -> QueryResult<HashMap<(CaseId, u16), UserId>> {
    use rectification_records as records;
    let rows: Vec<(Uuid, i32, Uuid)> = records::table
        .filter(records::district.eq(district.as_str()))
        .filter(records::case_id.eq_any(ids))
        .filter(records::kind.eq("report"))
        .order((records::received_at, records::record_id))
        .select((records::case_id, records::round, records::author))
        .load(&mut conn)
        .await?;
    let by_round = rows
        .into_iter()
        .map(|(case, round, by)| ((CaseId(case), u16::try_from(round).unwrap_or(u16::MAX)), UserId(by)));
    // Of several reports of a round the last one stays.
    Ok(by_round.collect())
}

/// A round as it is written.
#[derive(Debug, Serialize)]
struct RoundWrite<'a> {
    district: &'a RegionCode,
    case_id: CaseId,
    round: u16,
    unit_id: UnitId,
    grid: &'a GridPath,
    state: RoundState,
    ordered_by: Option<UserId>,
    ordered_at: Instant,
    requirement: &'a str,
    span_unit: &'static str,
    span_count: u32,
    deadline: Option<Instant>,
    extensions: u16,
    steps: &'a [Escalation],
    step_days: u16,
    steps_taken: u16,
    next_step_at: Option<Instant>,
    pause_kind: Option<&'static str>,
    stopped_at: Option<Instant>,
    reported_at: Option<Instant>,
    checked_at: Option<Instant>,
    closed_at: Option<Instant>,
}

impl<'a> RoundWrite<'a> {
    fn new(district: &'a RegionCode, case_id: CaseId, round: &'a Round) -> Self {
        let (span_unit, span_count) = round.span.parts();
        Self {
            district,
            case_id,
            round: round.number,
            unit_id: round.unit_id,
            grid: &round.grid,
            state: round.state,
            ordered_by: round.ordered_by,
            ordered_at: round.ordered_at,
            requirement: &round.requirement,
            span_unit,
            span_count,
            deadline: round.deadline,
            extensions: round.extensions,
            steps: &round.steps,
            step_days: round.step_days,
            steps_taken: round.steps_taken,
            next_step_at: round.next_step_at,
            pause_kind: round.pause.map(|kind| kind.code()),
            stopped_at: round.stopped_at,
            reported_at: round.reported_at,
            checked_at: round.checked_at,
            closed_at: round.closed_at,
        }
    }
}

const UPSERT_ROUNDS: &str = "
    INSERT INTO rectifications (
        district, case_id, round, unit_id, grid, state, ordered_by, ordered_at, requirement, span_unit, span_count,
        deadline, extensions, steps, step_days, steps_taken, next_step_at, pause_kind, stopped_at, reported_at,
        checked_at, closed_at)
    SELECT
        district, case_id, round, unit_id, grid, state, ordered_by, ordered_at, requirement, span_unit, span_count,
        deadline, extensions, steps, step_days, steps_taken, next_step_at, pause_kind, stopped_at, reported_at,
        checked_at, closed_at
    FROM json_populate_recordset(NULL::rectifications, CAST($1 AS json))
    ON CONFLICT ON CONSTRAINT rectifications_pkey DO UPDATE SET
        state = excluded.state, deadline = excluded.deadline, extensions = excluded.extensions,
        steps_taken = excluded.steps_taken, next_step_at = excluded.next_step_at,
        pause_kind = excluded.pause_kind, stopped_at = excluded.stopped_at, reported_at = excluded.reported_at,
        checked_at = excluded.checked_at, closed_at = excluded.closed_at";

/// What happened to the loops of some cases: each case with its rounds that changed, the earlier first.
#[derive(Debug, Default)]
pub struct LoopChanges(BTreeMap<CaseId, (LoopCase, BTreeMap<u16, Round>)>);

impl LoopChanges {
    /// Adds a round that changed.
    pub fn add(&mut self, case: &LoopCase, round: Round) {
        let (_, rounds) = self.0.entry(case.case_id).or_insert_with(|| (case.clone(), BTreeMap::new()));
        rounds.insert(round.number, round);
    }

    /// Writes the rounds, and summary and version of their cases. The caller holds the cases' locks, and records the
    /// changes returned as its last statement.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn store(
        &self,
        conn: &mut Connection,
        district: &RegionCode,
        now: Instant,
    ) -> QueryResult<Vec<NewChange>> {
        self.write(conn, district, 1, now).await?;
        let changes = self.0.values().flat_map(|(case, _)| {
            let of_case = NewChange::of_case(case.case_id, case.grid.clone(), case.author);
            [of_case.clone(), NewChange { entity: Entity::Rectification(case.case_id), ..of_case }]
        });
        Ok(changes.collect())
    }

    /// The same as part of a decision that makes another version of the cases and says so itself.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn store_beside_decision(
        &self,
        conn: &mut Connection,
        district: &RegionCode,
        now: Instant,
    ) -> QueryResult<Vec<NewChange>> {
        self.write(conn, district, 0, now).await?;
        let changes = self.0.values().map(|(case, _)| {
            let of_case = NewChange::of_case(case.case_id, case.grid.clone(), case.author);
            NewChange { entity: Entity::Rectification(case.case_id), ..of_case }
        });
        Ok(changes.collect())
    }

    async fn write(
        &self,
        conn: &mut Connection,
        district: &RegionCode,
        versions: i32,
        now: Instant,
    ) -> QueryResult<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let rounds: Vec<RoundWrite<'_>> = self
            .0
            .iter()
            .flat_map(|(id, (_, rounds))| rounds.values().map(|round| RoundWrite::new(district, *id, round)))
            .collect();
        execute_with_rows(conn, UPSERT_ROUNDS, &rounds).await?;
        let summaries = self.0.iter().filter_map(|(id, (_, rounds))| {
            rounds.values().next_back().map(|round| (id.0, round.state.summary(round.step()).code()))
        });
        let (ids, states): (Vec<Uuid>, Vec<&str>) = summaries.unzip();
        statement(
            "UPDATE cases SET rectification_state = loop.state, version = version + $5, updated_at = $4
             FROM unnest($2, $3) AS loop (case_id, state)
             WHERE cases.district = $1 AND cases.case_id = loop.case_id",
        )
        .bind::<Text, _>(district.as_str())
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(states)
        .bind::<Timestamptz, _>(Time(now))
        .bind::<Integer, _>(versions)
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// A report (整改反馈) or re-check (复核) as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct RecordWrite {
    /// District.
    pub district: RegionCode,
    /// The operation or request that brought it.
    pub record_id: Uuid,
    /// The case.
    pub case_id: CaseId,
    /// Which round it is about.
    pub round: u16,
    /// `report` or `check`.
    pub kind: RecordKind,
    /// Of a re-check: whether it is in order.
    pub passed: Option<bool>,
    /// Who made it.
    pub author: UserId,
    /// From which tablet; none from the office.
    pub device_id: Option<DeviceId>,
    /// What was done or seen.
    pub text: String,
    /// Where the device was.
    pub lon: Option<f64>,
    /// The same.
    pub lat: Option<f64>,
    /// When it was made.
    pub occurred_at: Instant,
    /// When the server got it.
    pub received_at: Instant,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A report that it is done (整改反馈).
    Report,
    /// A re-check (复核).
    Check,
}

/// Writes records.
///
/// # Errors
/// Faults of the database.
pub async fn insert_records(conn: &mut Connection, records: &[RecordWrite]) -> QueryResult<usize> {
    const COLUMNS: &str = "district, record_id, case_id, round, kind, passed, author, device_id, text, lon, lat, \
                           occurred_at, received_at";
    insert_rows(conn, "rectification_records", COLUMNS, records).await
}

/// Copies the reports, re-checks and steps of one round, by its case and number, to another: those of the first stay.
///
/// # Errors
/// Faults of the database.
pub async fn copy_records(
    conn: &mut Connection,
    district: &RegionCode,
    from: (CaseId, u16),
    to: (CaseId, u16),
) -> QueryResult<usize> {
    statement(
        "WITH copied AS (
             SELECT record_id, gen_random_uuid() AS copy_id FROM rectification_records
             WHERE district = $1 AND case_id = $2 AND round = $3
         ), records AS (
             INSERT INTO rectification_records (
                 district, record_id, case_id, round, kind, passed, author, device_id, text, lon, lat, occurred_at,
                 received_at)
             SELECT district, copy_id, $4, $5, kind, passed, author, device_id, text, lon, lat, occurred_at, received_at
             FROM rectification_records JOIN copied USING (record_id) WHERE district = $1
         ), steps AS (
             INSERT INTO rectification_steps (district, case_id, round, step, taken_at, decision_no)
             SELECT district, $4, $5, step, taken_at, decision_no FROM rectification_steps
             WHERE district = $1 AND case_id = $2 AND round = $3
         )
         INSERT INTO record_photos (district, record_id, ordinal, case_id, sha256, taken_at, lon, lat, source)
         SELECT district, copy_id, ordinal, $4, sha256, taken_at, lon, lat, source
         FROM record_photos JOIN copied USING (record_id) WHERE district = $1",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(from.0.0)
    .bind::<Integer, _>(i32::from(from.1))
    .bind::<SqlUuid, _>(to.0.0)
    .bind::<Integer, _>(i32::from(to.1))
    .execute(conn)
    .await
}

/// A photo of a record as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct RecordPhotoWrite {
    district: RegionCode,
    record_id: Uuid,
    ordinal: usize,
    case_id: Option<CaseId>,
    fire_point_id: Option<FirePointId>,
    sha256: PhotoHash,
    taken_at: Option<Instant>,
    lon: Option<f64>,
    lat: Option<f64>,
    source: PhotoSource,
}

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordSubject {
    /// A case.
    Case(CaseId),
    /// A fire point lead.
    FirePoint(FirePointId),
}

impl RecordPhotoWrite {
    fn new(
        district: &RegionCode,
        record_id: Uuid,
        subject: RecordSubject,
        ordinal: usize,
        sha256: PhotoHash,
    ) -> Self {
        let (case_id, fire_point_id) = match subject {
            RecordSubject::Case(id) => (Some(id), None),
            RecordSubject::FirePoint(id) => (None, Some(id)),
        };
        let source = PhotoSource::Gallery;
        Self {
            district: district.clone(),
            record_id,
            ordinal,
            case_id,
            fire_point_id,
            sha256,
            taken_at: None,
            lon: None,
            lat: None,
            source,
        }
    }

    /// The photos of a tablet's manifest.
    pub fn of_manifest(
        district: &RegionCode,
        record_id: Uuid,
        subject: RecordSubject,
        photos: &[PhotoEntry],
    ) -> Vec<Self> {
        let write = |(ordinal, photo): (usize, &PhotoEntry)| Self {
            taken_at: Some(storable(photo.taken_at)),
            lon: photo.point.map(|point: Point| point.lon),
            lat: photo.point.map(|point| point.lat),
            source: photo.source,
            ..Self::new(district, record_id, subject, ordinal, photo.sha256.clone())
        };
        photos.iter().enumerate().map(write).collect()
    }

    /// Photos that the office names by their hashes.
    #[must_use]
    pub fn of_hashes(
        district: &RegionCode,
        record_id: Uuid,
        subject: RecordSubject,
        photos: &[PhotoHash],
    ) -> Vec<Self> {
        let write = |(ordinal, photo): (usize, &PhotoHash)| {
            Self::new(district, record_id, subject, ordinal, photo.clone())
        };
        photos.iter().enumerate().map(write).collect()
    }
}

/// Writes photos of records.
///
/// # Errors
/// Faults of the database.
pub async fn insert_record_photos(conn: &mut Connection, photos: &[RecordPhotoWrite]) -> QueryResult<usize> {
    const COLUMNS: &str =
        "district, record_id, ordinal, case_id, fire_point_id, sha256, taken_at, lon, lat, source";
    insert_rows(conn, "record_photos", COLUMNS, photos).await
}

/// The photos of a record, in their order.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn photos_of_record(
    conn: &mut Connection,
    district: &RegionCode,
    record_id: Uuid,
) -> QueryResult<Vec<String>> {
    record_photos::table
        .filter(record_photos::district.eq(district.as_str()))
        .filter(record_photos::record_id.eq(record_id))
        .order(record_photos::ordinal)
        .select(record_photos::sha256)
        .load(conn)
        .await
}
