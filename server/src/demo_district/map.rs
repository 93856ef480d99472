//! The map of the demonstration: seven street offices with their communities, as a chequerboard where the real ones
//! are, and the zones over them. Outlines are invented; names of street offices are the real ones.
//!
//! Invariant: cells share edges and never overlap, so a point inside one is inside no other.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use sync_core::geo::{Point, Polygon};
use sync_core::ids::{GridPath, IdError, UnitId, ZoneId};
use sync_core::model::grid::{Grid, GridStaff};
use sync_core::model::zone::{Zone, ZoneKind};

use super::draw::{self, Draw};
use super::units;
use super::{DISTRICT, DISTRICT_NAME};

/// A rectangle, in millionths of a degree (WGS-84).
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    west: i32,
    south: i32,
    east: i32,
    north: i32,
}

/// Part of a cell's side that its drawn points keep away from each edge.
const MARGIN_DIVISOR: i32 = 20;

impl Cell {
    const fn new(west: i32, south: i32, east: i32, north: i32) -> Self {
        Self { west, south, east, north }
    }

    /// The smallest that holds both.
    fn joined(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// The strip of this number out of so many, from the west.
    fn strip(self, number: i32, of: i32) -> Self {
        let at = |strip: i32| self.west + (self.east - self.west) * strip / of;
        Self { west: at(number), east: at(number + 1), ..self }
    }

    /// Longitudes and latitudes within the margin.
    pub(super) fn inner(self) -> (RangeInclusive<i32>, RangeInclusive<i32>) {
        let within = |from: i32, to: i32| {
            let margin = (to - from) / MARGIN_DIVISOR;
            from + margin..=to - margin
        };
        (within(self.west, self.east), within(self.south, self.north))
    }

    /// A point, in millionths of a degree.
    pub(super) fn point(lon: i32, lat: i32) -> Point {
        Point { lon: f64::from(lon) / 1e6, lat: f64::from(lat) / 1e6 }
    }

    fn polygon(self) -> Polygon {
        let corners = [
            (self.west, self.south),
            (self.east, self.south),
            (self.east, self.north),
            (self.west, self.north),
            (self.west, self.south),
        ];
        let corner = |(lon, lat)| {
            let point = Self::point(lon, lat);
            [point.lon, point.lat]
        };
        Polygon(vec![corners.into_iter().map(corner).collect()])
    }
}

/// A street office (街道) and its communities (社区).
pub(super) struct Street {
    /// Number in grid paths and statistical codes.
    pub(super) number: u16,
    /// Name.
    pub(super) name: &'static str,
    /// Name in Latin letters, for user names.
    pub(super) latin: &'static str,
    cell: Cell,
    communities: &'static [&'static str],
}

/// North, from the west: 九里山, 马村, 冯营, 演马. South: 待王, 安阳城, 武王.
pub(super) const STREETS: [Street; 7] = [
    Street {
        number: 1,
        name: "马村",
        latin: "macun",
        cell: Cell::new(113_280_000, 35_270_000, 113_320_000, 35_340_000),
        communities: &["祥禾", "清晏", "望湖", "书院", "同安"],
    },
    Street {
        number: 2,
        name: "冯营",
        latin: "fengying",
        cell: Cell::new(113_320_000, 35_270_000, 113_360_000, 35_340_000),
        communities: &["朝晖", "柳荫", "和畅", "新泉", "春晓"],
    },
    Street {
        number: 3,
        name: "九里山",
        latin: "jiulishan",
        cell: Cell::new(113_240_000, 35_270_000, 113_280_000, 35_340_000),
        communities: &["松岗", "石泉", "云台里", "杏园"],
    },
    Street {
        number: 4,
        name: "待王",
        latin: "daiwang",
        cell: Cell::new(113_240_000, 35_200_000, 113_293_000, 35_270_000),
        communities: &["槐荫", "麦香", "长堤", "南湾"],
    },
    Street {
        number: 5,
        name: "安阳城",
        latin: "anyangcheng",
        cell: Cell::new(113_293_000, 35_200_000, 113_346_000, 35_270_000),
        communities: &["古槐", "东篱", "禾丰", "柿园"],
    },
    Street {
        number: 6,
        name: "演马",
        latin: "yanma",
        cell: Cell::new(113_360_000, 35_270_000, 113_400_000, 35_340_000),
        communities: &["矿新", "向阳坡", "青林"],
    },
    Street {
        number: 7,
        name: "武王",
        latin: "wuwang",
        cell: Cell::new(113_346_000, 35_200_000, 113_400_000, 35_270_000),
        communities: &["枣园", "清河湾", "田庄里"],
    },
];

/// A zone covers these street offices wholly, and no other.
const ZONES: [(ZoneKind, &str, &str, &[u16]); 3] = [
    (ZoneKind::BuiltUpArea, "built_up_area", "马村区城市建成区", &[1, 2]),
    (ZoneKind::NoBurn, "no_burn", "马村区高污染燃料禁燃区", &[1, 2, 3]),
    (ZoneKind::FireworksProhibited, "fireworks_prohibited", "马村区禁燃禁放范围", &[1, 2, 3, 6]),
];

