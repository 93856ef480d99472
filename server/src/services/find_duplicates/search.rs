//! The search itself: one statement for a batch, by cell and time and by target; the exact distance is measured here.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::SignedDuration;
use serde::Serialize;
use sync_core::geo::Point;
use sync_core::ids::{CaseId, InspectionId, ItemCode, RegionCode, TargetId};
use sync_core::policy::{DuplicateWindow, PolicyBook};
use sync_core::time::Instant;
use uuid::Uuid;

use super::{Ground, Pair, PairState, Pairs};
use crate::db::Connection;
use crate::db::place_cells::PlaceBox;
use crate::db::statement::statement;
use crate::db::types::{Time, storable};
use crate::problem::ApiError;
use crate::services::open_cases::CaseWrite;

/// Metres of a window at most: a pack that names more is read as this. A box of that size touches 132 cells or fewer.
const WINDOW_MAX_METRES: f64 = 5_000.0;

/// Seconds of an hour.
const HOUR_SECONDS: f64 = 3_600.0;

/// Others that are proposed for one case by each ground, the nearest in time: a case is decided with these first.
const OTHERS_MAX: usize = 20;

/// A case whose duplicates are sought.
#[derive(Debug, Serialize)]
struct Suspect {
    case_id: CaseId,
    lineage: InspectionId,
    item: ItemCode,
    target_id: Option<TargetId>,
    occurred_at: Instant,
    cells: Vec<i32>,
    west: f64,
    east: f64,
    south: f64,
    north: f64,
    earliest: Instant,
    latest: Instant,
    #[serde(skip)]
    point: Point,
    #[serde(skip)]
    window: Option<DuplicateWindow>,
}

impl Suspect {
    /// None for a case without a place, which is nobody's duplicate.
    fn of(case: &CaseWrite, book: &PolicyBook) -> Option<Self> {
        let point = case.point()?;
        let pack = case.pack_hash.as_ref().and_then(|hash| book.by_hash(hash));
        let window = pack.map(|pack| pack.content().duplicates.clone());
        let metres = window.as_ref().map_or(0.0, |window| window.metres.min(WINDOW_MAX_METRES));
        let seconds = whole_seconds(window.as_ref().map_or(0.0, |window| window.hours) * HOUR_SECONDS);
        let around = PlaceBox::around(point, metres);
        Some(Self {
            case_id: case.case_id(),
            lineage: case.lineage,
            item: case.item.clone(),
            target_id: case.target_id,
            occurred_at: case.occurred_at,
            cells: if window.is_some() { around.cells() } else { Vec::new() },
            west: around.west,
            east: around.east,
            south: around.south,
            north: around.north,
            earliest: storable(case.occurred_at.plus_seconds(seconds.saturating_neg())),
            latest: storable(case.occurred_at.plus_seconds(seconds)),
            point,
            window,
        })
    }

    /// The pair that it makes with a found case, if that is near enough or on its target.
    fn pair(&self, district: &RegionCode, found: &Found, now: Instant) -> Option<Pair> {
        let there = found.lon.zip(found.lat).map(|(lon, lat)| Point { lon, lat });
        let metres = there.map(|there| self.point.distance_metres(there));
        let hours = hours_between(self.occurred_at, found.occurred_at.0);
        let near = self.window.as_ref().is_some_and(|window| {
            metres.is_some_and(|metres| metres <= window.metres.min(WINDOW_MAX_METRES))
                && hours <= window.hours
        });
        let ground = match (found.on_target, near) {
            (true, _) => Ground::OpenCaseOnTarget,
            (false, true) => Ground::NearInPlaceAndTime,
            (false, false) => return None,
        };
        let other = CaseId(found.other_case_id);
        Some(Pair {
            district: district.clone(),
            case_id: self.case_id.min(other),
            other_case_id: self.case_id.max(other),
            ground,
            metres,
            hours,
            found_at: now,
            state: PairState::Proposed,
        })
    }
}

fn hours_between(one: Instant, other: Instant) -> f64 {
    one.timestamp().duration_since(other.timestamp()).abs().as_secs_f64() / HOUR_SECONDS
}

