//! GeoJSON (RFC 7946) of what this product keeps: features of points, written in one pass; and outlines of grids and
//! zones, in and out.
//!
//! Invariants: longitude first, as stored; nothing is converted or rounded. The properties of an outline are the columns
//! of its register's table, by the same names, so that one import reads both. RFC 7946 knows WGS 84 only and has no member
//! to say so, so the collection declares its datum in a member of its own (section 6.1, foreign members): readers here
//! also meet CGCS2000 and GCJ-02 files, which look alike and lie up to 500 m beside.

mod read;
mod write;

use serde::{Serialize, Serializer};
use sync_core::geo::Point;

pub use read::{Features, OUTLINE, Outline, is_geojson, read_features};
pub use write::feature_collection;

/// The media type of GeoJSON (RFC 7946, section 12).
pub const MEDIA_TYPE: &str = "application/geo+json";

/// The datum of every coordinate that is stored.
pub const DATUM: &str = "WGS-84";

/// Features with the properties `P`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "FeatureCollection")]
pub struct FeatureCollection<P> {
    /// [`DATUM`].
    pub datum: &'static str,
    /// The features.
    pub features: Vec<Feature<P>>,
}

impl<P> FeatureCollection<P> {
    /// A collection in the datum of record.
    #[must_use]
    pub fn new(features: Vec<Feature<P>>) -> Self {
        Self { datum: DATUM, features }
    }
}

/// A thing with a place.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "Feature")]
pub struct Feature<P> {
    /// Its id in the product.
    pub id: String,
    /// Where it is; null where that is not known.
    #[serde(serialize_with = "point_geometry")]
    pub geometry: Option<Point>,
    /// What is told of it.
    pub properties: P,
}

fn point_geometry<S: Serializer>(point: &Option<Point>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(tag = "type", rename = "Point")]
    struct Geometry {
        coordinates: [f64; 2],
    }
    // Not a number is no place; JSON could not say it either.
    let known = point.filter(|point| point.is_on_globe());
    known.map(|point| Geometry { coordinates: [point.lon, point.lat] }).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_collection_declares_its_datum_and_puts_longitude_first() {
        let feature =
            |id: &str, geometry| Feature { id: id.to_owned(), geometry, properties: json!({ "a": 1 }) };
        let nowhere = Point { lon: f64::NAN, lat: 1.0 };
        let collection = FeatureCollection::new(vec![
            feature("x", Some(Point { lon: 113.32, lat: 35.27 })),
            feature("y", None),
            feature("z", Some(nowhere)),
        ]);
        assert_eq!(
            serde_json::to_value(collection).unwrap(),
            json!({
                "type": "FeatureCollection", "datum": "WGS-84",
                "features": [
                    { "type": "Feature", "id": "x", "properties": { "a": 1 },
                      "geometry": { "type": "Point", "coordinates": [113.32, 35.27] } },
                    { "type": "Feature", "id": "y", "properties": { "a": 1 }, "geometry": null },
                    { "type": "Feature", "id": "z", "properties": { "a": 1 }, "geometry": null },
                ]
            })
        );
    }
}
