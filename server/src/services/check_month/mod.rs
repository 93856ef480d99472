//! Checks a month before it is closed (结账检查): what forbids closing, and what stays open and posts to a later month.
//!
//! Invariants: what is said here to forbid closing is what closing itself refuses for, by the same function and in the
//! same order; a memo never forbids. The chain is walked from where it was verified at the last closing.

mod appeals;
mod pending;

use diesel::sql_types::{BigInt, Date as SqlDate, Text};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::RegionCode;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

pub use appeals::{AppealLine, OverdueAppeal};
pub use pending::PendingReason;

use crate::db::types::Day;
use crate::db::{Connection, periods};
use crate::ledger::period::{Calendar, NotClosable};
use crate::problem::ApiError;
use crate::services::verify_ledger::{Verification, verify_ledger_after};

/// What forbids closing (结账障碍).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It is not this month's turn.
    Period(NotClosable),
    /// The ledger's chain breaks.
    LedgerBroken {
        /// At this entry.
        entry_no: i64,
    },
    /// A second person has not reviewed these yet.
    ProposalsOpen {
        /// How many.
        count: i64,
    },
}

/// What a line of the checklist is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckItem {
    /// The month has ended, is not closed, and those before it are closed.
    InTurn,
    /// The ledger's chain verifies.
    LedgerSound,
    /// No proposal that moves money of this month waits for its second person.
    ProposalsReviewed,
}

impl CheckItem {
    /// Every item, in the order of the checklist.
    const ALL: [Self; 3] = [Self::InTurn, Self::LedgerSound, Self::ProposalsReviewed];

    /// What has to hold, in Chinese.
    const fn zh(self) -> &'static str {
        match self {
            Self::InTurn => "该月已结束、尚未结账，且此前月份均已结账",
            Self::LedgerSound => "台账校验通过",
            Self::ProposalsReviewed => "没有待复核事项",
        }
    }

    /// The same in English.
    const fn en(self) -> &'static str {
        match self {
            Self::InTurn => "The month is over and open, and those before it are closed",
            Self::LedgerSound => "The ledger verifies",
            Self::ProposalsReviewed => "Nothing waits for its second person",
        }
    }
}

impl Obstacle {
    const fn item(self) -> CheckItem {
        match self {
            Self::Period(_) => CheckItem::InTurn,
            Self::LedgerBroken { .. } => CheckItem::LedgerSound,
            Self::ProposalsOpen { .. } => CheckItem::ProposalsReviewed,
        }
    }

    /// The stable code that closing is refused with.
    #[must_use]
    pub const fn problem(self) -> ProblemKind {
        match self {
            Self::Period(NotClosable::AlreadyClosed(_)) => ProblemKind::PeriodClosed,
            Self::Period(NotClosable::NotOver(_)) => ProblemKind::MonthNotOver,
            Self::Period(NotClosable::EarlierOpen(_)) => ProblemKind::EarlierMonthOpen,
            Self::LedgerBroken { .. } => ProblemKind::LedgerBroken,
            Self::ProposalsOpen { .. } => ProblemKind::ProposalsOpen,
        }
    }
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Period(not_closable) => not_closable.fmt(f),
            Self::LedgerBroken { entry_no } => write!(f, "the chain breaks at entry {entry_no}"),
            Self::ProposalsOpen { count } => write!(f, "{count} proposals wait for their second person"),
        }
    }
}

/// A line that forbids closing while it does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckLine {
    /// What it is about.
    pub item: CheckItem,
    /// Whether it holds.
    pub holds: bool,
    /// What has to hold, in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// The code that closing is refused with, while it does not hold.
    pub problem: Option<&'static str>,
    /// What exactly stands in the way.
    pub detail: Option<String>,
}

/// A memo: pending charges of the month for one reason. They post to the first month that is open then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PendingLine {
    /// Why they are pending; a charge stands under each reason that holds.
    pub reason: PendingReason,
    /// The reason in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// How many cases.
    pub cases: i64,
    /// How many charges.
    pub charges: i64,
    /// Their sum in fen; amounts still to be entered count nothing.
    pub amount: Fen,
    /// The same as exact yuan.
    pub amount_yuan: String,
}

