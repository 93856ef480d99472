//! Moves of money (资金变动): what each kind of decision does to a case's charges and to the ledger.
//!
//! One place for the rule: deciding applies these functions to what it loaded under lock and writes what they say;
//! replaying a month applies them to what it derived from inspections and decisions. They are pure: nothing here knows
//! a database or a clock.
//!
//! Every decision says where it wants a case's money, its [`Aim`], and [`bring`] makes the moves that lead there:
//!
//! | move | charges | entries |
//! | --- | --- | --- |
//! | [`post`] (入账) | pending become posted | one deduction each, with the next posting number |
//! | [`take_back`] (红冲) | all become void | one reversal for each account on which something stands |
//! | [`transfer`] (划转) | change their unit | two transfers for each balance on another account, that cancel out |
//! | [`adjust`] (调整) | posted ones get another amount | the difference |
//! | [`amend`] (更正) | become another set | reversals of those gone, adjustments of those changed |
//!
//! Invariants, held by the property tests beside this file and again by unique keys in the database: what stands of a
//! charge on a unit's account is the sum of its entries there; only the charge's unit has anything; a posted charge
//! stands at its amount, a pending or void one at nothing; no entry is reversed twice; a charge has one deduction per
//! posting number. Nothing posts to a closed month or to the future.

mod adjust;
mod amend;
mod books;
mod bring;
mod case_money;
mod post;
#[cfg(test)]
mod properties;
mod take_back;
mod transfer;

use sync_core::ids::ChargeId;

pub use adjust::adjust;
pub use amend::amend;
pub use books::Books;
pub use bring::{Aim, bring};
pub use case_money::{Balance, CaseMoney, ChargeMoney, MERGED_FROM, PastEntry};
pub use post::post;
pub use take_back::take_back;
pub use transfer::transfer;

use crate::ledger::period::NoOpenMonth;

/// Why money did not move. What the move changed until then must be thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveFault {
    /// Nobody has entered this charge's amount yet.
    #[error("charge {0} has no amount yet")]
    AmountMissing(ChargeId),
    /// A charge to be adjusted is not one of the case's that are posted.
    #[error("charge {0} is not a posted charge of the case")]
    NotPosted(ChargeId),
    /// Even the present month is closed.
    #[error(transparent)]
    NoOpenMonth(#[from] NoOpenMonth),
    /// A sum of amounts does not fit.
    #[error("the entries of charge {0} add up to more than can be kept")]
    SumTooLarge(ChargeId),
}
