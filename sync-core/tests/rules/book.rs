//! Which pack is in force where and when.

use jiff::civil::Date;
use sync_core::ids::{PackHash, RegionCode};
use sync_core::policy::{Adoption, BookError, PolicyBook, PolicyPack, builtin_packs};

const SMALL: &str = include_str!("small.toml");

fn builtins() -> Vec<PolicyPack> {
    builtin_packs().iter().map(|pack| PolicyPack::load(pack.source, pack.file).unwrap()).collect()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}

fn in_force(book: &PolicyBook, code: &str, date: &str) -> Option<String> {
    book.in_force(&region(code), day(date)).map(|pack| pack.id().to_string())
}

/// The small pack for another region, with other dates.
fn small(code: &str, from: &str, until: &str) -> PolicyPack {
    let source = SMALL.replace("410804", code).replace("2024-01-01", from).replace("2024-12-31", until);
    PolicyPack::load(&source, &format!("{code}-{from}.toml")).unwrap()
}

fn adopted(pack: &PolicyPack, from: &str, until: Option<&str>) -> Adoption {
    Adoption { pack: pack.hash().clone(), from: day(from), until: until.map(day) }
}

#[test]
fn the_five_documents_are_in_force_in_their_region_and_dates_only() {
    let book = PolicyBook::new(builtins(), &[]).unwrap();
    let macun = Some("macun-2024".to_owned());
    assert_eq!(in_force(&book, "410804", "2024-09-29"), None);
    assert_eq!(in_force(&book, "410804", "2024-09-30"), macun);
    assert_eq!(in_force(&book, "410804", "2031-01-01"), macun, "open-ended");
    assert_eq!(in_force(&book, "410803", "2024-10-01"), None, "the next district of the same city");
    assert_eq!(in_force(&book, "410883", "2023-12-31").as_deref(), Some("mengzhou-2023"));
    assert_eq!(in_force(&book, "410883", "2024-01-01"), None);
    assert_eq!(in_force(&book, "411700", "2017-03-03").as_deref(), Some("zhumadian-2017"));
}

#[test]
fn a_draft_is_in_force_only_where_and_when_it_was_adopted() {
    let packs = builtins();
    let xiping = packs.iter().find(|pack| pack.id().as_str() == "xiping-2024").unwrap();
    let adoption = adopted(xiping, "2025-01-01", Some("2025-12-31"));
    let without = PolicyBook::new(packs.clone(), &[]).unwrap();
    assert_eq!(in_force(&without, "411721", "2025-06-01"), None);
    let draft = without.unadopted_draft(&region("411721")).unwrap();
    assert_eq!(draft.id(), xiping.id());
    let with = PolicyBook::new(packs, &[adoption]).unwrap();
    assert_eq!(in_force(&with, "411721", "2025-06-01").as_deref(), Some("xiping-2024"));
    assert_eq!(in_force(&with, "411721", "2026-01-01"), None);
    assert_eq!(with.unadopted_draft(&region("411721")), None);
}

#[test]
fn a_season_alone_does_not_put_a_draft_in_force() {
    let book = PolicyBook::new(builtins(), &[]).unwrap();
    assert_eq!(in_force(&book, "410104", "2021-12-01"), None);
}

#[test]
fn the_most_specific_region_wins_and_its_end_brings_back_the_wider_one() {
    let packs = vec![
        small("000000", "2024-01-01", "2024-12-31"),
        small("410000", "2024-02-01", "2024-12-31"),
        small("410800", "2024-03-01", "2024-12-31"),
        small("410804", "2024-04-01", "2024-04-30"),
    ];
    let book = PolicyBook::new(packs, &[]).unwrap();
    let winner =
        |date: &str| book.in_force(&region("410804"), day(date)).map(|pack| pack.region().to_string());
    assert_eq!(winner("2024-01-15").as_deref(), Some("000000"));
    assert_eq!(winner("2024-02-15").as_deref(), Some("410000"));
    assert_eq!(winner("2024-03-15").as_deref(), Some("410800"));
    assert_eq!(winner("2024-04-30").as_deref(), Some("410804"));
    assert_eq!(winner("2024-05-01").as_deref(), Some("410800"));
    assert_eq!(winner("2025-01-01"), None);
}

#[test]
fn two_packs_in_force_on_one_day_in_one_region_are_refused_with_file_and_line() {
    let first = small("410804", "2024-01-01", "2024-06-30");
    let second = small("410804", "2024-06-30", "2024-12-31");
    let refused = PolicyBook::new(vec![first.clone(), second.clone()], &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "410804-2024-06-30.toml:13: small-2024 and small-2024 (410804-2024-01-01.toml:13) \
         are both in force in 410804 on 2024-06-30"
    );
    let later = adopted(&second, "2024-07-01", None);
    assert!(
        PolicyBook::new(vec![first.clone(), second], &[later]).is_ok(),
        "adoption replaces its own dates"
    );
    assert!(
        PolicyBook::new(vec![first.clone(), first.clone()], &[]).is_ok(),
        "one version given twice is one"
    );
    let elsewhere = small("410883", "2024-01-01", "2024-12-31");
    assert!(PolicyBook::new(vec![first, elsewhere], &[]).is_ok(), "another region");
}

#[test]
fn adoptions_of_nothing_and_backwards_are_refused() {
    let pack = small("410804", "2024-01-01", "2024-12-31");
    let hash = PackHash::of(b"elsewhere");
    let unknown = Adoption { pack: hash.clone(), from: day("2024-01-01"), until: None };
    assert_eq!(PolicyBook::new(vec![pack.clone()], &[unknown]).unwrap_err(), BookError::UnknownPack(hash));
    let backwards = adopted(&pack, "2024-05-01", Some("2024-04-30"));
    assert_eq!(
        PolicyBook::new(vec![pack.clone()], &[backwards]).unwrap_err(),
        BookError::Reversed(pack.id().clone())
    );
}

#[test]
fn the_version_of_a_day_is_the_one_that_began_last_also_once_its_days_are_over() {
    // Their hashes are in no order that has to do with their days.
    let versions = ["2021", "2022", "2023"]
        .map(|year| small("410804", &format!("{year}-01-01"), &format!("{year}-12-31")));
    let [first, second, third] = versions.each_ref().map(|pack| pack.hash().clone());
    let pack = versions[0].id().clone();
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let book = PolicyBook::new(order.map(|at| versions[at].clone()).to_vec(), &[]).unwrap();
        let version =
            |date: &str| book.version_at(&region("410804"), &pack, day(date)).unwrap().hash().clone();
        assert_eq!(version("2020-06-01"), first, "before them all");
        assert_eq!(version("2022-06-01"), second);
        assert_eq!(version("2026-06-01"), third, "after them all");
    }
    assert_eq!(
        PolicyBook::default().version_at(&region("410804"), &pack, day("2022-06-01")).map(|_| ()),
        None
    );
}
