//! Why something is charged, and why something is not: typed, and in words, Chinese first.

use serde::{Deserialize, Serialize};

use crate::ids::FactCode;
use crate::model::assignment::DiscoveryLevel;
use crate::model::zone::ZoneKind;
use crate::money::Fen;
use crate::policy::FactTest;
use crate::time::Month;

/// Why a charge follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum ChargeReason {
    /// Found, and charged once for the case (发现一起扣缴一起).
    Found,
    /// This measure failed; each failed one is charged (叠加扣缴).
    MeasureFailed,
    /// This fire point (火点) burned.
    FirePoint {
        /// Its number in the lineage.
        number: u16,
    },
}

impl ChargeReason {
    /// In Chinese.
    #[must_use]
    pub fn zh(self) -> String {
        match self {
            Self::Found => "发现一起，扣缴一起".to_owned(),
            Self::MeasureFailed => "该项措施不到位，叠加扣缴".to_owned(),
            Self::FirePoint { number } => format!("第 {number} 号火点，按火点扣缴"),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(self) -> String {
        match self {
            Self::Found => "found, charged once for the case".to_owned(),
            Self::MeasureFailed => "this measure failed, each failed measure is charged".to_owned(),
            Self::FirePoint { number } => format!("fire point {number}, charged for each point"),
        }
    }
}

/// A fact of the target, with its names for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFact {
    /// Its code.
    pub code: FactCode,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
}

/// Why no charge follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum NonChargeReason {
    /// In order.
    Passed,
    /// The inspector says it does not apply here.
    NotApplicable,
    /// A fact of the target says that it does not apply here.
    RuledOut {
        /// Which fact.
        fact: NamedFact,
    },
    /// The question was left open.
    NotAnswered,
    /// No document was in force here on that day.
    NoPackInForce,
    /// The pack has no such kind of target.
    UnknownKind,
    /// The kind's checklist has no such question.
    UnknownQuestion,
    /// The document is a draft that nobody adopted here.
    DraftNotAdopted,
    /// A grid's own check: recorded, not charged.
    SelfCheck,
    /// Findings of this level are not charged.
    LevelNotChargeable {
        /// The level.
        level: DiscoveryLevel,
    },
    /// The place does not lie in the zone the item is for.
    OutsideZone {
        /// The zone.
        zone: ZoneKind,
    },
    /// The item depends on a fact that was not known.
    FactUnknown {
        /// Which fact.
        fact: NamedFact,
    },
    /// The item depends on a fact that is otherwise here.
    ConditionNotMet {
        /// Which fact.
        fact: NamedFact,
        /// What it would have had to be.
        test: FactTest,
    },
    /// The document names no amount for it.
    NoAmount,
    /// The document asks for accountability (量化追责), not money.
    AccountabilityOnly,
    /// The case is charged already and the item is charged once a case.
    CountedOnce,
    /// A case from the time before this product: it was charged on paper, if at all.
    ChargedBefore {
        /// What was charged.
        amount: Option<Fen>,
        /// The month of account that it was charged in.
        month: Option<Month>,
    },
}

