//! Writes people of a file: new users without a password, names, assignments and their last days.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use sync_core::ids::{AssignmentId, RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use super::{AssignmentLine, PeopleRegister, PersonLine};
use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::bulk::execute_with_rows;
use crate::db::schema::users;
use crate::db::types::Day;
use crate::problem::ApiError;
use crate::registers::Planned;

impl PeopleRegister {
    /// The ids of these users; those that are new are made, without a password.
    pub(super) async fn users_of(
        &self,
        connection: &mut Connection,
        rows: &[Planned<PersonLine>],
        now: Instant,
    ) -> Result<HashMap<String, UserId>, ApiError> {
        #[derive(Serialize)]
        struct UserWrite<'l> {
            district: &'l RegionCode,
            user_id: UserId,
            username: &'l str,
            name: &'l str,
        }
        let named: BTreeMap<&str, &str> =
            rows.iter().map(|row| (row.after.username.as_str(), row.after.name.as_str())).collect();
        let new: Vec<UserWrite<'_>> = named
            .iter()
            .filter(|(username, _)| !self.users.contains_key(**username))
            .map(|(username, name)| UserWrite {
                district: &self.district,
                user_id: UserId::fresh(),
                username,
                name,
            })
            .collect();
        // A later transaction of the same file finds those that an earlier one made.
        execute_with_rows(
            connection,
            "INSERT INTO users (district, user_id, username, name)
             SELECT district, user_id, username, name
             FROM json_populate_recordset(NULL::users, CAST($1 AS json))
             ON CONFLICT ON CONSTRAINT users_username_key DO NOTHING",
            &new,
        )
        .await?;
        let stored: Vec<(String, Uuid)> = users::table
            .filter(users::district.eq(self.district.as_str()))
            .filter(users::username.eq_any(named.keys().copied().collect::<Vec<_>>()))
            .order(users::user_id)
            .select((users::username, users::user_id))
            .for_update()
            .load(connection)
            .await?;
        let stored: HashMap<String, UserId> =
            stored.into_iter().map(|(username, id)| (username, UserId(id))).collect();
        if let Some(taken) = named.keys().find(|username| !stored.contains_key(**username)) {
            return Err(ApiError::new(ProblemKind::UsernameTaken).detail((*taken).to_owned()));
        }
        let made = new.iter().filter(|user| stored.get(user.username) == Some(&user.user_id));
        let events: Vec<Event> = made
            .map(|user| {
                Event::new(Action::UserCreated, &self.district).by(Some(self.by)).about("user", user.user_id)
            })
            .collect();
        audit::record(connection, now, &events).await?;
        Ok(stored)
    }

    pub(super) fn row(&self, user: UserId, new: &AssignmentLine) -> AssignmentRow {
        AssignmentRow {
            district: self.district.as_str().to_owned(),
            assignment_id: new.id.0,
            user_id: user.0,
            role: new.role.code().to_owned(),
            grid: new.grid.as_str().to_owned(),
            unit_id: new.unit.map(|unit| unit.0),
            level: new.level.map(|level| level.code().to_owned()),
            from_day: Day(new.from),
            until_day: new.until.map(Day),
        }
    }

    pub(super) async fn rename(
        &self,
        connection: &mut Connection,
        names: &BTreeMap<UserId, &str>,
    ) -> Result<(), ApiError> {
        let rows: Vec<_> = names
            .iter()
            .map(|(user, name)| json!({ "district": self.district, "user_id": user, "name": name }))
            .collect();
        execute_with_rows(
            connection,
            "UPDATE users AS t SET name = new.name
             FROM json_populate_recordset(NULL::users, CAST($1 AS json)) AS new
             WHERE t.district = new.district AND t.user_id = new.user_id AND t.name <> new.name",
            &rows,
        )
        .await?;
        Ok(())
    }

    /// Gives assignments their last days, over those that the preview showed.
    pub(super) async fn end(
        &self,
        connection: &mut Connection,
        ended: &[(AssignmentId, Option<Date>, Option<Date>)],
    ) -> Result<(), ApiError> {
        let rows: Vec<_> = ended
            .iter()
            .map(|(id, old, new)| {
                json!({ "district": self.district, "assignment_id": id, "from_day": old, "until_day": new })
            })
            .collect();
        let changed = execute_with_rows(
            connection,
            "UPDATE assignments AS t SET until_day = new.until_day
             FROM json_populate_recordset(NULL::assignments, CAST($1 AS json)) AS new
             WHERE t.district = new.district AND t.assignment_id = new.assignment_id
               AND t.until_day IS NOT DISTINCT FROM new.from_day",
            &rows,
        )
        .await?;
        if changed == ended.len() { Ok(()) } else { Err(ProblemKind::ImportOutdated.into()) }
    }
}
