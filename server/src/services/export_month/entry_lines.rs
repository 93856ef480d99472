//! The ledger entries of a month as people read them, each with what it follows from.

use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code};
use crate::ledger::entry_kind::EntryKind;
use crate::problem::ApiError;
use crate::tables::Language;
use crate::words::PackWords;

/// A ledger entry in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLine {
    /// Its number in the district.
    pub entry_no: i64,
    /// What it does.
    pub kind: EntryKind,
    /// When it was written.
    pub posted_at: Instant,
    /// The month of occurrence.
    pub occurred_month: Month,
    /// The unit whose account it is on.
    pub unit_name: String,
    /// The code that finance books under.
    pub budget_code: String,
    /// The item's name.
    pub item: String,
    /// The measure or point, by name.
    pub measure: String,
    /// The case.
    pub case_id: Uuid,
    /// Target or place.
    pub place: String,
    /// The grid's name.
    pub grid_name: String,
    /// Document and clause.
    pub clause: String,
    /// Signed fen.
    pub amount: Fen,
    /// The decision it follows from.
    pub decision_no: i64,
    /// Who decided, by name; nobody where a timer did.
    pub actor_name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The entry it takes back.
    pub reverses: Option<i64>,
}

#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = BigInt)]
    entry_no: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Timestamptz)]
    posted_at: Time,
    #[diesel(sql_type = SqlDate)]
    occurred_month: Day,
    #[diesel(sql_type = Text)]
    unit_name: String,
    #[diesel(sql_type = Text)]
    budget_code: String,
    #[diesel(sql_type = Text)]
    item_zh: String,
    #[diesel(sql_type = Text)]
    item_en: String,
    #[diesel(sql_type = Text)]
    target_kind: String,
    #[diesel(sql_type = Text)]
    measure: String,
    #[diesel(sql_type = Text)]
    pack_hash: String,
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    grid_name: String,
    #[diesel(sql_type = Text)]
    clause: String,
    #[diesel(sql_type = BigInt)]
    amount_fen: i64,
    #[diesel(sql_type = BigInt)]
    decision_no: i64,
    #[diesel(sql_type = Nullable<Text>)]
    actor_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    reverses: Option<i64>,
}

/// The entries of a month by number, a closed month's as it was named at its closing, in the language of `words`, where they are no more than `rows_max`.
///
/// # Errors
/// `too_many_items` beyond `rows_max`; those of the database.
pub async fn read_entries(
    connection: &mut Connection,
    scope: &MoneyScope,
    month: Month,
    words: &PackWords,
    rows_max: usize,
) -> Result<Vec<EntryLine>, ApiError> {
    let most = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let rows: Vec<EntryRow> = sql_query(
        "SELECT entry_no, entry.kind, posted_at, entry.occurred_month,
                coalesce(closed_unit.name, units.name) AS unit_name,
                coalesce(closed_unit.budget_code, units.budget_code) AS budget_code,
                coalesce(closed.item_zh, evaluation->>'zh', entry.item) AS item_zh,
                coalesce(closed.item_en, evaluation->>'en', entry.item) AS item_en,
                coalesce(closed.target_kind, cases.kind) AS target_kind, entry.measure, entry.pack_hash,
                entry.case_id, coalesce(closed.place, targets.name, inspections.sealed->>'place', '') AS place,
                coalesce(closed_grid.name, grids.name) AS grid_name, entry.clause, entry.amount_fen,
                entry.decision_no, coalesce(closed_user.name, users.name) AS actor_name, decisions.reason, reverses
         FROM ledger_entries AS entry
         JOIN cases USING (district, case_id)
         JOIN units ON units.district = $1 AND units.unit_id = entry.unit_id
         JOIN grids ON grids.district = $1 AND grids.path = entry.grid
         JOIN decisions ON decisions.district = $1 AND decisions.decision_no = entry.decision_no
         LEFT JOIN users ON users.district = $1 AND users.user_id = decisions.actor
         LEFT JOIN targets ON targets.district = $1 AND targets.target_id = cases.target_id
         LEFT JOIN inspections ON cases.target_id IS NULL AND inspections.district = $1
              AND inspections.inspection_id = cases.inspection_id
         LEFT JOIN closed_cases AS closed ON closed.district = $1 AND closed.month = $2
              AND closed.case_id = entry.case_id
         LEFT JOIN closed_names AS closed_unit ON closed_unit.district = $1 AND closed_unit.month = $2
              AND closed_unit.kind = 'unit' AND closed_unit.id = entry.unit_id::text
         LEFT JOIN closed_names AS closed_grid ON closed_grid.district = $1 AND closed_grid.month = $2
              AND closed_grid.kind = 'grid' AND closed_grid.id = entry.grid
         LEFT JOIN closed_names AS closed_user ON closed_user.district = $1 AND closed_user.month = $2
              AND closed_user.kind = 'user' AND closed_user.id = decisions.actor::text
         WHERE entry.district = $1 AND entry.period = $2 AND ($3::uuid[] IS NULL OR entry.unit_id = ANY ($3))
         ORDER BY entry_no
         LIMIT $4",
    )
    .bind::<diesel::sql_types::Text, _>(scope.district.as_str())
    .bind::<SqlDate, _>(Day(month.first_day()))
    .bind::<Nullable<Array<SqlUuid>>, _>(scope.units.clone())
    .bind::<BigInt, _>(most.saturating_add(1))
    .load(connection)
    .await?;
    if rows.len() > rows_max {
        return Err(ApiError::new(ProblemKind::TooManyItems).detail(format!("{rows_max} rows at most")));
    }
    Ok(rows.into_iter().map(|row| row.line(words)).collect::<Result<_, _>>()?)
}

impl EntryRow {
    fn line(self, words: &PackWords) -> Result<EntryLine, StoredValueError> {
        let pack = stored("ledger_entries.pack_hash", &self.pack_hash)?;
        let target_kind = stored("cases.kind", &self.target_kind)?;
        let measure = stored("ledger_entries.measure", &self.measure)?;
        Ok(EntryLine {
            entry_no: self.entry_no,
            kind: stored_code("ledger_entries.kind", &self.kind)?,
            posted_at: self.posted_at.0,
            occurred_month: Month::of(self.occurred_month.0),
            unit_name: self.unit_name,
            budget_code: self.budget_code,
            item: match words.language() {
                Language::Zh => self.item_zh,
                Language::En => self.item_en,
            },
            measure: words.measure(&pack, &target_kind, &measure),
            case_id: self.case_id,
            place: self.place,
            grid_name: self.grid_name,
            clause: self.clause,
            amount: Fen::new(self.amount_fen),
            decision_no: self.decision_no,
            actor_name: self.actor_name,
            reason: self.reason,
            reverses: self.reverses,
        })
    }
}
