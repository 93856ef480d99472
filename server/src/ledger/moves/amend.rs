//! Amends (更正): a case has another set of charges than before, by an accepted correction or another pack version.

use sync_core::model::case::ChargeState;

use super::adjust::adjust_charge;
use super::take_back::take_back_where;
use super::{Books, CaseMoney, ChargeMoney, MoveFault};

/// Gives a case these charges. Charges that are gone are taken back; posted ones that stay are adjusted to their new
/// amount; all others are pending, for [`post`](super::post) where the case is posted. A charge whose amount its pack leaves
/// to a person keeps what was entered under that pack.
///
/// # Errors
/// [`MoveFault::NoOpenMonth`], [`MoveFault::SumTooLarge`].
pub fn amend(
    books: &mut Books,
    case: &mut CaseMoney,
    charges: Vec<ChargeMoney>,
    decision_no: i64,
) -> Result<(), MoveFault> {
    take_back_where(books, case, decision_no, |before| {
        charges.iter().all(|charge| charge.charge_id != before.charge_id)
    })?;
    for proposed in charges {
        match case.charges.iter_mut().find(|before| before.charge_id == proposed.charge_id) {
            None => case.charges.push(ChargeMoney { state: ChargeState::Pending, ..proposed }),
            Some(before) if before.state == ChargeState::Posted => {
                before.pack_hash = proposed.pack_hash;
                before.clause = proposed.clause;
                before.reason = proposed.reason;
                if let Some(amount) = proposed.amount {
                    adjust_charge(books, before, amount, decision_no)?;
                }
            }
            Some(before) => {
                let entries = std::mem::take(&mut before.entries);
                let entered = before.amount.filter(|_| before.pack_hash == proposed.pack_hash);
                let amount = proposed.amount.or(entered);
                *before = ChargeMoney { amount, entries, state: ChargeState::Pending, ..proposed };
            }
        }
    }
    case.charges.sort_by(|one, other| one.measure.cmp(&other.measure));
    Ok(())
}
