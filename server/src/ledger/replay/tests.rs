//! An office that decides at random, and the replay of what it recorded: the same entries, the same digests.

use std::sync::LazyLock;

use proptest::prelude::*;
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::{CaseId, ChargeId, InspectionId, MeasureKey, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::decision::DecisionKind;
use sync_core::model::inspection::{Answer, Context, Inspection, SiteRepresentative, Verdict};
use sync_core::money::Fen;
use sync_core::policy::{PolicyPack, builtin_packs};
use sync_core::time::{Instant, Month, ZoneName};
use uuid::Uuid;

use super::*;
use crate::ledger::basis::ChargeBasis;
use crate::ledger::digest::{BudgetCodes, FORM};
use crate::ledger::moves::{Aim, ChargeMoney};

const NOW: &str = "2026-11-22T02:00:00Z";
const MEASURES: [&str; 2] = ["hoarding", "material_cover"];

/// The Macun pack and its source; loaded once, for the property below replays hundreds of ledgers.
fn pack() -> &'static (PolicyPack, &'static str) {
    static PACK: LazyLock<(PolicyPack, &str)> = LazyLock::new(|| {
        let builtin = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap();
        (PolicyPack::load(builtin.source, builtin.file).unwrap(), builtin.source)
    });
    &PACK
}

fn unit(number: u128) -> UnitId {
    UnitId(Uuid::from_u128(number))
}

/// A site in July where both measures failed.
fn inspection() -> Inspection {
    let id = InspectionId(Uuid::from_u128(77));
    let occurred_at: Instant = "2026-07-15T02:00:00Z".parse().unwrap();
    let answer = |question: &str| Answer {
        question: question.parse().unwrap(),
        verdict: Verdict::Fail,
        note: String::new(),
        points: vec![],
    };
    let point = Point { lon: 113.32, lat: 35.27 };
    Inspection {
        inspection_id: id,
        lineage: id,
        replaces: None,
        author: UserId(Uuid::from_u128(5)),
        occurred_at,
        zone: ZoneName::record(),
        kind: "construction_site".parse().unwrap(),
        fix: Some(Fix {
            point,
            accuracy_metres: 5.0,
            fixed_at: occurred_at,
            provider: "gnss".to_owned(),
            mock: MockFlag::No,
        }),
        observed: None,
        place: String::new(),
        answers: MEASURES.map(answer).to_vec(),
        measurements: vec![],
        notes: String::new(),
        second_inspector: None,
        site_representative: SiteRepresentative::Absent,
        photos: vec![],
        context: Context {
            target: None,
            grid: "410804/001".parse().unwrap(),
            unit_id: unit(1),
            zones: vec![],
            level: DiscoveryLevel::District,
            pack: Some(pack().0.reference()),
        },
    }
}

fn evidence() -> &'static Evidence {
    static EVIDENCE: LazyLock<Evidence> = LazyLock::new(|| {
        let (pack, source) = pack();
        let mut evidence = Evidence::default();
        evidence.add_pack(pack.hash().as_str(), pack.id().as_str(), source).unwrap();
        evidence.set_inspections([Accepted { inspection: inspection(), of_the_past: false }]);
        evidence
    });
    &EVIDENCE
}

/// What the office of a test decides.
#[derive(Debug, Clone)]
enum Act {
    Confirm,
    Dismiss,
    ReAttribute(u128),
    Adjust(usize, i64),
    Return,
    Close,
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Confirm),
        1 => Just(Act::Dismiss),
        2 => (1..4_u128).prop_map(Act::ReAttribute),
        2 => (0..MEASURES.len(), 0..50_000_000_i64).prop_map(|(measure, fen)| Act::Adjust(measure, fen)),
        1 => Just(Act::Return),
        2 => Just(Act::Close),
    ]
}

/// An office that decides by the moves, as the services do, and records what they record.
struct Office {
    books: Books,
    money: CaseMoney,
    unit: UnitId,
    decisions: Vec<NumberedDecision>,
}

