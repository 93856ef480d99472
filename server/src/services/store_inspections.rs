//! Stores sealed inspections (检查记录) with their photo manifests, wherever they come from: a device's operation, a
//! document that reached the office, or the time before this product.
//!
//! Invariants: what was sealed is stored as it is and never changes; only what a device sent has an operation.

use diesel::QueryResult;
use futures::join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sync_core::ids::{
    DeviceId, GridPath, InspectionId, KindCode, OperationId, PackHash, PhotoHash, QuestionCode, RegionCode,
    TargetId, UnitId, UserId,
};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::Flag;
use sync_core::model::inspection::Inspection;
use sync_core::model::photo::PhotoSource;
use sync_core::text::{TextFault, check_required, check_text};
use sync_core::time::Instant;
use utoipa::ToSchema;

use crate::db::Connection;
use crate::db::bulk::insert_rows;
use crate::db::types::storable;

/// Where an inspection comes from (来源).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InspectionSource {
    /// Recorded on a device (终端).
    Device,
    /// Entered by a supervisor from the document of a higher-level group (上级督导).
    Office,
    /// Imported from the time before this product (历史).
    History,
}

impl InspectionSource {
    /// As it is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Office => "office",
            Self::History => "history",
        }
    }
}

/// The document (文件) by which a finding reached the office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceDocument {
    /// Document number (文号), where it has one.
    pub number: Option<String>,
    /// The inspection group that issued it (督导组).
    pub issuer: String,
    /// Its date.
    #[schema(value_type = String, format = "date")]
    pub date: Date,
    /// Its title.
    pub title: String,
}

impl SourceDocument {
    /// Checks its texts.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, TextFault)> {
        let number = self.number.as_deref().unwrap_or_default();
        check_text(number, NAME_MAX_CHARS).map_err(|fault| ("document.number", fault))?;
        check_required(&self.issuer, NAME_MAX_CHARS).map_err(|fault| ("document.issuer", fault))?;
        check_required(&self.title, NAME_MAX_CHARS).map_err(|fault| ("document.title", fault))
    }
}

/// How an inspection came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In an operation of a device.
    Device {
        /// The operation.
        op_id: OperationId,
        /// The device.
        device_id: DeviceId,
    },
    /// On paper.
    Office(SourceDocument),
    /// Out of older records.
    History(Option<SourceDocument>),
}

/// An inspection as it is written, with its manifest.
#[derive(Debug, Serialize)]
pub struct InspectionWrite {
    district: RegionCode,
    inspection_id: InspectionId,
    lineage: InspectionId,
    replaces: Option<InspectionId>,
    source: InspectionSource,
    document: Option<SourceDocument>,
    op_id: Option<OperationId>,
    device_id: Option<DeviceId>,
    author: UserId,
    kind: KindCode,
    target_id: Option<TargetId>,
    occurred_at: Instant,
    received_at: Instant,
    grid: GridPath,
    unit_id: UnitId,
    level: DiscoveryLevel,
    pack_hash: Option<PackHash>,
    lon: Option<f64>,
    lat: Option<f64>,
    sealed: Box<RawValue>,
    flags: Vec<Flag>,
    #[serde(skip)]
    photos: Vec<PhotoWrite>,
}

#[derive(Debug, Serialize)]
struct PhotoWrite {
    district: RegionCode,
    inspection_id: InspectionId,
    ordinal: usize,
    sha256: PhotoHash,
    size: u64,
    taken_at: Instant,
    lon: Option<f64>,
    lat: Option<f64>,
    source: PhotoSource,
    question: Option<QuestionCode>,
}

impl InspectionWrite {
    /// A sealed inspection; `sealed` is the same as JSON, `flags` what a supervisor must settle.
    #[must_use]
    pub fn new(
        district: &RegionCode,
        inspection: Inspection,
        sealed: Box<RawValue>,
        origin: Origin,
        flags: Vec<Flag>,
        received_at: Instant,
    ) -> Self {
        let (source, op_id, device_id, document) = match origin {
            Origin::Device { op_id, device_id } => {
                (InspectionSource::Device, Some(op_id), Some(device_id), None)
            }
            Origin::Office(document) => (InspectionSource::Office, None, None, Some(document)),
            Origin::History(document) => (InspectionSource::History, None, None, document),
        };
        let place = inspection.place_point();
        let photos = inspection.photos.iter().enumerate().map(|(ordinal, photo)| PhotoWrite {
            district: district.clone(),
            inspection_id: inspection.inspection_id,
            ordinal,
            sha256: photo.sha256.clone(),
            size: photo.size,
            taken_at: storable(photo.taken_at),
            lon: photo.point.map(|point| point.lon),
            lat: photo.point.map(|point| point.lat),
            source: photo.source,
            question: photo.question.clone(),
        });
        Self {
            district: district.clone(),
            photos: photos.collect(),
            inspection_id: inspection.inspection_id,
            lineage: inspection.lineage,
            replaces: inspection.replaces,
            source,
            document,
            op_id,
            device_id,
            author: inspection.author,
            kind: inspection.kind,
            target_id: inspection.context.target.map(|target| target.target_id),
            occurred_at: storable(inspection.occurred_at),
            received_at,
            grid: inspection.context.grid,
            unit_id: inspection.context.unit_id,
            level: inspection.context.level,
            pack_hash: inspection.context.pack.map(|pack| pack.hash),
            lon: place.map(|point| point.lon),
            lat: place.map(|point| point.lat),
            sealed,
            flags,
        }
    }
}

/// Inserts inspections with their manifests, in two statements however many there are.
///
/// # Errors
/// Faults of the database; `inspections_pkey` where one is here already.
pub async fn store_inspections(conn: &Connection, inspections: Vec<InspectionWrite>) -> QueryResult<()> {
    let photos: Vec<&PhotoWrite> = inspections.iter().flat_map(|inspection| &inspection.photos).collect();
    let (stored, with_photos) = join!(
        insert_rows(conn, "inspections", INSPECTION_COLUMNS, &inspections),
        insert_rows(conn, "inspection_photos", PHOTO_COLUMNS, &photos),
    );
    stored.and(with_photos)?;
    Ok(())
}

const INSPECTION_COLUMNS: &str = "district, inspection_id, lineage, replaces, source, document, op_id, author, \
     device_id, kind, target_id, occurred_at, received_at, grid, unit_id, level, pack_hash, lon, lat, sealed, flags";

const PHOTO_COLUMNS: &str =
    "district, inspection_id, ordinal, sha256, size, taken_at, lon, lat, source, question";
