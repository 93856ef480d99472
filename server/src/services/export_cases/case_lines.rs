//! Cases as the lines of a sheet, read while the file is written.
//!
//! Invariant: reader and writer are at most [`CHUNKS_AHEAD`] chunks apart, so what waits between them is bounded.

use std::pin::pin;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures::{StreamExt, TryStreamExt};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, RectificationState, ReviewState};
use sync_core::money::Fen;
use sync_core::time::Instant;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::pick::{over_cases, refuse_too_many};
use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::types::{StoredValueError, Time, stored, stored_code};
use crate::problem::ApiError;
use crate::services::list_cases::{CaseFilter, CaseOrder};
use crate::tables::Language;
use crate::words::{PackWords, Word};

/// A case in a sheet, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLine {
    /// Its id.
    pub case_id: Uuid,
    /// When it occurred.
    pub occurred_at: Instant,
    /// The item's name.
    pub item: String,
    /// The kind of object, by name.
    pub kind: String,
    /// The target's register number, unless it was a spot.
    pub target_code: Option<String>,
    /// Target or place.
    pub place: String,
    /// Path of the grid.
    pub grid: String,
    /// The grid's name.
    pub grid_name: String,
    /// The responsible unit.
    pub unit_name: String,
    /// The code that finance books under.
    pub budget_code: String,
    /// At which level it was found.
    pub level: &'static str,
    /// Who recorded it.
    pub author_name: String,
    /// Review state.
    pub review_state: &'static str,
    /// Rectification state.
    pub rectification_state: &'static str,
    /// Doubts to be settled.
    pub flags: String,
    /// Document and clause of its charges.
    pub clause: Option<String>,
    /// Its pending charges.
    pub pending: Fen,
    /// Its posted charges.
    pub posted: Fen,
    /// The last decision's reason.
    pub reason: Option<String>,
}

/// What the lines are made of. Charges are summed case by case, which takes less than to pick the cases twice and to join
/// what was summed; the sealed inspection is looked up of spots only.
const SELECT_LINES: &str = "
SELECT picked.case_id, picked.occurred_at, picked.item_zh, picked.item_en, picked.kind, picked.pack_hash,
       targets.code AS target_code,
       CASE WHEN picked.target_id IS NULL
            THEN (SELECT coalesce(sealed->>'place', '') FROM inspections
                  WHERE inspections.district = picked.district AND inspections.inspection_id = picked.inspection_id)
            ELSE coalesce(targets.name, '') END AS place,
       picked.grid, grids.name AS grid_name, units.name AS unit_name, units.budget_code, picked.level,
       users.name AS author_name, picked.review_state, picked.rectification_state, picked.flags, sums.clauses,
       coalesce(sums.pending, 0) AS pending, coalesce(sums.posted, 0) AS posted, picked.reason
FROM picked
JOIN grids ON grids.district = picked.district AND grids.path = picked.grid
JOIN units ON units.district = picked.district AND units.unit_id = picked.unit_id
JOIN users ON users.district = picked.district AND users.user_id = picked.author
LEFT JOIN targets ON targets.district = picked.district AND targets.target_id = picked.target_id
CROSS JOIN LATERAL (
    SELECT array_agg(charges.clause) AS clauses,
           sum(amount_fen) FILTER (WHERE charges.state = 'pending')::bigint AS pending,
           sum(amount_fen) FILTER (WHERE charges.state = 'posted')::bigint AS posted
    FROM charges WHERE charges.district = picked.district AND charges.case_id = picked.case_id
) AS sums";

/// Cases that are handed on together.
const CHUNK_ROWS: usize = 500;
/// Chunks that may wait for the writer.
const CHUNKS_AHEAD: usize = 8;

/// Stands between the clauses of a case.
const CLAUSES_APART: &str = "；";

