//! Policy pack (政策包): one document as data, immutable and known by the hash of its source.
//!
//! A pack is complete in itself: kinds and checklists that several documents share are written out in each, because
//! a case is judged by one pack version and nothing else.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::duty::{
    AirTarget, Appeals, CoverageDuty, Indicator, ProductionControl, Rectification, Routine, Subsidy,
};
use super::item::Item;
use super::kind::Kind;
use crate::ids::{ClauseCode, ItemCode, KindCode, PackHash, PackId, RegionCode};
use crate::model::assignment::DiscoveryLevel;
use crate::model::inspection::PackRef;

/// Whether the document is in force by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Published for comment (征求意见稿): in force only where an administrator adopted it, with dates.
    Draft,
    /// Issued (印发).
    Issued,
}

/// The version of the evaluator's semantics a pack was written for; old ones are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "u16"))]
#[serde(try_from = "u16", into = "u16")]
pub enum Semantics {
    /// [`crate::evaluate`], first version.
    V1,
}

/// A semantics version this build does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("evaluator semantics {0} are not known to this build; it has 1")]
pub struct UnknownSemantics(u16);

impl TryFrom<u16> for Semantics {
    type Error = UnknownSemantics;
    fn try_from(version: u16) -> Result<Self, UnknownSemantics> {
        match version {
            1 => Ok(Self::V1),
            other => Err(UnknownSemantics(other)),
        }
    }
}

impl From<Semantics> for u16 {
    fn from(semantics: Semantics) -> Self {
        match semantics {
            Semantics::V1 => 1,
        }
    }
}

/// Days of force, both included, in the zone of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub from: Date,
    /// Last day; open when absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub until: Option<Date>,
}

impl Window {
    /// Whether it holds on this day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|last| day <= last)
    }

    /// The first day that both hold on.
    #[must_use]
    pub fn first_common_day(&self, other: &Self) -> Option<Date> {
        let day = self.from.max(other.from);
        (self.holds_on(day) && other.holds_on(day)).then_some(day)
    }

    /// Whether the last day comes before the first.
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.until.is_some_and(|last| last < self.from)
    }
}

/// The document a pack renders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Document number (文号); drafts have none.
    pub number: Option<String>,
    /// Title in Chinese.
    pub zh: String,
    /// Title in English.
    pub en: String,
    /// Who issued it.
    pub issuer: String,
    /// The region it is for (GB/T 2260).
    pub region: RegionCode,
    /// The region's name in Chinese.
    pub region_name: String,
    /// Draft or issued.
    pub status: Status,
    /// Day of publication, where it is dated.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub published: Option<Date>,
    /// Days of force; a draft may have none of its own.
    pub effective: Option<Window>,
}

/// A place in a document that rules cite.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Section as the document numbers it, such as `三（三）`.
    pub section: String,
    /// Numbered item within the section.
    pub item: Option<String>,
    /// Number or title of another document, where the clause is not this one's.
    pub document: Option<String>,
}

/// Whose findings are charged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Charging {
    /// Discovery levels whose findings are charged.
    pub levels: Vec<DiscoveryLevel>,
    /// Days of publication (公示) between confirmation and posting.
    pub publication_days: Option<u16>,
    /// Days after which an undecided case without doubts is confirmed by the server, counted from its last change.
    pub auto_post_days: Option<u16>,
    /// Our interpretation, where it is one.
    pub reading: Option<String>,
}

/// Findings of one item this near in place and time are proposed as duplicates (invariant 6).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DuplicateWindow {
    /// At most this many metres apart.
    pub metres: f64,
    /// At most this many hours apart.
    pub hours: f64,
    /// Our interpretation, where it is one.
    pub reading: Option<String>,
}

/// Everything a pack file says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PackContent {
    /// Name of the pack, the same in every version of it.
    pub id: PackId,
    /// Semantics it was written for.
    pub semantics: Semantics,
    /// The document.
    pub document: Document,
    /// Whose findings are charged.
    pub charging: Charging,
    /// Duplicate window.
    pub duplicates: DuplicateWindow,
    /// Clauses by name.
    pub clauses: BTreeMap<ClauseCode, Clause>,
    /// The schedule.
    pub items: Vec<Item>,
    /// Target kinds.
    pub kinds: Vec<Kind>,
    /// Closed loop of a case.
    pub rectification: Option<Rectification>,
    /// Time to appeal, where the document gives it.
    pub appeals: Option<Appeals>,
    /// Production control in winter.
    pub production_control: Option<ProductionControl>,
    /// Coverage duties.
    #[serde(default)]
    pub coverage: Vec<CoverageDuty>,
    /// Subsidies.
    #[serde(default)]
    pub subsidies: Vec<Subsidy>,
    /// Indicators with their limits.
    #[serde(default)]
    pub indicators: Vec<Indicator>,
    /// Air targets.
    #[serde(default)]
    pub air_targets: Vec<AirTarget>,
    /// Rankings, bulletins and reports.
    #[serde(default)]
    pub routines: Vec<Routine>,
}

/// A pack that was loaded and checked: codes are unique, references lead somewhere, dates are in order.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyPack {
    hash: PackHash,
    content: PackContent,
    dates_at: SourceLine,
}

/// A line of a pack file, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The file as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl std::fmt::Display for SourceLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl PolicyPack {
    pub(super) fn new(hash: PackHash, content: PackContent, dates_at: SourceLine) -> Self {
        Self { hash, content, dates_at }
    }

    /// Where its file states the document's dates.
    #[must_use]
    pub fn dates_at(&self) -> &SourceLine {
        &self.dates_at
    }

    /// SHA-256 of its source: its version.
    #[must_use]
    pub fn hash(&self) -> &PackHash {
        &self.hash
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &PackId {
        &self.content.id
    }

    /// Name and version, as sealed inspections and cases carry it.
    #[must_use]
    pub fn reference(&self) -> PackRef {
        PackRef { id: self.content.id.clone(), hash: self.hash.clone() }
    }

    /// Everything it says.
    #[must_use]
    pub fn content(&self) -> &PackContent {
        &self.content
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.content.document
    }

    /// The region it is for.
    #[must_use]
    pub fn region(&self) -> &RegionCode {
        &self.content.document.region
    }

    /// The schedule.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.content.items
    }

    /// The item of this code.
    #[must_use]
    pub fn item(&self, code: &ItemCode) -> Option<&Item> {
        self.content.items.iter().find(|item| item.code == *code)
    }

    /// Target kinds.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.content.kinds
    }

    /// The kind of this code.
    #[must_use]
    pub fn kind(&self, code: &KindCode) -> Option<&Kind> {
        self.content.kinds.iter().find(|kind| kind.code == *code)
    }

    /// A clause as it is cited: document number (a draft's title where it has none), section, item.
    #[must_use]
    pub fn citation(&self, code: &ClauseCode) -> String {
        let Some(clause) = self.content.clauses.get(code) else { return String::new() };
        let own = || self.document().number.clone().unwrap_or_else(|| self.document().zh.clone());
        let document = clause.document.clone().unwrap_or_else(own);
        format!("{document} {}{}", clause.section, clause.item.as_deref().unwrap_or_default())
    }
}
