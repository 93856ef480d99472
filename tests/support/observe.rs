//! What a test looks up beside HTTP.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use server::db::schema::{assignments, audit_events, changes, sessions, users};
use server::db::types::Time;
use sync_core::ids::{AssignmentId, UserId};
use sync_core::time::{Clock, Instant};

use crate::server::TestServer;

impl TestServer {
    /// What the server's clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Runs SQL as the owner of the database.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn execute(&self, sql: &str) -> QueryResult<()> {
        self.connection().await.batch_execute(sql).await
    }

    /// The texts that a query selects as `text`, in its order.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut self.connection().await).await.unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// The audit trail's actions, the oldest first.
    pub async fn audit_actions(&self) -> Vec<String> {
        audit_events::table
            .order(audit_events::event_id)
            .select(audit_events::action)
            .load(&mut self.connection().await)
            .await
            .unwrap()
    }

    /// Lets every session last for another day, for tests that move the clock far.
    pub async fn extend_sessions(&self) {
        let tomorrow = Time(self.now().plus_seconds(24 * 3600));
        diesel::update(sessions::table)
            .set(sessions::expires_at.eq(tomorrow))
            .execute(&mut self.connection().await)
            .await
            .unwrap();
    }

    /// A user's assignments, the oldest first.
    pub async fn assignments_of(&self, user: UserId) -> Vec<AssignmentId> {
        let ids: Vec<uuid::Uuid> = assignments::table
            .filter(assignments::user_id.eq(user.0))
            .order(assignments::assignment_id)
            .select(assignments::assignment_id)
            .load(&mut self.connection().await)
            .await
            .unwrap();
        ids.into_iter().map(AssignmentId).collect()
    }

    /// The version of a user's scope.
    pub async fn scope_version(&self, user: UserId) -> i64 {
        users::table
            .filter(users::user_id.eq(user.0))
            .select(users::scope_version)
            .first(&mut self.connection().await)
            .await
            .unwrap()
    }

    /// How many changes of this kind devices must hear of.
    pub async fn changes(&self, entity: &str) -> i64 {
        changes::table
            .filter(changes::entity.eq(entity))
            .count()
            .get_result(&mut self.connection().await)
            .await
            .unwrap()
    }
}
