//! What holds after any sequence of moves, whatever months are closed in between.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;
use sync_core::ids::{CaseId, ChargeId, MeasureKey, PackHash, UnitId};
use sync_core::model::case::ChargeState;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

use super::{Books, CaseMoney, ChargeMoney, MoveFault, adjust, amend, post, take_back, transfer};
use crate::db::ledger_entries::LedgerEntryRow;
use crate::ledger::chain::Head;
use crate::ledger::entry_kind::EntryKind;
use crate::ledger::period::Calendar;

const MEASURES: [&str; 4] = ["hoarding", "material_cover", "point_1", "case"];

#[derive(Debug, Clone)]
enum Move {
    Post,
    TakeBack,
    Transfer(u8),
    Adjust(usize, i64),
    Amend(Vec<(usize, i64)>),
    CloseMonth,
}

fn any_move() -> impl Strategy<Value = Move> {
    let amount = 0..1_000_000_i64;
    let charges = proptest::collection::btree_map(0..MEASURES.len(), amount.clone(), 0..=MEASURES.len());
    prop_oneof![
        4 => Just(Move::Post),
        2 => Just(Move::TakeBack),
        3 => (0..3_u8).prop_map(Move::Transfer),
        3 => (0..MEASURES.len(), amount).prop_map(|(charge, amount)| Move::Adjust(charge, amount)),
        3 => charges.prop_map(|charges| Move::Amend(charges.into_iter().collect())),
        1 => Just(Move::CloseMonth),
    ]
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn unit(number: u8) -> UnitId {
    UnitId(Uuid::from_u128(u128::from(number) + 1))
}

fn charge_id(number: usize) -> ChargeId {
    let case = CaseId(Uuid::from_u128(9));
    ChargeId::derive(case, &MEASURES[number].parse::<MeasureKey>().unwrap())
}

fn charge(number: usize, amount: i64, unit_id: UnitId) -> ChargeMoney {
    ChargeMoney {
        charge_id: charge_id(number),
        measure: MEASURES[number].parse().unwrap(),
        unit_id,
        amount: Some(Fen::new(amount)),
        pack_hash: PackHash::of(b"pack"),
        clause: "三（三）".to_owned(),
        reason: json!({}),
        state: ChargeState::Pending,
        entries: Vec::new(),
    }
}

/// A case with its books, and what the ledger should say of it.
struct World {
    books: Books,
    case: CaseMoney,
    unit: UnitId,
    decision_no: i64,
    /// The last closed month when each entry was written.
    closed: Vec<Option<Month>>,
}

impl World {
    fn new() -> Self {
        let now: Instant = "2026-11-22T02:00:00Z".parse().unwrap();
        let calendar = Calendar { last_closed: None, current: month("2026-11") };
        let case = CaseMoney {
            case_id: CaseId(Uuid::from_u128(9)),
            item: "site_dust".parse().unwrap(),
            grid: "410804/001".parse().unwrap(),
            occurred_month: month("2026-07"),
            charges: vec![charge(0, 100, unit(0)), charge(1, 200, unit(0))],
        };
        let books = Books::new("410804".parse().unwrap(), Head::default(), calendar, now);
        Self { books, case, unit: unit(0), decision_no: 0, closed: Vec::new() }
    }

    /// Makes a move; one that fails leaves nothing behind, as a transaction that is rolled back.
    fn make(&mut self, wanted: &Move) -> Result<(), MoveFault> {
        let (books, case) = (self.books.clone(), self.case.clone());
        self.decision_no += 1;
        let made = match wanted {
            Move::Post => post(&mut self.books, &mut self.case, self.decision_no),
            Move::TakeBack => take_back(&mut self.books, &mut self.case, self.decision_no),
            Move::Transfer(to) => {
                self.unit = unit(*to);
                transfer(&mut self.books, &mut self.case, self.unit, self.decision_no)
            }
            Move::Adjust(number, amount) => {
                let amounts = [(charge_id(*number), Fen::new(*amount))];
                adjust(&mut self.books, &mut self.case, &amounts, self.decision_no)
            }
            Move::Amend(charges) => {
                let charges =
                    charges.iter().map(|(number, amount)| charge(*number, *amount, self.unit)).collect();
                amend(&mut self.books, &mut self.case, charges, self.decision_no)
            }
            Move::CloseMonth => {
                let calendar = &mut self.books.calendar;
                let next = calendar.first_open().unwrap_or(month("2026-06"));
                if next < calendar.current {
                    calendar.last_closed = Some(next);
                }
                Ok(())
            }
        };
        if made.is_err() {
            (self.books, self.case) = (books, case);
        }
        self.closed.resize(self.books.written.len(), self.books.calendar.last_closed);
        made
    }

    fn entries(&self, kind: EntryKind) -> impl Iterator<Item = &LedgerEntryRow> {
        self.books.written.iter().filter(move |entry| entry.content.kind == kind.code())
    }

    fn check(&self) {
        for charge in &self.case.charges {
            let balances = charge.balances().unwrap();
            let expected = match charge.state {
                ChargeState::Posted => charge.amount.unwrap(),
                ChargeState::Pending | ChargeState::Void => Fen::ZERO,
            };
            assert_eq!(charge.standing().unwrap(), expected, "{charge:?}");
            assert!(balances.iter().all(|balance| balance.unit_id == charge.unit_id), "{charge:?}");
        }
        let reversed: Vec<_> =
            self.entries(EntryKind::Reversal).map(|entry| entry.content.reverses).collect();
        assert_eq!(reversed.iter().collect::<BTreeSet<_>>().len(), reversed.len(), "reversed twice");
        assert!(reversed.iter().all(Option::is_some));

        let key = |entry: &LedgerEntryRow| (entry.content.charge_id, entry.content.posting_no);
        let deductions: Vec<_> = self.entries(EntryKind::Deduction).map(key).collect();
        assert_eq!(deductions.iter().collect::<BTreeSet<_>>().len(), deductions.len(), "posted twice");

        let mut transferred: BTreeMap<_, i64> = BTreeMap::new();
        let mut of_unit = BTreeSet::new();
        for entry in self.entries(EntryKind::Transfer) {
            let content = &entry.content;
            let pair = (content.decision_no, content.charge_id, content.period);
            *transferred.entry(pair).or_default() += content.amount_fen;
            assert!(of_unit.insert((content.decision_no, content.charge_id, content.unit_id)));
        }
        assert!(transferred.values().all(|sum| *sum == 0), "transfers cancel out: {transferred:?}");

        let key = |entry: &LedgerEntryRow| (entry.content.charge_id, entry.content.decision_no);
        let adjusted: Vec<_> = self.entries(EntryKind::Adjustment).map(key).collect();
        assert_eq!(adjusted.iter().collect::<BTreeSet<_>>().len(), adjusted.len(), "adjusted twice");

        let mut head = Head::default();
        for (entry, closed) in self.books.written.iter().zip(&self.closed) {
            head.advance(entry).unwrap();
            let period = Month::of(entry.content.period.0);
            assert!(closed.is_none_or(|closed| closed < period), "{period} was closed");
            assert!(period <= self.books.calendar.current, "{period} lies in the future");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_decided_the_ledger_says_what_stands(
        moves in proptest::collection::vec(any_move(), 0..24)
    ) {
        let mut world = World::new();
        for wanted in &moves {
            match world.make(wanted) {
                Ok(()) => {}
                Err(MoveFault::NotPosted(id)) => {
                    let charge = world.case.charge(id);
                    prop_assert!(charge.is_none_or(|charge| charge.state != ChargeState::Posted), "{charge:?}");
                }
                Err(fault) => panic!("{wanted:?}: {fault}"),
            }
            world.check();
        }
        world.make(&Move::TakeBack).unwrap();
        world.check();
        prop_assert_eq!(world.case.standing().unwrap(), Fen::ZERO);
        prop_assert!(!world.case.is_posted().unwrap());
    }
}

fn kinds(world: &World) -> Vec<(EntryKind, i64, &'static str)> {
    let all = [EntryKind::Deduction, EntryKind::Reversal, EntryKind::Adjustment, EntryKind::Transfer];
    let unit_name = |id: Uuid| if id == unit(0).0 { "first" } else { "second" };
    let kind =
        |entry: &LedgerEntryRow| all.into_iter().find(|kind| kind.code() == entry.content.kind).unwrap();
    world
        .books
        .written
        .iter()
        .map(|entry| (kind(entry), entry.content.amount_fen, unit_name(entry.content.unit_id)))
        .collect()
}

#[test]
fn a_reversal_takes_the_net_balance_after_a_transfer_and_an_adjustment() {
    let mut world = World::new();
    world.case.charges.truncate(1);
    for wanted in [Move::Post, Move::Transfer(1), Move::Adjust(0, 70), Move::TakeBack] {
        world.make(&wanted).unwrap();
    }
    assert_eq!(
        kinds(&world),
        [
            (EntryKind::Deduction, 100, "first"),
            (EntryKind::Transfer, -100, "first"),
            (EntryKind::Transfer, 100, "second"),
            (EntryKind::Adjustment, -30, "second"),
            (EntryKind::Reversal, -70, "second"),
        ]
    );
    assert_eq!(world.books.written[4].content.reverses, Some(4));
}

#[test]
fn an_amendment_posts_the_difference_and_nothing_else() {
    let mut world = World::new();
    world.make(&Move::Post).unwrap();
    world.make(&Move::Amend(vec![(1, 250), (2, 40)])).unwrap();
    world.make(&Move::Post).unwrap();
    assert_eq!(
        kinds(&world)[2..],
        [
            (EntryKind::Reversal, -100, "first"),
            (EntryKind::Adjustment, 50, "first"),
            (EntryKind::Deduction, 40, "first"),
        ]
    );
}

#[test]
fn what_was_taken_back_is_posted_again_under_the_next_number() {
    let mut world = World::new();
    for wanted in [Move::Post, Move::TakeBack, Move::Amend(vec![(0, 100)]), Move::Post] {
        world.make(&wanted).unwrap();
    }
    let again = &world.books.written[4].content;
    assert_eq!((again.kind.as_str(), again.posting_no), ("deduction", 2));
}

#[test]
fn after_a_closing_every_move_goes_to_the_first_open_month() {
    let mut world = World::new();
    world.make(&Move::Post).unwrap();
    for _ in ["2026-06", "2026-07", "2026-08"] {
        world.make(&Move::CloseMonth).unwrap();
    }
    world.make(&Move::Transfer(1)).unwrap();
    world.make(&Move::Adjust(0, 1)).unwrap();
    let periods: BTreeSet<String> =
        world.books.written[2..].iter().map(|entry| Month::of(entry.content.period.0).to_string()).collect();
    assert_eq!(periods, BTreeSet::from(["2026-09".to_owned()]));
}
