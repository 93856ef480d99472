//! Cases from the time before this product (历史案件) as files have them, known by their own numbers.
//!
//! Invariants: a case of the past is on record and confirmed, and never charged here: it was charged on paper, which its
//! reason says; its ids are derived from its number, so that a file imported twice does nothing; once imported, no file
//! changes it.

mod past_case;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::value::to_raw_value;
use sync_core::geo::Point;
use sync_core::ids::{GridPath, InspectionId, ItemCode, RegionCode, TargetId, UnitId, UserId};
use sync_core::limits::{NAME_MAX_CHARS, NOTE_MAX_CHARS};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::grid::Grid;
use sync_core::model::target::Target;
use sync_core::model::zone::Zone;
use sync_core::money::Fen;
use sync_core::policy::{PolicyBook, PolicyPack};
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use self::past_case::StoredCase;
use super::names::Named;
use super::register::{Entries, FileShape, HeadedFault, Planned, Presence, Register};
use super::unit_names::UnitNames;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::db::schema::{cases, inspections, targets};
use crate::db::targets::TargetRow;
use crate::geojson::Outline;
use crate::problem::ApiError;
use crate::services::change_target::register_pack;
use crate::services::open_cases::{CaseWrite, Judged, open_cases, search_texts, store_cases};
use crate::services::store_inspections::{InspectionSource, InspectionWrite, Origin, store_inspections};
use crate::tables::read::{
    CellFault, Faulty, Field, Heading, OptionalField, RawCell, RowReader, code, number, parsed, text, time,
    yuan,
};
use crate::tables::{Column, Language};

pub use self::past_case::PastCase;

const NUMBER: Field<String> = Field::required("编号", "Number", code::<NAME_MAX_CHARS>);
const OCCURRED_AT: Field<Instant> = Field::required("发现时间", "Found at", time);
const ITEM: Field<String> = Field::required("扣缴事项", "Item", text::<NAME_MAX_CHARS>);
const TARGET: OptionalField<String> =
    Field::may_be_blank("台账编号", "Register number", code::<NAME_MAX_CHARS>);
const PLACE: OptionalField<String> = Field::may_be_blank("地点", "Place", text::<NAME_MAX_CHARS>);
const LON: OptionalField<f64> = Field::may_be_blank("经度", "Longitude", number);
const LAT: OptionalField<f64> = Field::may_be_blank("纬度", "Latitude", number);
const GRID: OptionalField<GridPath> = Field::may_be_blank("网格编码", "Grid path", parsed);
const UNIT: OptionalField<String> =
    Field::may_be_blank("责任单位", "Responsible unit", text::<NAME_MAX_CHARS>);
const LEVEL: Field<DiscoveryLevel> = Field::required("发现层级", "Discovery level", DiscoveryLevel::read);
const FINDER: Field<String> = Field::required("发现单位", "Found by", text::<NAME_MAX_CHARS>);
const AMOUNT: OptionalField<Fen> = Field::may_be_blank("扣缴金额", "Charged", yuan);
const MONTH: OptionalField<Month> = Field::may_be_blank("扣缴月份", "Month of account", month);
const NOTE: OptionalField<String> = Field::may_be_blank("备注", "Note", text::<NOTE_MAX_CHARS>);
const DOCUMENT: OptionalField<String> =
    Field::may_be_blank("文号", "Document number", text::<NAME_MAX_CHARS>);

/// A month as `2024-10`, which spreadsheets like to take for the first day of it.
fn month(cell: &RawCell) -> Result<Month, CellFault> {
    match cell {
        RawCell::DateTime(day) => Ok(Month::of(day.date())),
        cell => parsed(cell),
    }
}

/// The cases of the past of a district.
#[derive(Debug)]
pub struct HistoryRegister {
    district: RegionCode,
    by: UserId,
    now: Instant,
    book: Arc<PolicyBook>,
    /// Names of items, and the kinds of spots.
    pack: PolicyPack,
    units: UnitNames,
    grids: HashMap<GridPath, UnitId>,
    zones: Vec<Zone>,
    /// All targets by register number, removed ones too: they were there when it occurred.
    targets: HashMap<String, Target>,
    /// Register numbers of all targets.
    numbers: HashMap<TargetId, String>,
}

