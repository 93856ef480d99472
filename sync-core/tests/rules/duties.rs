//! The figures of each document beside its schedule. Their consumers come with their issues; the figures are right
//! today.

use sync_core::policy::{Amount, Cadence, Due, Escalation, PolicyPack, builtin_packs};

use crate::visit::builtin;

#[test]
fn dustfall_is_limited_to_seven_and_in_zhumadian_below_nine() {
    for (id, limit, included) in [
        ("macun-2024", 7.0, true),
        ("guancheng-2021", 7.0, true),
        ("mengzhou-2023", 7.0, true),
        ("zhumadian-2017", 9.0, false),
    ] {
        let pack = builtin(id);
        let dustfall = pack.content().indicators.iter().find(|i| i.code.as_str() == "dustfall").unwrap();
        assert_eq!((dustfall.limit, dustfall.limit_included), (limit, included), "{id}");
        assert_eq!(dustfall.every, Some(Cadence::Monthly));
    }
}

#[test]
fn roads_of_zhumadian_carry_ten_grams_in_town_and_twelve_around_it() {
    let zhumadian = builtin("zhumadian-2017");
    let limit = |code: &str| {
        let indicators = &zhumadian.content().indicators;
        indicators.iter().find(|indicator| indicator.code.as_str() == code).unwrap().limit
    };
    assert_eq!((limit("road_dust_urban"), limit("road_dust_suburban")), (10.0, 12.0));
}

#[test]
fn purifiers_are_all_checked_and_a_fifth_measured_each_month_in_xiping() {
    let duties = |id: &str| {
        let pack = builtin(id);
        let duties = pack.content().coverage.iter();
        duties.map(|duty| (duty.percent, duty.every, duty.measurement.is_some())).collect::<Vec<_>>()
    };
    let monthly = Cadence::Monthly;
    assert_eq!(duties("xiping-2024"), [(100, monthly, false), (20, monthly, true)]);
    assert_eq!(duties("mengzhou-2023"), [(20, monthly, false)]);
}

#[test]
fn purifiers_of_zhumadian_are_cleaned_every_half_year_by_the_date_on_record() {
    let zhumadian = builtin("zhumadian-2017");
    let [duty] = zhumadian.content().coverage.as_slice() else { panic!("one duty") };
    assert_eq!((duty.percent, duty.every), (100, Cadence::HalfYearly));
    assert_eq!(duty.fact.as_ref().map(|fact| fact.as_str()), Some("last_cleaned"));
    assert_eq!(duty.measurement, None);
}

#[test]
fn mengzhou_pays_enterprises_by_grade() {
    let mengzhou = builtin("mengzhou-2023");
    let paid = |code: &str| {
        let subsidies = &mengzhou.content().subsidies;
        let subsidy = subsidies.iter().find(|subsidy| subsidy.code.as_str() == code).unwrap();
        let Amount::Fixed(fen) = subsidy.amount else { panic!("{:?}", subsidy.amount) };
        fen.get() / 100
    };
    assert_eq!((paid("grade_a"), paid("grade_b"), paid("leading")), (100_000, 50_000, 50_000));
}

#[test]
fn winter_production_control_outlasts_the_documents_year() {
    for (id, from, until) in
        [("mengzhou-2023", "2023-11-15", "2024-03-15"), ("zhumadian-2017", "2017-11-01", "2018-03-15")]
    {
        let control = builtin(id).content().production_control.clone().unwrap();
        assert_eq!((control.from.to_string().as_str(), control.until.to_string().as_str()), (from, until));
    }
}

#[test]
fn an_overdue_rectification_goes_to_supervision_then_summons_then_accountability() {
    for pack in
        ["macun-2024", "guancheng-2021", "mengzhou-2023", "xiping-2024", "zhumadian-2017"].map(builtin)
    {
        let rectification = pack.content().rectification.clone().unwrap();
        let steps = [Escalation::Supervision, Escalation::Summons, Escalation::Accountability];
        assert_eq!(rectification.steps, steps);
        assert!(rectification.reading.is_some(), "no document states the days");
    }
    let zhumadian = builtin("zhumadian-2017");
    let road = zhumadian.item(&"road_damage".parse().unwrap()).unwrap();
    assert_eq!(road.rectification_days, Some(15));
}

