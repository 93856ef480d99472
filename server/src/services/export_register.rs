//! Exports a register as a file that the import of the same register takes back unchanged.

use std::sync::Arc;

use sync_core::time::Instant;

use crate::db::Connection;
use crate::geojson::feature_collection;
use crate::problem::ApiError;
use crate::registers::{Entries, Presence, Register};
use crate::tables::{FileFormat, Language, Sheet};
use sync_core::wire::problem::ProblemKind;

/// The form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// A workbook.
    Xlsx,
    /// UTF-8 with BOM.
    Csv,
    /// A map, of registers with outlines.
    Geojson,
}

impl ExportForm {
    /// The form of a file name's ending.
    #[must_use]
    pub fn of(ending: &str) -> Option<Self> {
        match ending {
            "xlsx" => Some(Self::Xlsx),
            "csv" => Some(Self::Csv),
            "geojson" => Some(Self::Geojson),
            _ => None,
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Geojson => "application/geo+json",
        }
    }
}

/// The register as a file; `subtitle` names the district.
///
/// # Errors
/// `not_found` for a map of a register without outlines; those of the database.
pub async fn export_register<R: Register>(
    connection: &mut Connection,
    register: R,
    subtitle: String,
    form: ExportForm,
    language: Language,
    now: Instant,
) -> Result<Vec<u8>, ApiError> {
    if form == ExportForm::Geojson && R::OUTLINES == Presence::Never {
        return Err(ProblemKind::NotFound.into());
    }
    let rows = register.entries(connection, Entries::All).await?;
    let register = Arc::new(register);
    let write = move || {
        let sheet = Sheet {
            language,
            made_at: now,
            title: language.of(R::TITLE.0, R::TITLE.1).to_owned(),
            subtitle,
            columns: register.columns(language),
            rows: &rows,
            in_words: None,
            signatures: None,
        };
        match form {
            ExportForm::Xlsx => FileFormat::Xlsx.bytes(&sheet).map_err(ApiError::internal),
            ExportForm::Csv => FileFormat::Csv.bytes(&sheet).map_err(ApiError::internal),
            ExportForm::Geojson => {
                let collection = feature_collection(&sheet, |line| register.outline(line));
                serde_json::to_vec(&collection).map_err(ApiError::internal)
            }
        }
    };
    tokio::task::spawn_blocking(write).await.map_err(ApiError::internal)?
}
