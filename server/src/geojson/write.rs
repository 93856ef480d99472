//! A sheet as a collection: its columns are the properties.

use serde_json::{Map, Value, json};
use sync_core::geo::Polygon;

use super::DATUM;
use crate::tables::{Cell, Sheet};

/// The features of a sheet's rows, each with its outline where it has one.
#[must_use]
pub fn feature_collection<R>(sheet: &Sheet<'_, R>, outline: impl Fn(&R) -> Option<&Polygon>) -> Value {
    let feature = |row: &R| {
        let properties: Map<String, Value> = sheet
            .columns
            .iter()
            .map(|column| (column.header(sheet.language).into_owned(), property(column.cell(row))))
            .collect();
        let geometry = outline(row).map(|polygon| json!({ "type": "Polygon", "coordinates": polygon }));
        json!({ "type": "Feature", "properties": properties, "geometry": geometry })
    };
    let features: Vec<Value> = sheet.rows.iter().map(feature).collect();
    json!({ "type": "FeatureCollection", "datum": DATUM, "name": sheet.title, "features": features })
}

fn property(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Blank => Value::Null,
        Cell::Integer(number) => number.into(),
        cell => cell.into_text().into(),
    }
}
