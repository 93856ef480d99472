//! Terms (条款): what a pack says of rectifying a case of an item. They are written into a round when it is ordered, so
//! that a newer pack changes no order that is out.

use sync_core::ids::ItemCode;
use sync_core::policy::{Escalation, PolicyPack};

use super::ordered_span::OrderedSpan;

/// What the pack says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The time it gives; none where it says nothing.
    pub span: Option<OrderedSpan>,
    /// Where an overdue round goes, in order.
    pub steps: Vec<Escalation>,
    /// Calendar days from one step to the next.
    pub step_days: u16,
}

impl Terms {
    /// Those of a pack for an item: the item's own days before the pack's.
    #[must_use]
    pub fn of(pack: Option<&PolicyPack>, item: &ItemCode) -> Self {
        let own = pack.and_then(|pack| pack.item(item)).and_then(|item| item.rectification_days);
        let rectification = pack.and_then(|pack| pack.content().rectification.as_ref());
        let days = own.or(rectification.map(|terms| terms.days));
        Self {
            span: days.map(|days| OrderedSpan::Days(days.into())),
            steps: rectification.map(|terms| terms.steps.clone()).unwrap_or_default(),
            step_days: rectification.map_or(0, |terms| terms.step_days),
        }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::policy::builtin_packs;

    use super::*;

    fn pack(file: &str) -> PolicyPack {
        let builtin = builtin_packs().iter().find(|pack| pack.file == file).unwrap();
        PolicyPack::load(builtin.source, builtin.file).unwrap()
    }

    #[test]
    fn an_item_with_days_of_its_own_comes_before_the_pack() {
        let zhumadian = pack("zhumadian-2017.toml");
        let days = |item: &str| Terms::of(Some(&zhumadian), &item.parse().unwrap()).span;
        let with_own = zhumadian.items().iter().find(|item| item.rectification_days == Some(15)).unwrap();
        assert_eq!(days(with_own.code.as_str()), Some(OrderedSpan::Days(15)));
        assert_eq!(days("bare_land"), Some(OrderedSpan::Days(7)));
    }

    #[test]
    fn without_a_pack_there_are_no_days_and_no_steps() {
        assert_eq!(Terms::of(None, &"site_dust".parse().unwrap()), Terms::default());
    }
}
