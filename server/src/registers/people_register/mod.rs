//! Users with their assignments (用户与任职) as files have them: a row an assignment, or a user without any.
//!
//! Invariants: no file carries a password, so a new user gets one by an administrator or uses a device only; of an
//! assignment only the last day changes, because what occurred in its days follows it.

mod write;

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde_json::json;
use sync_core::ids::{AssignmentId, GridPath, RegionCode, UnitId, UserId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::assignment::{Assignment, DiscoveryLevel, Role};
use sync_core::model::grid::Grid;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use super::names::Named;
use super::register::{Claim, Entries, FileShape, HeadedFault, Planned, Presence, Register};
use super::unit_names::UnitNames;
use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::changes::{Entity, NewChange};
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::db::schema::{assignments, users};
use crate::geojson::Outline;
use crate::problem::ApiError;
use crate::tables::read::{CellFault, Faulty, Field, Heading, OptionalField, RowReader, date, parsed, text};
use crate::tables::{Column, Language};

const USERNAME: Field<String> = Field::required("用户名", "User name", text::<NAME_MAX_CHARS>);
const NAME: Field<String> = Field::required("姓名", "Name", text::<NAME_MAX_CHARS>);
const ROLE: OptionalField<Role> = Field::may_be_blank("岗位", "Role", Role::read);
const GRID: OptionalField<GridPath> = Field::may_be_blank("网格编码", "Grid path", parsed);
const UNIT: OptionalField<String> =
    Field::may_be_blank("责任单位", "Responsible unit", text::<NAME_MAX_CHARS>);
const LEVEL: OptionalField<DiscoveryLevel> =
    Field::may_be_blank("发现层级", "Discovery level", DiscoveryLevel::read);
const FROM: OptionalField<Date> = Field::may_be_blank("起始日期", "From", date);
const UNTIL: OptionalField<Date> = Field::may_be_blank("截止日期", "Until", date);

/// A user with one assignment, or with none.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonLine {
    /// The user; absent for a new one.
    user: Option<UserId>,
    username: String,
    name: String,
    assignment: Option<AssignmentLine>,
}

#[derive(Debug, Clone, PartialEq)]
struct AssignmentLine {
    id: AssignmentId,
    role: Role,
    grid: GridPath,
    unit: Option<UnitId>,
    level: Option<DiscoveryLevel>,
    from: Date,
    until: Option<Date>,
}

/// The users of a district.
#[derive(Debug)]
pub struct PeopleRegister {
    district: RegionCode,
    by: UserId,
    units: UnitNames,
    grids: HashSet<GridPath>,
    users: HashMap<String, UserId>,
    /// User names of other districts: a name is one user's in the whole installation.
    taken: HashSet<String>,
}

impl PeopleRegister {
    /// With what is registered now; `by` imports.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn load(
        connection: &mut Connection,
        district: &RegionCode,
        by: UserId,
    ) -> Result<Self, ApiError> {
        let grids: Vec<Versioned<Grid>> = load_entries(connection, district, Which::All, false).await?;
        let all: Vec<(String, String, Uuid)> =
            users::table.select((users::district, users::username, users::user_id)).load(connection).await?;
        let (known, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(home, ..)| home == district.as_str());
        Ok(Self {
            district: district.clone(),
            by,
            units: UnitNames::load(connection, district).await?,
            grids: grids.into_iter().map(|grid| grid.entry.path).collect(),
            users: known.into_iter().map(|(_, username, id)| (username, UserId(id))).collect(),
            taken: others.into_iter().map(|(_, username, _)| username).collect(),
        })
    }

    fn read_assignment(&self, row: &mut RowReader<'_>) -> Result<Option<AssignmentLine>, Faulty> {
        let (role, grid, unit) = (row.read(&ROLE), row.read(&GRID), row.read(&UNIT));
        let (level, from, until) = (row.read(&LEVEL), row.read(&FROM), row.read(&UNTIL));
        let (role, grid, unit, level, from, until) = (role?, grid?, unit?, level?, from?, until?);
        if (role, &grid, &unit, level, from, until) == (None, &None, &None, None, None, None) {
            return Ok(None);
        }
        let role = role.ok_or_else(|| row.refuse(ROLE.heading, CellFault::Required));
        let from = from.ok_or_else(|| row.refuse(FROM.heading, CellFault::Required));
        let grid = match grid {
            Some(grid) if self.grids.contains(&grid) => Ok(grid),
            Some(_) => Err(row.refuse(GRID.heading, CellFault::Refused(ProblemKind::GridUnknown))),
            None => Err(row.refuse(GRID.heading, CellFault::Required)),
        };
        let unit = match unit.map(|name| self.units.id(&name)) {
            Some(None) => Err(row.refuse(UNIT.heading, CellFault::Refused(ProblemKind::UnitUnknown))),
            Some(Some(unit)) => Ok(Some(unit)),
            None => Ok(None),
        };
        Ok(Some(AssignmentLine {
            id: AssignmentId::fresh(),
            role: role?,
            grid: grid?,
            unit: unit?,
            level,
            from: from?,
            until,
        }))
    }
}

