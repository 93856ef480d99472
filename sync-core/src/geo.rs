//! Places: points and fixes in WGS-84 degrees (longitude first), polygons, distance, containment.
//!
//! Invariant: coordinates are stored raw as measured; nothing here converts to GCJ-02 or rounds.

use geo::algorithm::Validation;
use geo::{Contains, Distance, Haversine};
use serde::{Deserialize, Serialize};

use crate::limits::POLYGON_MAX_POINTS;
use crate::time::Instant;

/// A point in WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    /// Longitude in degrees east.
    pub lon: f64,
    /// Latitude in degrees north.
    pub lat: f64,
}

/// Metres that no two places of the earth are further apart than (half a great circle, rounded up).
pub const EARTH_METRES: f64 = 20_100_000.0;
/// Metres of a degree of latitude, rounded down: bounds may be too wide, never too narrow.
const DEGREE_METRES: f64 = 111_000.0;

/// Bounds of the country in degrees: outside them a register entry is refused and a fix is flagged.
const CHINA_LON: std::ops::RangeInclusive<f64> = 73.0..=136.0;
const CHINA_LAT: std::ops::RangeInclusive<f64> = 3.0..=54.0;

impl Point {
    /// Whether both coordinates are finite and on the globe.
    #[must_use]
    pub fn is_on_globe(self) -> bool {
        (-180.0..=180.0).contains(&self.lon) && (-90.0..=90.0).contains(&self.lat)
    }

    /// Whether it lies within the country's bounding box.
    #[must_use]
    pub fn is_in_china(self) -> bool {
        CHINA_LON.contains(&self.lon) && CHINA_LAT.contains(&self.lat)
    }

    /// Distance in metres along the great circle.
    #[must_use]
    pub fn distance_metres(self, other: Self) -> f64 {
        Haversine.distance(geo::Point::new(self.lon, self.lat), geo::Point::new(other.lon, other.lat))
    }

    /// Bounds (west, south, east, north, in degrees) that hold every place within so many metres, and some more. Where they
    /// would pass a pole or the date line they hold every longitude.
    #[must_use]
    pub fn bounds_within(self, metres: f64) -> [f64; 4] {
        let height = metres / DEGREE_METRES;
        let (south, north) = (self.lat - height, self.lat + height);
        let narrowest = south.abs().max(north.abs()).to_radians().cos();
        let width = if narrowest > 0.0 { height / narrowest } else { f64::INFINITY };
        let (west, east) = (self.lon - width, self.lon + width);
        let wraps = south <= -90.0 || north >= 90.0 || west < -180.0 || east > 180.0;
        if wraps { [-180.0, south, 180.0, north] } else { [west, south, east, north] }
    }
}

/// Whether the platform says the position was faked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MockFlag {
    /// The platform says it is a mock position (模拟位置).
    Yes,
    /// The platform says it is not.
    No,
    /// The platform cannot say (a browser never can).
    Unknown,
}

/// A GNSS fix (定位) as the device reported it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fix {
    /// Where.
    pub point: Point,
    /// Radius of 68% confidence in metres.
    pub accuracy_metres: f64,
    /// When the receiver took it, which may be before the inspection.
    pub fixed_at: Instant,
    /// `gnss`, `network`, `manual` … as the platform names it.
    pub provider: String,
    /// Whether it is a mock position.
    pub mock: MockFlag,
}

/// A polygon with holes, as GeoJSON coordinates: rings of `[lon, lat]`, the first the outer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = Vec<Vec<[f64; 2]>>))]
#[serde(transparent)]
pub struct Polygon(pub Vec<Vec<[f64; 2]>>);

/// Why a polygon is no outline of a grid or zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolygonFault {
    /// No ring, or a ring of fewer than three different points.
    #[error("a ring has fewer than three different points")]
    Empty,
    /// A ring whose last point is not its first.
    #[error("a ring is not closed: its last point must be its first")]
    NotClosed,
    /// More than [`POLYGON_MAX_POINTS`].
    #[error("more than {POLYGON_MAX_POINTS} points")]
    TooManyPoints,
    /// Latitude stands before longitude.
    #[error("latitude stands before longitude")]
    Swapped,
    /// A point outside the country, or not a number.
    #[error("a point lies outside the country")]
    OutsideChina,
    /// Rings cross themselves or each other, or a hole lies outside.
    #[error("its rings cross, or a hole lies outside")]
    Crosses,
}