impl HistoryRegister {
    /// With what is registered now; `by` imports.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn load(
        connection: &mut Connection,
        district: &RegionCode,
        book: Arc<PolicyBook>,
        by: UserId,
        now: Instant,
    ) -> Result<Self, ApiError> {
        let grids: Vec<Versioned<Grid>> = load_entries(connection, district, Which::All, false).await?;
        let zones: Vec<Versioned<Zone>> = load_entries(connection, district, Which::All, false).await?;
        let rows: Vec<TargetRow> = targets::table
            .filter(targets::district.eq(district.as_str()))
            .select(TargetRow::as_select())
            .load(connection)
            .await?;
        let by_code = |row: TargetRow| Ok::<_, ApiError>((row.code.clone(), Target::try_from(row)?));
        let numbers = rows.iter().map(|row| (TargetId(row.target_id), row.code.clone())).collect();
        Ok(Self {
            district: district.clone(),
            by,
            now,
            pack: register_pack(&book, district, now)?.clone(),
            book,
            units: UnitNames::load(connection, district).await?,
            grids: grids.into_iter().map(|grid| (grid.entry.path, grid.entry.unit_id)).collect(),
            zones: zones.into_iter().map(|zone| zone.entry).collect(),
            targets: rows.into_iter().map(by_code).collect::<Result<_, _>>()?,
            numbers,
        })
    }

    /// The pack that names the items of a day: the one in force then, else the one of today.
    fn pack_on(&self, occurred_at: Instant) -> &PolicyPack {
        self.book.in_force(&self.district, occurred_at.record_date()).unwrap_or(&self.pack)
    }

    fn read_item(&self, row: &mut RowReader<'_>, occurred_at: Instant) -> Result<ItemCode, Faulty> {
        let found = row.read(&ITEM)?;
        let items = self.pack_on(occurred_at).items();
        let item =
            items.iter().find(|item| [item.zh.as_str(), &item.en, item.code.as_str()].contains(&&*found));
        item.map(|item| item.code.clone()).ok_or_else(|| {
            let names = items.iter().map(|item| item.zh.clone()).collect();
            row.refuse(ITEM.heading, CellFault::NotOneOf(names))
        })
    }

    fn read_target(&self, row: &mut RowReader<'_>) -> Result<Option<String>, Faulty> {
        match row.read(&TARGET)? {
            Some(code) if !self.targets.contains_key(&code) => {
                Err(row.refuse(TARGET.heading, CellFault::Refused(ProblemKind::TargetUnknown)))
            }
            code => Ok(code),
        }
    }

    fn read_point(row: &mut RowReader<'_>) -> Result<Option<Point>, Faulty> {
        let (lon, lat) = (row.read(&LON), row.read(&LAT));
        let point = match (lon?, lat?) {
            (None, None) => return Ok(None),
            (Some(lon), Some(lat)) => Point { lon, lat },
            (None, Some(_)) => return Err(row.refuse(LON.heading, CellFault::Required)),
            (Some(_), None) => return Err(row.refuse(LAT.heading, CellFault::Required)),
        };
        if point.is_in_china() {
            return Ok(Some(point));
        }
        let swapped = Point { lon: point.lat, lat: point.lon }.is_in_china();
        let problem = if swapped { ProblemKind::CoordinatesSwapped } else { ProblemKind::PlaceOutsideChina };
        Err(row.refuse(LON.heading, CellFault::Refused(problem)))
    }

    fn read_grid(&self, row: &mut RowReader<'_>) -> Result<Option<GridPath>, Faulty> {
        match row.read(&GRID)? {
            Some(grid) if !self.grids.contains_key(&grid) => {
                Err(row.refuse(GRID.heading, CellFault::Refused(ProblemKind::GridUnknown)))
            }
            grid => Ok(grid),
        }
    }

    fn read_unit(&self, row: &mut RowReader<'_>) -> Result<Option<UnitId>, Faulty> {
        let Some(name) = row.read(&UNIT)? else { return Ok(None) };
        let unit = self.units.id(&name);
        unit.map(Some).ok_or_else(|| row.refuse(UNIT.heading, CellFault::Refused(ProblemKind::UnitUnknown)))
    }
}

impl Register for HistoryRegister {
    type Line = PastCase;

