//! The cast: one district with its grids, units, packs and inspectors, the same for either server.

use std::collections::BTreeMap;

use sync_core::geo::Point;
use sync_core::ids::{DeviceId, GridPath, Incarnation, PackHash, RegionCode, TargetId, UnitId, UserId};
use sync_core::model::target::{FactValue, TargetContent};
use sync_core::policy::{PolicyPack, builtin_packs};
use uuid::Uuid;

use crate::dice::Dice;

/// The district.
pub const DISTRICT: &str = "410804";

/// What the amounts of the pack are at first, in yuan, and what the next version says.
const AMOUNT: (&str, &str) = ("amount = 100_000", "amount = 80_000");

/// Who works where: the grid below the district of each inspector.
pub const BEATS: [&str; 3] = ["001", "002", ""];

/// The inspector of each tablet: the first has two.
pub const TABLETS: [usize; 4] = [0, 0, 1, 2];

/// What a run plays with. Ids are the server's.
#[derive(Debug, Clone)]
pub struct Cast {
    /// The district.
    pub district: RegionCode,
    /// Its grids, the root first.
    pub grids: Vec<GridPath>,
    /// The street offices.
    pub streets: [UnitId; 2],
    /// The inspectors, in the order of [`BEATS`].
    pub inspectors: Vec<UserId>,
    /// The enrolled devices, in the order of [`TABLETS`].
    pub devices: Vec<Enrolled>,
    /// The pack in force at first.
    pub pack: Pack,
    /// Its next version.
    pub next_pack: Pack,
}

/// A pack as text and loaded.
#[derive(Debug, Clone)]
pub struct Pack {
    /// TOML.
    pub source: String,
    /// The same.
    pub loaded: PolicyPack,
}

/// A device as it is enrolled.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The device.
    pub device_id: DeviceId,
    /// Its user.
    pub user_id: UserId,
    /// Its first installation.
    pub incarnation: Incarnation,
    /// Its key, for the server that checks signatures.
    pub key: Option<p256::ecdsa::SigningKey>,
}

/// The shipped pack and a later version of it that charges less.
pub fn packs() -> (Pack, Pack) {
    let shipped = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap();
    assert!(shipped.source.contains(AMOUNT.0), "the pack has another amount");
    let pack =
        |source: String| Pack { loaded: PolicyPack::load(&source, "macun-2024.toml").unwrap(), source };
    (pack(shipped.source.to_owned()), pack(shipped.source.replace(AMOUNT.0, AMOUNT.1)))
}

impl Cast {
    /// The packs by version.
    pub fn packs(&self) -> BTreeMap<PackHash, &PolicyPack> {
        [&self.pack, &self.next_pack].map(|pack| (pack.loaded.hash().clone(), &pack.loaded)).into()
    }

    /// A grid by its path below the district.
    pub fn grid(&self, below: &str) -> GridPath {
        grid(&self.district, below)
    }

    /// The street office of a grid.
    pub fn unit_of(&self, grid: &GridPath) -> UnitId {
        if self.grid("002").covers(grid) { self.streets[1] } else { self.streets[0] }
    }

    /// The grids in which register entries lie: communities.
    pub fn communities(&self) -> Vec<GridPath> {
        self.grids.iter().filter(|grid| grid.level() == 3).cloned().collect()
    }

    /// A building site to be registered.
    pub fn site(&self, dice: &mut Dice, target_id: Uuid, grid: GridPath) -> TargetContent {
        let step = |dice: &mut Dice| f64::from(u16::try_from(dice.below(400)).unwrap()) / 1000.0;
        TargetContent {
            target_id: TargetId(target_id),
            kind: "construction_site".parse().unwrap(),
            code: None,
            name: format!("工地{:04}", dice.below(10_000)),
            address: "东环路".to_owned(),
            // Far enough from the next that duplicates are those of one target.
            point: Point { lon: 113.0 + step(dice), lat: 35.0 + step(dice) },
            unit_id: self.unit_of(&grid),
            grid,
            supervising_department: None,
            responsible_person: None,
            facts: [("site_type".parse().unwrap(), FactValue::Text("building".to_owned()))].into(),
        }
    }
}

/// A grid of a district.
pub fn grid(district: &RegionCode, below: &str) -> GridPath {
    let separator = if below.is_empty() { "" } else { "/" };
    format!("{district}{separator}{below}").parse().unwrap()
}