impl Office {
    fn new() -> Self {
        let inspection = inspection();
        let item = "site_dust".parse().unwrap();
        let now: Instant = NOW.parse().unwrap();
        let calendar = Calendar { last_closed: None, current: Month::of(now.record_date()) };
        let case_id = CaseId::derive(inspection.lineage, &item);
        let (pack, _) = pack();
        let clause = pack.citation(&pack.item(&item).unwrap().clause);
        let charge = |measure: &str| {
            let measure: MeasureKey = measure.parse().unwrap();
            ChargeMoney {
                charge_id: ChargeId::derive(case_id, &measure),
                measure,
                unit_id: unit(1),
                amount: Some(Fen::new(10_000_000)),
                pack_hash: pack.hash().clone(),
                clause: clause.clone(),
                reason: serde_json::Value::Null,
                state: sync_core::model::case::ChargeState::Pending,
                entries: vec![],
            }
        };
        let money = CaseMoney {
            case_id,
            item,
            grid: inspection.context.grid.clone(),
            occurred_month: "2026-07".parse().unwrap(),
            charges: MEASURES.map(charge).to_vec(),
        };
        let books = Books::new("410804".parse().unwrap(), Head::default(), calendar, now);
        Self { books, money, unit: unit(1), decisions: vec![] }
    }

    fn record(&mut self, kind: DecisionKind, recorded: Recorded) -> i64 {
        let decision_no = i64::try_from(self.decisions.len()).unwrap() + 1;
        self.decisions.push(NumberedDecision { decision_no, kind, decided_at: self.books.now, recorded });
        decision_no
    }

    fn decide(&mut self, kind: DecisionKind, aim: Aim) {
        let inspection = inspection();
        let basis = CaseBasis {
            case_id: self.money.case_id,
            item: self.money.item.clone(),
            inspection_id: inspection.inspection_id,
            pack_hash: inspection.context.pack.map(|pack| pack.hash),
            level: inspection.context.level,
            unit_id: aim.unit_id,
            posts: aim.posts,
            charges: aim.charges.iter().map(ChargeBasis::from).collect(),
        };
        let recorded = Recorded::Money(RecordedMoney { money: vec![basis] });
        let decision_no = self.record(kind, recorded);
        bring(&mut self.books, &mut self.money, aim, decision_no).unwrap();
    }

    fn staying(&self, posts: bool) -> Aim {
        Aim::staying(&self.money, self.unit, posts)
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Confirm => self.decide(DecisionKind::Confirm, self.staying(true)),
            Act::Dismiss => self.decide(DecisionKind::Dismiss, Aim::nothing(self.unit)),
            Act::ReAttribute(to) => {
                self.unit = unit(*to);
                self.decide(DecisionKind::ReAttribute, self.staying(false));
            }
            Act::Adjust(measure, fen) => {
                let mut aim = self.staying(false);
                for charge in
                    aim.charges.iter_mut().filter(|charge| charge.measure.as_str() == MEASURES[*measure])
                {
                    charge.amount = Some(Fen::new(*fen));
                }
                self.decide(DecisionKind::Adjust, aim);
            }
            Act::Return => {
                self.record(DecisionKind::Return, Recorded::Money(RecordedMoney::default()));
            }
            Act::Close => self.close(),
        }
    }

    fn close(&mut self) {
        let next = self.books.calendar.first_open().unwrap_or("2026-07".parse().unwrap());
        if next >= self.books.calendar.current {
            return;
        }
        let of_month = |entry: &&LedgerEntryRow| Month::of(entry.content.period.0) == next;
        let entries: Vec<&EntryContent> =
            self.books.written.iter().filter(of_month).map(|entry| &entry.content).collect();
        let budget_codes: BudgetCodes =
            entries.iter().map(|entry| (entry.unit_id, format!("{}", entry.unit_id.as_u128()))).collect();
        let lines = MonthLines::of(&self.books.district, next, entries, &budget_codes).unwrap();
        let detail = ClosingDetail {
            form: FORM,
            digest: hex::encode(lines.digest()),
            entry_no: self.books.head.entry_no,
            entry_hash: hex::encode(&self.books.head.hash),
            budget_codes,
        };
        self.record(DecisionKind::CloseMonth, Recorded::Closing(next, detail));
        self.books.calendar.last_closed = Some(next);
    }
}

fn replay(decisions: &[NumberedDecision]) -> Result<Vec<LedgerEntryRow>, ReplayFault> {
    let (mut replay, evidence) = (Replay::new("410804".parse().unwrap()), evidence());
    let mut entries = vec![];
    for decision in decisions {
        if let Step::Entries(written) = replay.apply(decision, evidence)? {
            entries.extend(written);
        }
    }
    Ok(entries)
}

fn office(acts: &[Act]) -> Office {
    let mut office = Office::new();
    acts.iter().for_each(|act| office.act(act));
    office
}

