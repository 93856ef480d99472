//! Targets (台账对象) as files have them, known by their register numbers, with a column for each fact of their kinds.
//!
//! Invariant: a fact that a file has no column for stays as it is.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::geo::Point;
use sync_core::ids::{GridPath, KindCode, RegionCode, TargetId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::grid::Grid;
use sync_core::model::target::{Facts, Target, TargetContent};
use sync_core::policy::{PolicyPack, check_target};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use super::fact_columns::{FactColumn, fact_columns, read_fact};
use super::register::{Entries, FileShape, HeadedFault, Planned, Presence, Register, read_unit};
use super::unit_names::UnitNames;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::db::schema::targets;
use crate::db::targets::{TargetRow, TargetWrite, insert_targets, lock_targets, update_targets};
use crate::geojson::Outline;
use crate::problem::ApiError;
use crate::tables::read::{
    CellFault, Faulty, Field, Heading, OptionalField, RawCell, RowReader, code, number, parsed, text,
};
use crate::tables::{Column, Language};

const CODE: Field<String> = Field::required("台账编号", "Register number", code::<NAME_MAX_CHARS>);
const KIND: Field<String> = Field::required("类别", "Kind", text::<NAME_MAX_CHARS>);
const NAME: Field<String> = Field::required("名称", "Name", text::<NAME_MAX_CHARS>);
const ADDRESS: OptionalField<String> = Field::may_be_blank("地址", "Address", text::<NAME_MAX_CHARS>);
const LON: Field<f64> = Field::required("经度", "Longitude", number);
const LAT: Field<f64> = Field::required("纬度", "Latitude", number);
const GRID: Field<GridPath> = Field::required("网格编码", "Grid path", parsed);
const UNIT: Field<String> = Field::required("责任单位", "Responsible unit", text::<NAME_MAX_CHARS>);
const DEPARTMENT: OptionalField<String> =
    Field::may_be_blank("监管部门", "Supervising department", text::<NAME_MAX_CHARS>);
const PERSON: OptionalField<String> =
    Field::may_be_blank("责任人", "Responsible person", text::<NAME_MAX_CHARS>);

/// A target of the register, and whether it was removed from it.
#[derive(Debug, Clone)]
pub struct TargetLine {
    /// The target; a row that was only read has a fresh id.
    pub target: Target,
    /// Removed: its number stays taken.
    pub removed: bool,
}

/// The targets of a district.
#[derive(Debug)]
pub struct TargetRegister {
    district: RegionCode,
    pack: PolicyPack,
    facts: Vec<FactColumn>,
    units: UnitNames,
    grids: HashSet<GridPath>,
}

impl TargetRegister {
    /// With the kinds of this pack.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn load(
        connection: &mut Connection,
        district: &RegionCode,
        pack: &PolicyPack,
    ) -> Result<Self, ApiError> {
        let grids: Vec<Versioned<Grid>> = load_entries(connection, district, Which::All, false).await?;
        Ok(Self {
            district: district.clone(),
            facts: fact_columns(pack.kinds()),
            pack: pack.clone(),
            units: UnitNames::load(connection, district).await?,
            grids: grids.into_iter().map(|grid| grid.entry.path).collect(),
        })
    }

    fn read_kind(&self, row: &mut RowReader<'_>) -> Result<KindCode, Faulty> {
        let found = row.read(&KIND)?;
        let kinds = self.pack.kinds();
        let kind =
            kinds.iter().find(|kind| [kind.zh.as_str(), &kind.en, kind.code.as_str()].contains(&&*found));
        kind.map(|kind| kind.code.clone()).ok_or_else(|| {
            let names = kinds.iter().map(|kind| kind.zh.clone()).collect();
            row.refuse(KIND.heading, CellFault::NotOneOf(names))
        })
    }

    fn read_grid(&self, row: &mut RowReader<'_>) -> Result<GridPath, Faulty> {
        let grid = row.read(&GRID)?;
        if self.grids.contains(&grid) {
            return Ok(grid);
        }
        Err(row.refuse(GRID.heading, CellFault::Refused(ProblemKind::GridUnknown)))
    }

    fn read_facts(&self, row: &mut RowReader<'_>, kind: &KindCode) -> Result<Facts, Faulty> {
        let mut facts = Ok(Facts::new());
        for column in &self.facts {
            let heading = column.heading();
            let cell = match row.cell(heading) {
                RawCell::Blank => continue,
                RawCell::Error(error) => Err(CellFault::ErrorValue(error.clone())),
                cell => Ok(cell),
            };
            let value = cell.and_then(|cell| match column.of(kind) {
                Some(fact) => Ok((fact.code.clone(), read_fact(fact, cell)?)),
                None => Err(CellFault::Refused(ProblemKind::FactUnknown)),
            });
            match (value, &mut facts) {
                (Ok((code, value)), Ok(facts)) => {
                    facts.insert(code, value);
                }
                (Ok(_), Err(_)) => {}
                (Err(fault), facts) => *facts = Err(row.refuse(heading, fault)),
            }
        }
        facts
    }

    /// The heading of a field as the pack's check names it.
    fn heading(&self, kind: &KindCode, field: &str) -> String {
        let fact = field.strip_prefix("facts.").and_then(|code| {
            self.facts.iter().find(|column| column.code(kind).is_some_and(|own| own.as_str() == code))
        });
        let heading = match (fact, field) {
            (Some(column), _) => column.heading(),
            (None, "name") => NAME.heading,
            (None, "address") => ADDRESS.heading,
            (None, "supervising_department") => DEPARTMENT.heading,
            (None, "responsible_person") => PERSON.heading,
            (None, "point") => LON.heading,
            (None, "kind" | "facts") => KIND.heading,
            (None, _) => CODE.heading,
        };
        heading.zh.to_owned()
    }
}

