//! Doubts (疑点) in words: what the server saw, and what the supervisor should look at before settling it.

use serde::Serialize;
use sync_core::model::case::Flag;
use utoipa::ToSchema;

/// A doubt explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Doubt {
    /// Which.
    pub flag: Flag,
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

impl Doubt {
    /// Explains a flag.
    #[must_use]
    pub const fn of(flag: Flag) -> Self {
        let (zh, en) = match flag {
            Flag::ClockSuspect => (
                "终端时钟与服务器收到时间不符，请核对发生时间和所属月份。",
                "The device's clock does not fit the time of receipt; check when it occurred, and the month.",
            ),
            Flag::FixSuspect => (
                "定位缺失、精度过低、为模拟位置、不在境内或距台账位置过远，请核对地点。",
                "The fix is missing, inaccurate, mock, outside the country or far from the target; check the place.",
            ),
            Flag::MeasurementSuspect => (
                "测量值超出物理可能范围，请核对仪器和单位。",
                "A measurement is physically impossible; check instrument and unit.",
            ),
            Flag::LevelDiffers => (
                "封存的发现层级与服务器记录的任职不一致，请核对检查人员当时的任职。",
                "The sealed discovery level is not that of the author's assignment; check that day's assignment.",
            ),
            Flag::UnitDiffers => (
                "封存的责任单位或网格与服务器记录不一致，请核对责任归属。",
                "The sealed unit or grid is not the one on record; check who is responsible.",
            ),
            Flag::ZonesDiffer => (
                "封存的区域（建成区、禁燃区等）与服务器记录不一致，请核对是否在区域内。",
                "The sealed zones are not those on record for the place; check whether it lies inside.",
            ),
            Flag::PackDiffers => (
                "判定所用政策包与发生当日生效的政策包不一致，请核对适用文件。",
                "The pack it was judged by is not the one in force on that day; check which document applies.",
            ),
            Flag::TargetDiffers => (
                "封存的台账对象版本或属性与服务器记录不一致，请核对台账。",
                "The sealed target differs from the register; check its facts.",
            ),
            Flag::AmendsDecided => (
                "检查人员对已作出决定的案件提交了更正，原决定和金额未变。",
                "The inspector corrected a case that is decided already; decision and amounts are unchanged.",
            ),
            Flag::DuplicateProposed => (
                "与另一案件疑似重复，请并案或分别认定。",
                "Another case may be the same finding; merge them or keep them apart.",
            ),
            Flag::AbsorbedAmended => (
                "并入本案的案件提交了更正，请先核对其更正，再认定本案。",
                "A case that was merged into this one was corrected; look at that correction before you decide here.",
            ),
        };
        Self { flag, zh, en }
    }
}