impl Register for PeopleRegister {
    type Line = PersonLine;

    const TITLE: (&'static str, &'static str) = ("用户与任职登记表", "Users and assignments");
    const KEY: Heading<'static> = USERNAME.heading;
    const OUTLINES: Presence = Presence::Never;

    fn headings(&self) -> Vec<Heading<'_>> {
        vec![
            USERNAME.heading,
            NAME.heading,
            ROLE.heading,
            GRID.heading,
            UNIT.heading,
            LEVEL.heading,
            FROM.heading,
            UNTIL.heading,
        ]
    }

    fn columns(&self, language: Language) -> Vec<Column<'_, PersonLine>> {
        fn text<'a>(
            heading: Heading<'static>,
            value: impl Fn(&AssignmentLine) -> Option<String> + Send + Sync + 'a,
        ) -> Column<'a, PersonLine> {
            Column::text(heading.zh, heading.en, move |line: &PersonLine| {
                line.assignment.as_ref().and_then(&value).unwrap_or_default().into()
            })
        }
        vec![
            Column::text(USERNAME.heading.zh, USERNAME.heading.en, |line: &PersonLine| {
                line.username.as_str().into()
            }),
            Column::text(NAME.heading.zh, NAME.heading.en, |line: &PersonLine| line.name.as_str().into()),
            text(ROLE.heading, move |a| Some(a.role.name(language).to_owned())),
            text(GRID.heading, |a| Some(a.grid.to_string())),
            text(UNIT.heading, |a| a.unit.map(|unit| self.units.name(unit).to_owned())),
            text(LEVEL.heading, move |a| a.level.map(|level| level.name(language).to_owned())),
            Column::date(FROM.heading.zh, FROM.heading.en, |line: &PersonLine| {
                line.assignment.as_ref().map(|a| a.from)
            }),
            Column::date(UNTIL.heading.zh, UNTIL.heading.en, |line: &PersonLine| {
                line.assignment.as_ref().and_then(|a| a.until)
            }),
        ]
    }

    fn read(&self, row: &mut RowReader<'_>, _: Option<Outline>) -> Result<PersonLine, Faulty> {
        let (username, name) = (row.read(&USERNAME), row.read(&NAME));
        let assignment = self.read_assignment(row);
        Ok(PersonLine { user: None, username: username?, name: name?, assignment: assignment? })
    }

    fn key(&self, line: &PersonLine) -> String {
        match &line.assignment {
            None => line.username.clone(),
            Some(a) => format!("{} {} {} {}", line.username, a.role.name(Language::Zh), a.grid, a.from),
        }
    }

    fn complete(&self, line: &mut PersonLine, before: Option<&PersonLine>, _: &FileShape) {
        line.user = self.users.get(&line.username).copied();
        if let Some(before) = before.and_then(|before| before.assignment.as_ref())
            && let Some(assignment) = &mut line.assignment
        {
            assignment.id = before.id;
        }
    }

    fn faults(
        &self,
        line: &PersonLine,
        before: Option<&PersonLine>,
        _: &HashSet<String>,
    ) -> Vec<HeadedFault> {
        let mut faults = Vec::new();
        if self.taken.contains(&line.username) {
            let taken = CellFault::Refused(ProblemKind::UsernameTaken);
            faults.push((USERNAME.heading.zh.to_owned(), taken));
        }
        let Some(new) = &line.assignment else { return faults };
        let old = before.and_then(|before| before.assignment.as_ref());
        let incomplete = ProblemKind::AssignmentIncomplete;
        let fixed = ProblemKind::AssignmentFixed;
        let checks = [
            (UNIT.heading, new.role == Role::Liaison && new.unit.is_none(), incomplete),
            (LEVEL.heading, new.role == Role::Inspector && new.level.is_none(), incomplete),
            (UNTIL.heading, new.until.is_some_and(|until| until < new.from), incomplete),
            (UNIT.heading, old.is_some_and(|old| old.unit != new.unit), fixed),
            (LEVEL.heading, old.is_some_and(|old| old.level != new.level), fixed),
        ];
        let wrong = checks.into_iter().filter(|(_, wrong, _)| *wrong);
        faults.extend(wrong.map(|(heading, _, kind)| (heading.zh.to_owned(), CellFault::Refused(kind))));
        faults
    }

    /// A user has one name, in however many rows.
    fn claims(&self, line: &PersonLine) -> Vec<Claim> {
        let PersonLine { username, name, .. } = line;
        vec![Claim { heading: NAME.heading, subject: username.clone(), value: name.clone() }]
    }

    async fn entries(
        &self,
        connection: &mut Connection,
        which: Entries<'_>,
    ) -> Result<Vec<PersonLine>, ApiError> {
        let all =
            users::table
                .left_join(assignments::table.on(
                    assignments::district.eq(users::district).and(assignments::user_id.eq(users::user_id)),
                ))
                .filter(users::district.eq(self.district.as_str()))
                .order((users::username, assignments::from_day, assignments::assignment_id))
                .select((users::user_id, users::username, users::name, Option::<AssignmentRow>::as_select()))
                .into_boxed();
        // An export leaves disabled users out; a row of one is still about what he has.
        let rows: Vec<(Uuid, String, String, Option<AssignmentRow>)> = match which {
            Entries::All => all.filter(users::disabled_at.is_null()),
            Entries::Keys(_) => all,
        }
        .load(connection)
        .await?;
        let mut lines: Vec<PersonLine> = Vec::with_capacity(rows.len());
        for (user, username, name, assignment) in rows {
            let assignment = assignment.map(Assignment::try_from).transpose()?.map(|a| AssignmentLine {
                id: a.assignment_id,
                role: a.role,
                grid: a.grid,
                unit: a.unit_id,
                level: a.level,
                from: a.from,
                until: a.until,
            });
            let line = PersonLine { user: Some(UserId(user)), username, name, assignment };
            // A file may also name a user without an assignment that he has.
            let bare = matches!(which, Entries::Keys(_)) && line.assignment.is_some();
            if bare && lines.last().is_none_or(|last| last.username != line.username) {
                lines.push(PersonLine { assignment: None, ..line.clone() });
            }
            lines.push(line);
        }
        Ok(lines)
    }

    async fn write(
        &self,
        connection: &mut Connection,
        rows: &[Planned<PersonLine>],
        now: Instant,
    ) -> Result<Vec<NewChange>, ApiError> {
        let ids = self.users_of(connection, rows, now).await?;
        let user_of = |line: &PersonLine| ids.get(&line.username).copied().ok_or(ProblemKind::ImportOutdated);
        let mut names: BTreeMap<UserId, &str> = BTreeMap::new();
        let mut made: Vec<AssignmentRow> = Vec::new();
        let mut ended: Vec<(AssignmentId, Option<Date>, Option<Date>)> = Vec::new();
        let mut touched: Vec<(UserId, AssignmentId)> = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        for Planned { before, after, .. } in rows {
            let user = user_of(after)?;
            names.insert(user, &after.name);
            let Some(new) = &after.assignment else { continue };
            let old = before.as_ref().and_then(|before| before.assignment.as_ref());
            let event =
                |action| Event::new(action, &self.district).by(Some(self.by)).about("assignment", new.id);
            match old {
                None => {
                    made.push(self.row(user, new));
                    let detail = json!({ "user": user, "role": new.role, "grid": new.grid });
                    events.push(event(Action::RoleAssigned).detail(detail));
                }
                Some(old) if old.until != new.until => {
                    ended.push((new.id, old.until, new.until));
                    events.push(event(Action::AssignmentEnded).detail(json!({ "until": new.until })));
                }
                Some(_) => continue,
            }
            touched.push((user, new.id));
        }
        diesel::insert_into(assignments::table).values(made).execute(connection).await?;
        self.rename(connection, &names).await?;
        self.end(connection, &ended).await?;
        let whose: Vec<Uuid> = touched.iter().map(|(user, _)| user.0).collect();
        diesel::update(
            users::table
                .filter(users::district.eq(self.district.as_str()))
                .filter(users::user_id.eq_any(whose)),
        )
        .set(users::scope_version.eq(users::scope_version + 1))
        .execute(connection)
        .await?;
        audit::record(connection, now, &events).await?;
        let change = |(user, assignment)| NewChange::of_user(Entity::Assignment(assignment), user);
        Ok(touched.into_iter().map(change).collect())
    }
}
