//! Cases as features of a map, where they are on record ([`place_of`](crate::services::open_cases::place_of)): at the
//! observed point where the inspector marked one, else at the register's point of the target, else where the device was.

use std::cmp::Reverse;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Double, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, RectificationState, ReviewState};
use sync_core::money::Fen;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use super::pick::{over_cases, refuse_too_many};
use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::types::{StoredValueError, Time, stored_code, stored_json};
use crate::geojson::{Feature, FeatureCollection};
use crate::problem::ApiError;
use crate::services::list_cases::{CaseFilter, CaseOrder};

/// What a map tells of a case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CaseFeature {
    /// Its id.
    pub case_id: Uuid,
    /// The item.
    pub item: String,
    /// The item's name in Chinese.
    pub item_zh: String,
    /// The item's name in English.
    pub item_en: String,
    /// Kind of object.
    pub kind: String,
    /// Target or place.
    pub place: String,
    /// Path of the grid.
    pub grid: String,
    /// The responsible unit.
    pub unit_name: String,
    /// At which level it was found.
    pub level: DiscoveryLevel,
    /// When it occurred.
    pub occurred_at: Instant,
    /// Review state.
    pub review_state: ReviewState,
    /// Rectification state.
    pub rectification_state: RectificationState,
    /// Doubts to be settled.
    pub flags: Vec<Flag>,
    /// Fen of its pending charges.
    pub pending_fen: Fen,
    /// Fen of its posted charges.
    pub posted_fen: Fen,
    /// Both as exact yuan.
    pub amount_yuan: String,
    /// `observed`: the point that was looked at; `target`: the register's; `fix`: where the device was; `none`.
    pub place_source: PlaceSource,
    /// Radius of 68% confidence of the device's fix, in metres.
    pub accuracy_metres: Option<f64>,
    /// What gave the fix: `gnss`, `network`, `manual` …
    pub provider: Option<String>,
    /// Whether the platform says that the fix was faked.
    pub mock: Option<MockFlag>,
    /// When the fix was taken.
    pub fixed_at: Option<Instant>,
    /// Where the device was, longitude first, when the feature stands elsewhere.
    pub fix: Option<[f64; 2]>,
}

/// What a feature stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceSource {
    /// The point that was looked at.
    Observed,
    /// The point of the target.
    Target,
    /// Where the device was.
    Fix,
    /// None of them is known.
    None,
}

const SELECT_FEATURES: &str = "
SELECT picked.case_id, picked.item, picked.item_zh, picked.item_en, picked.kind,
       coalesce(targets.name, sealed->>'place', '') AS place, picked.grid, units.name AS unit_name, picked.level,
       picked.occurred_at, picked.review_state, picked.rectification_state, picked.flags,
       nullif(sealed->'observed', 'null') AS observed, nullif(sealed->'fix', 'null') AS fix,
       coalesce(picked.lon, targets.lon) AS lon, coalesce(picked.lat, targets.lat) AS lat,
       picked.target_id IS NOT NULL AS at_target,
       coalesce(sums.pending, 0) AS pending, coalesce(sums.posted, 0) AS posted
FROM picked
JOIN inspections ON inspections.district = picked.district AND inspections.inspection_id = picked.inspection_id
JOIN units ON units.district = picked.district AND units.unit_id = picked.unit_id
LEFT JOIN targets ON targets.district = picked.district AND targets.target_id = picked.target_id
CROSS JOIN LATERAL (
    SELECT sum(amount_fen) FILTER (WHERE charges.state = 'pending')::bigint AS pending,
           sum(amount_fen) FILTER (WHERE charges.state = 'posted')::bigint AS posted
    FROM charges WHERE charges.district = picked.district AND charges.case_id = picked.case_id
) AS sums";

#[derive(QueryableByName)]
struct FeatureRow {
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
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    grid: String,
    #[diesel(sql_type = Text)]
    unit_name: String,
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = Text)]
    review_state: String,
    #[diesel(sql_type = Text)]
    rectification_state: String,
    #[diesel(sql_type = Array<Text>)]
    flags: Vec<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    observed: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    fix: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Double>)]
    lon: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    lat: Option<f64>,
    #[diesel(sql_type = Bool)]
    at_target: bool,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    posted: i64,
}

/// The cases that scope and filters pick, as features.
///
/// # Errors
/// `too_many_items` beyond [`super::CASES_MAX`]; those of the database.
pub async fn read_case_features(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &CaseFilter,
    order: CaseOrder,
) -> Result<FeatureCollection<CaseFeature>, ApiError> {
    let mut rows: Vec<FeatureRow> =
        over_cases(scope, filter, order, SELECT_FEATURES).load(connection).await?;
    refuse_too_many(rows.len())?;
    match order {
        CaseOrder::Newest => rows.sort_by_key(|row| (Reverse(row.occurred_at), row.case_id)),
        CaseOrder::Oldest => rows.sort_by_key(|row| (row.occurred_at, Reverse(row.case_id))),
        CaseOrder::Largest => rows.sort_by_key(|row| (Reverse(row.amount()), row.case_id)),
        CaseOrder::Smallest => rows.sort_by_key(|row| (row.amount(), Reverse(row.case_id))),
    }
    let features = rows.into_iter().map(FeatureRow::feature).collect::<Result<_, _>>()?;
    Ok(FeatureCollection::new(features))
}

impl FeatureRow {
    /// Fen that stand on the case.
    const fn amount(&self) -> i64 {
        self.pending.saturating_add(self.posted)
    }

    fn feature(self) -> Result<Feature<CaseFeature>, StoredValueError> {
        let total = self.amount();
        let observed: Option<Point> =
            self.observed.map(|point| stored_json("inspections.sealed", point)).transpose()?;
        let fix: Option<Fix> = self.fix.map(|fix| stored_json("inspections.sealed", fix)).transpose()?;
        let registered =
            self.lon.zip(self.lat).filter(|_| self.at_target).map(|(lon, lat)| Point { lon, lat });
        let (geometry, place_source) = match (observed, registered, &fix) {
            (Some(point), ..) => (Some(point), PlaceSource::Observed),
            (None, Some(point), _) => (Some(point), PlaceSource::Target),
            (None, None, Some(fix)) => (Some(fix.point), PlaceSource::Fix),
            (None, None, None) => (None, PlaceSource::None),
        };
        let properties = CaseFeature {
            case_id: self.case_id,
            item: self.item,
            item_zh: self.item_zh,
            item_en: self.item_en,
            kind: self.kind,
            place: self.place,
            grid: self.grid,
            unit_name: self.unit_name,
            level: stored_code("cases.level", &self.level)?,
            occurred_at: self.occurred_at.0,
            review_state: stored_code("cases.review_state", &self.review_state)?,
            rectification_state: stored_code("cases.rectification_state", &self.rectification_state)?,
            flags: self
                .flags
                .iter()
                .map(|flag| stored_code("cases.flags", flag))
                .collect::<Result<_, _>>()?,
            pending_fen: Fen::new(self.pending),
            posted_fen: Fen::new(self.posted),
            amount_yuan: Fen::new(total).to_string(),
            place_source,
            accuracy_metres: fix.as_ref().map(|fix| fix.accuracy_metres),
            provider: fix.as_ref().map(|fix| fix.provider.clone()),
            mock: fix.as_ref().map(|fix| fix.mock),
            fixed_at: fix.as_ref().map(|fix| fix.fixed_at),
            fix: fix.filter(|_| place_source != PlaceSource::Fix).map(|fix| [fix.point.lon, fix.point.lat]),
        };
        Ok(Feature { id: self.case_id.to_string(), geometry, properties })
    }
}
