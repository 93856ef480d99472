//! `targets`: the register.

use serde::Serialize;
use serde_json::json;
use sync_core::field::NewTarget;
use sync_core::ids::FactCode;
use sync_core::model::target::{FactValue, Facts, TargetContent};
use sync_core::store::{Found, RegisterEntry};
use sync_core::wire::problem::ProblemKind;

use super::Screen;
use super::visit::Reader;
use crate::cli::{TargetFlags, TargetsCommand};
use crate::device::Device;
use crate::error::DeviceError;

/// A register entry in JSON.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    content: &'a TargetContent,
    version: u32,
    local: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_metres: Option<f64>,
}

impl<'a> Line<'a> {
    const fn new(entry: &'a RegisterEntry, distance_metres: Option<f64>) -> Self {
        Self { content: &entry.content, version: entry.version, local: entry.local, distance_metres }
    }
}

pub(super) fn run(
    device: &mut Device,
    command: &TargetsCommand,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    match command {
        TargetsCommand::List => show(&device.search("", None)?, screen),
        TargetsCommand::Search { query, lon, lat } => {
            let mut reader = Reader::default();
            let near = reader.point(lon.as_deref(), lat.as_deref(), "point");
            reader.finish()?;
            show(&device.search(query, near)?, screen)
        }
        TargetsCommand::Show { target } => {
            let unknown = || DeviceError::refused(ProblemKind::TargetUnknown, "target");
            let id = target.parse().map_err(|_| unknown())?;
            let entry = device.target(id)?.ok_or_else(unknown)?;
            let found = Found { entry, distance_metres: None };
            screen.show(&Line::new(&found.entry, None), &screen.words.found(&found))
        }
        TargetsCommand::Register(flags) => {
            let id = device.register_target(given(flags)?)?;
            screen.show(&json!({ "target_id": id }), &screen.words.target_registered(&id.to_string()))
        }
    }
}

fn show(found: &[Found], screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let lines: Vec<_> = found.iter().map(|found| screen.words.found(found)).collect();
    let json: Vec<_> = found.iter().map(|found| Line::new(&found.entry, found.distance_metres)).collect();
    screen.show_lines(&json, &lines)
}

fn given(flags: &TargetFlags) -> Result<NewTarget, DeviceError> {
    let mut reader = Reader::default();
    let kind = reader.read(&flags.kind, ProblemKind::KindUnknown, "kind");
    let grid = reader.read(&flags.grid, ProblemKind::GridUnknown, "grid");
    let point = reader.point(Some(&flags.lon), Some(&flags.lat), "point");
    let unit_id = reader.optional(flags.unit.as_deref(), ProblemKind::UnitUnknown, "unit_id");
    let facts = facts(&mut reader, &flags.facts);
    reader.finish()?;
    let (Some(kind), Some(grid), Some(point)) = (kind, grid, point) else {
        return Err(DeviceError::refused(ProblemKind::MalformedRequest, "target"));
    };
    Ok(NewTarget {
        kind,
        name: flags.name.clone(),
        point,
        grid,
        unit_id,
        code: flags.code.clone(),
        address: flags.address.clone(),
        supervising_department: flags.department.clone(),
        responsible_person: flags.person.clone(),
        facts,
    })
}

/// `true` and `false` are flags, numbers are numbers, the rest is text.
fn facts(reader: &mut Reader, texts: &[String]) -> Facts {
    let mut facts = Facts::new();
    for text in texts {
        let Some((code, value)) = reader.pair(text, "facts") else { continue };
        let code: Option<FactCode> = reader.read(code, ProblemKind::FactUnknown, "facts");
        let value = match (value.parse(), value.parse()) {
            (Ok(flag), _) => FactValue::Flag(flag),
            (_, Ok(number)) => FactValue::Number(number),
            _ => FactValue::Text(value.to_owned()),
        };
        if let Some(code) = code {
            facts.insert(code, value);
        }
    }
    facts
}
