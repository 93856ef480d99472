//! A finding (上级督导发现问题) as it stands on paper: what the office says of it, before the server seals it with what
//! it knows.

use serde::{Deserialize, Serialize};
use sync_core::geo::Point;
use sync_core::ids::{GridPath, InspectionId, KindCode, PhotoHash, QuestionCode, TargetId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{Answer, Measurement};
use sync_core::time::Instant;
use utoipa::ToSchema;

use crate::services::store_inspections::SourceDocument;

/// The level of a group whose findings reach the office on paper (macun-2024 三（三）: 国家、省、市、区环保督导组).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupLevel {
    /// 国家
    National,
    /// 省
    Provincial,
    /// 市
    Municipal,
    /// 区、县
    District,
}

impl From<GroupLevel> for DiscoveryLevel {
    fn from(level: GroupLevel) -> Self {
        match level {
            GroupLevel::National => Self::National,
            GroupLevel::Provincial => Self::Provincial,
            GroupLevel::Municipal => Self::Municipal,
            GroupLevel::District => Self::District,
        }
    }
}

/// Where it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "at", rename_all = "snake_case", deny_unknown_fields)]
pub enum FindingPlace {
    /// At a target of the register: its kind, grid and unit hold.
    Target {
        /// Which.
        target_id: TargetId,
        /// The point that was looked at, where it is not the target's own.
        point: Option<Point>,
    },
    /// At a spot (点位): the unit of its grid answers for it.
    Spot {
        /// The kind of object, whose checklist was walked.
        kind: KindCode,
        /// The grid it lies in.
        grid: GridPath,
        /// Where, in WGS-84 degrees.
        point: Point,
        /// Where, in words.
        place: String,
    },
}

/// A photo that is on the server already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingPhoto {
    /// SHA-256 of its bytes.
    pub sha256: PhotoHash,
    /// The question it is evidence for; the whole finding when absent.
    pub question: Option<QuestionCode>,
    /// When it was taken; when it occurred, where that is not known.
    pub taken_at: Option<Instant>,
    /// Where it was taken, if known.
    pub point: Option<Point>,
}

/// A finding to be entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingRequest {
    /// Made by the client; it becomes the inspection's id, and a retry carries the same and gets the first answer.
    pub request_id: InspectionId,
    /// The finding that this one corrects, by its inspection: its undecided cases then stand on this one, and of a decided
    /// one it is a proposal. Absent for a new finding.
    #[serde(default)]
    pub replaces: Option<InspectionId>,
    /// When it occurred.
    pub occurred_at: Instant,
    /// Where it was found.
    pub place: FindingPlace,
    /// What was found, by the checklist of the kind.
    pub answers: Vec<Answer>,
    /// What the group measured, by the measurements of the kind.
    #[serde(default)]
    pub measurements: Vec<Measurement>,
    /// In words.
    #[serde(default)]
    pub notes: String,
    /// The level of the group that found it: it is charged under that level.
    pub level: GroupLevel,
    /// By which document it reached the office.
    pub document: SourceDocument,
    /// Its photos.
    #[serde(default)]
    pub photos: Vec<FindingPhoto>,
}

impl FindingRequest {
    /// The finding, as entered by this user; in the lineage of the one that it corrects.
    #[must_use]
    pub fn finding(&self, author: UserId, lineage: Option<InspectionId>) -> Finding {
        Finding {
            inspection_id: self.request_id,
            corrects: self.replaces.zip(lineage),
            author,
            occurred_at: self.occurred_at,
            place: self.place.clone(),
            answers: self.answers.clone(),
            measurements: self.measurements.clone(),
            notes: self.notes.clone(),
            level: self.level.into(),
            photos: self.photos.clone(),
        }
    }
}

/// A finding of any level, by whoever entered or imported it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The inspection it becomes.
    pub inspection_id: InspectionId,
    /// The inspection that it corrects, and that one's lineage.
    pub corrects: Option<(InspectionId, InspectionId)>,
    /// Who entered it.
    pub author: UserId,
    /// When it occurred.
    pub occurred_at: Instant,
    /// Where it was found.
    pub place: FindingPlace,
    /// What was found.
    pub answers: Vec<Answer>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// In words.
    pub notes: String,
    /// At which level.
    pub level: DiscoveryLevel,
    /// Its photos.
    pub photos: Vec<FindingPhoto>,
}
