//! The features of a collection as the rows of a table: a feature's number is its row's.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use sync_core::geo::Polygon;
use sync_core::wire::problem::ProblemKind;

use super::DATUM;
use crate::problem::ApiError;
use crate::tables::read::{
    FILE_MAX_BYTES, Heading, RawCell, RawRow, RawTable, TABLE_MAX_ROWS, TableFault, table_of,
};

/// The name under which faults and changes of a feature's geometry are shown.
pub const OUTLINE: Heading<'static> = Heading { zh: "边界", en: "Outline", required: false };

/// What a coordinate system that is WGS-84, or as near to it as makes no difference here (CGCS2000), is named by.
const WGS_84: [&str; 3] = ["CRS84", "4326", "4490"];

/// A feature's geometry: none, one polygon, or why it is neither.
pub type Outline = Result<Option<Polygon>, ProblemKind>;

/// A collection as a table, with the outline of each row.
#[derive(Debug)]
pub struct Features<'h> {
    /// The properties.
    pub table: RawTable<'h>,
    /// Geometries by the number of their feature, from 1.
    pub outlines: HashMap<u32, Outline>,
}

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<Feature>,
    /// Our own files declare their datum.
    datum: Option<String>,
    /// Old files name their coordinate system.
    #[serde(default)]
    crs: Value,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Option<Geometry>,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Polygon {
        coordinates: Rings,
    },
    MultiPolygon {
        coordinates: Vec<Rings>,
    },
    #[serde(other)]
    Other,
}

/// Rings of positions: longitude, latitude, and perhaps a height that nothing here needs.
type Rings = Vec<Vec<Vec<f64>>>;

/// Whether a file is JSON and no table.
#[must_use]
pub fn is_geojson(file: &[u8]) -> bool {
    let text = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Reads a collection whose properties are to be `headings`; what maps carry beside them is not looked at.
///
/// # Errors
/// `geojson_invalid`, and those of tables.
pub fn read_features<'h>(file: &[u8], headings: &[Heading<'h>]) -> Result<Features<'h>, ApiError> {
    if file.len() > FILE_MAX_BYTES {
        return Err(vec![TableFault::FileTooLarge].into());
    }
    let invalid = |detail: String| ApiError::new(ProblemKind::GeojsonInvalid).detail(detail);
    let text = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let collection: Collection = serde_json::from_slice(text).map_err(|error| invalid(error.to_string()))?;
    if collection.kind != "FeatureCollection" {
        return Err(invalid(format!("type is {:?}", collection.kind)));
    }
    if let Some(datum) = collection.datum.filter(|datum| datum != DATUM) {
        return Err(invalid(format!("datum {datum:?}")));
    }
    let system = collection.crs.to_string();
    if !collection.crs.is_null() && !WGS_84.iter().any(|name| system.contains(name)) {
        return Err(invalid(format!("coordinate system {system}")));
    }
    if collection.features.len() > TABLE_MAX_ROWS {
        return Err(vec![TableFault::TooManyRows].into());
    }
    let names: Vec<String> = known_names(&collection.features, headings);
    let mut outlines = HashMap::new();
    let mut rows = Vec::with_capacity(collection.features.len());
    for (number, feature) in (1..).zip(collection.features) {
        let properties = feature.properties.unwrap_or_default();
        let cells = names.iter().map(|name| properties.get(name).map_or(RawCell::Blank, cell)).collect();
        rows.push(RawRow { number, cells });
        outlines.insert(number, feature.geometry.map(outline).transpose());
    }
    Ok(Features { table: table_of(names, rows, headings)?, outlines })
}