/// What is open before a month is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checklist {
    /// The month.
    pub month: Month,
    /// Whether nothing forbids closing it now.
    pub closable: bool,
    /// What has to hold.
    pub required: Vec<CheckLine>,
    /// What stays pending: it does not forbid closing.
    pub pending: Vec<PendingLine>,
    /// What is appealed against: it does not forbid closing; what an outcome moves goes to the first open month.
    pub appeals: AppealLine,
}

/// Checks a month.
///
/// # Errors
/// Those of the database.
pub async fn check_month(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    now: Instant,
) -> Result<Checklist, ApiError> {
    let obstacles = present_obstacles(connection, district, month, now).await?;
    let calendar = periods::calendar(connection, district, now).await?;
    let line = |item: CheckItem| {
        let obstacle = obstacles.iter().find(|obstacle| obstacle.item() == item);
        CheckLine {
            item,
            holds: obstacle.is_none(),
            zh: item.zh(),
            en: item.en(),
            problem: obstacle.map(|obstacle| obstacle.problem().code()),
            detail: obstacle.map(ToString::to_string),
        }
    };
    Ok(Checklist {
        month,
        closable: obstacles.is_empty(),
        required: CheckItem::ALL.map(line).to_vec(),
        pending: pending::lines(connection, district, calendar.occurrences_posting_to(month)).await?,
        appeals: appeals::line(connection, district, month, now).await?,
    })
}

/// What forbids closing the month at present, the first first; the chain is walked from the last closing.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn present_obstacles(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    now: Instant,
) -> QueryResult<Vec<Obstacle>> {
    let calendar = periods::calendar(connection, district, now).await?;
    let verified = periods::closed(connection, district).await?.pop().map(|last| last.head);
    let verification =
        verify_ledger_after(connection, district.as_str(), verified.unwrap_or_default()).await?;
    obstacles(connection, district, month, calendar, &verification).await
}

/// What forbids closing the month, the first first. Who closes by it holds the district's row lock.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn obstacles(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    calendar: Calendar,
    verification: &Verification,
) -> QueryResult<Vec<Obstacle>> {
    let first_posted = periods::first_posted(connection, district).await?;
    let in_turn = calendar.closable(month, first_posted).err().map(Obstacle::Period);
    let broken = match verification {
        Verification::Sound { .. } => None,
        Verification::Broken { entry_no, .. } => Some(Obstacle::LedgerBroken { entry_no: *entry_no }),
    };
    let waiting = proposals_of(connection, district, month).await?;
    let proposals = (waiting > 0).then_some(Obstacle::ProposalsOpen { count: waiting });
    Ok([in_turn, broken, proposals].into_iter().flatten().collect())
}

/// Open proposals that are about a case of the month or before it, all of whose cases still are what was looked at:
/// accepted, they would have moved its money. The others can only be found stale.
const PROPOSALS_OF: &str = "
WITH about AS (
    SELECT proposal_id, case_id, expected_version FROM proposals
    WHERE district = $1 AND state = 'open' AND case_id IS NOT NULL
    UNION ALL
    SELECT proposal_id, (absorbed->>'case_id')::uuid, (absorbed->>'expected_version')::integer
    FROM proposals CROSS JOIN LATERAL jsonb_array_elements(request->'absorbed') AS absorbed
    WHERE district = $1 AND state = 'open' AND kind = 'merge'
)
SELECT count(*) AS count FROM (
    SELECT proposal_id FROM about JOIN cases ON cases.district = $1 AND cases.case_id = about.case_id
    GROUP BY proposal_id
    HAVING min(occurred_month) <= $2 AND bool_and(cases.version = expected_version)
) AS waiting";

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn proposals_of(connection: &mut Connection, district: &RegionCode, month: Month) -> QueryResult<i64> {
    let waiting: Waiting = sql_query(PROPOSALS_OF)
        .bind::<Text, _>(district.as_str())
        .bind::<SqlDate, _>(Day(month.first_day()))
        .get_result(connection)
        .await?;
    Ok(waiting.count)
}
