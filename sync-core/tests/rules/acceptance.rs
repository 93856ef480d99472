//! What a server refuses, what it only doubts, and what cannot be registered.

use std::collections::BTreeMap;

use sync_core::evaluate::{check, doubts};
use sync_core::geo::{MockFlag, Point};
use sync_core::ids::{InspectionId, TargetId, UnitId};
use sync_core::limits;
use sync_core::model::case::Flag;
use sync_core::model::inspection::{Inspection, Measurement, SiteRepresentative, Verdict};
use sync_core::model::target::{FactValue, TargetContent};
use sync_core::policy::{PolicyPack, check_target};
use sync_core::wire::problem::ProblemKind;

use crate::visit::{MACUN, Visit, builtin, visit, visit_time};

fn faults(pack: &PolicyPack, inspection: &Inspection) -> Vec<(ProblemKind, String)> {
    check(Some(pack), inspection).into_iter().map(|fault| (fault.kind, fault.field)).collect()
}

fn one(kind: ProblemKind, field: &str) -> Vec<(ProblemKind, String)> {
    vec![(kind, field.to_owned())]
}

#[test]
fn unknown_kinds_and_questions_are_refused_by_field() {
    let macun = builtin("macun-2024");
    let teapot = visit(&macun, "teapot");
    assert_eq!(faults(&macun, &teapot), one(ProblemKind::KindUnknown, "kind"));
    assert_eq!(check(None, &teapot), [], "without a pack nobody can say");
    let asked =
        visit(&macun, "vehicle").answer("licensed", Verdict::Pass).fail("lid").photo("a", Some("roof"));
    let expected = [
        (ProblemKind::QuestionUnknown, "answers[1].question".to_owned()),
        (ProblemKind::QuestionUnknown, "photos[0].question".to_owned()),
    ];
    assert_eq!(faults(&macun, &asked), expected);
}

#[test]
fn a_question_point_or_photo_given_twice_is_refused() {
    let macun = builtin("macun-2024");
    let twice = visit(&macun, "vehicle").fail("licensed").fail("licensed");
    assert_eq!(faults(&macun, &twice), one(ProblemKind::OperationMalformed, "answers[1].question"));
    for numbers in [[1, 1], [0, 1]] {
        let points = visit(&macun, "straw_point").fail("no_straw_burning").points(&numbers);
        assert_eq!(faults(&macun, &points), one(ProblemKind::OperationMalformed, "answers[0].points"));
    }
    let photos = visit(&macun, "vehicle").photo("a", None).photo("a", Some("licensed"));
    assert_eq!(faults(&macun, &photos), one(ProblemKind::OperationMalformed, "photos[1].sha256"));
}

#[test]
fn counts_are_taken_up_to_their_limit_and_not_beyond() {
    let macun = builtin("macun-2024");
    let points = |count: u16| {
        let numbers: Vec<_> = (1..=count).collect();
        faults(&macun, &visit(&macun, "straw_point").fail("no_straw_burning").points(&numbers))
    };
    let most = u16::try_from(limits::ANSWER_MAX_POINTS).unwrap();
    assert_eq!(points(most), []);
    assert_eq!(points(most + 1), one(ProblemKind::TooManyItems, "answers[0].points"));
    let photos = |count: usize| {
        let all = (0..count).fold(visit(&macun, "road"), |visit, n| visit.photo(&n.to_string(), None));
        faults(&macun, &all)
    };
    assert_eq!(photos(limits::INSPECTION_MAX_PHOTOS), []);
    assert_eq!(photos(limits::INSPECTION_MAX_PHOTOS + 1), one(ProblemKind::TooManyItems, "photos"));
    let mut measured = visit(&macun, "road");
    let value = Measurement { code: "dust_load".parse().unwrap(), value: 9.0 };
    measured.measurements = vec![value; limits::INSPECTION_MAX_MEASUREMENTS + 1];
    assert_eq!(faults(&macun, &measured), one(ProblemKind::TooManyItems, "measurements"));
}

