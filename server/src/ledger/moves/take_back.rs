//! Takes back (红冲): charges become void, and what stands of them is reversed.

use sync_core::ids::ChargeId;
use sync_core::model::case::ChargeState;

use super::{Balance, Books, CaseMoney, ChargeMoney, MoveFault};
use crate::ledger::entry_kind::EntryKind;

/// Voids the charges of a case and reverses the net balance of each on each account, whatever transfers and
/// adjustments came between. A reversal names the last entry of its balance and stands in that one's month or the
/// first open one after it. A charge of which nothing stands leaves no entry.
///
/// # Errors
/// [`MoveFault::NoOpenMonth`], [`MoveFault::SumTooLarge`].
pub fn take_back(books: &mut Books, case: &mut CaseMoney, decision_no: i64) -> Result<(), MoveFault> {
    take_back_where(books, case, decision_no, |_| true)
}

/// The same of the charges that are named.
pub(super) fn take_back_where(
    books: &mut Books,
    case: &mut CaseMoney,
    decision_no: i64,
    named: impl Fn(&ChargeMoney) -> bool,
) -> Result<(), MoveFault> {
    let mut balances: Vec<(ChargeId, Balance)> = Vec::new();
    for charge in case.charges.iter_mut().filter(|charge| named(charge)) {
        charge.state = ChargeState::Void;
        balances.extend(charge.balances()?.into_iter().map(|balance| (charge.charge_id, balance)));
    }
    balances.sort_by_key(|(_, balance)| balance.last.entry_no);
    for (id, Balance { amount, last, .. }) in balances {
        let taken = amount.checked_neg().ok_or(MoveFault::SumTooLarge(id))?;
        let mut reversal = books.following(&last.content, EntryKind::Reversal, decision_no, taken.get())?;
        reversal.reverses = Some(last.entry_no);
        if let Some(charge) = case.charges.iter_mut().find(|charge| charge.charge_id == id) {
            books.append(charge, reversal);
        }
    }
    Ok(())
}