/// The basis of the first decision.
fn basis(office: &mut Office) -> &mut CaseBasis {
    match &mut office.decisions[0].recorded {
        Recorded::Money(recorded) => &mut recorded.money[0],
        Recorded::Closing(..) => panic!("the first decision closes a month"),
    }
}

fn basis_fault(office: &Office) -> BasisFault {
    match replay(&office.decisions) {
        Err(ReplayFault::Basis { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn whatever_an_office_decides_replays_to_the_same_entries_hashes_and_digests(
        acts in proptest::collection::vec(any_act(), 0..16),
    ) {
        let office = office(&acts);
        prop_assert_eq!(replay(&office.decisions).unwrap(), office.books.written);
    }

    #[test]
    fn an_amount_changed_in_the_record_never_replays_unseen(fen in 0..50_000_000_i64, posts: bool) {
        prop_assume!(fen != 10_000_000);
        let mut office = office(&[Act::Confirm, Act::Close]);
        let changed = basis(&mut office);
        changed.charges[0].amount = Some(Fen::new(fen));
        changed.posts = posts;
        prop_assert_eq!(basis_fault(&office), BasisFault::Amount("hoarding".parse().unwrap()));
    }
}

#[test]
fn a_charge_that_the_inspection_does_not_lead_to_is_found() {
    let mut office = office(&[Act::Confirm]);
    let case_id = office.money.case_id;
    let measure: MeasureKey = "vehicle_washing".parse().unwrap();
    let basis = basis(&mut office);
    let beyond = ChargeBasis {
        charge_id: ChargeId::derive(case_id, &measure),
        measure: measure.clone(),
        ..basis.charges[0].clone()
    };
    basis.charges.push(beyond);
    assert_eq!(basis_fault(&office), BasisFault::ChargeBeyond(measure));
}

#[test]
fn a_charge_that_is_left_out_of_a_confirmation_is_found() {
    let mut office = office(&[Act::Confirm]);
    basis(&mut office).charges.pop();
    assert_eq!(basis_fault(&office), BasisFault::ChargeLeftOut("material_cover".parse().unwrap()));
}

#[test]
fn unit_level_pack_clause_and_case_must_be_sealed_or_decided() {
    type Change = fn(&mut CaseBasis);
    type Fits = fn(&BasisFault) -> bool;
    let table: [(Change, Fits); 7] = [
        (|b| b.unit_id = unit(9), |f| matches!(f, BasisFault::Unit(_))),
        (|b| b.level = DiscoveryLevel::Municipal, |f| matches!(f, BasisFault::Level(_))),
        (|b| b.pack_hash = None, |f| matches!(f, BasisFault::Pack)),
        (|b| b.charges[0].clause.push('x'), |f| matches!(f, BasisFault::Clause(_))),
        (|b| b.item = "stockpile".parse().unwrap(), |f| matches!(f, BasisFault::OtherCase(_))),
        (|b| b.charges[0].charge_id = ChargeId::fresh(), |f| matches!(f, BasisFault::OtherCharge(_))),
        (|b| b.inspection_id = InspectionId::fresh(), |f| matches!(f, BasisFault::InspectionUnknown(_))),
    ];
    for (which, (change, is)) in table.iter().enumerate() {
        let mut office = office(&[Act::Confirm]);
        change(basis(&mut office));
        let fault = basis_fault(&office);
        assert!(is(&fault), "change {which}: {fault}");
    }
}

#[test]
fn a_decision_that_is_missing_and_a_digest_that_is_another_are_found() {
    let mut office = office(&[Act::Return, Act::Confirm, Act::Close]);
    let Recorded::Closing(month, detail) = &mut office.decisions[2].recorded else { panic!("no closing") };
    let (month, digest) = (*month, std::mem::replace(&mut detail.digest, "0".repeat(64)));
    let differs = ReplayFault::DigestDiffers { month, replayed: digest, recorded: "0".repeat(64) };
    assert_eq!(replay(&office.decisions), Err(differs));
    office.decisions.remove(0);
    assert_eq!(replay(&office.decisions), Err(ReplayFault::DecisionMissing(1)));
}

#[test]
fn a_pack_whose_source_was_changed_is_found() {
    let (pack, source) = pack();
    let changed = source.replace("100_000", "100_001");
    let refused = Evidence::default().add_pack(pack.hash().as_str(), pack.id().as_str(), &changed);
    assert_eq!(refused, Err(EvidenceFault::PackAltered(pack.hash().to_string())));
}