/// First day of every zone and assignment: before the pack's, so that all of its days are covered.
pub(super) const VALID_FROM: Date = jiff::civil::date(2024, 1, 1);

impl Street {
    /// Its grid.
    ///
    /// # Errors
    /// [`IdError`] where the number makes no path.
    pub(super) fn path(&self) -> Result<GridPath, IdError> {
        format!("{DISTRICT}/{:03}", self.number).parse()
    }

    /// Its unit.
    pub(super) fn unit(&self) -> UnitId {
        units::street_unit(self.number)
    }

    /// Its communities.
    ///
    /// # Errors
    /// [`IdError`] where a number makes no path.
    pub(super) fn communities(&'static self) -> Result<Vec<Community>, IdError> {
        let count = i32::try_from(self.communities.len()).unwrap_or(i32::MAX);
        let community = |(index, name): (i32, &&'static str)| {
            Ok(Community {
                street: self,
                name,
                number: index + 1,
                path: format!("{DISTRICT}/{:03}/{:03}", self.number, index + 1).parse()?,
                cell: self.cell.strip(index, count),
            })
        };
        (0..).zip(self.communities).map(community).collect()
    }
}

/// A community (社区): the grid that targets lie in.
pub(super) struct Community {
    /// Above it.
    pub(super) street: &'static Street,
    /// Its name without 社区.
    pub(super) name: &'static str,
    number: i32,
    /// Its grid.
    pub(super) path: GridPath,
    /// Its outline.
    pub(super) cell: Cell,
}

/// The grids: the district, then each street office with its communities.
///
/// # Errors
/// [`IdError`] where a number makes no path.
pub(super) fn grids(draw: &mut Draw) -> Result<Vec<Grid>, IdError> {
    let whole = STREETS.iter().map(|street| street.cell).reduce(Cell::joined);
    let mut grids = vec![Grid {
        path: DISTRICT.parse()?,
        name: DISTRICT_NAME.to_owned(),
        statistical_code: Some(format!("{DISTRICT}000000")),
        unit_id: units::environment_bureau(),
        polygon: whole.map(Cell::polygon),
        staff: staff(draw),
    }];
    for street in &STREETS {
        grids.push(Grid {
            path: street.path()?,
            name: format!("{}街道", street.name),
            statistical_code: Some(format!("{DISTRICT}{:03}000", street.number)),
            unit_id: street.unit(),
            polygon: Some(street.cell.polygon()),
            staff: staff(draw),
        });
        for community in street.communities()? {
            grids.push(Grid {
                name: format!("{}社区", community.name),
                statistical_code: Some(format!("{DISTRICT}{:03}{:03}", street.number, community.number)),
                unit_id: street.unit(),
                polygon: Some(community.cell.polygon()),
                staff: staff(draw),
                path: community.path,
            });
        }
    }
    Ok(grids)
}

fn staff(draw: &mut Draw) -> GridStaff {
    GridStaff {
        chief: Some(draw.person()),
        member: Some(draw.person()),
        patroller: Some(draw.person()),
        supervisor: Some(draw.person()),
    }
}

/// The zones, open-ended from [`VALID_FROM`].
pub(super) fn zones() -> Vec<Zone> {
    let zone = |(kind, code, name, streets): &(ZoneKind, &str, &str, &[u16])| {
        let covered = STREETS.iter().filter(|street| streets.contains(&street.number));
        Some(Zone {
            zone_id: ZoneId(draw::id(&format!("zone/{code}"))),
            kind: *kind,
            name: (*name).to_owned(),
            polygon: covered.map(|street| street.cell).reduce(Cell::joined)?.polygon(),
            from: VALID_FROM,
            until: None,
        })
    };
    ZONES.iter().filter_map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::model::zone::zone_kinds_at;

    fn middle(cell: Cell) -> Point {
        Cell::point(cell.west.midpoint(cell.east), cell.south.midpoint(cell.north))
    }

    #[test]
    fn a_point_of_a_community_is_in_no_other_and_in_its_street_office() {
        let communities: Vec<Community> =
            STREETS.iter().flat_map(|street| street.communities().unwrap()).collect();
        for own in &communities {
            let holds = communities.iter().filter(|other| other.cell.polygon().contains(middle(own.cell)));
            assert_eq!(holds.map(|grid| &grid.path).collect::<Vec<_>>(), [&own.path]);
            assert!(own.street.cell.polygon().contains(middle(own.cell)));
        }
    }

    #[test]
    fn zones_cover_the_street_offices_they_name_and_no_other() {
        for street in &STREETS {
            let kinds = zone_kinds_at(&zones(), middle(street.cell), VALID_FROM);
            let named = ZONES.iter().filter(|(.., streets)| streets.contains(&street.number));
            assert_eq!(kinds, named.map(|(kind, ..)| *kind).collect::<Vec<_>>(), "{}", street.name);
        }
    }
}
