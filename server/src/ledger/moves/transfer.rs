//! Transfers (划转): a case's charges go to another unit, and what stands of them with them.

use sync_core::ids::UnitId;
use sync_core::model::case::ChargeState;

use super::{Balance, Books, CaseMoney, MoveFault};
use crate::ledger::entry_kind::EntryKind;

/// Gives the charges of a case to another unit. What stands of one on another account is moved by a pair of transfers
/// in one month, that of its last entry or the first open one after it: so every month's transfers cancel out.
///
/// # Errors
/// [`MoveFault::NoOpenMonth`], [`MoveFault::SumTooLarge`].
pub fn transfer(
    books: &mut Books,
    case: &mut CaseMoney,
    unit_id: UnitId,
    decision_no: i64,
) -> Result<(), MoveFault> {
    for charge in case.charges.iter_mut().filter(|charge| charge.state != ChargeState::Void) {
        charge.unit_id = unit_id;
        for Balance { unit_id: from, amount, last } in charge.balances()? {
            if from == unit_id {
                continue;
            }
            let given = amount.checked_neg().ok_or(MoveFault::SumTooLarge(charge.charge_id))?;
            let out = books.following(&last.content, EntryKind::Transfer, decision_no, given.get())?;
            let mut into = books.following(&last.content, EntryKind::Transfer, decision_no, amount.get())?;
            into.unit_id = unit_id.0;
            books.append(charge, out);
            books.append(charge, into);
        }
    }
    Ok(())
}
