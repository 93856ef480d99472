//! Pull: what changed behind a cursor, as far as the user may see it now.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::RawValue;
use sync_core::engine::HttpResponse;
use sync_core::ids::{ChangeId, GridPath, UserId};
use sync_core::wire::cursor::Cursor;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::{Change, ChangeKind, PhotoRow, PullAnswer, PullPage, RestartReason, entity};
use sync_core::wire::push::OperationResult;

use super::{LogRow, Model, ok, problem};

/// A row with what decides who may hold it.
pub(super) struct Row {
    value: Value,
    /// Where it lies; nowhere means everywhere.
    grid: Option<GridPath>,
    /// Whose it is.
    owner: Option<UserId>,
}

impl Row {
    /// The row, where this user may hold it.
    pub(super) fn for_user(self, user: UserId, scope: &[GridPath]) -> Option<Value> {
        let his = match (&self.grid, self.owner) {
            (None, None) => true,
            (grid, owner) => {
                owner == Some(user)
                    || grid.as_ref().is_some_and(|grid| scope.iter().any(|own| own.covers(grid)))
            }
        };
        his.then_some(self.value)
    }
}

impl Model {
    pub(super) fn pull(&self, user: UserId, cursor: Option<&str>) -> HttpResponse {
        let cursor = match cursor.map(Cursor::decode).transpose() {
            Ok(cursor) => cursor,
            Err(_) => return problem(ProblemKind::CursorInvalid),
        };
        ok(&self.pull_answer(user, cursor))
    }

    fn pull_answer(&self, user: UserId, cursor: Option<Cursor>) -> PullAnswer {
        let scope = self.scope(user);
        let scope_version = self.scope_version(user, &scope);
        let epoch = self.state.epoch;
        let restart = |reason| PullAnswer::Restart { reason, epoch };
        if let Some(cursor) = cursor {
            if cursor.epoch != epoch {
                return restart(RestartReason::EpochChanged);
            }
            if cursor.scope_version != scope_version {
                return restart(RestartReason::ScopeChanged);
            }
            if self.change_of(cursor.number) != Some(cursor.change) {
                return restart(RestartReason::CursorUnknown);
            }
        }
        let after = cursor.map_or(0, |cursor| cursor.number);
        let concerns = |row: &&LogRow| row.number > after && row.concerns(user, &scope);
        let rows: Vec<&LogRow> = self.state.log.iter().filter(concerns).collect();
        // Whole numbers while they fit; of a first one that does not, all of it.
        let first = rows.first().map_or(0, |row| row.number);
        let fits = |row: &&&LogRow| {
            row.number == first
                || rows.iter().filter(|other| other.number <= row.number).count() <= self.page_rows
        };
        let page: Vec<&&LogRow> = rows.iter().take_while(fits).collect();
        let more = page.len() < rows.len();
        let number = if more { page.last().map_or(after, |row| row.number) } else { self.state.number };
        let here = Cursor {
            epoch,
            scope_version,
            number,
            change: self.change_of(number).unwrap_or(ChangeId(uuid::Uuid::nil())),
        };
        let mut seen = BTreeSet::new();
        let last = page.iter().rev().filter(|row| seen.insert((row.entity, row.id.as_str())));
        let mut changes: Vec<Change> = last.map(|row| self.change(row, user, &scope)).collect();
        changes.reverse();
        PullAnswer::Page(PullPage {
            cursor: here.encode(),
            more,
            changes,
            user_id: user,
            epoch,
            server_time: self.now,
            backed_up_through: self.state.backed_up_through,
        })
    }

    /// Grows with every change of the assignments, and is another when one begins or ends by its dates.
    fn scope_version(&self, user: UserId, scope: &[GridPath]) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        let own = self.state.assignments.iter().filter(|a| a.user_id == user);
        own.for_each(|a| (a.assignment_id, a.until.map(|day| day.to_string())).hash(&mut hasher));
        scope.hash(&mut hasher);
        hasher.finish()
    }

    fn change_of(&self, number: u64) -> Option<ChangeId> {
        if number == 0 {
            return Some(ChangeId(uuid::Uuid::nil()));
        }
        self.state.log.iter().find(|row| row.number == number).map(|row| row.change)
    }

    fn change(&self, log: &LogRow, user: UserId, scope: &[GridPath]) -> Change {
        let (change, row) = match self.row(log.entity, &log.id) {
            None => (ChangeKind::Delete, None),
            Some(row) => match row.for_user(user, scope) {
                None => (ChangeKind::Revoke, None),
                Some(value) => (ChangeKind::Upsert, Some(RawValue::from_string(value.to_string()).unwrap())),
            },
        };
        Change { entity: log.entity.to_owned(), id: log.id.clone(), change, row }
    }

    fn row(&self, kind: &str, id: &str) -> Option<Row> {
        match kind {
            entity::OPERATION => {
                let op_id = id.parse().unwrap();
                let kept = self.state.operations.get(&op_id)?;
                let result = OperationResult { op_id, outcome: kept.outcome.clone() };
                Some(Row::of(&result, None, Some(kept.user)))
            }
            entity::PHOTO => {
                let sha256 = id.parse().unwrap();
                // Addressed to those who took it.
                self.state
                    .photos
                    .contains(&sha256)
                    .then(|| Row::of(&PhotoRow { sha256, refusal: None }, None, None))
            }
            kind => self.all_rows(kind).into_iter().find(|(other, _)| other == id).map(|(_, row)| row),
        }
    }

    /// Every row of a kind that is there.
    pub(super) fn all_rows(&self, kind: &str) -> Vec<(String, Row)> {
        let state = &self.state;
        match kind {
            entity::UNIT => {
                state.units.values().map(|u| (u.unit_id.to_string(), Row::of(u, None, None))).collect()
            }
            entity::GRID => {
                state.grids.values().map(|g| (g.path.to_string(), Row::of(g, None, None))).collect()
            }
            entity::PACK => {
                state.packs.iter().map(|p| (p.hash.to_string(), Row::of(p, None, None))).collect()
            }
            entity::ASSIGNMENT => {
                let all = state.assignments.iter();
                all.map(|a| (a.assignment_id.to_string(), Row::of(a, None, Some(a.user_id)))).collect()
            }
            entity::TARGET => {
                let there = state.targets.values().filter(|kept| !kept.removed).map(|kept| &kept.target);
                let grid = |target: &sync_core::model::target::Target| Some(target.content.grid.clone());
                there.map(|t| (t.content.target_id.to_string(), Row::of(t, grid(t), None))).collect()
            }
            entity::CASE => {
                let all = state.cases.values().map(|case| &case.row);
                all.map(|c| (c.case_id.to_string(), Row::of(c, Some(c.grid.clone()), Some(c.author))))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Row {
    fn of<T: serde::Serialize>(value: &T, grid: Option<GridPath>, owner: Option<UserId>) -> Self {
        Self { value: serde_json::to_value(value).unwrap(), grid, owner }
    }
}

impl LogRow {
    /// Whether it touched what this user may see, before or after.
    fn concerns(&self, user: UserId, scope: &[GridPath]) -> bool {
        let inside = |grid: &Option<GridPath>| {
            grid.as_ref().is_some_and(|grid| scope.iter().any(|own| own.covers(grid)))
        };
        let everybody = self.user.is_none() && self.before.is_none() && self.after.is_none();
        self.user == Some(user) || everybody || inside(&self.before) || inside(&self.after)
    }
}
