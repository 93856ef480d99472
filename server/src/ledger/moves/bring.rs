//! Brings (办理) a case's money to where a decision wants it: every decision moves money in this one way.

use sync_core::ids::UnitId;

use super::{Books, CaseMoney, ChargeMoney, MoveFault, amend, post, transfer};

/// Where a decision wants a case's money.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    /// The unit that answers for it.
    pub unit_id: UnitId,
    /// What it is charged for, with amounts; everything else is void. Empty: all is taken back.
    pub charges: Vec<ChargeMoney>,
    /// Whether what is pending is posted.
    pub posts: bool,
}

impl Aim {
    /// Everything stays as it is.
    #[must_use]
    pub fn staying(case: &CaseMoney, unit_id: UnitId, posts: bool) -> Self {
        Self { unit_id, charges: case.live().cloned().collect(), posts }
    }

    /// Everything is taken back.
    #[must_use]
    pub const fn nothing(unit_id: UnitId) -> Self {
        Self { unit_id, charges: Vec::new(), posts: false }
    }

    /// The same, where every charge has its amount: what is confirmed waits for nobody.
    ///
    /// # Errors
    /// [`MoveFault::AmountMissing`].
    pub fn complete(self) -> Result<Self, MoveFault> {
        match self.charges.iter().find(|charge| charge.amount.is_none()) {
            Some(charge) => Err(MoveFault::AmountMissing(charge.charge_id)),
            None => Ok(self),
        }
    }
}

/// Transfers what stands to the aim's unit, takes back what is gone, adjusts what changed, and posts what is new, in
/// this order.
///
/// # Errors
/// [`MoveFault`].
pub fn bring(books: &mut Books, case: &mut CaseMoney, aim: Aim, decision_no: i64) -> Result<(), MoveFault> {
    let Aim { unit_id, charges, posts } = aim;
    transfer(books, case, unit_id, decision_no)?;
    let charges = charges.into_iter().map(|charge| ChargeMoney { unit_id, ..charge }).collect();
    amend(books, case, charges, decision_no)?;
    if posts { post(books, case, decision_no) } else { Ok(()) }
}