impl NonChargeReason {
    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Passed => "合格".to_owned(),
            Self::NotApplicable => "检查人员认定不适用".to_owned(),
            Self::RuledOut { fact } => format!("按台账属性（{}）不适用", fact.zh),
            Self::NotAnswered => "未检查".to_owned(),
            Self::NoPackInForce => "当日本地没有生效的政策文件".to_owned(),
            Self::UnknownKind => "政策包中没有该类别".to_owned(),
            Self::UnknownQuestion => "检查表中没有该项".to_owned(),
            Self::DraftNotAdopted => "政策文件为征求意见稿，本地尚未采用".to_owned(),
            Self::SelfCheck => "网格自查，只记录不扣缴".to_owned(),
            Self::LevelNotChargeable { level } => format!("{}发现的问题不扣缴", level_zh(*level)),
            Self::OutsideZone { zone } => format!("不在{}内", zone_zh(*zone)),
            Self::FactUnknown { fact } => format!("台账属性（{}）未知，无法判定", fact.zh),
            Self::ConditionNotMet { fact, test } => {
                let wanted = match test {
                    FactTest::AtMost(most) => format!("不大于 {most} "),
                    FactTest::Below(bound) => format!("小于 {bound} "),
                    FactTest::Is(choice) => format!("为 {choice} "),
                };
                format!("台账属性（{}）须{wanted}才扣缴", fact.zh)
            }
            Self::NoAmount => "文件未规定金额，只记录".to_owned(),
            Self::AccountabilityOnly => "文件规定量化追责，不扣缴".to_owned(),
            Self::CountedOnce => "同一案件已扣缴，不重复计算".to_owned(),
            Self::ChargedBefore { amount, month } => {
                let month = month.map(|month| format!("{month} ")).unwrap_or_default();
                match amount {
                    Some(fen) => format!("历史案件，{month}已按纸质流程扣缴 {fen} 元，不再扣缴"),
                    None => "历史案件，只记录，不再扣缴".to_owned(),
                }
            }
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Passed => "in order".to_owned(),
            Self::NotApplicable => "the inspector found it not applicable".to_owned(),
            Self::RuledOut { fact } => format!("not applicable by the register ({})", fact.en),
            Self::NotAnswered => "not looked at".to_owned(),
            Self::NoPackInForce => "no document was in force here on that day".to_owned(),
            Self::UnknownKind => "the pack has no such kind".to_owned(),
            Self::UnknownQuestion => "the checklist has no such question".to_owned(),
            Self::DraftNotAdopted => "the document is a draft that was not adopted here".to_owned(),
            Self::SelfCheck => "a grid's own check is recorded and not charged".to_owned(),
            Self::LevelNotChargeable { level } => {
                format!("findings of level {} are not charged", level.code())
            }
            Self::OutsideZone { zone } => format!("not inside {}", zone_en(*zone)),
            Self::FactUnknown { fact } => format!("{} is not known in the register", fact.en),
            Self::ConditionNotMet { fact, test } => {
                let wanted = match test {
                    FactTest::AtMost(most) => format!("is at most {most}"),
                    FactTest::Below(bound) => format!("is below {bound}"),
                    FactTest::Is(choice) => format!("is {choice}"),
                };
                format!("charged only where {} {wanted}", fact.en)
            }
            Self::NoAmount => "the document names no amount; recorded only".to_owned(),
            Self::AccountabilityOnly => "the document asks for accountability, not money".to_owned(),
            Self::CountedOnce => "already counted once for the case".to_owned(),
            Self::ChargedBefore { amount, month } => {
                let month = month.map(|month| format!(" in {month}")).unwrap_or_default();
                match amount {
                    Some(fen) => {
                        format!("a case of the past, charged {fen} yuan on paper{month}; not charged again")
                    }
                    None => "a case of the past, recorded only; not charged again".to_owned(),
                }
            }
        }
    }
}

const fn level_zh(level: DiscoveryLevel) -> &'static str {
    match level {
        DiscoveryLevel::National => "国家级",
        DiscoveryLevel::Provincial => "省级",
        DiscoveryLevel::Municipal => "市级",
        DiscoveryLevel::District => "区县级",
        DiscoveryLevel::Township => "乡镇、街道级",
        DiscoveryLevel::SelfCheck => "网格自查",
    }
}

const fn zone_zh(zone: ZoneKind) -> &'static str {
    match zone {
        ZoneKind::BuiltUpArea => "城市建成区",
        ZoneKind::NoBurn => "高污染燃料禁燃区",
        ZoneKind::FireworksProhibited => "烟花爆竹禁燃禁放范围",
    }
}

const fn zone_en(zone: ZoneKind) -> &'static str {
    match zone {
        ZoneKind::BuiltUpArea => "the built-up area",
        ZoneKind::NoBurn => "the no-burn zone",
        ZoneKind::FireworksProhibited => "the fireworks-prohibited zone",
    }
}
