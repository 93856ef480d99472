//! Rows of `photos` (照片): what became of each content, and who may see it.
//!
//! Invariant: a verified photo stays verified; a refused one may be sent again and verified then.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;
use diesel::query_dsl::methods;

use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use sync_core::geo::Point;
use sync_core::ids::{InspectionId, PhotoHash, RegionCode};
use sync_core::model::assignment::Role;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::actor::Actor;
use crate::auth::case_scope::liaison_units;
use crate::db::Connection;
use crate::db::schema::photos;
use crate::db::statement::statement;
use crate::db::types::{Time, stored};
use crate::photos::picture::{ExifFacts, PictureFacts};
use crate::problem::ApiError;

/// What was found out about a content.
#[derive(Debug, Clone, PartialEq)]
pub enum PhotoVerdict {
    /// It is a picture and kept.
    Verified(PictureFacts),
    /// It is refused with this problem.
    Refused(ProblemKind),
}

/// What a photo's file says of itself (EXIF), as it is stored: claims of whoever made the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PhotoExif {
    /// How the pixels must be turned to stand upright, 1 to 8.
    pub orientation: Option<u8>,
    /// What the camera's clock showed, in the camera's own zone.
    #[schema(value_type = Option<String>)]
    pub taken_at_local: Option<jiff::civil::DateTime>,
    /// The instant, where the file says the clock's offset.
    pub taken_at: Option<Instant>,
    /// Where the camera was.
    pub point: Option<Point>,
    /// Its maker.
    pub camera_make: Option<String>,
    /// Its model.
    pub camera_model: Option<String>,
}

impl From<&ExifFacts> for PhotoExif {
    fn from(facts: &ExifFacts) -> Self {
        Self {
            orientation: facts.orientation.map(|orientation| orientation.to_exif()),
            taken_at_local: facts.taken_at.map(|taken| taken.local),
            taken_at: facts.taken_at.and_then(|taken| taken.instant()),
            point: facts.position,
            camera_make: facts.camera_make.clone(),
            camera_model: facts.camera_model.clone(),
        }
    }
}

/// Writes the verdict on a content. One that is verified already stays as it is.
///
/// # Errors
/// Faults of the database.
pub async fn record_verdict(
    conn: &mut Connection,
    district: &RegionCode,
    hash: &PhotoHash,
    size: u64,
    verdict: &PhotoVerdict,
    now: Instant,
) -> Result<(), ApiError> {
    let (state, refusal, facts) = match verdict {
        PhotoVerdict::Verified(facts) => ("verified", None, Some(facts)),
        PhotoVerdict::Refused(problem) => ("refused", Some(problem.code()), None),
    };
    let pixels = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    let exif = facts.map(|facts| serde_json::to_value(PhotoExif::from(&facts.exif))).transpose();
    let upsert = diesel::insert_into(photos::table)
        .values((
            photos::district.eq(district.as_str()),
            photos::sha256.eq(hash.as_str()),
            photos::size.eq(i64::try_from(size).unwrap_or(i64::MAX)),
            photos::state.eq(state),
            photos::refusal.eq(refusal),
            photos::media_type.eq(facts.map(|facts| facts.format.media_type())),
            photos::width.eq(facts.map(|facts| pixels(facts.width))),
            photos::height.eq(facts.map(|facts| pixels(facts.height))),
            photos::exif.eq(exif.map_err(ApiError::internal)?),
            photos::received_at.eq(Time(now)),
        ))
        .on_conflict((photos::district, photos::sha256))
        .do_update()
        .set((
            photos::state.eq(excluded(photos::state)),
            photos::refusal.eq(excluded(photos::refusal)),
            photos::media_type.eq(excluded(photos::media_type)),
            photos::width.eq(excluded(photos::width)),
            photos::height.eq(excluded(photos::height)),
            photos::exif.eq(excluded(photos::exif)),
            photos::received_at.eq(excluded(photos::received_at)),
        ));
    // Not `QueryDsl::filter`, which is for selects.
    methods::FilterDsl::filter(upsert, photos::state.eq("refused")).execute(conn).await?;
    Ok(())
}

/// Which of these photos are verified.
///
/// # Errors
/// Faults of the database.
pub async fn verified_of(
    conn: &mut Connection,
    district: &RegionCode,
    hashes: &BTreeSet<PhotoHash>,
) -> Result<HashSet<PhotoHash>, ApiError> {
    let rows: Vec<String> = photos::table
        .filter(photos::district.eq(district.as_str()))
        .filter(photos::sha256.eq_any(hashes.iter().map(PhotoHash::as_str)))
        .filter(photos::state.eq("verified"))
        .select(photos::sha256)
        .load(conn)
        .await?;
    rows.into_iter().map(|hash| Ok(stored("photos.sha256", &hash)?)).collect()
}

/// The bytes of a verified photo.
///
/// # Errors
/// Faults of the database.
pub async fn verified_size(
    conn: &mut Connection,
    district: &RegionCode,
    hash: &PhotoHash,
) -> Result<Option<u64>, ApiError> {
    let size: Option<i64> = photos::table
        .filter(photos::district.eq(district.as_str()))
        .filter(photos::sha256.eq(hash.as_str()))
        .filter(photos::state.eq("verified"))
        .select(photos::size)
        .first(conn)
        .await
        .optional()?;
    Ok(size.map(i64::unsigned_abs))
}

/// Which of these photos are not verified.
///
/// # Errors
/// Faults of the database.
pub async fn unverified_among(
    conn: &mut Connection,
    district: &RegionCode,
    hashes: &[PhotoHash],
) -> Result<Vec<PhotoHash>, ApiError> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let verified: Vec<String> = photos::table
        .filter(photos::district.eq(district.as_str()))
        .filter(photos::sha256.eq_any(hashes.iter().map(PhotoHash::as_str)))
        .filter(photos::state.eq("verified"))
        .select(photos::sha256)
        .load(conn)
        .await?;
    Ok(hashes.iter().filter(|hash| !verified.iter().any(|known| known == hash.as_str())).cloned().collect())
}