#[test]
fn guancheng_ranks_weekly_and_reports_by_thursday_and_by_the_thirtieth() {
    let guancheng = builtin("guancheng-2021");
    let routine = |code: &str| {
        let routines = &guancheng.content().routines;
        routines.iter().find(|routine| routine.code.as_str() == code).unwrap().clone()
    };
    assert_eq!((routine("ranking").every, routine("ranking").bottom), (Cadence::Weekly, Some(3)));
    assert_eq!((routine("assessment").every, routine("assessment").bottom), (Cadence::Monthly, Some(1)));
    let weekly = routine("weekly_report");
    assert_eq!((weekly.due, weekly.days_before_holiday), (Some(Due::Weekday(4)), Some(2)));
    assert_eq!(routine("monthly_report").due, Some(Due::DayOfMonth(30)));
    assert_eq!(routine("season_report").due, Some(Due::On("2022-03-31".parse().unwrap())));
}

/// The annex of Zhumadian: eleven areas, March to December each, whose good days add up to the year's.
#[test]
fn the_monthly_targets_of_zhumadian_add_up() {
    let zhumadian = builtin("zhumadian-2017");
    let annex: Vec<_> =
        zhumadian.content().air_targets.iter().filter(|t| t.clause.as_str() == "annex").collect();
    let areas: std::collections::BTreeSet<_> = annex.iter().map(|target| &target.area).collect();
    assert_eq!(areas.len(), 11);
    for area in areas {
        let of_area = || annex.iter().filter(|target| target.area == *area);
        let months: Vec<_> = of_area().filter(|t| t.good_days.is_some() && t.pm10.is_some()).collect();
        assert_eq!(months.len(), 10, "{area}");
        let year = of_area().find(|t| t.good_days.is_some() && t.pm10.is_none()).unwrap();
        assert_eq!(months.iter().filter_map(|t| t.good_days).sum::<u16>(), year.good_days.unwrap(), "{area}");
        let means = of_area().find(|t| t.good_days.is_none()).unwrap();
        assert_eq!(means.pm25, Some(61.0), "{area}");
    }
}

#[test]
fn the_targets_of_macun_guancheng_and_xiping_are_those_of_the_documents() {
    let macun = builtin("macun-2024");
    let figures: Vec<_> = macun
        .content()
        .air_targets
        .iter()
        .map(|t| (t.area.as_str(), t.from.year(), t.pm10, t.pm25, t.good_days, t.heavy_days))
        .collect();
    let expected = [
        ("马村区", 2024, Some(78.0), Some(44.0), Some(234), Some(7)),
        ("马村区", 2025, Some(76.0), Some(43.5), Some(243), Some(5)),
        ("焦作市", 2024, Some(79.0), Some(44.5), Some(234), Some(7)),
        ("焦作市", 2025, Some(77.0), Some(44.0), Some(243), Some(5)),
    ];
    assert_eq!(figures, expected);
    let season = builtin("guancheng-2021").content().air_targets[0].clone();
    assert_eq!((season.pm25, season.heavy_days), (Some(65.0), Some(9)));
    let xiping = builtin("xiping-2024").content().air_targets[0].clone();
    assert_eq!((xiping.pm25, xiping.good_percent, xiping.heavy_percent), (Some(35.0), Some(82.5), Some(0.3)));
}

#[test]
fn steps_beyond_a_deadline_take_a_day_at_least() {
    let shipped = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap().source;
    let source = shipped.replace("step_days = 3", "step_days = 0");
    assert_ne!(source, shipped);
    let refused = PolicyPack::load(&source, "macun-2024.toml").unwrap_err();
    let line = source.lines().position(|line| line == "step_days = 0").unwrap() + 1;
    assert_eq!(refused.0.iter().map(|error| error.at.line).collect::<Vec<_>>(), [line], "{refused}");
}
