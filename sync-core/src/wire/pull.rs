//! Pull: `GET /api/v1/sync/pull?cursor=`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{Epoch, PackHash, PackId, RegionCode, UserId};
use crate::time::Instant;
use jiff::civil::Date;

/// The kinds of row that a pull carries, as [`Change::entity`] names them.
pub mod entity {
    /// [`crate::model::unit::Unit`]
    pub const UNIT: &str = "unit";
    /// [`crate::model::grid::Grid`]; its id is the grid path.
    pub const GRID: &str = "grid";
    /// [`crate::model::zone::Zone`]
    pub const ZONE: &str = "zone";
    /// [`super::PackRow`]; its id is the pack hash.
    pub const PACK: &str = "pack";
    /// [`crate::model::assignment::Assignment`], the user's own.
    pub const ASSIGNMENT: &str = "assignment";
    /// [`crate::model::target::Target`]
    pub const TARGET: &str = "target";
    /// [`crate::model::case::CaseRow`]
    pub const CASE: &str = "case";
    /// [`crate::model::rectification::RectificationRow`], the present round; its id is the case's.
    pub const RECTIFICATION: &str = "rectification";
    /// [`crate::model::fire_point::FirePointRow`]
    pub const FIRE_POINT: &str = "fire_point";
    /// [`crate::wire::push::OperationResult`] of the user's own operations.
    pub const OPERATION: &str = "operation";
    /// [`super::PhotoRow`] of the user's own photos: verified or refused.
    pub const PHOTO: &str = "photo";
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new or changed; the row follows.
    Upsert,
    /// It no longer exists (tombstone).
    Delete,
    /// It exists, but not for this device any more: forget it.
    Revoke,
}

/// One changed row.
#[derive(Debug, Serialize, Deserialize)]
pub struct Change {
    /// Kind of row, one of [`entity`]; a device skips kinds it does not know.
    pub entity: String,
    /// Its id.
    pub id: String,
    /// What happened.
    pub change: ChangeKind,
    /// The row as it is now, with an upsert.
    #[serde(default)]
    pub row: Option<Box<RawValue>>,
}

/// A policy pack on its way to a device: the source, so that its hash can be checked there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackRow {
    /// Name.
    pub id: PackId,
    /// Version.
    pub hash: PackHash,
    /// The region it is for.
    pub region: RegionCode,
    /// TOML source, exactly the bytes that hash to `hash`.
    pub source: String,
    /// First day of its force here, where the district adopted it with dates of its own (a draft needs one).
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date"))]
    pub adopted_from: Option<Date>,
    /// Last day of that.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date"))]
    pub adopted_until: Option<Date>,
}

/// What became of a photo's bytes on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoRow {
    /// Which.
    pub sha256: crate::ids::PhotoHash,
    /// `None`: verified and kept. Otherwise why it was refused.
    pub refusal: Option<crate::wire::push::Rejection>,
}

/// A page of changes.
#[derive(Debug, Serialize, Deserialize)]
pub struct PullPage {
    /// The cursor to ask with next.
    pub cursor: String,
    /// Whether there is more now.
    pub more: bool,
    /// Changes in commit order; transactions are whole.
    pub changes: Vec<Change>,
    /// The user the page is for.
    pub user_id: UserId,
    /// The server's epoch.
    pub epoch: Epoch,
    /// The server's clock.
    pub server_time: Instant,
    /// Acknowledged work up to this instant is in a backup: what the device retained past it may go.
    pub backed_up_through: Option<Instant>,
}

/// Why the device must start over with an empty master database. Its work database is untouched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RestartReason {
    /// The server was restored from a backup: also send again what was retained.
    EpochChanged,
    /// The user's assignments changed.
    ScopeChanged,
    /// The change the cursor names is not known: pruned, or from a future that a restore undid.
    CursorUnknown,
}

/// The answer to a pull. Read it with `serde_json` from text: rows are kept as their raw JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum PullAnswer {
    /// Changes.
    Page(PullPage),
    /// Start over.
    Restart {
        /// Why.
        reason: RestartReason,
        /// The server's epoch now.
        epoch: Epoch,
    },
}

// By hand: a derived reader of a tagged enum buffers its content, and raw JSON does not survive that.
impl<'de> Deserialize<'de> for PullAnswer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(tag = "answer", rename_all = "snake_case")]
        enum Tag {
            Page,
            Restart { reason: RestartReason, epoch: Epoch },
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        match serde_json::from_str(text.get()).map_err(serde::de::Error::custom)? {
            Tag::Page => serde_json::from_str(text.get()).map(Self::Page).map_err(serde::de::Error::custom),
            Tag::Restart { reason, epoch } => Ok(Self::Restart { reason, epoch }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_back_with_its_rows_untouched() {
        let page = concat!(
            r#"{"answer":"page","cursor":"c","more":false,"#,
            r#""changes":[{"entity":"unit","id":"1","change":"upsert","row":{"amount":1.50, "later":[null]}}],"#,
            r#""user_id":"01890000-0000-7000-8000-000000000001","#,
            r#""epoch":"01890000-0000-7000-8000-000000000002","#,
            r#""server_time":"2024-10-08T01:00:00.000Z","backed_up_through":null}"#
        );
        let answer: PullAnswer = serde_json::from_slice(page.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&answer).unwrap(), page);
    }

    #[test]
    fn a_restart_comes_back_as_it_went() {
        let restart = concat!(
            r#"{"answer":"restart","reason":"scope_changed","#,
            r#""epoch":"01890000-0000-7000-8000-000000000002"}"#
        );
        let answer: PullAnswer = serde_json::from_str(restart).unwrap();
        assert_eq!(serde_json::to_string(&answer).unwrap(), restart);
        assert!(serde_json::from_str::<PullAnswer>(r#"{"answer":"later"}"#).is_err());
    }
}
