//! Lives of cases (案件的一生): what is done about one, step after step, and how often one with another.
//!
//! Invariant: a deck gives every life once, the longest first, before it gives any twice: however short the time that
//! is played, each has been seen.

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Something that is done about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// 认定, after doubts are settled.
    Confirm,
    /// 退回
    Return,
    /// The inspector photographs it again and corrects (补充更正).
    Correct,
    /// 驳回; what was posted is asked back from a second person.
    Dismiss,
    /// 无法补证
    EvidenceUnobtainable,
    /// Amounts that the pack leaves to the office are proposed.
    EnterAmounts,
    /// A self-check is counted at the district's level.
    Raise,
    /// Another unit answers for it.
    ReAttribute,
    /// Half of the first charge is proposed.
    Adjust,
    /// The second person agrees.
    Approve,
    /// The second person does not.
    Reject,
    /// Who proposed takes it back.
    Withdraw,
    /// The inspector corrects what was decided: one measure was in order.
    Amend,
    /// That is accepted; money goes by two people.
    AcceptAmendment,
    /// That is refused.
    RefuseAmendment,
    /// 并案 with its twin.
    Merge,
    /// 不予并案
    KeepApart,
    /// 交办
    Order,
    /// 整改反馈 with photos, by the unit.
    Report,
    /// 退回补充
    SendBack,
    /// 复核通过 in the office.
    Verify,
    /// 复核通过 on the spot.
    RecheckOnSite,
    /// 复核不通过
    Fail,
    /// 销号
    Close,
    /// 延期
    Extend,
    /// 缓办
    Defer,
    /// 挂账
    KeepOnBooks,
    /// Goes on.
    Resume,
    /// 退回 by the unit.
    GiveBack,
    /// 申诉 by the unit.
    Appeal,
    /// Which it takes back.
    WithdrawAppeal,
    /// 维持
    Uphold,
    /// 核减: half of the first charge, by two people.
    Reduce,
    /// 撤销, by two people.
    Reverse,
}

impl Act {
    /// Whether it is an inspector's, out on the way, and no matter of a desk.
    pub const fn is_outdoors(self) -> bool {
        matches!(self, Self::Correct | Self::Amend | Self::RecheckOnSite)
    }
}

/// An act, so many days after the one before it.
#[derive(Debug, Clone, Copy)]
pub struct Step(pub u8, pub Act);

/// A life.
pub type Life = &'static [Step];

/// A life with how often it is given, one with another.
type Weighted = (u32, Life);

use Act::*;