/// What an actor may see, for the queries here.
struct Sight {
    everything: bool,
    units: Vec<Uuid>,
    grids: Vec<String>,
}

impl Sight {
    fn of(actor: &Actor) -> Self {
        let grids = [Role::Supervisor, Role::Inspector].into_iter().flat_map(|role| actor.grids(role));
        Self {
            everything: actor.has(Role::Finance) || actor.has(Role::Administrator),
            units: liaison_units(actor).into_iter().map(|unit| unit.0).collect(),
            grids: grids.map(|grid| grid.as_str().to_owned()).collect(),
        }
    }
}

/// Whether the inspection `i` may be seen: `$1` everything, `$2` by its author, `$3` units and `$4` grids, of the
/// inspection, of a case that came of it (a case may have been re-attributed) or of the one that absorbed that.
const VISIBLE: &str = "($1 OR i.author = $2 OR i.unit_id = ANY($3)
    OR EXISTS (SELECT FROM unnest($4) AS own (grid)
               WHERE i.grid = own.grid OR starts_with(i.grid, own.grid || '/'))
    OR EXISTS (SELECT FROM cases i_case JOIN cases c ON c.district = i_case.district
                   AND c.case_id IN (i_case.case_id, i_case.merged_into)
               WHERE i_case.district = i.district AND i_case.lineage = i.lineage
               AND (c.unit_id = ANY($3) OR EXISTS (
                   SELECT FROM unnest($4) AS own (grid)
                   WHERE c.grid = own.grid OR starts_with(c.grid, own.grid || '/')))))";

/// Whether a record about a case or fire point that may be seen names the photo `p`, by the same parameters.
const RECORD_VISIBLE: &str = "EXISTS (
    SELECT FROM record_photos r
    LEFT JOIN cases r_case ON r_case.district = r.district AND r_case.case_id = r.case_id
    LEFT JOIN cases c ON c.district = r.district AND c.case_id IN (r_case.case_id, r_case.merged_into)
    LEFT JOIN fire_points f ON f.district = r.district AND f.fire_point_id = r.fire_point_id
    WHERE r.district = p.district AND r.sha256 = p.sha256 AND (
        $1 OR c.author = $2 OR f.verified_by = $2 OR c.unit_id = ANY($3)
        OR EXISTS (SELECT FROM unnest($4) AS own (grid)
                   WHERE starts_with(coalesce(c.grid, f.grid) || '/', own.grid || '/'))))";

#[derive(QueryableByName)]
struct MediaType {
    #[diesel(sql_type = Nullable<Text>)]
    media_type: Option<String>,
}

/// The media type of a verified photo that an inspection or record names which the actor may see.
///
/// # Errors
/// Faults of the database.
pub async fn visible_media_type(
    conn: &mut Connection,
    actor: &Actor,
    hash: &PhotoHash,
) -> Result<Option<String>, ApiError> {
    let sight = Sight::of(actor);
    let sql = format!(
        "SELECT p.media_type FROM photos p
         WHERE p.district = $5 AND p.sha256 = $6 AND p.state = 'verified' AND (EXISTS (
             SELECT FROM inspection_photos ip JOIN inspections i USING (district, inspection_id)
             WHERE ip.district = p.district AND ip.sha256 = p.sha256 AND {VISIBLE}) OR {RECORD_VISIBLE})"
    );
    let row: Option<MediaType> = statement(sql)
        .bind::<Bool, _>(sight.everything)
        .bind::<SqlUuid, _>(actor.user_id.0)
        .bind::<Array<SqlUuid>, _>(sight.units)
        .bind::<Array<Text>, _>(sight.grids)
        .bind::<Text, _>(actor.district.as_str())
        .bind::<Text, _>(hash.as_str())
        .get_result(conn)
        .await
        .optional()?;
    Ok(row.and_then(|row| row.media_type))
}

/// Whether there is a stamped copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampState {
    /// It was made.
    Made,
    /// It will be made: the photo or a font is not here yet.
    Pending,
}

#[derive(QueryableByName)]
struct StampedAt {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    stamped_at: Option<Time>,
}

/// Whether the photo of an inspection that the actor may see has its stamped copy; `None` where he may not or there
/// is no such photo.
///
/// # Errors
/// Faults of the database.
pub async fn visible_stamp(
    conn: &mut Connection,
    actor: &Actor,
    inspection: InspectionId,
    ordinal: i32,
) -> Result<Option<StampState>, ApiError> {
    let sight = Sight::of(actor);
    let sql = format!(
        "SELECT ip.stamped_at FROM inspection_photos ip JOIN inspections i USING (district, inspection_id)
         WHERE ip.district = $5 AND ip.inspection_id = $6 AND ip.ordinal = $7 AND {VISIBLE}"
    );
    let row: Option<StampedAt> = statement(sql)
        .bind::<Bool, _>(sight.everything)
        .bind::<SqlUuid, _>(actor.user_id.0)
        .bind::<Array<SqlUuid>, _>(sight.units)
        .bind::<Array<Text>, _>(sight.grids)
        .bind::<Text, _>(actor.district.as_str())
        .bind::<SqlUuid, _>(inspection.0)
        .bind::<Integer, _>(ordinal)
        .get_result(conn)
        .await
        .optional()?;
    Ok(row.map(|row| if row.stamped_at.is_some() { StampState::Made } else { StampState::Pending }))
}
