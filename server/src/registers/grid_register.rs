//! Grids (网格) as files have them, known by their paths; a map brings their outlines.

use std::collections::HashSet;

use sync_core::geo::Polygon;
use sync_core::ids::{GridPath, RegionCode};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::grid::{Grid, GridStaff};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use super::check_entry::CheckEntry;
use super::register::{Entries, FileShape, HeadedFault, Planned, Presence, Register, read_unit};
use super::unit_names::UnitNames;
use super::write_entries::write_entries;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::geojson::{OUTLINE, Outline};
use crate::problem::ApiError;
use crate::tables::read::{CellFault, Faulty, Field, Heading, OptionalField, RowReader, code, parsed, text};
use crate::tables::{Column, Language};

const PATH: Field<GridPath> = Field::required("网格编码", "Grid path", parsed);
const NAME: Field<String> = Field::required("网格名称", "Grid name", text::<NAME_MAX_CHARS>);
const STATISTICAL_CODE: OptionalField<String> =
    Field::may_be_blank("统计用区划代码", "Statistical code", code::<NAME_MAX_CHARS>);
const UNIT: Field<String> = Field::required("责任单位", "Responsible unit", text::<NAME_MAX_CHARS>);
const CHIEF: OptionalField<String> = Field::may_be_blank("网格长", "Chief", text::<NAME_MAX_CHARS>);
const MEMBER: OptionalField<String> = Field::may_be_blank("网格员", "Member", text::<NAME_MAX_CHARS>);
const PATROLLER: OptionalField<String> = Field::may_be_blank("巡查员", "Patroller", text::<NAME_MAX_CHARS>);
const SUPERVISOR: OptionalField<String> = Field::may_be_blank("监督员", "Supervisor", text::<NAME_MAX_CHARS>);

/// The grids of a district.
#[derive(Debug)]
pub struct GridRegister {
    district: RegionCode,
    units: UnitNames,
    paths: HashSet<GridPath>,
}

impl GridRegister {
    /// With what is registered now.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn load(connection: &mut Connection, district: &RegionCode) -> Result<Self, ApiError> {
        let grids: Vec<Versioned<Grid>> = load_entries(connection, district, Which::All, false).await?;
        Ok(Self {
            district: district.clone(),
            units: UnitNames::load(connection, district).await?,
            paths: grids.into_iter().map(|grid| grid.entry.path).collect(),
        })
    }
}

impl Register for GridRegister {
    type Line = Versioned<Grid>;

    const TITLE: (&'static str, &'static str) = ("网格登记表", "Grids");
    const KEY: Heading<'static> = PATH.heading;
    const OUTLINES: Presence = Presence::Perhaps;

    fn headings(&self) -> Vec<Heading<'_>> {
        vec![
            PATH.heading,
            NAME.heading,
            STATISTICAL_CODE.heading,
            UNIT.heading,
            CHIEF.heading,
            MEMBER.heading,
            PATROLLER.heading,
            SUPERVISOR.heading,
        ]
    }

    fn columns(&self, _: Language) -> Vec<Column<'_, Self::Line>> {
        let column = |heading: Heading<'static>, value: for<'l> fn(&'l Grid) -> Option<&'l str>| {
            Column::text(heading.zh, heading.en, move |line: &Self::Line| {
                value(&line.entry).unwrap_or_default().into()
            })
        };
        vec![
            column(PATH.heading, |grid| Some(grid.path.as_str())),
            column(NAME.heading, |grid| Some(&grid.name)),
            column(STATISTICAL_CODE.heading, |grid| grid.statistical_code.as_deref()),
            Column::text(UNIT.heading.zh, UNIT.heading.en, |line: &Self::Line| {
                self.units.name(line.entry.unit_id).to_owned().into()
            }),
            column(CHIEF.heading, |grid| grid.staff.chief.as_deref()),
            column(MEMBER.heading, |grid| grid.staff.member.as_deref()),
            column(PATROLLER.heading, |grid| grid.staff.patroller.as_deref()),
            column(SUPERVISOR.heading, |grid| grid.staff.supervisor.as_deref()),
        ]
    }

    fn read(&self, row: &mut RowReader<'_>, outline: Option<Outline>) -> Result<Self::Line, Faulty> {
        let (path, name) = (row.read(&PATH), row.read(&NAME));
        let (statistical_code, unit_id) = (row.read(&STATISTICAL_CODE), read_unit(row, &UNIT, &self.units));
        let (chief, member) = (row.read(&CHIEF), row.read(&MEMBER));
        let (patroller, supervisor) = (row.read(&PATROLLER), row.read(&SUPERVISOR));
        let polygon = outline.unwrap_or(Ok(None));
        let polygon = polygon.map_err(|problem| row.refuse(OUTLINE, CellFault::Refused(problem)));
        let entry = Grid {
            path: path?,
            name: name?,
            statistical_code: statistical_code?,
            unit_id: unit_id?,
            polygon: polygon?,
            staff: GridStaff {
                chief: chief?,
                member: member?,
                patroller: patroller?,
                supervisor: supervisor?,
            },
        };
        Ok(Versioned { entry, version: 1 })
    }

    fn outline<'l>(&self, line: &'l Self::Line) -> Option<&'l Polygon> {
        line.entry.polygon.as_ref()
    }

    fn key(&self, line: &Self::Line) -> String {
        line.entry.path.to_string()
    }

    fn complete(&self, line: &mut Self::Line, before: Option<&Self::Line>, shape: &FileShape) {
        let Some(before) = before else { return };
        line.version = before.version.saturating_add(1);
        if !shape.outlines {
            line.entry.polygon = before.entry.polygon.clone();
        }
    }

    fn faults(&self, line: &Self::Line, _: Option<&Self::Line>, keys: &HashSet<String>) -> Vec<HeadedFault> {
        let heading = |field: &str| match field {
            "name" => NAME.heading,
            "statistical_code" => STATISTICAL_CODE.heading,
            "polygon" => OUTLINE,
            _ => PATH.heading,
        };
        let own = line.entry.faults(&self.district).into_iter();
        let mut faults: Vec<HeadedFault> =
            own.map(|fault| (heading(fault.field).zh.to_owned(), CellFault::Refused(fault.kind))).collect();
        let known = |path: &GridPath| self.paths.contains(path) || keys.contains(path.as_str());
        if line.entry.path.parent().is_some_and(|parent| !known(&parent)) {
            faults.push((PATH.heading.zh.to_owned(), CellFault::Refused(ProblemKind::GridParentUnknown)));
        }
        faults
    }

    async fn entries(
        &self,
        connection: &mut Connection,
        _: Entries<'_>,
    ) -> Result<Vec<Self::Line>, ApiError> {
        load_entries(connection, &self.district, Which::All, false).await
    }

    async fn write(
        &self,
        connection: &mut Connection,
        rows: &[Planned<Self::Line>],
        _: Instant,
    ) -> Result<Vec<NewChange>, ApiError> {
        write_entries(connection, &self.district, rows).await
    }
}
