//! Photos of inspections whose stamped copy (水印) is to be made: rows of `inspection_photos` with their context.

use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::picked::OverPicked;
use crate::db::schema::{inspection_photos, photos};
use crate::db::statement::statement;
use crate::db::types::Time;
use crate::photos::limits::BATCH_ROWS;
use crate::problem::ApiError;

/// Key of an inspection's photo: district, inspection, ordinal.
pub type StampKey = (String, Uuid, i32);

/// What a stamp is made from.
#[derive(Debug, Clone)]
pub struct PendingStamp {
    /// Which.
    pub key: StampKey,
    /// The original.
    pub sha256: String,
    /// When it was taken.
    pub taken_at: Time,
    /// Where it was taken, longitude and latitude, where the device knew.
    pub point: (Option<f64>, Option<f64>),
    /// The inspection as it was sealed.
    pub sealed: serde_json::Value,
    /// Name of the inspector.
    pub inspector: String,
    /// Name of the target, if it was of one.
    pub target: Option<String>,
}

macro_rules! pending {
    () => {
        inspection_photos::table
            .inner_join(
                photos::table.on(photos::district
                    .eq(inspection_photos::district)
                    .and(photos::sha256.eq(inspection_photos::sha256))
                    .and(photos::state.eq("verified"))),
            )
            .filter(inspection_photos::stamped_at.is_null())
    };
}

/// How many stamps could be made and are not.
///
/// # Errors
/// Faults of the database.
pub async fn count_pending(conn: &mut Connection) -> Result<i64, ApiError> {
    Ok(pending!().count().get_result(conn).await?)
}

/// The next photos to stamp, of any district, after `after` in key order.
///
/// # Errors
/// Faults of the database.
pub async fn next_pending(
    conn: &mut Connection,
    after: Option<&StampKey>,
) -> Result<Vec<PendingStamp>, ApiError> {
    let mut query = pending!()
        .order((inspection_photos::district, inspection_photos::inspection_id, inspection_photos::ordinal))
        .limit(BATCH_ROWS)
        .select((
            inspection_photos::district,
            inspection_photos::inspection_id,
            inspection_photos::ordinal,
            inspection_photos::sha256,
            inspection_photos::taken_at,
            inspection_photos::lon,
            inspection_photos::lat,
        ))
        .into_boxed();
    if let Some((district, inspection, ordinal)) = after {
        let later_in_inspection =
            inspection_photos::inspection_id.eq(*inspection).and(inspection_photos::ordinal.gt(*ordinal));
        let later_in_district = inspection_photos::district
            .eq(district.as_str())
            .and(inspection_photos::inspection_id.gt(*inspection).or(later_in_inspection));
        query = query.filter(inspection_photos::district.gt(district.as_str()).or(later_in_district));
    }
    let rows: Vec<PendingRow> = OverPicked::new(query, SELECT_STAMPS).load(conn).await?;
    Ok(rows.into_iter().map(PendingStamp::from).collect())
}

/// The few that are picked are looked up: joined before they were picked, all inspections would be read.
const SELECT_STAMPS: &str = "
SELECT picked.district, picked.inspection_id, picked.ordinal, picked.sha256, picked.taken_at, picked.lon, picked.lat,
       inspections.sealed, users.name AS inspector, targets.name AS target
FROM picked
JOIN inspections ON inspections.district = picked.district AND inspections.inspection_id = picked.inspection_id
JOIN users ON users.district = picked.district AND users.user_id = inspections.author
LEFT JOIN targets ON targets.district = picked.district AND targets.target_id = inspections.target_id
ORDER BY picked.district, picked.inspection_id, picked.ordinal";

#[derive(QueryableByName)]
struct PendingRow {
    #[diesel(sql_type = Text)]
    district: String,
    #[diesel(sql_type = SqlUuid)]
    inspection_id: Uuid,
    #[diesel(sql_type = Integer)]
    ordinal: i32,
    #[diesel(sql_type = Text)]
    sha256: String,
    #[diesel(sql_type = Timestamptz)]
    taken_at: Time,
    #[diesel(sql_type = Nullable<Double>)]
    lon: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    lat: Option<f64>,
    #[diesel(sql_type = Jsonb)]
    sealed: serde_json::Value,
    #[diesel(sql_type = Text)]
    inspector: String,
    #[diesel(sql_type = Nullable<Text>)]
    target: Option<String>,
}

impl From<PendingRow> for PendingStamp {
    fn from(row: PendingRow) -> Self {
        Self {
            key: (row.district, row.inspection_id, row.ordinal),
            sha256: row.sha256,
            taken_at: row.taken_at,
            point: (row.lon, row.lat),
            sealed: row.sealed,
            inspector: row.inspector,
            target: row.target,
        }
    }
}

/// Writes that stamped copies were made.
///
/// # Errors
/// Faults of the database.
pub async fn record_stamped(conn: &mut Connection, keys: &[StampKey], now: Instant) -> Result<(), ApiError> {
    let (mut districts, mut inspections, mut ordinals) = (Vec::new(), Vec::new(), Vec::new());
    for (district, inspection, ordinal) in keys {
        districts.push(district.as_str());
        inspections.push(*inspection);
        ordinals.push(*ordinal);
    }
    statement(
        "UPDATE inspection_photos SET stamped_at = $4
         FROM unnest($1, $2, $3) AS made (district, inspection_id, ordinal)
         WHERE inspection_photos.district = made.district
           AND inspection_photos.inspection_id = made.inspection_id
           AND inspection_photos.ordinal = made.ordinal",
    )
    .bind::<Array<Text>, _>(districts)
    .bind::<Array<SqlUuid>, _>(inspections)
    .bind::<Array<Integer>, _>(ordinals)
    .bind::<Timestamptz, _>(Time(now))
    .execute(conn)
    .await?;
    Ok(())
}