/// A case as it is read.
#[derive(QueryableByName)]
pub struct LineRow {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = Text)]
    item_zh: String,
    #[diesel(sql_type = Text)]
    item_en: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pack_hash: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    target_code: Option<String>,
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    grid: String,
    #[diesel(sql_type = Text)]
    grid_name: String,
    #[diesel(sql_type = Text)]
    unit_name: String,
    #[diesel(sql_type = Text)]
    budget_code: String,
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(sql_type = Text)]
    author_name: String,
    #[diesel(sql_type = Text)]
    review_state: String,
    #[diesel(sql_type = Text)]
    rectification_state: String,
    #[diesel(sql_type = Array<Text>)]
    flags: Vec<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    clauses: Option<Vec<String>>,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    posted: i64,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// The two ends between reading and writing: what [`read_case_rows`] fills, and the lines that come of it, named in the
/// language of `words`.
#[must_use]
pub fn case_lines(words: PackWords) -> (mpsc::Sender<Vec<LineRow>>, CaseLines) {
    let (sender, rows) = mpsc::channel(CHUNKS_AHEAD);
    (sender, CaseLines { rows, words })
}

/// Reads the cases that scope and filters pick; nearly always in that order, see [`super::cases_file`].
///
/// # Errors
/// `too_many_items` beyond [`super::CASES_MAX`]; those of the database.
pub async fn read_case_rows(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &CaseFilter,
    order: CaseOrder,
    to: mpsc::Sender<Vec<LineRow>>,
) -> Result<(), ApiError> {
    let rows = over_cases(scope, filter, order, SELECT_LINES).load_stream::<LineRow>(connection).await?;
    let mut chunks = pin!(rows.try_chunks(CHUNK_ROWS));
    let mut read: usize = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|broken| broken.1)?;
        read = read.saturating_add(chunk.len());
        refuse_too_many(read)?;
        if to.send(chunk).await.is_err() {
            // The writer gave up, and says why.
            return Ok(());
        }
    }
    Ok(())
}

/// Chunks of lines as they come; to be taken where waiting keeps no request from being answered.
pub struct CaseLines {
    rows: mpsc::Receiver<Vec<LineRow>>,
    words: PackWords,
}

impl Iterator for CaseLines {
    type Item = Result<Vec<CaseLine>, StoredValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.rows.blocking_recv()?;
        Some(rows.into_iter().map(|row| row.line(&self.words)).collect())
    }
}

impl LineRow {
    fn line(self, words: &PackWords) -> Result<CaseLine, StoredValueError> {
        let language = words.language();
        let level: DiscoveryLevel = stored_code("cases.level", &self.level)?;
        let review: ReviewState = stored_code("cases.review_state", &self.review_state)?;
        let rectification: RectificationState =
            stored_code("cases.rectification_state", &self.rectification_state)?;
        let flags: Vec<&str> = self
            .flags
            .iter()
            .map(|flag| Ok(stored_code::<Flag>("cases.flags", flag)?.word(language)))
            .collect::<Result<_, StoredValueError>>()?;
        let pack = self.pack_hash.as_deref().map(|hash| stored("cases.pack_hash", hash)).transpose()?;
        Ok(CaseLine {
            case_id: self.case_id,
            occurred_at: self.occurred_at.0,
            item: match language {
                Language::Zh => self.item_zh,
                Language::En => self.item_en,
            },
            kind: words.kind(pack.as_ref(), &stored("cases.kind", &self.kind)?),
            target_code: self.target_code,
            place: self.place,
            grid: self.grid,
            grid_name: self.grid_name,
            unit_name: self.unit_name,
            budget_code: self.budget_code,
            level: level.word(language),
            author_name: self.author_name,
            review_state: review.word(language),
            rectification_state: rectification.word(language),
            flags: flags.join(language.of("、", ", ")),
            clause: self.clauses.map(joined),
            pending: Fen::new(self.pending),
            posted: Fen::new(self.posted),
            reason: self.reason,
        })
    }
}

/// Clauses, each once, in an order that does not depend on the database; sorting them there, case by case, takes it longer.
fn joined(mut clauses: Vec<String>) -> String {
    clauses.sort_unstable();
    clauses.dedup();
    clauses.join(CLAUSES_APART)
}
