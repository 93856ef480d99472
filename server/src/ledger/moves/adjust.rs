//! Adjusts (调整): posted charges stand at another amount.

use sync_core::ids::ChargeId;
use sync_core::model::case::ChargeState;
use sync_core::money::Fen;

use super::{Books, CaseMoney, ChargeMoney, MoveFault, PastEntry};
use crate::db::ledger_entries::EntryContent;
use crate::ledger::entry_kind::EntryKind;

/// Sets posted charges to these amounts; the difference is posted to the month of the charge's last entry, or the
/// first open one after it. An amount that stands already leaves no entry.
///
/// # Errors
/// [`MoveFault::NotPosted`], [`MoveFault::NoOpenMonth`], [`MoveFault::SumTooLarge`].
pub fn adjust(
    books: &mut Books,
    case: &mut CaseMoney,
    amounts: &[(ChargeId, Fen)],
    decision_no: i64,
) -> Result<(), MoveFault> {
    for (id, amount) in amounts {
        let posted =
            |charge: &&mut ChargeMoney| charge.charge_id == *id && charge.state == ChargeState::Posted;
        let charge = case.charges.iter_mut().find(posted).ok_or(MoveFault::NotPosted(*id))?;
        adjust_charge(books, charge, *amount, decision_no)?;
    }
    Ok(())
}

/// Sets one posted charge to an amount. The entry names the pack and clause that the charge follows from now.
pub(super) fn adjust_charge(
    books: &mut Books,
    charge: &mut ChargeMoney,
    amount: Fen,
    decision_no: i64,
) -> Result<(), MoveFault> {
    let id = charge.charge_id;
    charge.amount = Some(amount);
    let negated = charge.standing()?.checked_neg().ok_or(MoveFault::SumTooLarge(id))?;
    let difference = amount.checked_add(negated).ok_or(MoveFault::SumTooLarge(id))?;
    if difference == Fen::ZERO {
        return Ok(());
    }
    let stands = |entry: &&PastEntry| !entry.is(EntryKind::Reversal);
    let on_account = |entry: &&PastEntry| stands(entry) && entry.content.unit_id == charge.unit_id.0;
    // What stood at nothing when the unit changed left no entry on the new account.
    let last = charge.entries.iter().rfind(on_account).or_else(|| charge.entries.iter().rfind(stands));
    let last = last.ok_or(MoveFault::NotPosted(id))?;
    let following = books.following(&last.content, EntryKind::Adjustment, decision_no, difference.get())?;
    let adjustment = EntryContent {
        unit_id: charge.unit_id.0,
        pack_hash: charge.pack_hash.to_string(),
        clause: charge.clause.clone(),
        ..following
    };
    books.append(charge, adjustment);
    Ok(())
}
