//! What holds of any merge, whatever was posted before: each measure is charged once, on the unit that answers, and
//! nothing stands of what was absorbed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;
use sync_core::ids::{CaseId, ChargeId, InspectionId, PackHash, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{ChargeState, ReviewState};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

use super::Refusal;
use super::involved::Involved;
use super::union::aims_of;
use crate::ledger::chain::Head;
use crate::ledger::entry_kind::EntryKind;
use crate::ledger::moves::{Books, CaseMoney, ChargeMoney, bring, post};
use crate::ledger::period::Calendar;

const MEASURES: [&str; 4] = ["hoarding", "material_cover", "point_1", "case"];

/// A case to be merged: its unit, whether it is confirmed and posted, and fen by measure.
#[derive(Debug, Clone)]
struct Found {
    unit: u8,
    posted: bool,
    charged: BTreeMap<usize, i64>,
}

fn any_case() -> impl Strategy<Value = Found> {
    let charged = proptest::collection::btree_map(0..MEASURES.len(), 0..1_000_000_i64, 0..=MEASURES.len());
    (0..2_u8, any::<bool>(), charged).prop_map(|(unit, posted, charged)| Found { unit, posted, charged })
}

fn unit(number: u8) -> UnitId {
    UnitId(Uuid::from_u128(u128::from(number) + 1))
}

fn case_id(number: usize) -> CaseId {
    CaseId(Uuid::from_u128(u128::try_from(number).unwrap() + 100))
}

fn involved(number: usize, found: &Found) -> Involved {
    let first: Instant = "2026-11-01T02:00:00Z".parse().unwrap();
    Involved {
        case_id: case_id(number),
        item: "site_dust".parse().unwrap(),
        inspection_id: InspectionId(Uuid::from_u128(u128::try_from(number).unwrap() + 200)),
        pack_hash: Some(PackHash::of(b"pack")),
        level: DiscoveryLevel::District,
        unit_id: unit(found.unit),
        grid: "410804/001".parse().unwrap(),
        author: UserId(Uuid::from_u128(9)),
        review_state: if found.posted { ReviewState::Confirmed } else { ReviewState::UnderReview },
        flags: Vec::new(),
        version: 1,
        // The last one occurred first.
        occurred_at: first.plus_seconds(-60 * i64::try_from(number).unwrap()),
        posts_on: None,
        of_the_past: false,
        points: BTreeMap::new(),
    }
}

fn money(number: usize, found: &Found) -> CaseMoney {
    let charge = |(measure, amount): (&usize, &i64)| ChargeMoney {
        charge_id: ChargeId::derive(case_id(number), &MEASURES[*measure].parse().unwrap()),
        measure: MEASURES[*measure].parse().unwrap(),
        unit_id: unit(found.unit),
        amount: Some(Fen::new(*amount)),
        pack_hash: PackHash::of(b"pack"),
        clause: "三（三）".to_owned(),
        reason: json!({}),
        state: ChargeState::Pending,
        entries: Vec::new(),
    };
    CaseMoney {
        case_id: case_id(number),
        item: "site_dust".parse().unwrap(),
        grid: "410804/001".parse().unwrap(),
        occurred_month: "2026-07".parse().unwrap(),
        charges: found.charged.iter().map(charge).collect(),
    }
}

/// What the survivor, the first, is to be charged: its own amounts, then those of who occurred first.
fn union_of(cases: &[Found]) -> BTreeMap<usize, i64> {
    let mut union = cases[0].charged.clone();
    for absorbed in cases[1..].iter().rev() {
        for (measure, amount) in &absorbed.charged {
            union.entry(*measure).or_insert(*amount);
        }
    }
    union
}

proptest! {
    #[test]
    fn a_merge_charges_each_measure_once_and_leaves_nothing_of_what_it_absorbed(
        cases in proptest::collection::vec(any_case(), 2..5),
        month_is_closed in any::<bool>(),
    ) {
        let now: Instant = "2026-11-22T02:00:00Z".parse().unwrap();
        let calendar = Calendar { last_closed: None, current: "2026-11".parse::<Month>().unwrap() };
        let mut books = Books::new("410804".parse().unwrap(), Head::default(), calendar, now);
        let mut all: Vec<CaseMoney> = cases.iter().enumerate().map(|(n, found)| money(n, found)).collect();
        for (case, found) in all.iter_mut().zip(&cases) {
            if found.posted {
                post(&mut books, case, 1).unwrap();
            }
        }
        if month_is_closed {
            books.calendar.last_closed = Some("2026-07".parse().unwrap());
        }
        let known: BTreeMap<CaseId, Involved> =
            cases.iter().enumerate().map(|(n, found)| (case_id(n), involved(n, found))).collect();
        let (survivor, union) = (&known[&case_id(0)], union_of(&cases));
        all.rotate_left(1);

        let aims = aims_of(survivor, &known, &all, (survivor.unit_id, true));

        let begins_to_be_charged = cases[0].posted && cases[0].charged.is_empty() && !union.is_empty();
        if begins_to_be_charged {
            let refused = matches!(aims, Err(Refusal::StateForbids { .. }));
            prop_assert!(refused, "{aims:?}");
            return Ok(());
        }
        let mut aims = aims.unwrap();
        for case in &mut all {
            let aim = aims.remove(&case.case_id).unwrap();
            bring(&mut books, case, aim, 2).unwrap();
        }

        for absorbed in all.iter().filter(|case| case.case_id != survivor.case_id) {
            prop_assert_eq!(absorbed.live().count(), 0);
            prop_assert_eq!(absorbed.standing().unwrap(), Fen::ZERO);
        }
        let own = all.iter().find(|case| case.case_id == survivor.case_id).unwrap();
        let charged: BTreeMap<&str, i64> =
            own.live().map(|charge| (charge.measure.as_str(), charge.amount.unwrap().get())).collect();
        prop_assert_eq!(own.live().count(), charged.len(), "a measure is charged once");
        let due: BTreeMap<&str, i64> = union.iter().map(|(m, amount)| (MEASURES[*m], *amount)).collect();
        prop_assert_eq!(charged, due);
        let stands: i64 = if cases[0].posted { union.values().sum() } else { 0 };
        prop_assert_eq!(own.standing().unwrap(), Fen::new(stands));

        let mut accounts: BTreeMap<Uuid, i64> = BTreeMap::new();
        let mut reversed = BTreeSet::new();
        for entry in &books.written {
            *accounts.entry(entry.content.unit_id).or_default() += entry.content.amount_fen;
            if entry.content.kind == EntryKind::Reversal.code() {
                prop_assert!(reversed.insert(entry.content.reverses), "reversed twice");
            }
        }
        accounts.retain(|_, balance| *balance != 0);
        let expected: BTreeMap<Uuid, i64> =
            (stands != 0).then_some((survivor.unit_id.0, stands)).into_iter().collect();
        prop_assert_eq!(accounts, expected);
    }
}
