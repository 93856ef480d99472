//! The demonstration district (演示区): 马村区 410804 with units, grids, zones, people and two thousand targets.
//!
//! Invariants: everything but the epoch is the same in every database it is filled into, and known without one
//! ([`DemoDistrict::build`]); names of people, firms and places are invented, codes of public bodies too; what is
//! built in here (password, enrolment codes, token key) works in a demonstration only, which never shares a database
//! with a real district.

mod draw;
mod fill;
mod listing;
mod map;
mod people;
mod targets;
mod units;
mod words;

use sync_core::ids::IdError;
use sync_core::model::grid::Grid;
use sync_core::model::target::TargetContent;
use sync_core::model::unit::Unit;
use sync_core::model::zone::Zone;

pub use fill::{FillError, Filled, Opened, fill, open};
pub use people::SignIn;

/// Code of the district (GB/T 2260).
pub const DISTRICT: &str = "410804";

/// Name of the district.
pub const DISTRICT_NAME: &str = "马村区";

/// The password of everybody who signs in to the office.
pub const PASSWORD: &str = "lantian-demo";

/// [`PASSWORD`] as argon2id in PHC form, so that filling hashes nothing.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dPHrDuAYdF3y1FQylBzuIA$QaG+1STMaAHN/2TdY810JuQ3yvNZiX1D6qPQ0oU5x3Q";

/// Key of access tokens where the configuration has none: base64 of 32 bytes that everybody knows.
const TOKEN_KEY: &str = "bGFudGlhbi1kZW1vbnN0cmF0aW9uLXRva2VuLWtleSE=";

/// Everything in the demonstration.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoDistrict {
    /// Units: street offices, then bureaus.
    pub units: Vec<Unit>,
    /// Grids: the district, then each street office with its communities.
    pub grids: Vec<Grid>,
    /// Zones.
    pub zones: Vec<Zone>,
    /// People: inspectors, supervisors, liaisons, finance, the administrator.
    pub sign_ins: Vec<SignIn>,
    /// The register.
    pub targets: Vec<TargetContent>,
}

impl DemoDistrict {
    /// Builds it.
    ///
    /// # Errors
    /// [`IdError`] where a code in its tables is none.
    pub fn build() -> Result<Self, IdError> {
        let mut draw = draw::Draw::new();
        Ok(Self {
            units: units::units(),
            grids: map::grids(&mut draw)?,
            zones: map::zones(),
            sign_ins: people::sign_ins(&mut draw)?,
            targets: targets::targets(&mut draw)?,
        })
    }

    /// The person who signs in by this name.
    #[must_use]
    pub fn sign_in(&self, username: &str) -> Option<&SignIn> {
        self.sign_ins.iter().find(|sign_in| sign_in.username == username)
    }

    /// What a person who starts the demonstration must know, as a table for the terminal.
    #[must_use]
    pub fn listing(&self, address: &str) -> String {
        listing::listing(self, address)
    }
}

#[cfg(test)]
mod tests;
