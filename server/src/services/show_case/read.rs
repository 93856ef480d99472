//! The queries behind a case's detail: one for each part, however many rows it has.

use diesel::dsl::{exists, select, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use sync_core::geo::Point;
use sync_core::ids::{CaseId, ChargeId, InspectionId, PhotoHash, RegionCode, TargetId, UnitId, UserId};
use sync_core::model::target::Target;
use sync_core::money::Fen;
use uuid::Uuid;

use super::parts::{CasePhoto, ChargeView, Correction, PhotoState};
use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::schema::{cases, charges, inspection_photos, inspections, photos, targets, units, users};
use crate::db::targets::TargetRow;
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code, stored_json};
use crate::ledger::moves::MERGED_FROM;
use crate::problem::ApiError;

/// What a case stands on.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) evaluation: serde_json::Value,
    pub(super) posts_on: Option<Day>,
    pub(super) pack_hash: Option<String>,
    pub(super) sealed: serde_json::Value,
    pub(super) source: String,
    pub(super) document: Option<serde_json::Value>,
    pub(super) received_at: Time,
}

diesel::alias!(cases as absorbed: Absorbed);

/// Whether the scope sees a case, or the one that it was merged into: who answers for a survivor may look at all that it
/// is charged for.
pub(in crate::services) async fn is_open_to(
    connection: &mut Connection,
    scope: &CaseScope,
    case_id: CaseId,
) -> QueryResult<bool> {
    let survivor = absorbed
        .filter(absorbed.field(cases::district).eq(scope.district().as_str()))
        .filter(absorbed.field(cases::case_id).eq(case_id.0))
        .filter(absorbed.field(cases::merged_into).is_not_null())
        .select(absorbed.field(cases::merged_into).assume_not_null());
    let asked = cases::case_id.eq(case_id.0).or(cases::case_id.eq_any(survivor));
    select(exists(cases::table.filter(scope.condition()).filter(asked))).get_result(connection).await
}

/// The inspection and evaluation of a case that is open to the scope.
pub(super) async fn standing(
    connection: &mut Connection,
    scope: &CaseScope,
    case_id: CaseId,
) -> QueryResult<Option<Standing>> {
    if !is_open_to(connection, scope, case_id).await? {
        return Ok(None);
    }
    let seen = cases::table
        .find((scope.district().as_str(), case_id.0))
        .select((cases::inspection_id, cases::evaluation, cases::posts_on, cases::pack_hash))
        .first::<(Uuid, serde_json::Value, Option<Day>, Option<String>)>(connection)
        .await
        .optional()?;
    let Some((inspection_id, evaluation, posts_on, pack_hash)) = seen else { return Ok(None) };
    let (sealed, source, document, received_at) = inspections::table
        .find((scope.district().as_str(), inspection_id))
        .select((inspections::sealed, inspections::source, inspections::document, inspections::received_at))
        .first(connection)
        .await?;
    Ok(Some(Standing { evaluation, posts_on, pack_hash, sealed, source, document, received_at }))
}

/// The target as registered now.
pub(super) async fn target(
    connection: &mut Connection,
    district: &RegionCode,
    target_id: TargetId,
) -> Result<Option<Target>, ApiError> {
    let row: Option<TargetRow> = targets::table
        .find((district.as_str(), target_id.0))
        .select(TargetRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Target::try_from).transpose()?)
}

/// A case's charges with what stands of them in the ledger.
pub(in crate::services) async fn charges(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Vec<ChargeView>, ApiError> {
    let rows: Vec<ChargeRow> = charges::table
        .inner_join(
            units::table.on(units::district.eq(charges::district).and(units::unit_id.eq(charges::unit_id))),
        )
        .filter(charges::district.eq(district.as_str()))
        .filter(charges::case_id.eq(case_id.0))
        .order(charges::measure)
        .select((
            charges::charge_id,
            charges::measure,
            charges::unit_id,
            units::name,
            charges::amount_fen,
            charges::state,
            charges::clause,
            charges::pack_hash,
            charges::reason,
            sql::<BigInt>(
                "(SELECT coalesce(sum(entry.amount_fen), 0)::bigint FROM ledger_entries AS entry
                  WHERE entry.district = charges.district AND entry.charge_id = charges.charge_id)",
            ),
        ))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(charge).collect::<Result<_, _>>()?)
}

type ChargeRow = (Uuid, String, Uuid, String, Option<i64>, String, String, String, serde_json::Value, i64);

