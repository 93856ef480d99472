//! Photos of inspections whose stamped copy (水印) is to be made: rows of `inspection_photos` with their context.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{inspection_photos, inspections, photos, targets, users};
use crate::db::statement::statement;
use crate::db::types::Time;
use crate::photos::limits::BATCH_ROWS;
use crate::problem::ApiError;

/// Key of an inspection's photo: district, inspection, ordinal.
pub type StampKey = (String, Uuid, i32);

/// What a stamp is made from.
#[derive(Debug, Clone, Queryable)]
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
    let key = (inspection_photos::district, inspection_photos::inspection_id, inspection_photos::ordinal);
    let mut query = pending!()
        .inner_join(
            inspections::table.on(inspections::district
                .eq(inspection_photos::district)
                .and(inspections::inspection_id.eq(inspection_photos::inspection_id))),
        )
        .inner_join(
            users::table
                .on(users::district.eq(inspections::district).and(users::user_id.eq(inspections::author))),
        )
        .left_join(
            targets::table.on(targets::district
                .eq(inspections::district)
                .and(targets::target_id.nullable().eq(inspections::target_id))),
        )
        .order(key)
        .limit(BATCH_ROWS)
        .select((
            key,
            inspection_photos::sha256,
            inspection_photos::taken_at,
            (inspection_photos::lon, inspection_photos::lat),
            inspections::sealed,
            users::name,
            targets::name.nullable(),
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
    Ok(query.load(conn).await?)
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
    .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(districts)
    .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(inspections)
    .bind::<diesel::sql_types::Array<diesel::sql_types::Integer>, _>(ordinals)
    .bind::<diesel::sql_types::Timestamptz, _>(Time(now))
    .execute(conn)
    .await?;
    Ok(())
}