impl Register for TargetRegister {
    type Line = TargetLine;

    const TITLE: (&'static str, &'static str) = ("污染源台账", "Register of targets");
    const KEY: Heading<'static> = CODE.heading;
    const OUTLINES: Presence = Presence::Never;

    fn headings(&self) -> Vec<Heading<'_>> {
        let own = [
            CODE.heading,
            KIND.heading,
            NAME.heading,
            ADDRESS.heading,
            LON.heading,
            LAT.heading,
            GRID.heading,
            UNIT.heading,
            DEPARTMENT.heading,
            PERSON.heading,
        ];
        own.into_iter().chain(self.facts.iter().map(FactColumn::heading)).collect()
    }

    fn columns(&self, language: Language) -> Vec<Column<'_, TargetLine>> {
        let column = |heading: Heading<'static>, value: for<'l> fn(&'l TargetContent) -> Option<&'l str>| {
            Column::text(heading.zh, heading.en, move |line: &TargetLine| {
                value(&line.target.content).unwrap_or_default().into()
            })
        };
        let coordinate = |heading: Heading<'static>, value: fn(Point) -> f64| {
            Column::text(heading.zh, heading.en, move |line: &TargetLine| {
                value(line.target.content.point).to_string().into()
            })
        };
        let mut columns = vec![
            column(CODE.heading, |content| content.code.as_deref()),
            Column::text(KIND.heading.zh, KIND.heading.en, move |line: &TargetLine| {
                let code = &line.target.content.kind;
                let kind = self.pack.kind(code).map(|kind| language.of(kind.zh.as_str(), &kind.en));
                kind.map_or_else(|| code.to_string().into(), |name| name.to_owned().into())
            }),
            column(NAME.heading, |content| Some(&content.name)),
            column(ADDRESS.heading, |content| Some(&content.address)),
            coordinate(LON.heading, |point| point.lon),
            coordinate(LAT.heading, |point| point.lat),
            column(GRID.heading, |content| Some(content.grid.as_str())),
            Column::text(UNIT.heading.zh, UNIT.heading.en, |line: &TargetLine| {
                self.units.name(line.target.content.unit_id).to_owned().into()
            }),
            column(DEPARTMENT.heading, |content| content.supervising_department.as_deref()),
            column(PERSON.heading, |content| content.responsible_person.as_deref()),
        ];
        columns.extend(self.facts.iter().map(|fact| {
            let heading = fact.heading();
            Column::text(heading.zh, heading.en, move |line: &TargetLine| {
                let content = &line.target.content;
                fact.text(&content.kind, &content.facts, language).into()
            })
        }));
        columns
    }

    fn read(&self, row: &mut RowReader<'_>, _: Option<Outline>) -> Result<TargetLine, Faulty> {
        let (code, kind) = (row.read(&CODE), self.read_kind(row));
        let (name, address) = (row.read(&NAME), row.read(&ADDRESS));
        let (lon, lat) = (row.read(&LON), row.read(&LAT));
        let (grid, unit_id) = (self.read_grid(row), read_unit(row, &UNIT, &self.units));
        let (department, person) = (row.read(&DEPARTMENT), row.read(&PERSON));
        let kind = kind?;
        let facts = self.read_facts(row, &kind);
        let content = TargetContent {
            target_id: TargetId::fresh(),
            kind,
            code: Some(code?),
            name: name?,
            address: address?.unwrap_or_default(),
            point: Point { lon: lon?, lat: lat? },
            grid: grid?,
            unit_id: unit_id?,
            supervising_department: department?,
            responsible_person: person?,
            facts: facts?,
        };
        Ok(TargetLine { target: Target { content, version: 1 }, removed: false })
    }

    fn key(&self, line: &TargetLine) -> String {
        line.target.content.code.clone().unwrap_or_default()
    }

    fn complete(&self, line: &mut TargetLine, before: Option<&TargetLine>, shape: &FileShape) {
        let Some(TargetLine { target: before, .. }) = before else { return };
        line.target.version = before.version.saturating_add(1);
        let content = &mut line.target.content;
        content.target_id = before.content.target_id;
        if content.kind == before.content.kind {
            let absent = self.facts.iter().filter(|column| !shape.columns.contains(column.heading().zh));
            let kept = absent
                .filter_map(|column| before.content.facts.get_key_value(column.code(&before.content.kind)?));
            content.facts.extend(kept.map(|(code, value)| (code.clone(), value.clone())));
        }
    }

    fn faults(
        &self,
        line: &TargetLine,
        before: Option<&TargetLine>,
        _: &HashSet<String>,
    ) -> Vec<HeadedFault> {
        if before.is_some_and(|before| before.removed) {
            return vec![(CODE.heading.zh.to_owned(), CellFault::Refused(ProblemKind::TargetRemoved))];
        }
        let content = &line.target.content;
        let fault = |kind, field: &str| (self.heading(&content.kind, field), CellFault::Refused(kind));
        check_target(&self.pack, content).iter().map(|found| fault(found.kind, &found.field)).collect()
    }

    async fn entries(
        &self,
        connection: &mut Connection,
        which: Entries<'_>,
    ) -> Result<Vec<TargetLine>, ApiError> {
        let all = targets::table
            .filter(targets::district.eq(self.district.as_str()))
            .order(targets::code)
            .select(TargetRow::as_select())
            .into_boxed();
        let rows: Vec<TargetRow> = match which {
            Entries::All => all.filter(targets::deleted_at.is_null()),
            Entries::Keys(codes) => all.filter(targets::code.eq_any(codes.to_vec())),
        }
        .load(connection)
        .await?;
        rows.into_iter()
            .map(|row| {
                let removed = row.deleted_at.is_some();
                Ok(TargetLine { target: row.try_into()?, removed })
            })
            .collect()
    }

    async fn write(
        &self,
        connection: &mut Connection,
        rows: &[Planned<TargetLine>],
        now: Instant,
    ) -> Result<Vec<NewChange>, ApiError> {
        let writes = |new: bool| -> Vec<TargetWrite> {
            rows.iter()
                .filter(|row| row.before.is_none() == new)
                .map(|row| TargetWrite::new(&self.district, &row.after.target, now))
                .collect()
        };
        let planned: Vec<(TargetId, u32)> = rows
            .iter()
            .filter_map(|row| row.before.as_ref())
            .map(|before| (before.target.content.target_id, before.target.version))
            .collect();
        let ids: Vec<TargetId> = planned.iter().map(|(id, _)| *id).collect();
        let stored = lock_targets(connection, &self.district, &ids).await?;
        let known: HashSet<(TargetId, u32)> = stored
            .iter()
            .map(|row| (TargetId(row.target_id), u32::try_from(row.version).unwrap_or_default()))
            .collect();
        if !planned.iter().all(|target| known.contains(target)) {
            return Err(ProblemKind::ImportOutdated.into());
        }
        insert_targets(connection, &writes(true)).await?;
        update_targets(connection, &writes(false)).await?;
        let change = |row: &Planned<TargetLine>| {
            let grid = |line: &TargetLine| line.target.content.grid.clone();
            NewChange::of_target(
                row.after.target.content.target_id,
                row.before.as_ref().map(grid),
                Some(grid(&row.after)),
            )
        };
        Ok(rows.iter().map(change).collect())
    }
}
