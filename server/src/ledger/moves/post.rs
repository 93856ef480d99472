//! Posts (入账): pending charges become deductions.

use sync_core::model::case::ChargeState;

use super::{Books, CaseMoney, MoveFault};

/// Posts the pending charges of a case to the month of occurrence, or the first open one after it; each gets the next
/// posting number.
///
/// # Errors
/// [`MoveFault::AmountMissing`], [`MoveFault::NoOpenMonth`].
pub fn post(books: &mut Books, case: &mut CaseMoney, decision_no: i64) -> Result<(), MoveFault> {
    for number in 0..case.charges.len() {
        let Some(charge) = case.charges.get(number).filter(|charge| charge.state == ChargeState::Pending)
        else {
            continue;
        };
        let deduction = books.deduction(case, charge, decision_no)?;
        if let Some(charge) = case.charges.get_mut(number) {
            charge.state = ChargeState::Posted;
            books.append(charge, deduction);
        }
    }
    Ok(())
}
