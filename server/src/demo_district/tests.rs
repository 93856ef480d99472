use std::collections::{BTreeMap, BTreeSet};

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::model::zone::{ZoneKind, zone_kinds_at};
use sync_core::policy::{PolicyPack, builtin_packs, check_target};

use super::*;
use crate::auth::access_token::AccessKeys;
use crate::config::{Config, Secret};

fn macun() -> PolicyPack {
    let packs = builtin_packs().iter().map(|pack| PolicyPack::load(pack.source, pack.file).unwrap());
    packs.into_iter().find(|pack| pack.region().as_str() == DISTRICT).unwrap()
}

#[test]
fn it_is_the_same_whenever_it_is_built() {
    assert_eq!(DemoDistrict::build().unwrap(), DemoDistrict::build().unwrap());
}

#[test]
fn every_target_is_valid_by_the_pack_of_the_district() {
    let (demo, pack) = (DemoDistrict::build().unwrap(), macun());
    for target in &demo.targets {
        assert_eq!(check_target(&pack, target), [], "{target:?}");
    }
}

#[test]
fn there_are_two_thousand_targets_of_all_kinds_with_names_of_their_own() {
    let (demo, pack) = (DemoDistrict::build().unwrap(), macun());
    assert_eq!(demo.targets.len(), 2000);
    let kinds: BTreeSet<_> = demo.targets.iter().map(|target| &target.kind).collect();
    assert_eq!(kinds, pack.kinds().iter().map(|kind| &kind.code).collect());
    let codes: BTreeSet<_> = demo.targets.iter().map(|target| &target.code).collect();
    let names: BTreeSet<_> = demo.targets.iter().map(|target| (&target.kind, &target.name)).collect();
    assert_eq!((codes.len(), names.len()), (2000, 2000));
}

#[test]
fn every_target_lies_inside_its_grid_and_answers_to_its_unit() {
    let demo = DemoDistrict::build().unwrap();
    let grids: BTreeMap<_, _> = demo.grids.iter().map(|grid| (&grid.path, grid)).collect();
    for target in &demo.targets {
        let grid = grids[&target.grid];
        assert_eq!(grid.path.level(), 3);
        assert_eq!(grid.unit_id, target.unit_id);
        assert!(grid.polygon.as_ref().unwrap().contains(target.point), "{target:?}");
    }
}

#[test]
fn every_inspector_has_every_kind_and_most_outlets_are_in_the_built_up_area() {
    let demo = DemoDistrict::build().unwrap();
    for person in demo.sign_ins.iter().filter(|person| person.assignment.role == Role::Inspector) {
        let own = demo.targets.iter().filter(|target| person.assignment.grid.covers(&target.grid));
        assert_eq!(own.map(|target| &target.kind).collect::<BTreeSet<_>>().len(), 10, "{}", person.username);
    }
    let outlets: Vec<_> =
        demo.targets.iter().filter(|target| target.kind.as_str() == "catering_device").collect();
    let in_town = outlets.iter().filter(|target| {
        zone_kinds_at(&demo.zones, target.point, map::VALID_FROM).contains(&ZoneKind::BuiltUpArea)
    });
    assert!(in_town.count() * 2 > outlets.len());
}

#[test]
fn every_grid_has_its_four_people_and_a_unit_that_exists() {
    let demo = DemoDistrict::build().unwrap();
    let units: BTreeSet<_> = demo.units.iter().map(|unit| unit.unit_id).collect();
    assert_eq!(demo.grids.iter().filter(|grid| grid.path.level() == 2).count(), 7);
    for grid in &demo.grids {
        let staff = &grid.staff;
        assert!(
            [&staff.chief, &staff.member, &staff.patroller, &staff.supervisor].iter().all(|p| p.is_some())
        );
        assert!(units.contains(&grid.unit_id));
        assert_eq!(grid.statistical_code.as_ref().unwrap().len(), 12);
    }
}

#[test]
fn there_is_somebody_for_every_role() {
    let demo = DemoDistrict::build().unwrap();
    let mut roles: BTreeMap<Role, usize> = BTreeMap::new();
    for person in &demo.sign_ins {
        *roles.entry(person.assignment.role).or_default() += 1;
        assert_eq!(person.enrolment_code.is_some(), person.assignment.role == Role::Inspector);
    }
    let expected = [
        (Role::Inspector, 8),
        (Role::Supervisor, 2),
        (Role::Liaison, 7),
        (Role::Finance, 2),
        (Role::Administrator, 1),
    ];
    assert_eq!(roles, BTreeMap::from(expected));
    let level = |username| demo.sign_in(username).unwrap().assignment.level;
    assert_eq!(level("inspector1"), Some(DiscoveryLevel::District));
    assert_eq!(level("selfcheck1"), Some(DiscoveryLevel::SelfCheck));
}

#[test]
fn the_password_and_the_token_key_are_what_they_claim() {
    let hash = PasswordHash::new(PASSWORD_HASH).unwrap();
    assert!(Argon2::default().verify_password(PASSWORD.as_bytes(), &hash).is_ok());
    let config = Config { token_key: Some(Secret::from(TOKEN_KEY.to_owned())), ..Config::default() };
    assert!(AccessKeys::from_config(&config).is_ok());
}

#[test]
fn the_listing_names_everybody_with_the_way_in() {
    let demo = DemoDistrict::build().unwrap();
    let listing = demo.listing("http://127.0.0.1:8080");
    assert!(listing.contains("http://127.0.0.1:8080") && listing.contains(PASSWORD));
    for person in &demo.sign_ins {
        let line = listing.lines().find(|line| line.starts_with(&person.username)).unwrap();
        assert!(line.contains(&person.name));
        assert!(person.enrolment_code.as_ref().is_none_or(|code| line.contains(code)));
    }
}