impl Polygon {
    /// Whether the point lies inside (a point on the edge does not).
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        self.rings().is_some_and(|rings| rings.contains(&geo::Point::new(point.lon, point.lat)))
    }

    /// Checks that it is an outline of some place in the country (OGC simple features, rings closed).
    ///
    /// # Errors
    /// The first [`PolygonFault`].
    pub fn check(&self) -> Result<(), PolygonFault> {
        let points = || self.0.iter().flatten().map(|[lon, lat]| Point { lon: *lon, lat: *lat });
        if self.0.is_empty() || self.0.iter().any(Vec::is_empty) {
            return Err(PolygonFault::Empty);
        }
        if points().count() > POLYGON_MAX_POINTS {
            return Err(PolygonFault::TooManyPoints);
        }
        if !points().all(Point::is_in_china) {
            let swapped = points().all(|point| Point { lon: point.lat, lat: point.lon }.is_in_china());
            return Err(if swapped { PolygonFault::Swapped } else { PolygonFault::OutsideChina });
        }
        if self.0.iter().any(|ring| ring.first() != ring.last()) {
            return Err(PolygonFault::NotClosed);
        }
        // The first fault is enough: to find all, hundreds of rings in one place are compared for seconds.
        match self.rings().map(|rings| rings.check_validation()) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(geo::algorithm::validation::InvalidPolygon::TooFewPointsInRing(_))) => {
                Err(PolygonFault::Empty)
            }
            Some(Err(_)) => Err(PolygonFault::Crosses),
        }
    }

    fn rings(&self) -> Option<geo::Polygon> {
        let ring = |r: &Vec<[f64; 2]>| {
            geo::LineString::from(r.iter().map(|[lon, lat]| (*lon, *lat)).collect::<Vec<_>>())
        };
        let (outer, holes) = self.0.split_first()?;
        Some(geo::Polygon::new(ring(outer), holes.iter().map(ring).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_contains_what_is_inside_and_not_in_a_hole() {
        let square = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b], [a, a]];
        let zone = Polygon(vec![square(0.0, 10.0), square(4.0, 6.0)]);
        assert!(zone.contains(Point { lon: 1.0, lat: 1.0 }));
        assert!(!zone.contains(Point { lon: 5.0, lat: 5.0 }));
        assert!(!zone.contains(Point { lon: 11.0, lat: 1.0 }));
        assert!(!Polygon(vec![]).contains(Point { lon: 1.0, lat: 1.0 }));
    }

    #[test]
    fn an_outline_is_closed_simple_and_in_the_country_longitude_first() {
        let at =
            |points: &[(f64, f64)]| points.iter().map(|(x, y)| [113.0 + x, 35.0 + y]).collect::<Vec<_>>();
        let square = at(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]);
        let hole = at(&[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.2)]);
        let outside = at(&[(2.0, 2.0), (2.4, 2.2), (2.4, 2.4), (2.0, 2.0)]);
        let bow = at(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]);
        let open = at(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]);
        let flat = at(&[(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)]);
        let swapped = square.iter().map(|[lon, lat]| [*lat, *lon]).collect();
        let fine = (0..=POLYGON_MAX_POINTS).map(|_| [113.0, 35.0]).collect();
        let table = [
            (vec![square.clone()], Ok(())),
            (vec![square.clone(), hole], Ok(())),
            (vec![], Err(PolygonFault::Empty)),
            (vec![vec![]], Err(PolygonFault::Empty)),
            (vec![flat], Err(PolygonFault::Empty)),
            (vec![open], Err(PolygonFault::NotClosed)),
            (vec![bow], Err(PolygonFault::Crosses)),
            (vec![square, outside], Err(PolygonFault::Crosses)),
            (vec![swapped], Err(PolygonFault::Swapped)),
            (vec![vec![[113.0, f64::NAN]]], Err(PolygonFault::OutsideChina)),
            (vec![fine], Err(PolygonFault::TooManyPoints)),
        ];
        for (rings, expected) in table {
            assert_eq!(Polygon(rings.clone()).check(), expected, "{:?}", rings.iter().map(Vec::len));
        }
    }

    #[test]
    fn distance_is_in_metres() {
        let here = Point { lon: 113.32, lat: 35.27 };
        let north = Point { lon: 113.32, lat: 35.28 };
        let metres = here.distance_metres(north);
        assert!((1_110.0..1_114.0).contains(&metres), "{metres}");
    }

    #[test]
    fn not_a_number_is_nowhere() {
        assert!(!Point { lon: f64::NAN, lat: 35.0 }.is_on_globe());
        assert!(!Point { lon: f64::NAN, lat: 35.0 }.is_in_china());
        assert!(!Point { lon: 0.0, lat: 0.0 }.is_in_china());
    }
}