    const TITLE: (&'static str, &'static str) = ("历史案件登记表", "Cases of the past");
    const KEY: Heading<'static> = NUMBER.heading;
    const OUTLINES: Presence = Presence::Never;

    fn headings(&self) -> Vec<Heading<'_>> {
        vec![
            NUMBER.heading,
            OCCURRED_AT.heading,
            ITEM.heading,
            TARGET.heading,
            PLACE.heading,
            LON.heading,
            LAT.heading,
            GRID.heading,
            UNIT.heading,
            LEVEL.heading,
            FINDER.heading,
            AMOUNT.heading,
            MONTH.heading,
            NOTE.heading,
            DOCUMENT.heading,
        ]
    }

    fn columns(&self, language: Language) -> Vec<Column<'_, PastCase>> {
        fn text<'a>(
            heading: Heading<'static>,
            value: impl Fn(&PastCase) -> Option<String> + Send + Sync + 'a,
        ) -> Column<'a, PastCase> {
            Column::text(heading.zh, heading.en, move |line: &PastCase| {
                value(line).unwrap_or_default().into()
            })
        }
        vec![
            text(NUMBER.heading, |line| Some(line.number.clone())),
            Column::time(OCCURRED_AT.heading.zh, OCCURRED_AT.heading.en, |line: &PastCase| {
                Some(line.occurred_at)
            }),
            text(ITEM.heading, move |line| {
                let item = self.pack_on(line.occurred_at).item(&line.item);
                let name = item.map(|item| language.of(&item.zh, &item.en).clone());
                Some(name.unwrap_or_else(|| line.item.to_string()))
            }),
            text(TARGET.heading, |line| line.target.clone()),
            text(PLACE.heading, |line| Some(line.place.clone())),
            text(LON.heading, |line| line.point.map(|point| point.lon.to_string())),
            text(LAT.heading, |line| line.point.map(|point| point.lat.to_string())),
            text(GRID.heading, |line| line.grid.as_ref().map(ToString::to_string)),
            text(UNIT.heading, |line| line.unit.map(|unit| self.units.name(unit).to_owned())),
            text(LEVEL.heading, move |line| Some(line.level.name(language).to_owned())),
            text(FINDER.heading, |line| Some(line.finder.clone())),
            Column::yuan(AMOUNT.heading.zh, AMOUNT.heading.en, |line: &PastCase| line.amount),
            text(MONTH.heading, |line| line.month.map(|month| month.to_string())),
            text(NOTE.heading, |line| Some(line.note.clone())),
            text(DOCUMENT.heading, |line| line.document.clone()),
        ]
    }

    fn read(&self, row: &mut RowReader<'_>, _: Option<Outline>) -> Result<PastCase, Faulty> {
        let (number, occurred_at) = (row.read(&NUMBER), row.read(&OCCURRED_AT));
        let item = self.read_item(row, occurred_at.unwrap_or(self.now));
        let (target, place) = (self.read_target(row), row.read(&PLACE));
        let (point, grid, unit) = (Self::read_point(row), self.read_grid(row), self.read_unit(row));
        let (level, finder) = (row.read(&LEVEL), row.read(&FINDER));
        let (amount, month) = (row.read(&AMOUNT), row.read(&MONTH));
        let (note, document) = (row.read(&NOTE), row.read(&DOCUMENT));
        Ok(PastCase {
            number: number?,
            occurred_at: occurred_at?,
            item: item?,
            target: target?,
            place: place?.unwrap_or_default(),
            point: point?,
            grid: grid?,
            unit: unit?,
            level: level?,
            finder: finder?,
            amount: amount?,
            month: month?,
            note: note?.unwrap_or_default(),
            document: document?,
        })
    }

    fn key(&self, line: &PastCase) -> String {
        line.number.clone()
    }

    fn complete(&self, line: &mut PastCase, before: Option<&PastCase>, _: &FileShape) {
        let target = line.target.as_ref().and_then(|code| self.targets.get(code)).map(|t| &t.content);
        let known = |stored: Option<GridPath>| stored.or_else(|| target.map(|content| content.grid.clone()));
        line.grid = line.grid.take().or_else(|| known(before.and_then(|before| before.grid.clone())));
        let of_grid = || line.grid.as_ref().and_then(|grid| self.grids.get(grid)).copied();
        line.unit = line
            .unit
            .or_else(|| before.and_then(|before| before.unit))
            .or_else(|| target.map(|content| content.unit_id))
            .or_else(of_grid);
    }

    fn faults(&self, line: &PastCase, before: Option<&PastCase>, _: &HashSet<String>) -> Vec<HeadedFault> {
        let spot = line.target.is_none();
        let refused = CellFault::Refused;
        let checks = [
            (NUMBER.heading, before.is_some_and(|before| before != line), refused(ProblemKind::HistoryFixed)),
            (OCCURRED_AT.heading, line.occurred_at > self.now, refused(ProblemKind::OccurrenceInFuture)),
            (ITEM.heading, self.kind_of(line).is_none(), refused(ProblemKind::ItemUnknown)),
            (PLACE.heading, spot && line.place.is_empty(), CellFault::Required),
            (GRID.heading, line.grid.is_none(), CellFault::Required),
            (AMOUNT.heading, line.amount.is_some_and(|fen| fen.get() < 0), CellFault::NotAnAmount),
        ];
        checks
            .into_iter()
            .filter(|(_, wrong, _)| *wrong)
            .map(|(heading, _, fault)| (heading.zh.to_owned(), fault))
            .collect()
    }

    /// The sealed context: zones, pack, target version and kind as they are known at the import.
    fn added(&self, line: &PastCase) -> Option<serde_json::Value> {
        let inspection = self.inspection(line)?;
        Some(serde_json::json!([inspection.kind, inspection.answers, inspection.context]))
    }

    async fn entries(
        &self,
        connection: &mut Connection,
        which: Entries<'_>,
    ) -> Result<Vec<PastCase>, ApiError> {
        let all = inspections::table
            .inner_join(cases::table.on(
                cases::district.eq(inspections::district).and(cases::lineage.eq(inspections::inspection_id)),
            ))
            .filter(inspections::district.eq(self.district.as_str()))
            .filter(inspections::source.eq(InspectionSource::History.code()))
            .order((inspections::occurred_at, inspections::inspection_id))
            .select((inspections::sealed, inspections::document, cases::item, cases::evaluation))
            .into_boxed();
        let rows: Vec<StoredCase> = match which {
            Entries::All => all,
            Entries::Keys(numbers) => {
                let ids: Vec<Uuid> =
                    numbers.iter().map(|number| InspectionId::of_history(&self.district, number).0).collect();
                all.filter(inspections::inspection_id.eq_any(ids))
            }
        }
        .load(connection)
        .await?;
        rows.into_iter().map(|row| self.line(row)).collect()
    }

    async fn write(
        &self,
        connection: &mut Connection,
        rows: &[Planned<PastCase>],
        now: Instant,
    ) -> Result<Vec<NewChange>, ApiError> {
        let nothing = HashSet::new();
        let (mut opened, mut sealed) = (Vec::new(), Vec::new());
        for Planned { after: line, .. } in rows {
            let inspection = self.inspection(line).ok_or(ProblemKind::ImportOutdated)?;
            let evaluation = self.evaluation(line, &inspection);
            let target = line.target.as_ref().and_then(|code| self.targets.get(code));
            let mut texts = search_texts(target.map(|target| &target.content), &inspection);
            texts.extend([line.number.as_str(), line.finder.as_str()]);
            let judged = Judged {
                district: &self.district,
                inspection: &inspection,
                evaluation: &evaluation,
                // Decided before this product: no new finding is a duplicate of it.
                place: None,
                flags: &[],
                search_texts: &texts,
                verified: &nothing,
                now,
            };
            let cases = open_cases(judged, std::iter::empty()).cases;
            opened.extend(cases.into_iter().map(CaseWrite::decided_on_paper));
            let json = to_raw_value(&inspection).map_err(ApiError::internal)?;
            let origin = Origin::History(Some(Self::source(line)));
            sealed.push(InspectionWrite::new(&self.district, inspection, json, origin, Vec::new(), now));
        }
        store_inspections(connection, sealed).await?;
        store_cases(connection, &self.district, &opened, &[]).await?;
        Ok(opened.iter().map(CaseWrite::change).collect())
    }
}
