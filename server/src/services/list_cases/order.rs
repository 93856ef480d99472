//! In which order cases are listed, and how one page follows another: by key, never by offset.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::CaseId;
use sync_core::money::Fen;
use uuid::Uuid;

use super::cursor::{AmountCursor, CaseCursor, NotACaseCursor};
use super::filter::CaseFilter;
use crate::auth::case_scope::{CaseCondition, CaseScope};
use crate::db::Connection;
use crate::db::schema::cases;
use crate::db::types::Time;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseOrder {
    /// Latest occurrence first.
    Newest,
    /// Earliest occurrence first: `Newest` backwards.
    Oldest,
    /// Largest amount first: what is pending or posted of it.
    Largest,
    /// Smallest amount first: `Largest` backwards.
    Smallest,
}

/// Not an order.
#[derive(Debug, thiserror::Error)]
#[error("must be newest, oldest, largest or smallest")]
pub struct UnknownOrder;

impl std::str::FromStr for CaseOrder {
    type Err = UnknownOrder;
    fn from_str(text: &str) -> Result<Self, UnknownOrder> {
        match text {
            "newest" => Ok(Self::Newest),
            "oldest" => Ok(Self::Oldest),
            "largest" => Ok(Self::Largest),
            "smallest" => Ok(Self::Smallest),
            _ => Err(UnknownOrder),
        }
    }
}

impl CaseOrder {
    /// The same, the last first.
    #[must_use]
    pub const fn backwards(self) -> Self {
        match self {
            Self::Newest => Self::Oldest,
            Self::Oldest => Self::Newest,
            Self::Largest => Self::Smallest,
            Self::Smallest => Self::Largest,
        }
    }

    const fn is_by_amount(self) -> bool {
        matches!(self, Self::Largest | Self::Smallest)
    }

    /// Reads a cursor of this order.
    ///
    /// # Errors
    /// [`NotACaseCursor`], of another order too.
    pub fn cursor(self, text: &str) -> Result<CaseKey, NotACaseCursor> {
        if self.is_by_amount() {
            text.parse().map(CaseKey::Amount)
        } else {
            text.parse().map(CaseKey::Occurrence)
        }
    }
}

/// Where a case stands in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseKey {
    /// By occurrence.
    Occurrence(CaseCursor),
    /// By amount.
    Amount(AmountCursor),
}

impl CaseKey {
    /// The case.
    #[must_use]
    pub const fn case_id(&self) -> CaseId {
        match self {
            Self::Occurrence(cursor) => cursor.case_id,
            Self::Amount(cursor) => cursor.case_id,
        }
    }

    /// As text for the query string.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Self::Occurrence(cursor) => cursor.encode(),
            Self::Amount(cursor) => cursor.encode(),
        }
    }

    /// What comes behind it in an order of its kind; a key of another kind is behind nothing.
    fn followed_in(self, order: CaseOrder) -> CaseCondition {
        match self {
            Self::Occurrence(CaseCursor { occurred_at, case_id }) => {
                let (at, id) = (Time(occurred_at), case_id.0);
                if order == CaseOrder::Oldest {
                    Box::new(
                        cases::occurred_at.gt(at).or(cases::occurred_at.eq(at).and(cases::case_id.lt(id))),
                    )
                } else {
                    Box::new(
                        cases::occurred_at.lt(at).or(cases::occurred_at.eq(at).and(cases::case_id.gt(id))),
                    )
                }
            }
            Self::Amount(AmountCursor { amount, case_id }) => {
                let behind = if order == CaseOrder::Smallest {
                    ", cases.case_id) < ("
                } else {
                    ", cases.case_id) > ("
                };
                let key = sql::<Bool>("(").sql(LARGEST_FIRST).sql(behind);
                let key = key.bind::<BigInt, _>(amount.get().saturating_neg()).sql(", ");
                Box::new(key.bind::<SqlUuid, _>(case_id.0).sql(")"))
            }
        }
    }
}

/// What stands on a case, pending or posted, counted backwards: rising, the largest amount comes first.
const LARGEST_FIRST: &str = "-(SELECT coalesce(sum(amount_fen), 0)::bigint FROM charges
    WHERE charges.district = cases.district AND charges.case_id = cases.case_id AND charges.state <> 'void')";

pub(in crate::services) fn largest_first() -> SqlLiteral<BigInt> {
    sql(LARGEST_FIRST)
}

/// Where the first cases stand that scope and filters pick, at most so many, behind `after` where it is given.
pub(super) async fn keys(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &CaseFilter,
    order: CaseOrder,
    after: Option<CaseKey>,
    most: i64,
) -> QueryResult<Vec<CaseKey>> {
    let mut picked = cases::table
        .filter(scope.condition())
        .filter(filter.condition())
        .filter(filter.state_condition())
        .limit(most)
        .into_boxed();
    if let Some(after) = after {
        picked = picked.filter(after.followed_in(order));
    }
    if order.is_by_amount() {
        let picked = match order {
            CaseOrder::Smallest => picked.order((largest_first().desc(), cases::case_id.desc())),
            _ => picked.order((largest_first().asc(), cases::case_id.asc())),
        };
        let rows: Vec<(i64, Uuid)> =
            picked.select((largest_first(), cases::case_id)).load(connection).await?;
        let key = |(key, id): (i64, Uuid)| AmountCursor {
            amount: Fen::new(key.saturating_neg()),
            case_id: CaseId(id),
        };
        return Ok(rows.into_iter().map(key).map(CaseKey::Amount).collect());
    }
    let picked = match order {
        CaseOrder::Oldest => picked.order((cases::occurred_at.asc(), cases::case_id.desc())),
        _ => picked.order((cases::occurred_at.desc(), cases::case_id.asc())),
    };
    let rows: Vec<(Time, Uuid)> =
        picked.select((cases::occurred_at, cases::case_id)).load(connection).await?;
    let key = |(at, id): (Time, Uuid)| CaseCursor { occurred_at: at.0, case_id: CaseId(id) };
    Ok(rows.into_iter().map(key).map(CaseKey::Occurrence).collect())
}

/// Where a case stands, whatever the filters; `None` where the scope does not show it.
pub(super) async fn key_of(
    connection: &mut Connection,
    scope: &CaseScope,
    order: CaseOrder,
    case_id: CaseId,
) -> QueryResult<Option<CaseKey>> {
    let only: CaseCondition = Box::new(cases::case_id.eq(case_id.0));
    let case = cases::table.filter(scope.condition()).filter(only);
    if order.is_by_amount() {
        let key: Option<i64> = case.select(largest_first()).first(connection).await.optional()?;
        let amount = key.map(|key| Fen::new(key.saturating_neg()));
        return Ok(amount.map(|amount| CaseKey::Amount(AmountCursor { amount, case_id })));
    }
    let at: Option<Time> = case.select(cases::occurred_at).first(connection).await.optional()?;
    Ok(at.map(|at| CaseKey::Occurrence(CaseCursor { occurred_at: at.0, case_id })))
}
