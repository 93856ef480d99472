//! Places: points and fixes in WGS-84 degrees (longitude first), polygons, distance, containment.
//!
//! Invariant: coordinates are stored raw as measured; nothing here converts to GCJ-02 or rounds.

use geo::{Contains, Distance, Haversine};
use serde::{Deserialize, Serialize};

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

impl Polygon {
    /// Whether the point lies inside (a point on the edge does not).
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        let ring = |r: &Vec<[f64; 2]>| {
            geo::LineString::from(r.iter().map(|[lon, lat]| (*lon, *lat)).collect::<Vec<_>>())
        };
        let Some((outer, holes)) = self.0.split_first() else { return false };
        geo::Polygon::new(ring(outer), holes.iter().map(ring).collect())
            .contains(&geo::Point::new(point.lon, point.lat))
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
