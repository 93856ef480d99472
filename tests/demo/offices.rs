//! The people at desks: who is signed in, and the clock that they live by.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;
use server::demo_district::DemoDistrict;
use sync_core::ids::UnitId;
use sync_core::model::assignment::Role;
use sync_core::time::{Clock, Instant};
use tests::clock::TestClock;

use crate::office::{Office, Refused};

/// What the clocks of a demonstration show.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ClockFace {
    /// The demonstration's.
    pub now: Instant,
    /// The machine's, as far as that can be moved.
    pub machine: Instant,
    /// Whether the demonstration's stands until it is moved on.
    pub stands: bool,
}

impl ClockFace {
    /// Asks the server; none where its clock is the machine's.
    pub fn read(admin: &Office) -> Result<Option<Self>> {
        match admin.read(CLOCK) {
            Ok(face) => Ok(Some(serde_json::from_value(face)?)),
            Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 404) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// From now on the clock goes with the machine's.
pub fn release_clock(admin: &Office) -> Result<()> {
    admin.put(CLOCK, &json!({ "now": null })).map(drop)
}

/// Where the clock is.
const CLOCK: &str = "/api/v1/demonstration/clock";

/// Everybody who signs in to the office.
pub struct Offices {
    /// Decides (经办).
    pub supervisor: Office,
    /// Reviews what the first proposes (复核).
    pub second: Office,
    /// Closes months (经办).
    pub finance: Office,
    /// Reviews that (复核).
    pub auditor: Office,
    /// Users, packs, the clock.
    pub admin: Office,
    liaisons: BTreeMap<UnitId, Office>,
    devices: Arc<TestClock>,
}

impl Offices {
    /// Signs everybody in; the clock of the devices goes with the server's from now on.
    pub fn sign_in(url: &str, district: &DemoDistrict, devices: Arc<TestClock>) -> Result<Self> {
        let liaisons = district.sign_ins.iter().filter(|person| person.assignment.role == Role::Liaison);
        let liaisons = liaisons.map(|person| {
            let unit = person.assignment.unit_id.context("a liaison without a unit")?;
            Ok((unit, Office::sign_in(url, &person.username)?))
        });
        Ok(Self {
            liaisons: liaisons.collect::<Result<_>>()?,
            supervisor: Office::sign_in(url, "supervisor1")?,
            second: Office::sign_in(url, "supervisor2")?,
            finance: Office::sign_in(url, "finance1")?,
            auditor: Office::sign_in(url, "finance2")?,
            admin: Office::sign_in(url, "admin")?,
            devices,
        })
    }

    /// The liaison of a unit, if it has one.
    pub fn liaison(&self, unit: UnitId) -> Option<&Office> {
        self.liaisons.get(&unit)
    }

    /// What the clock shows.
    pub fn now(&self) -> Instant {
        self.devices.now()
    }

    /// Moves the clock on, where it is not there yet.
    pub fn move_clock(&self, to: Instant) -> Result<()> {
        if to > self.now() {
            self.admin.put(CLOCK, &json!({ "now": to }))?;
            self.devices.set(to);
        }
        Ok(())
    }
}
