//! Zones (区域) as maps have them, known by kind, name and first day: drawn anew from another day, a zone is another
//! one. A table without outlines can still end them.

use std::collections::HashSet;

use jiff::civil::Date;
use sync_core::geo::Polygon;
use sync_core::ids::{RegionCode, ZoneId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::zone::{Zone, ZoneKind};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use super::check_entry::CheckEntry;
use super::names::Named;
use super::register::{Entries, FileShape, HeadedFault, Planned, Presence, Register};
use super::write_entries::write_entries;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::geojson::{OUTLINE, Outline};
use crate::problem::ApiError;
use crate::tables::read::{CellFault, Faulty, Field, Heading, OptionalField, RowReader, date, text};
use crate::tables::{Column, Language};

const KIND: Field<ZoneKind> = Field::required("区域类别", "Kind of zone", ZoneKind::read);
const NAME: Field<String> = Field::required("区域名称", "Zone name", text::<NAME_MAX_CHARS>);
const FROM: Field<Date> = Field::required("起始日期", "From", date);
const UNTIL: OptionalField<Date> = Field::may_be_blank("截止日期", "Until", date);

/// The zones of a district.
#[derive(Debug)]
pub struct ZoneRegister {
    district: RegionCode,
}

impl ZoneRegister {
    /// Of a district.
    #[must_use]
    pub fn new(district: &RegionCode) -> Self {
        Self { district: district.clone() }
    }
}

impl Register for ZoneRegister {
    type Line = Versioned<Zone>;

    const TITLE: (&'static str, &'static str) = ("区域登记表", "Zones");
    const KEY: Heading<'static> = NAME.heading;
    const OUTLINES: Presence = Presence::Always;

    fn headings(&self) -> Vec<Heading<'_>> {
        vec![KIND.heading, NAME.heading, FROM.heading, UNTIL.heading]
    }

    fn columns(&self, language: Language) -> Vec<Column<'_, Self::Line>> {
        vec![
            Column::text(KIND.heading.zh, KIND.heading.en, move |line: &Self::Line| {
                line.entry.kind.name(language).into()
            }),
            Column::text(NAME.heading.zh, NAME.heading.en, |line: &Self::Line| {
                line.entry.name.as_str().into()
            }),
            Column::date(FROM.heading.zh, FROM.heading.en, |line: &Self::Line| Some(line.entry.from)),
            Column::date(UNTIL.heading.zh, UNTIL.heading.en, |line: &Self::Line| line.entry.until),
        ]
    }

    fn read(&self, row: &mut RowReader<'_>, outline: Option<Outline>) -> Result<Self::Line, Faulty> {
        let (kind, name) = (row.read(&KIND), row.read(&NAME));
        let (from, until) = (row.read(&FROM), row.read(&UNTIL));
        // A table brings no outlines: an empty one stands for what is registered.
        let polygon = match outline {
            None => Ok(Polygon(Vec::new())),
            Some(Ok(Some(polygon))) => Ok(polygon),
            Some(Ok(None)) => Err(row.refuse(OUTLINE, CellFault::Required)),
            Some(Err(problem)) => Err(row.refuse(OUTLINE, CellFault::Refused(problem))),
        };
        let entry = Zone {
            zone_id: ZoneId::fresh(),
            kind: kind?,
            name: name?,
            polygon: polygon?,
            from: from?,
            until: until?,
        };
        Ok(Versioned { entry, version: 1 })
    }

    fn outline<'l>(&self, line: &'l Self::Line) -> Option<&'l Polygon> {
        Some(&line.entry.polygon)
    }

    fn key(&self, line: &Self::Line) -> String {
        let zone = &line.entry;
        format!("{} {} {}", zone.kind.name(Language::Zh), zone.name, zone.from)
    }

    fn complete(&self, line: &mut Self::Line, before: Option<&Self::Line>, shape: &FileShape) {
        let Some(before) = before else { return };
        line.entry.zone_id = before.entry.zone_id;
        line.version = before.version.saturating_add(1);
        if !shape.outlines {
            line.entry.polygon = before.entry.polygon.clone();
        }
    }

    fn faults(&self, line: &Self::Line, _: Option<&Self::Line>, _: &HashSet<String>) -> Vec<HeadedFault> {
        let fault = |field: &str, kind: ProblemKind| match field {
            "name" => (NAME.heading.zh.to_owned(), CellFault::Refused(kind)),
            "until" => (UNTIL.heading.zh.to_owned(), CellFault::Refused(kind)),
            _ => (OUTLINE.zh.to_owned(), CellFault::Refused(kind)),
        };
        line.entry.faults(&self.district).into_iter().map(|found| fault(found.field, found.kind)).collect()
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
