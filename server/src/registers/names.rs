//! Codes of the model by the names that tables have them under.

use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::model::unit::UnitKind;
use sync_core::model::zone::ZoneKind;

use crate::tables::Language;
use crate::tables::read::{CellFault, Choice, RawCell, choice};

/// A code of the model that tables have under a name.
pub trait Named: Copy + PartialEq + 'static {
    /// Every value with its names.
    const CHOICES: &'static [Choice<Self>];

    /// Its name.
    #[must_use]
    fn name(self, language: Language) -> &'static str {
        let found = Self::CHOICES.iter().find(|choice| choice.value == self);
        found.map_or("", |choice| language.of(choice.zh, choice.code))
    }

    /// Reads a cell.
    ///
    /// # Errors
    /// [`CellFault::NotOneOf`].
    fn read(cell: &RawCell) -> Result<Self, CellFault> {
        choice(cell, Self::CHOICES)
    }
}

const fn named<T>(zh: &'static str, code: &'static str, value: T) -> Choice<T> {
    Choice { zh, code, value }
}

impl Named for UnitKind {
    const CHOICES: &'static [Choice<Self>] = &[
        named("街道办事处", "street_office", Self::StreetOffice),
        named("区直部门", "bureau", Self::Bureau),
    ];
}

impl Named for ZoneKind {
    const CHOICES: &'static [Choice<Self>] = &[
        named("城市建成区", "built_up_area", Self::BuiltUpArea),
        named("高污染燃料禁燃区", "no_burn", Self::NoBurn),
        named("烟花爆竹禁放区", "fireworks_prohibited", Self::FireworksProhibited),
    ];
}

impl Named for Role {
    const CHOICES: &'static [Choice<Self>] = &[
        named("网格员", "inspector", Self::Inspector),
        named("监督员", "supervisor", Self::Supervisor),
        named("责任单位联络员", "liaison", Self::Liaison),
        named("财政", "finance", Self::Finance),
        named("管理员", "administrator", Self::Administrator),
    ];
}

impl Named for DiscoveryLevel {
    const CHOICES: &'static [Choice<Self>] = &[
        named("国家", "national", Self::National),
        named("省", "provincial", Self::Provincial),
        named("市", "municipal", Self::Municipal),
        named("区县", "district", Self::District),
        named("乡镇街道", "township", Self::Township),
        named("自查", "self_check", Self::SelfCheck),
    ];
}
