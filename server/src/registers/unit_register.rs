//! Units (责任单位) as files have them, known by their budget codes.

use std::collections::HashSet;

use sync_core::ids::{RegionCode, UnitId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::unit::{Unit, UnitKind};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use super::check_entry::CheckEntry;
use super::names::Named;
use super::register::{Claim, Entries, FileShape, HeadedFault, Planned, Presence, Register};
use super::unit_names::UnitNames;
use super::write_entries::write_entries;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::geojson::Outline;
use crate::problem::ApiError;
use crate::tables::read::{CellFault, Faulty, Field, Heading, OptionalField, RowReader, code, text};
use crate::tables::{Column, Language};

const BUDGET_CODE: Field<String> = Field::required("预算单位编码", "Budget code", code::<NAME_MAX_CHARS>);
const NAME: Field<String> = Field::required("责任单位", "Responsible unit", text::<NAME_MAX_CHARS>);
const KIND: Field<UnitKind> = Field::required("单位类别", "Kind of unit", UnitKind::read);
const CREDIT_CODE: OptionalField<String> =
    Field::may_be_blank("统一社会信用代码", "Credit code", code::<NAME_MAX_CHARS>);

/// The units of a district.
#[derive(Debug)]
pub struct UnitRegister {
    district: RegionCode,
    names: UnitNames,
}

impl UnitRegister {
    /// With what is registered now.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn load(connection: &mut Connection, district: &RegionCode) -> Result<Self, ApiError> {
        Ok(Self { district: district.clone(), names: UnitNames::load(connection, district).await? })
    }
}

impl Register for UnitRegister {
    type Line = Versioned<Unit>;

    const TITLE: (&'static str, &'static str) = ("责任单位登记表", "Responsible units");
    const KEY: Heading<'static> = BUDGET_CODE.heading;
    const OUTLINES: Presence = Presence::Never;

    fn headings(&self) -> Vec<Heading<'_>> {
        vec![BUDGET_CODE.heading, NAME.heading, KIND.heading, CREDIT_CODE.heading]
    }

    fn columns(&self, language: Language) -> Vec<Column<'_, Self::Line>> {
        let column = |heading: Heading<'static>, value: for<'l> fn(&'l Unit) -> &'l str| {
            Column::text(heading.zh, heading.en, move |line: &Self::Line| value(&line.entry).into())
        };
        vec![
            column(BUDGET_CODE.heading, |unit| &unit.budget_code),
            column(NAME.heading, |unit| &unit.name),
            Column::text(KIND.heading.zh, KIND.heading.en, move |line: &Self::Line| {
                line.entry.kind.name(language).into()
            }),
            column(CREDIT_CODE.heading, |unit| unit.credit_code.as_deref().unwrap_or_default()),
        ]
    }

    fn read(&self, row: &mut RowReader<'_>, _: Option<Outline>) -> Result<Self::Line, Faulty> {
        let (budget_code, name) = (row.read(&BUDGET_CODE), row.read(&NAME));
        let (kind, credit_code) = (row.read(&KIND), row.read(&CREDIT_CODE));
        let entry = Unit {
            unit_id: UnitId::fresh(),
            name: name?,
            kind: kind?,
            credit_code: credit_code?,
            budget_code: budget_code?,
        };
        Ok(Versioned { entry, version: 1 })
    }

    fn key(&self, line: &Self::Line) -> String {
        line.entry.budget_code.clone()
    }

    fn complete(&self, line: &mut Self::Line, before: Option<&Self::Line>, _: &FileShape) {
        if let Some(before) = before {
            line.entry.unit_id = before.entry.unit_id;
            line.version = before.version.saturating_add(1);
        }
    }

    fn faults(&self, line: &Self::Line, _: Option<&Self::Line>, _: &HashSet<String>) -> Vec<HeadedFault> {
        let heading = |field: &str| match field {
            "name" => NAME.heading,
            "credit_code" => CREDIT_CODE.heading,
            _ => BUDGET_CODE.heading,
        };
        let own = line.entry.faults(&self.district).into_iter();
        let mut faults: Vec<HeadedFault> =
            own.map(|fault| (heading(fault.field).zh.to_owned(), CellFault::Refused(fault.kind))).collect();
        if self.names.id(&line.entry.name).is_some_and(|unit| unit != line.entry.unit_id) {
            faults.push((NAME.heading.zh.to_owned(), CellFault::Refused(ProblemKind::UnitNameTaken)));
        }
        faults
    }

    /// A name is one unit's.
    fn claims(&self, line: &Self::Line) -> Vec<Claim> {
        let Unit { name, budget_code, .. } = &line.entry;
        vec![Claim { heading: NAME.heading, subject: name.clone(), value: budget_code.clone() }]
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