fn charge(row: ChargeRow) -> Result<ChargeView, StoredValueError> {
    let (charge_id, measure, unit_id, unit_name, amount_fen, state, clause, pack_hash, reason, posted) = row;
    let words = |language: &str| {
        reason.get(language).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let amount = amount_fen.map(Fen::new);
    Ok(ChargeView {
        charge_id: ChargeId(charge_id),
        measure: stored("charges.measure", &measure)?,
        unit_id: UnitId(unit_id),
        unit_name,
        amount,
        amount_yuan: amount.map(|amount| amount.to_string()),
        state: stored_code("charges.state", &state)?,
        clause,
        pack_hash: stored("charges.pack_hash", &pack_hash)?,
        zh: words("zh"),
        en: words("en"),
        merged_from: reason
            .get(MERGED_FROM)
            .map(|case| stored_json("charges.reason", case.clone()))
            .transpose()?,
        posted: Fen::new(posted),
    })
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = inspection_photos, check_for_backend(diesel::pg::Pg))]
struct ManifestRow {
    inspection_id: Uuid,
    ordinal: i32,
    sha256: String,
    size: i64,
    taken_at: Time,
    lon: Option<f64>,
    lat: Option<f64>,
    source: String,
    question: Option<String>,
    stamped_at: Option<Time>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = photos, check_for_backend(diesel::pg::Pg))]
struct PhotoRow {
    state: String,
    refusal: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    exif: Option<serde_json::Value>,
}

/// The photos of an inspection's manifest, in its order.
pub(super) async fn photos(
    connection: &mut Connection,
    district: &RegionCode,
    inspection_id: InspectionId,
) -> Result<Vec<CasePhoto>, ApiError> {
    let rows: Vec<(ManifestRow, Option<PhotoRow>)> = inspection_photos::table
        .left_join(
            photos::table.on(photos::district
                .eq(inspection_photos::district)
                .and(photos::sha256.eq(inspection_photos::sha256))),
        )
        .filter(inspection_photos::district.eq(district.as_str()))
        .filter(inspection_photos::inspection_id.eq(inspection_id.0))
        .order(inspection_photos::ordinal)
        .select((ManifestRow::as_select(), Option::<PhotoRow>::as_select()))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(line, photo)| case_photo(line, photo)).collect::<Result<_, _>>()?)
}

fn case_photo(line: ManifestRow, photo: Option<PhotoRow>) -> Result<CasePhoto, StoredValueError> {
    let sha256: PhotoHash = stored("inspection_photos.sha256", &line.sha256)?;
    let question = line.question.as_deref();
    let state = match &photo {
        None => PhotoState::Awaited,
        Some(photo) => stored_code("photos.state", &photo.state)?,
    };
    let url = |form: &str| (state == PhotoState::Verified).then(|| format!("/api/v1/photos/{sha256}/{form}"));
    Ok(CasePhoto {
        state,
        question: question.map(|code| stored("inspection_photos.question", code)).transpose()?,
        taken_at: line.taken_at.0,
        point: line.lon.zip(line.lat).map(|(lon, lat)| Point { lon, lat }),
        source: stored_code("inspection_photos.source", &line.source)?,
        size: line.size,
        thumbnail_url: url("list"),
        page_url: url("page"),
        original_url: url("original"),
        stamped_url: line
            .stamped_at
            .map(|_| format!("/api/v1/inspections/{}/photos/{}/stamped", line.inspection_id, line.ordinal)),
        width: photo.as_ref().and_then(|photo| photo.width),
        height: photo.as_ref().and_then(|photo| photo.height),
        exif: photo
            .as_ref()
            .and_then(|photo| photo.exif.clone())
            .map(|exif| stored_json("photos.exif", exif))
            .transpose()?,
        refusal: photo.and_then(|photo| photo.refusal),
        sha256,
    })
}

/// The inspections of a lineage in the order they replace one another.
pub(super) async fn corrections(
    connection: &mut Connection,
    district: &RegionCode,
    lineage: InspectionId,
) -> Result<Vec<Correction>, ApiError> {
    let rows: Vec<CorrectionRow> = inspections::table
        .inner_join(
            users::table
                .on(users::district.eq(inspections::district).and(users::user_id.eq(inspections::author))),
        )
        .filter(inspections::district.eq(district.as_str()))
        .filter(inspections::lineage.eq(lineage.0))
        .order((inspections::received_at, inspections::inspection_id))
        .select((
            inspections::inspection_id,
            inspections::replaces,
            inspections::author,
            users::name,
            inspections::occurred_at,
            inspections::received_at,
            inspections::flags,
        ))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(correction).collect::<Result<_, _>>()?)
}

type CorrectionRow = (Uuid, Option<Uuid>, Uuid, String, Time, Time, Vec<String>);

fn correction(row: CorrectionRow) -> Result<Correction, StoredValueError> {
    let (inspection_id, replaces, author, author_name, occurred_at, received_at, flags) = row;
    Ok(Correction {
        inspection_id: InspectionId(inspection_id),
        replaces: replaces.map(InspectionId),
        author: UserId(author),
        author_name,
        occurred_at: occurred_at.0,
        received_at: received_at.0,
        flags: flags.iter().map(|flag| stored_code("inspections.flags", flag)).collect::<Result<_, _>>()?,
    })
}