#[test]
fn nul_and_a_megabyte_of_text_are_refused_by_field() {
    let macun = builtin("macun-2024");
    let with = |change: fn(&mut Inspection, String)| {
        let refused = |text: &str| {
            let mut inspection = visit(&macun, "vehicle").answer("licensed", Verdict::Pass);
            change(&mut inspection, text.to_owned());
            faults(&macun, &inspection)
        };
        let (nul, long) = (refused("马\0村"), refused(&"马".repeat(1024 * 1024)));
        assert_eq!((nul[0].0, long[0].0), (ProblemKind::TextContainsNul, ProblemKind::TextTooLong));
        assert_eq!(nul[0].1, long[0].1);
        nul[0].1.clone()
    };
    assert_eq!(with(|i, text| i.notes = text), "notes");
    assert_eq!(with(|i, text| i.place = text), "place");
    assert_eq!(with(|i, text| i.answers[0].note = text), "answers[0].note");
    assert_eq!(with(|i, text| i.second_inspector = Some(text)), "second_inspector");
    assert_eq!(with(|i, text| i.fix.as_mut().unwrap().provider = text), "fix.provider");
    let signed = |i: &mut Inspection, name| i.site_representative = SiteRepresentative::Signed { name };
    assert_eq!(with(signed), "site_representative.name");
    let refusal = |i: &mut Inspection, note| i.site_representative = SiteRepresentative::Refused { note };
    assert_eq!(with(refusal), "site_representative.note");
}

#[test]
fn a_lineage_begins_with_its_first_inspection() {
    let macun = builtin("macun-2024");
    let other: InspectionId = "0192f000-0000-7000-8000-000000000002".parse().unwrap();
    let mut correction = visit(&macun, "vehicle");
    correction.replaces = Some(other);
    assert_eq!(faults(&macun, &correction), one(ProblemKind::LineageInvalid, "lineage"));
    correction.lineage = other;
    assert_eq!(faults(&macun, &correction), []);
    correction.replaces = Some(correction.inspection_id);
    assert_eq!(faults(&macun, &correction), one(ProblemKind::LineageInvalid, "lineage"));
}

#[test]
fn clock_fix_and_measurements_are_doubted_and_never_refused() {
    let macun = builtin("macun-2024");
    let flags = |change: fn(&mut Inspection)| {
        let mut inspection = visit(&macun, "road");
        change(&mut inspection);
        assert_eq!(faults(&macun, &inspection), [], "never refused");
        doubts(Some(&macun), &inspection, visit_time(), Some(MACUN))
    };
    assert_eq!(flags(|_| {}), []);
    let clock = [Flag::ClockSuspect];
    assert_eq!(flags(|i| i.occurred_at = "1970-01-01T00:00:00Z".parse().unwrap()), clock);
    assert_eq!(flags(|i| i.occurred_at = "2099-01-01T00:00:00Z".parse().unwrap()), clock);
    let fix = [Flag::FixSuspect];
    assert_eq!(flags(|i| i.fix = None), fix);
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().mock = MockFlag::Yes), fix);
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().mock = MockFlag::Unknown), [], "a browser cannot say");
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().accuracy_metres = 501.0), fix);
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().accuracy_metres = f64::NAN), fix);
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().point = Point { lon: 0.0, lat: 0.0 }), fix);
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().fixed_at = visit_time().plus_seconds(-7_200)), []);
    assert_eq!(
        flags(|i| i.fix.as_mut().unwrap().fixed_at = visit_time().plus_seconds(-7_201)),
        fix,
        "of the office"
    );
    assert_eq!(flags(|i| i.fix.as_mut().unwrap().point.lat += 0.03), fix, "3.3 km from the target");
    assert_eq!(flags(|i| i.observed = Some(Point { lon: 35.2, lat: 113.3 })), fix, "swapped");
    let measurement = [Flag::MeasurementSuspect];
    let measured = |code: &str, value: f64| {
        let mut inspection = visit(&macun, "road");
        inspection.measurements.push(Measurement { code: code.parse().unwrap(), value });
        assert_eq!(faults(&macun, &inspection), []);
        doubts(Some(&macun), &inspection, visit_time(), None)
    };
    assert_eq!(measured("dust_load", 12.0), []);
    assert_eq!(measured("dust_load", -1.0), measurement);
    assert_eq!(measured("dust_load", 1e9), measurement);
    assert_eq!(measured("dust_load", f64::INFINITY), measurement);
    assert_eq!(measured("luck", 1.0), measurement);
}