/// The names of properties that are columns, each once.
fn known_names(features: &[Feature], headings: &[Heading<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in features.iter().flat_map(|feature| &feature.properties).flat_map(Map::keys) {
        if !names.contains(name) && headings.iter().any(|heading| heading.is_named(name)) {
            names.push(name.clone());
        }
    }
    names
}

fn cell(value: &Value) -> RawCell {
    match value {
        Value::Null => RawCell::Blank,
        Value::String(text) if text.trim().is_empty() => RawCell::Blank,
        Value::String(text) => RawCell::Text(text.clone()),
        Value::Bool(flag) => RawCell::Flag(*flag),
        // As text, a number keeps its digits.
        Value::Number(_) | Value::Array(_) | Value::Object(_) => RawCell::Text(value.to_string()),
    }
}

fn outline(geometry: Geometry) -> Result<Polygon, ProblemKind> {
    let rings = match geometry {
        Geometry::Polygon { coordinates } => coordinates,
        Geometry::MultiPolygon { coordinates } => <[Rings; 1]>::try_from(coordinates)
            .map(|[only]| only)
            .map_err(|_| ProblemKind::GeometryUnsupported)?,
        Geometry::Other => return Err(ProblemKind::GeometryUnsupported),
    };
    let position = |position: Vec<f64>| match position[..] {
        [lon, lat, ..] => Ok([lon, lat]),
        _ => Err(ProblemKind::GeometryUnsupported),
    };
    let ring = |ring: Vec<Vec<f64>>| ring.into_iter().map(position).collect::<Result<Vec<_>, _>>();
    let polygon = Polygon(rings.into_iter().map(ring).collect::<Result<_, _>>()?);
    polygon.check()?;
    Ok(polygon)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Heading<'static> = Heading { zh: "名称", en: "Name", required: true };

    fn features(geometry: &str, more: &str) -> Result<Outline, ApiError> {
        let file = format!(
            r#"{{"type":"FeatureCollection"{more},"features":[
                {{"type":"Feature","properties":{{"NAME":"甲","FID":7}},"geometry":{geometry}}}]}}"#
        );
        let mut features = read_features(file.as_bytes(), &[NAME])?;
        assert_eq!(features.table.header, ["NAME"]);
        Ok(features.outlines.remove(&1).unwrap())
    }

    const RING: &str = "[[113,35],[114,35],[114,36],[113,35]]";

    #[test]
    fn one_polygon_is_read_whatever_the_map_carries_beside_it() {
        let polygon = features(&format!(r#"{{"type":"Polygon","coordinates":[{RING}]}}"#), "").unwrap();
        assert_eq!(polygon.clone().unwrap().unwrap().0[0][1], [114.0, 35.0]);
        let multi = features(&format!(r#"{{"type":"MultiPolygon","coordinates":[[{RING}]]}}"#), "").unwrap();
        assert_eq!(multi, polygon);
        let raised = features(
            r#"{"type":"Polygon","coordinates":[[[113,35,9],[114,35,9],[114,36,9],[113,35,9]]]}"#,
            "",
        );
        assert_eq!(raised.unwrap(), polygon);
        assert_eq!(features("null", "").unwrap(), Ok(None));
        let crs = r#","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}"#;
        assert_eq!(features("null", crs).unwrap(), Ok(None));
    }

    #[test]
    fn other_geometries_and_bad_outlines_are_faults_of_their_rows() {
        let table = [
            (r#"{"type":"Point","coordinates":[113,35]}"#.to_owned(), ProblemKind::GeometryUnsupported),
            (
                format!(r#"{{"type":"MultiPolygon","coordinates":[[{RING}],[{RING}]]}}"#),
                ProblemKind::GeometryUnsupported,
            ),
            (
                r#"{"type":"Polygon","coordinates":[[[35,113],[36,114],[35,114],[35,113]]]}"#.to_owned(),
                ProblemKind::CoordinatesSwapped,
            ),
            (r#"{"type":"Polygon","coordinates":[[[113]]]}"#.to_owned(), ProblemKind::GeometryUnsupported),
            (r#"{"type":"Polygon","coordinates":[]}"#.to_owned(), ProblemKind::PolygonEmpty),
        ];
        for (geometry, problem) in table {
            assert_eq!(features(&geometry, "").unwrap(), Err(problem), "{geometry}");
        }
    }

    #[test]
    fn what_is_no_collection_in_wgs_84_is_refused_whole() {
        let kind = |file: &str| read_features(file.as_bytes(), &[NAME]).unwrap_err().kind();
        assert_eq!(kind("{"), ProblemKind::GeojsonInvalid);
        assert_eq!(kind(r#"{"type":"Feature","features":[]}"#), ProblemKind::GeojsonInvalid);
        assert_eq!(kind(r#"{"type":"FeatureCollection","features":[]}"#), ProblemKind::ColumnMissing);
        let gauss = r#","crs":{"properties":{"name":"EPSG:2381"}}"#;
        assert_eq!(features("null", gauss).unwrap_err().kind(), ProblemKind::GeojsonInvalid);
        let mars = r#","datum":"GCJ-02""#;
        assert_eq!(features("null", mars).unwrap_err().kind(), ProblemKind::GeojsonInvalid);
        assert!(is_geojson("\u{FEFF} {".as_bytes()) && !is_geojson(b"a,b"));
    }
}
