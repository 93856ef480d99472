//! Words (名称) for the codes that stand on files and printed pages, in both languages.
//!
//! Must not: name what a pack names (items, kinds, questions), see [`PackWords`] for those.

use std::sync::Arc;

use sync_core::geo::MockFlag;
use sync_core::ids::{KindCode, MeasureKey, PackHash, RuleCode};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, RectificationState, ReviewState};
use sync_core::model::inspection::Verdict;
use sync_core::policy::{Kind, PolicyBook};

use crate::ledger::entry_kind::EntryKind;
use crate::tables::Language;

/// What people call a code.
pub trait Word {
    /// Chinese and English.
    fn words(self) -> (&'static str, &'static str);

    /// The word in this language.
    fn word(self, language: Language) -> &'static str
    where
        Self: Sized,
    {
        let (zh, en) = self.words();
        language.of(zh, en)
    }
}

impl Word for ReviewState {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::AwaitingEvidence => ("待补证", "awaits evidence"),
            Self::UnderReview => ("待审核", "under review"),
            Self::Confirmed => ("已认定", "confirmed"),
            Self::Returned => ("已退回", "returned"),
            Self::Dismissed => ("不予认定", "dismissed"),
            Self::Merged => ("已并案", "merged"),
        }
    }
}

impl Word for RectificationState {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("未交办", "not assigned"),
            Self::Assigned => ("已交办", "assigned"),
            Self::Rectified => ("已整改", "rectified"),
            Self::Verified => ("已复核", "verified"),
            Self::Closed => ("已销号", "closed"),
            Self::Supervision => ("督办", "supervision order"),
            Self::Summons => ("约谈", "summons"),
            Self::Accountability => ("问责", "accountability"),
        }
    }
}

impl Word for DiscoveryLevel {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::National => ("国家", "national"),
            Self::Provincial => ("省级", "provincial"),
            Self::Municipal => ("市级", "municipal"),
            Self::District => ("区县级", "district"),
            Self::Township => ("街道乡镇级", "township"),
            Self::SelfCheck => ("自查", "self-check"),
        }
    }
}

impl Word for Flag {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ClockSuspect => ("时钟存疑", "clock"),
            Self::FixSuspect => ("定位存疑", "fix"),
            Self::MeasurementSuspect => ("测量值存疑", "measurement"),
            Self::LevelDiffers => ("发现层级不一致", "level differs"),
            Self::UnitDiffers => ("责任单位不一致", "unit differs"),
            Self::ZonesDiffer => ("区域不一致", "zones differ"),
            Self::PackDiffers => ("政策包不一致", "pack differs"),
            Self::TargetDiffers => ("台账不一致", "target differs"),
            Self::AmendsDecided => ("更正已决定案件", "amends a decided case"),
            Self::DuplicateProposed => ("疑似重复", "possible duplicate"),
            Self::AbsorbedAmended => ("并入案件有更正", "a merged case was corrected"),
        }
    }
}

impl Word for Verdict {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pass => ("合格", "pass"),
            Self::Fail => ("不合格", "fail"),
            Self::NotApplicable => ("不适用", "not applicable"),
        }
    }
}

impl Word for MockFlag {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Yes => ("是", "yes"),
            Self::No => ("否", "no"),
            Self::Unknown => ("未知", "unknown"),
        }
    }
}

impl Word for EntryKind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Deduction => ("扣缴", "deduction"),
            Self::Reversal => ("红冲", "reversal"),
            Self::Adjustment => ("调整", "adjustment"),
            Self::Transfer => ("划转", "transfer"),
        }
    }
}

/// Words that the packs of a district have, in one language.
#[derive(Debug, Clone)]
pub struct PackWords {
    book: Arc<PolicyBook>,
    language: Language,
}

impl PackWords {
    /// Those of a book.
    #[must_use]
    pub fn new(book: Arc<PolicyBook>, language: Language) -> Self {
        Self { book, language }
    }

    /// The language they are in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// A target kind (台账类别), by the pack that judged or else by any that has it; its code where none has.
    #[must_use]
    pub fn kind(&self, pack: Option<&PackHash>, code: &KindCode) -> String {
        self.find(pack, code)
            .map_or_else(|| code.to_string(), |kind| self.language.of(&kind.zh, &kind.en).clone())
    }

    /// What a charge is counted by (扣缴项): a measure by its question, a numbered fire point, or the whole case.
    #[must_use]
    pub fn measure(&self, pack: &PackHash, kind: &KindCode, measure: &MeasureKey) -> String {
        if *measure == MeasureKey::case() {
            return self.language.of("整案", "the case").to_owned();
        }
        if let Some(number) = measure.as_str().strip_prefix(POINT_PREFIX) {
            return self.language.of(format!("火点{number}"), format!("fire point {number}"));
        }
        let question = measure.as_str().parse().ok().and_then(|code| {
            let question = self.find(Some(pack), kind)?.question(&code)?;
            Some(self.language.of(&question.zh, &question.en).clone())
        });
        question.unwrap_or_else(|| measure.to_string())
    }

    /// A subsidy's rule (补助项), by the pack version that grants it; its code where that is not at hand.
    #[must_use]
    pub fn subsidy(&self, pack: &PackHash, rule: &RuleCode) -> String {
        let rules =
            self.book.by_hash(pack).map(|pack| pack.content().subsidies.as_slice()).unwrap_or_default();
        let named = rules.iter().find(|known| known.code == *rule);
        named.map_or_else(|| rule.to_string(), |known| self.language.of(&known.zh, &known.en).clone())
    }

    /// The kind of this code.
    #[must_use]
    pub fn find(&self, pack: Option<&PackHash>, code: &KindCode) -> Option<&Kind> {
        let judged = pack.and_then(|hash| self.book.by_hash(hash)?.kind(code));
        judged.or_else(|| self.book.packs().find_map(|pack| pack.kind(code)))
    }
}

/// What the keys of fire points begin with, as [`MeasureKey::point`] makes them.
const POINT_PREFIX: &str = "point_";

#[cfg(test)]
mod tests {
    use sync_core::policy::{PolicyPack, builtin_packs};

    use super::*;

    fn macun() -> (PackWords, PackHash) {
        let builtin = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap();
        let pack = PolicyPack::load(builtin.source, builtin.file).unwrap();
        let hash = pack.hash().clone();
        let book = PolicyBook::new(vec![pack], &[]).unwrap();
        (PackWords::new(Arc::new(book), Language::Zh), hash)
    }

    #[test]
    fn measures_points_and_whole_cases_are_called_by_name() {
        let (words, hash) = macun();
        let site: KindCode = "construction_site".parse().unwrap();
        let measure = |key: MeasureKey| words.measure(&hash, &site, &key);
        assert_eq!(measure(MeasureKey::case()), "整案");
        assert_eq!(measure(MeasureKey::point(3)), "火点3");
        let hoarding = measure(MeasureKey::measure(&"hoarding".parse().unwrap()));
        assert!(hoarding.contains("围挡"), "{hoarding}");
    }

    #[test]
    fn what_no_pack_knows_goes_by_its_code() {
        let (words, hash) = macun();
        let unknown: KindCode = "balloon".parse().unwrap();
        assert_eq!(words.kind(Some(&hash), &unknown), "balloon");
        let measure: MeasureKey = MeasureKey::measure(&"colour".parse().unwrap());
        assert_eq!(words.measure(&hash, &unknown, &measure), "colour");
        assert_eq!(words.kind(None, &"construction_site".parse().unwrap()), "施工工地");
    }
}