#[test]
fn a_clock_is_doubted_just_past_its_tolerance() {
    let macun = builtin("macun-2024");
    let received_after = |seconds: i64| {
        let received = visit_time().plus_seconds(seconds);
        doubts(Some(&macun), &visit(&macun, "road"), received, None).contains(&Flag::ClockSuspect)
    };
    let season = limits::CLOCK_BEHIND_MAX_DAYS * 86_400;
    assert!(!received_after(-limits::CLOCK_AHEAD_MAX_SECONDS));
    assert!(received_after(-limits::CLOCK_AHEAD_MAX_SECONDS - 1));
    assert!(!received_after(season));
    assert!(received_after(season + 1));
}

/// A boiler that can be registered.
fn boiler() -> TargetContent {
    let target_id: TargetId = "0192f000-0000-7000-8000-000000000003".parse().unwrap();
    TargetContent {
        target_id,
        kind: "boiler".parse().unwrap(),
        code: None,
        name: "待王锅炉房".into(),
        address: "待王街道".into(),
        point: MACUN,
        grid: "410804/004".parse().unwrap(),
        unit_id: UnitId(target_id.0),
        supervising_department: None,
        responsible_person: None,
        facts: BTreeMap::from([("boiler_tonnage".parse().unwrap(), FactValue::Number(6.0))]),
    }
}

#[test]
fn a_target_is_registered_as_its_kind_says_and_otherwise_refused_by_field() {
    let macun = builtin("macun-2024");
    let refused = |change: &dyn Fn(&mut TargetContent)| {
        let mut target = boiler();
        change(&mut target);
        let faults = check_target(&macun, &target);
        faults.into_iter().map(|fault| (fault.kind, fault.field)).collect::<Vec<_>>()
    };
    let set = |code: &'static str, value: FactValue| {
        refused(&|target| _ = target.facts.insert(code.parse().unwrap(), value.clone()))
    };
    let text = |text: &str| FactValue::Text(text.into());
    assert_eq!(refused(&|_| {}), []);
    assert_eq!(refused(&|t| t.kind = "teapot".parse().unwrap()), one(ProblemKind::KindUnknown, "kind"));
    assert_eq!(refused(&|t| t.name = " ".into()), one(ProblemKind::TextRequired, "name"));
    assert_eq!(refused(&|t| t.name = "锅\0炉".into()), one(ProblemKind::TextContainsNul, "name"));
    assert_eq!(refused(&|t| t.address = "长".repeat(201)), one(ProblemKind::TextTooLong, "address"));
    let swapped = |t: &mut TargetContent| t.point = Point { lon: MACUN.lat, lat: MACUN.lon };
    assert_eq!(refused(&swapped), one(ProblemKind::PlaceOutsideChina, "point"));
    assert_eq!(refused(&|t| t.facts.clear()), one(ProblemKind::TextRequired, "facts.boiler_tonnage"));
    let tonnage = one(ProblemKind::FactInvalid, "facts.boiler_tonnage");
    assert_eq!(set("boiler_tonnage", FactValue::Number(-1.0)), tonnage);
    assert_eq!(set("boiler_tonnage", FactValue::Number(f64::NAN)), tonnage);
    assert_eq!(set("boiler_tonnage", text("six")), tonnage);
    assert_eq!(set("colour", text("red")), one(ProblemKind::FactUnknown, "facts.colour"));
    assert_eq!(set("fuel", text("coal")), []);
    assert_eq!(set("fuel", text("peat")), one(ProblemKind::FactInvalid, "facts.fuel"));
}

#[test]
fn dates_and_texts_of_a_target_have_their_form() {
    let macun = builtin("macun-2024");
    let set = |code: &str, value: FactValue| {
        let facts = BTreeMap::from([(code.parse().unwrap(), value)]);
        let device = TargetContent { kind: "catering_device".parse().unwrap(), facts, ..boiler() };
        check_target(&macun, &device).len()
    };
    let text = |text: &str| FactValue::Text(text.into());
    assert_eq!(set("last_cleaned", text("2024-10-01")), 0);
    assert_eq!(set("last_cleaned", text("2024-02-30")), 1);
    assert_eq!(set("last_cleaned", text("2024-10-01T08:00")), 1);
    assert_eq!(set("purifier_model", text(&"型".repeat(201))), 1);
    assert_eq!(set("purifier_model", FactValue::Flag(true)), 1);
}
