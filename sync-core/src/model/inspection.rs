//! Inspection (检查记录): one visit by one author to a target or a spot, sealed at submission.
//!
//! Invariants: a sealed inspection never changes; a correction is a successor that names the one it replaces and
//! keeps its lineage. It is never refused for its clock, fix or measurements (invariant 3). The context is what
//! the device knew; the server compares it with its own and flags a difference, it never recomputes silently.

use serde::{Deserialize, Serialize};

use crate::geo::{Fix, Point};
use crate::ids::{
    GridPath, InspectionId, KindCode, PackHash, PackId, QuestionCode, TargetId, UnitId, UserId,
};
use crate::model::assignment::DiscoveryLevel;
use crate::model::photo::PhotoEntry;
use crate::model::target::Facts;
use crate::model::zone::ZoneKind;
use crate::time::{Instant, ZoneName};

/// The answer to one checklist question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In order (合格).
    Pass,
    /// Not in order, or found (不合格, 发现).
    Fail,
    /// Does not apply here (不适用).
    NotApplicable,
}

/// A fire point (火点) within an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirePoint {
    /// Number within the lineage, from 1; a correction keeps the numbers of points it keeps.
    pub number: u16,
    /// Where it burns, if it could be told.
    pub point: Option<Point>,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Which question of the kind's checklist.
    pub question: QuestionCode,
    /// What was found.
    pub verdict: Verdict,
    /// In words.
    #[serde(default)]
    pub note: String,
    /// Fire points, where the item counts them; an uncounted fire is one point.
    #[serde(default)]
    pub points: Vec<FirePoint>,
}

/// A measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measurement {
    /// What was measured, a code of the kind's pack data.
    pub code: QuestionCode,
    /// The value in the unit the pack states.
    pub value: f64,
}

/// What the site's representative did (现场负责人签字或拒签).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SiteRepresentative {
    /// Signed; the drawing is one of the manifest's photos where there is one.
    Signed {
        /// Name.
        name: String,
    },
    /// Refused to sign.
    Refused {
        /// Name where given, and circumstances.
        note: String,
    },
    /// Nobody was there.
    Absent,
}

/// The target as the device knew it when the inspection was sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetSnapshot {
    /// Which.
    pub target_id: TargetId,
    /// Its version then; 0 for one registered on this device and not yet accepted.
    pub version: u32,
    /// Its facts then.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, crate::model::target::FactValue>))]
    pub facts: Facts,
}

/// What the inspection was judged in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Context {
    /// The target, unless the visit was to a spot.
    pub target: Option<TargetSnapshot>,
    /// The grid the place belongs to.
    pub grid: GridPath,
    /// The responsible unit.
    pub unit_id: UnitId,
    /// The kinds of zone that held at the place, sorted.
    pub zones: Vec<ZoneKind>,
    /// The author's discovery level.
    pub level: DiscoveryLevel,
    /// The pack in force; `None` where none was.
    pub pack: Option<PackRef>,
}

/// A pack version by name and hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackRef {
    /// Name.
    pub id: PackId,
    /// Version.
    pub hash: PackHash,
}

/// A sealed inspection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inspection {
    /// Its id.
    pub inspection_id: InspectionId,
    /// The first inspection of its chain of corrections; its own id when it is the first.
    pub lineage: InspectionId,
    /// The one it corrects.
    pub replaces: Option<InspectionId>,
    /// Who recorded it.
    pub author: UserId,
    /// When it occurred, by the device's clock.
    pub occurred_at: Instant,
    /// The zone the device was in.
    pub zone: ZoneName,
    /// The kind of object, whose checklist was walked.
    pub kind: KindCode,
    /// Where the device was.
    pub fix: Option<Fix>,
    /// The point that was looked at, where it is not where the device was.
    pub observed: Option<Point>,
    /// Where it is, in words (spots).
    #[serde(default)]
    pub place: String,
    /// Checklist answers.
    pub answers: Vec<Answer>,
    /// Measurements.
    #[serde(default)]
    pub measurements: Vec<Measurement>,
    /// In words.
    #[serde(default)]
    pub notes: String,
    /// Second inspector (第二检查人), by name.
    pub second_inspector: Option<String>,
    /// The site's representative.
    pub site_representative: SiteRepresentative,
    /// Photo manifest.
    #[serde(default)]
    pub photos: Vec<PhotoEntry>,
    /// What it was judged in.
    pub context: Context,
}

impl Inspection {
    /// The place of record: the observed point, else the fix.
    #[must_use]
    pub fn place_point(&self) -> Option<Point> {
        self.found_at(None)
    }

    /// Where its findings are: the observed point, else that of its target, else the fix.
    #[must_use]
    pub fn found_at(&self, target: Option<Point>) -> Option<Point> {
        self.observed.or(target).or(self.fix.as_ref().map(|fix| fix.point))
    }
}
