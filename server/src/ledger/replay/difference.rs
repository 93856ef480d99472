//! Where a replayed entry differs from the stored one.

use crate::db::ledger_entries::LedgerEntryRow;

/// The first field in which they differ, by its column; `None` where they are the same.
#[must_use]
pub fn difference(replayed: &LedgerEntryRow, stored: &LedgerEntryRow) -> Option<&'static str> {
    let (one, other) = (&replayed.content, &stored.content);
    let fields = [
        ("entry_no", replayed.entry_no == stored.entry_no),
        ("district", one.district == other.district),
        ("kind", one.kind == other.kind),
        ("unit_id", one.unit_id == other.unit_id),
        ("period", one.period == other.period),
        ("occurred_month", one.occurred_month == other.occurred_month),
        ("case_id", one.case_id == other.case_id),
        ("charge_id", one.charge_id == other.charge_id),
        ("posting_no", one.posting_no == other.posting_no),
        ("reverses", one.reverses == other.reverses),
        ("decision_no", one.decision_no == other.decision_no),
        ("amount_fen", one.amount_fen == other.amount_fen),
        ("grid", one.grid == other.grid),
        ("item", one.item == other.item),
        ("measure", one.measure == other.measure),
        ("pack_hash", one.pack_hash == other.pack_hash),
        ("clause", one.clause == other.clause),
        ("posted_at", one.posted_at == other.posted_at),
        ("previous_hash", replayed.previous_hash == stored.previous_hash),
        ("hash", replayed.hash == stored.hash),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}
