//! Cells (格) of a hundredth of a degree, some 1,100 m by 900 m here: what is near lies in a few of them, so that an
//! index finds it however many cases there are.
//!
//! Invariant: a stored cell never changes its meaning; the migration that introduced it computes the same.

use sync_core::geo::Point;

/// Cells in a degree.
const PER_DEGREE: f64 = 100.0;

/// Cells from 180° west to 180° east, both included.
const IN_A_ROW: i32 = 36_001;

/// Metres of a degree of latitude, a little less than they are, so that a box of degrees is never too small.
const METRES_PER_DEGREE: f64 = 111_000.0;

/// Degrees of latitude beyond which a box spans all longitudes.
const POLAR_DEGREES: f64 = 89.0;

/// The part of the globe within some metres of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceBox {
    /// Degrees.
    pub west: f64,
    /// Degrees.
    pub east: f64,
    /// Degrees.
    pub south: f64,
    /// Degrees.
    pub north: f64,
}

/// The cell of a point; none for what is not on the globe.
#[must_use]
pub fn cell_of(point: Point) -> Option<i32> {
    point.is_on_globe().then(|| cell(step(point.lat + 90.0), step(point.lon + 180.0)))
}

impl PlaceBox {
    /// Everything within `metres` of a point, and a little more.
    #[must_use]
    pub fn around(point: Point, metres: f64) -> Self {
        let up = metres / METRES_PER_DEGREE;
        let steepest = point.lat.abs() + up;
        let across = if steepest < POLAR_DEGREES { up / steepest.to_radians().cos() } else { 360.0 };
        Self {
            west: (point.lon - across).max(-180.0),
            east: (point.lon + across).min(180.0),
            south: (point.lat - up).max(-90.0),
            north: (point.lat + up).min(90.0),
        }
    }

    /// The cells that it touches.
    #[must_use]
    pub fn cells(&self) -> Vec<i32> {
        let rows = step(self.south + 90.0)..=step(self.north + 90.0);
        let columns = step(self.west + 180.0)..=step(self.east + 180.0);
        rows.flat_map(|row| columns.clone().map(move |column| cell(row, column))).collect()
    }
}

const fn cell(row: i32, column: i32) -> i32 {
    row.saturating_mul(IN_A_ROW).saturating_add(column)
}

/// Which step of a hundredth of a degree; degrees count from a pole or from the date line, so they are 0 to 360.
#[expect(clippy::as_conversions, reason = "0 to 36,000 fits")]
fn step(degrees: f64) -> i32 {
    (degrees * PER_DEGREE).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_within_the_metres_is_in_the_box_and_in_one_of_its_cells(
            lon in 73.0..136.0, lat in 3.0..54.0, metres in 1.0..5_000.0, bearing in 0.0..std::f64::consts::TAU,
            share in 0.0..1.0,
        ) {
            let here = Point { lon, lat };
            let (up, across) = (bearing.cos() * metres * share, bearing.sin() * metres * share);
            let there = Point {
                lat: lat + up / 111_195.0,
                lon: lon + across / (111_195.0 * lat.to_radians().cos()),
            };
            prop_assume!(here.distance_metres(there) <= metres);
            let around = PlaceBox::around(here, metres);
            prop_assert!((around.west..=around.east).contains(&there.lon));
            prop_assert!((around.south..=around.north).contains(&there.lat));
            prop_assert!(around.cells().contains(&cell_of(there).unwrap()));
        }
    }

    #[test]
    fn a_stored_cell_keeps_its_meaning() {
        assert_eq!(cell_of(Point { lon: 113.325, lat: 35.275 }), Some(12_527 * 36_001 + 29_332));
        assert_eq!(cell_of(Point { lon: 180.0, lat: 90.0 }), Some(18_000 * 36_001 + 36_000));
        assert_eq!(cell_of(Point { lon: f64::NAN, lat: 0.0 }), None);
        assert!(PlaceBox::around(Point { lon: 0.0, lat: 89.9 }, 50.0).cells().len() > 36_000);
    }
}