/// Of cases that are charged, the longest first.
pub const CHARGED: &[Weighted] = &[
    // Never rectified: supervision, summons, accountability.
    (2, &[Step(1, Confirm), Step(0, Order)]),
    (
        1,
        &[
            Step(1, Confirm),
            Step(0, Order),
            Step(2, Defer),
            Step(9, Resume),
            Step(2, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    // Late: one step up, two.
    (2, &[Step(1, Confirm), Step(0, Order), Step(9, Report), Step(1, Verify), Step(0, Close)]),
    (1, &[Step(2, Confirm), Step(0, Order), Step(12, Report), Step(1, RecheckOnSite), Step(1, Close)]),
    (
        2,
        &[
            Step(1, Confirm),
            Step(0, Order),
            Step(5, Extend),
            Step(4, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    (
        2,
        &[
            Step(1, Confirm),
            Step(0, Order),
            Step(3, Report),
            Step(1, Fail),
            Step(3, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    (
        1,
        &[
            Step(1, Confirm),
            Step(0, Order),
            Step(3, Report),
            Step(1, SendBack),
            Step(2, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    (
        1,
        &[
            Step(1, Confirm),
            Step(0, Order),
            Step(1, GiveBack),
            Step(1, Order),
            Step(3, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    // Money by two people.
    (1, &[Step(1, Confirm), Step(5, Dismiss), Step(1, Approve)]),
    (1, &[Step(1, Confirm), Step(5, Dismiss), Step(1, Reject)]),
    (1, &[Step(1, Confirm), Step(4, Adjust), Step(1, Approve)]),
    (1, &[Step(1, Confirm), Step(4, Adjust), Step(1, Withdraw)]),
    (1, &[Step(1, Confirm), Step(2, Amend), Step(2, AcceptAmendment), Step(1, Approve)]),
    (1, &[Step(1, Confirm), Step(2, Amend), Step(2, RefuseAmendment)]),
    (1, &[Step(2, Confirm), Step(3, ReAttribute)]),
    (3, &[Step(1, Confirm), Step(2, Appeal), Step(6, Uphold)]),
    (1, &[Step(1, Confirm), Step(1, Appeal), Step(4, Reduce), Step(1, Approve)]),
    (1, &[Step(1, Confirm), Step(2, Appeal), Step(5, Reverse), Step(1, Approve)]),
    (1, &[Step(1, Confirm), Step(2, Appeal), Step(1, WithdrawAppeal)]),
    // What is left halfway.
    (1, &[Step(1, Confirm), Step(0, Order), Step(2, KeepOnBooks)]),
    (1, &[Step(1, Confirm), Step(0, Order), Step(1, GiveBack)]),
    (2, &[Step(1, Confirm), Step(0, Order), Step(3, Report)]),
    (1, &[Step(1, Confirm), Step(0, Order), Step(3, Report), Step(1, Verify)]),
    (1, &[Step(1, Return)]),
    // The ordinary ones.
    (
        2,
        &[
            Step(1, Return),
            Step(2, Correct),
            Step(1, Confirm),
            Step(0, Order),
            Step(3, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    (2, &[Step(1, Dismiss)]),
    (1, &[Step(3, Dismiss)]),
    (3, &[Step(1, Order), Step(1, Confirm), Step(2, Report), Step(1, RecheckOnSite), Step(1, Close)]),
    (12, &[Step(1, Confirm), Step(0, Order), Step(3, Report), Step(1, Verify), Step(0, Close)]),
    (6, &[Step(2, Confirm), Step(1, Order), Step(4, Report), Step(1, Verify), Step(0, Close)]),
    (7, &[Step(1, Confirm)]),
    (6, &[Step(2, Confirm)]),
    (3, &[Step(4, Confirm)]),
];

/// Of cases without a charge.
pub const FREE: &[Weighted] = &[
    (1, &[Step(1, Raise), Step(1, Confirm)]),
    (1, &[Step(2, Dismiss)]),
    (5, &[Step(2, Confirm)]),
    (3, &[Step(1, Confirm), Step(0, Order), Step(3, Report), Step(1, Verify), Step(0, Close)]),
];

/// Of cases whose amount is the office's to say.
pub const ENTERED: &[Weighted] = &[
    (
        3,
        &[
            Step(1, EnterAmounts),
            Step(1, Approve),
            Step(0, Confirm),
            Step(1, Order),
            Step(3, Report),
            Step(1, Verify),
            Step(0, Close),
        ],
    ),
    (1, &[Step(1, EnterAmounts), Step(1, Reject), Step(1, EnterAmounts), Step(1, Approve), Step(0, Confirm)]),
];

/// Of cases without their photos.
pub const WITHOUT_PHOTOS: &[Weighted] = &[
    (3, &[Step(2, Correct), Step(1, Confirm)]),
    (1, &[Step(3, EvidenceUnobtainable), Step(1, Confirm)]),
    (1, &[Step(4, Dismiss)]),
];

/// Of a second visit's case that was kept apart.
pub const KEPT_APART: Life = &[Step(1, Confirm)];

/// Of cases without photos that would cost nothing.
pub const NOT_WORTH_IT: Life = &[Step(2, Dismiss)];

/// Of cases with a twin whose amount is the office's to say.
pub const OPEN_TWINS: Life = &[Step(5, KeepApart), Step(0, EnterAmounts), Step(1, Approve), Step(0, Confirm)];

/// Of cases that have a twin: both visits are known after five days.
pub const TWINS: &[Weighted] = &[
    (
        3,
        &[Step(5, Merge), Step(0, Confirm), Step(1, Order), Step(3, Report), Step(1, Verify), Step(0, Close)],
    ),
    (2, &[Step(5, KeepApart), Step(0, Confirm)]),
];

/// Of findings that reached the office on paper: no inspector can be sent back.
pub const ON_PAPER: &[Weighted] = &[
    (3, &[Step(1, Confirm), Step(0, Order), Step(3, Report), Step(1, Verify), Step(0, Close)]),
    (1, &[Step(1, Confirm), Step(0, Order), Step(9, Report), Step(1, Verify)]),
];

/// Gives lives of one table.
pub struct Deck {
    table: &'static [Weighted],
    given: usize,
}

impl Deck {
    /// A fresh one.
    pub const fn of(table: &'static [Weighted]) -> Self {
        Self { table, given: 0 }
    }

    /// The next life.
    pub fn draw(&mut self, rng: &mut ChaCha8Rng) -> Life {
        let first = self.table.get(self.given);
        self.given += 1;
        let drawn = || self.table.choose_weighted(rng, |(weight, _)| *weight).ok();
        first.or_else(drawn).map_or(&[], |(_, life)| life)
    }
}