/// Whole seconds, one more than fit.
fn whole_seconds(seconds: f64) -> i64 {
    SignedDuration::try_from_secs_f64(seconds).map_or(i64::MAX, |whole| whole.as_secs().saturating_add(1))
}

#[derive(Debug, QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    other_case_id: Uuid,
    #[diesel(sql_type = Nullable<Double>)]
    lon: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    lat: Option<f64>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = Bool)]
    on_target: bool,
}

/// What is on record at a place, with the case that absorbed it, if one did: what was found there stands in that one.
const FOUND: &str = "cases AS found LEFT JOIN cases AS survivor
             ON survivor.district = found.district AND survivor.case_id = found.merged_into";
/// The case that stands for it.
const STANDS_AS: &str = "coalesce(survivor.case_id, found.case_id)";
/// That it stands, and is not the suspect's own finding.
const ANOTHER: &str = "found.lineage <> suspect.lineage AND found.review_state <> 'dismissed'
               AND (found.merged_into IS NULL
                    OR (survivor.lineage <> suspect.lineage AND survivor.review_state NOT IN ('dismissed', 'merged')))";

/// The pairs that these cases make with all others on record, each once.
pub(super) async fn search(
    mut conn: &Connection,
    district: &RegionCode,
    book: &PolicyBook,
    cases: &[CaseWrite],
    now: Instant,
) -> Result<Pairs, ApiError> {
    let suspects: HashMap<CaseId, Suspect> = cases
        .iter()
        .filter_map(|case| Suspect::of(case, book))
        .map(|suspect| (suspect.case_id, suspect))
        .collect();
    if suspects.is_empty() {
        return Ok(Pairs::new());
    }
    let rows = serde_json::to_string(&suspects.values().collect::<Vec<_>>()).map_err(ApiError::internal)?;
    let found: Vec<Found> = statement(format!(
        "WITH suspects AS (
             SELECT * FROM json_to_recordset(CAST($2 AS json)) AS suspect (
                 case_id uuid, lineage uuid, item text, target_id uuid, occurred_at timestamptz, cells integer[],
                 west double precision, east double precision, south double precision, north double precision,
                 earliest timestamptz, latest timestamptz)
         )
         SELECT suspect.case_id, other.case_id AS other_case_id, lon, lat, other.occurred_at, FALSE AS on_target
         FROM suspects AS suspect CROSS JOIN LATERAL (
             SELECT {STANDS_AS} AS case_id, found.lon, found.lat, found.occurred_at FROM {FOUND}
             WHERE found.district = $1 AND found.item = suspect.item AND found.cell = ANY (suspect.cells)
               AND found.occurred_at BETWEEN suspect.earliest AND suspect.latest
               AND found.lon BETWEEN suspect.west AND suspect.east
               AND found.lat BETWEEN suspect.south AND suspect.north AND {ANOTHER}
             ORDER BY abs(extract(epoch FROM found.occurred_at - suspect.occurred_at)), found.case_id
             LIMIT {OTHERS_MAX}) AS other
         UNION ALL
         SELECT suspect.case_id, other.case_id AS other_case_id, lon, lat, other.occurred_at, TRUE AS on_target
         FROM suspects AS suspect CROSS JOIN LATERAL (
             SELECT {STANDS_AS} AS case_id, found.lon, found.lat, found.occurred_at FROM {FOUND}
             WHERE found.district = $1 AND found.target_id = suspect.target_id AND found.item = suspect.item
               AND found.cell IS NOT NULL AND {ANOTHER}
               AND coalesce(survivor.rectification_state, found.rectification_state) <> 'closed'
             ORDER BY found.occurred_at DESC, found.case_id
             LIMIT {OTHERS_MAX}) AS other"
    ))
    .bind::<Text, _>(district.as_str())
    .bind::<Text, _>(rows)
    .load(&mut conn)
    .await?;
    let mut pairs = Pairs::new();
    for found in &found {
        let suspect = suspects.get(&CaseId(found.case_id));
        let Some(pair) = suspect.and_then(|suspect| suspect.pair(district, found, now)) else { continue };
        let known = pairs.entry((pair.case_id, pair.other_case_id)).or_insert_with(|| pair.clone());
        if pair.ground < known.ground {
            *known = pair;
        }
    }
    Ok(pairs)
}
