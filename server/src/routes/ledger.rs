//! The ledger (台账): its entries, each traceable to case, charge, clause and decision.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::case_scope::CaseScope;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::{ReadAccounts, ReadMoney};
use crate::db::ledger_entries;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter};
use crate::services::list_entries::{EntryFilter, EntryList, list_entries};
use crate::services::trace_entry::{EntryTrace, trace_entry};
use crate::services::verify_ledger::{Verification, verify_ledger};
use crate::state::AppState;

/// Entries in a page unless asked otherwise.
const ENTRIES_DEFAULT: u16 = 100;
/// Entries in a page at most.
const ENTRIES_MAX: u16 = 500;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(trace).service(verify);
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct EntryParameters {
    /// Month of account, `YYYY-MM`.
    month: Option<String>,
    /// Unit whose account they are on.
    unit: Option<String>,
    /// Item.
    item: Option<String>,
    /// Those after this number: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 500.
    limit: Option<String>,
}

/// Ledger entries by number; a liaison sees those of the own unit.
#[utoipa::path(
    tag = "ledger",
    params(EntryParameters),
    responses((status = 200, body = EntryList)),
    security(("session" = []))
)]
#[get("/api/v1/ledger/entries")]
async fn list(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    asked: web::Query<EntryParameters>,
) -> Result<web::Json<EntryList>, ApiError> {
    let filter = EntryFilter {
        month: parameter("month", asked.month.as_deref())?,
        unit: parameter("unit", asked.unit.as_deref())?,
        item: parameter("item", asked.item.as_deref())?,
        charge: None,
        after: parameter("after", asked.after.as_deref())?.unwrap_or(0),
        rows: page_rows(asked.limit.as_deref(), ENTRIES_DEFAULT, ENTRIES_MAX)?,
    };
    let mut connection = state.connection().await?;
    Ok(web::Json(list_entries(&mut connection, &MoneyScope::of(&actor), &filter).await?))
}

/// Where an entry comes from: charge, case, decisions, appeals, pack, clause, inspections with the bytes sent, and photos; and what
/// became of it. A unit that the case left is told its history up to there; a supervisor of other grids is told
/// charge and clause, and that the evidence is withheld.
#[utoipa::path(
    tag = "ledger",
    params(("entry_no" = i64, Path, description = "The entry.")),
    responses((status = 200, body = EntryTrace)),
    security(("session" = []))
)]
#[get("/api/v1/ledger/entries/{entry_no}/trace")]
async fn trace(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<EntryTrace>, ApiError> {
    let entry_no: i64 = path.parse().map_err(|_| ProblemKind::EntryUnknown)?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let (money, cases) = (MoneyScope::of(&actor), CaseScope::of(&actor));
    Ok(web::Json(trace_entry(&mut connection, &money, &cases, entry_no, now).await?))
}

/// What a walk along the whole chain found.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerVerification {
    /// Whether every entry follows from the one before it.
    sound: bool,
    /// Entries that are sound, from the first on: the number of the last.
    entries: i64,
    /// SHA-256 of the last sound entry, which stands for all before it; absent where there is none.
    hash: Option<String>,
    /// What is wrong with the entry after them, in words.
    fault: Option<String>,
    /// When it was walked.
    verified_at: Instant,
}

/// Walk the district's ledger from its first entry along the hash chain (台账校验).
#[utoipa::path(
    tag = "ledger",
    responses((status = 200, body = LedgerVerification)),
    security(("session" = []))
)]
#[get("/api/v1/ledger/verification")]
async fn verify(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
) -> Result<web::Json<LedgerVerification>, ApiError> {
    let mut connection = state.connection().await?;
    let verification = verify_ledger(&mut connection, actor.district.as_str()).await?;
    let (sound, entries, fault) = match verification {
        Verification::Sound { entries } => (true, entries, None),
        Verification::Broken { entry_no, fault } => {
            (false, entry_no.saturating_sub(1), Some(fault.to_string()))
        }
    };
    let hash = ledger_entries::hash_of(&mut connection, &actor.district, entries).await?;
    let hash = hash.map(hex::encode);
    Ok(web::Json(LedgerVerification { sound, entries, hash, fault, verified_at: state.clock.now() }))
}
