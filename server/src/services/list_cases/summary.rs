//! What a list shows of a case.

use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Date as SqlDate, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{CaseId, GridPath, ItemCode, KindCode, RegionCode, TargetId, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, RectificationState, ReviewState};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::statement::statement;
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code};
use crate::problem::ApiError;

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CaseSummary {
    /// Its id.
    pub case_id: CaseId,
    /// The item.
    pub item: ItemCode,
    /// The item's name in Chinese.
    pub item_zh: String,
    /// The item's name in English.
    pub item_en: String,
    /// Kind of target.
    pub kind: KindCode,
    /// The target, unless it was a spot.
    pub target_id: Option<TargetId>,
    /// Its register number.
    pub target_code: Option<String>,
    /// Its name.
    pub target_name: Option<String>,
    /// The place in words, of a spot.
    pub place: String,
    /// Its grid.
    pub grid: GridPath,
    /// The grid's name.
    pub grid_name: String,
    /// The responsible unit.
    pub unit_id: UnitId,
    /// The unit's name.
    pub unit_name: String,
    /// Who recorded it.
    pub author: UserId,
    /// The author's name.
    pub author_name: String,
    /// At which level it was found.
    pub level: DiscoveryLevel,
    /// When it occurred.
    pub occurred_at: Instant,
    /// The month of occurrence.
    pub occurred_month: Month,
    /// Review state.
    pub review_state: ReviewState,
    /// Rectification state.
    pub rectification_state: RectificationState,
    /// Doubts to be settled.
    pub flags: Vec<Flag>,
    /// Its version, to be named by a decision.
    pub version: u32,
    /// The last decision's reason.
    pub reason: Option<String>,
    /// Fen of its pending charges.
    pub pending: Fen,
    /// Fen of its posted charges.
    pub posted: Fen,
    /// Whether an amount has to be entered.
    pub amount_missing: bool,
    /// How many photos its manifest names.
    pub photo_count: i64,
}

#[derive(Debug, QueryableByName)]
struct SummaryRow {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = Text)]
    item: String,
    #[diesel(sql_type = Text)]
    item_zh: String,
    #[diesel(sql_type = Text)]
    item_en: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    target_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    target_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    target_name: Option<String>,
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    grid: String,
    #[diesel(sql_type = Text)]
    grid_name: String,
    #[diesel(sql_type = SqlUuid)]
    unit_id: Uuid,
    #[diesel(sql_type = Text)]
    unit_name: String,
    #[diesel(sql_type = SqlUuid)]
    author: Uuid,
    #[diesel(sql_type = Text)]
    author_name: String,
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = SqlDate)]
    occurred_month: Day,
    #[diesel(sql_type = Text)]
    review_state: String,
    #[diesel(sql_type = Text)]
    rectification_state: String,
    #[diesel(sql_type = Array<Text>)]
    flags: Vec<String>,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    pending_fen: i64,
    #[diesel(sql_type = BigInt)]
    posted_fen: i64,
    #[diesel(sql_type = Bool)]
    amount_missing: bool,
    #[diesel(sql_type = BigInt)]
    photo_count: i64,
}

/// The cases of these ids, in the order of the ids; one statement.
///
/// # Errors
/// Those of the database.
pub async fn summaries(
    connection: &mut Connection,
    district: &RegionCode,
    ids: &[CaseId],
) -> Result<Vec<CaseSummary>, ApiError> {
    let rows: Vec<SummaryRow> = statement(
        "SELECT cases.case_id, cases.item, coalesce(evaluation->>'zh', cases.item) AS item_zh,
                coalesce(evaluation->>'en', cases.item) AS item_en, cases.kind, cases.target_id,
                targets.code AS target_code, targets.name AS target_name,
                coalesce(sealed->>'place', '') AS place, cases.grid, grids.name AS grid_name, cases.unit_id,
                units.name AS unit_name, cases.author, users.name AS author_name, cases.level, cases.occurred_at,
                occurred_month, review_state, rectification_state, cases.flags, cases.version, cases.reason,
                sums.pending_fen, sums.posted_fen, sums.amount_missing,
                (SELECT count(*) FROM inspection_photos AS photo
                 WHERE photo.district = $1 AND photo.inspection_id = cases.inspection_id) AS photo_count
         FROM unnest($2) WITH ORDINALITY AS asked (case_id, place)
         JOIN cases ON cases.district = $1 AND cases.case_id = asked.case_id
         JOIN inspections USING (district, inspection_id)
         JOIN grids ON grids.district = $1 AND grids.path = cases.grid
         JOIN units ON units.district = $1 AND units.unit_id = cases.unit_id
         JOIN users ON users.district = $1 AND users.user_id = cases.author
         LEFT JOIN targets ON targets.district = $1 AND targets.target_id = cases.target_id
         CROSS JOIN LATERAL (
             SELECT coalesce(sum(amount_fen) FILTER (WHERE state = 'pending'), 0)::bigint AS pending_fen,
                    coalesce(sum(amount_fen) FILTER (WHERE state = 'posted'), 0)::bigint AS posted_fen,
                    coalesce(bool_or(amount_fen IS NULL AND state = 'pending'), FALSE) AS amount_missing
             FROM charges WHERE charges.district = $1 AND charges.case_id = asked.case_id
         ) AS sums
         ORDER BY asked.place",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(CaseSummary::try_from).collect::<Result<_, _>>()?)
}

impl TryFrom<SummaryRow> for CaseSummary {
    type Error = StoredValueError;

    fn try_from(row: SummaryRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            case_id: CaseId(row.case_id),
            item: stored("cases.item", &row.item)?,
            item_zh: row.item_zh,
            item_en: row.item_en,
            kind: stored("cases.kind", &row.kind)?,
            target_id: row.target_id.map(TargetId),
            target_code: row.target_code,
            target_name: row.target_name,
            place: row.place,
            grid: stored("cases.grid", &row.grid)?,
            grid_name: row.grid_name,
            unit_id: UnitId(row.unit_id),
            unit_name: row.unit_name,
            author: UserId(row.author),
            author_name: row.author_name,
            level: stored_code("cases.level", &row.level)?,
            occurred_at: row.occurred_at.0,
            occurred_month: Month::of(row.occurred_month.0),
            review_state: stored_code("cases.review_state", &row.review_state)?,
            rectification_state: stored_code("cases.rectification_state", &row.rectification_state)?,
            flags: row.flags.iter().map(|flag| stored_code("cases.flags", flag)).collect::<Result<_, _>>()?,
            version: u32::try_from(row.version).unwrap_or_default(),
            reason: row.reason,
            pending: Fen::new(row.pending_fen),
            posted: Fen::new(row.posted_fen),
            amount_missing: row.amount_missing,
            photo_count: row.photo_count,
        })
    }
}
