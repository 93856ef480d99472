//! Pending charges of a month by reason, in one statement.

use diesel::sql_types::{BigInt, Date as SqlDate, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::RegionCode;
use sync_core::money::Fen;
use utoipa::ToSchema;

use super::PendingLine;
use crate::db::Connection;
use crate::db::types::{Day, StoredValueError, stored_code};
use crate::ledger::period::Occurrences;
use crate::problem::ApiError;

/// Why a charge is pending (未入账原因).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PendingReason {
    /// Photos that the pack requires are missing (待补证).
    AwaitingEvidence,
    /// Nobody has decided yet (待审核).
    UnderReview,
    /// Sent back to the inspector (已退回).
    Returned,
    /// Confirmed, and in its publication period (公示期).
    InPublication,
    /// It may be the same as another case (疑似重复), and is neither merged nor kept apart.
    DuplicateProposed,
    /// Other doubts are unsettled (有待核定疑点).
    Flagged,
    /// An amount has to be entered (待录入金额).
    AmountMissing,
}

impl PendingReason {
    const fn zh(self) -> &'static str {
        match self {
            Self::AwaitingEvidence => "待补证",
            Self::UnderReview => "待审核",
            Self::Returned => "已退回，待更正",
            Self::InPublication => "已认定，公示期内",
            Self::DuplicateProposed => "疑似重复，待并案或排除",
            Self::Flagged => "有待核定的疑点",
            Self::AmountMissing => "金额待录入",
        }
    }

    const fn en(self) -> &'static str {
        match self {
            Self::AwaitingEvidence => "Awaiting evidence",
            Self::UnderReview => "Under review",
            Self::Returned => "Returned, awaiting correction",
            Self::InPublication => "Confirmed, in its publication period",
            Self::DuplicateProposed => "Possible duplicates, to be merged or kept apart",
            Self::Flagged => "With doubts to be settled",
            Self::AmountMissing => "With an amount to be entered",
        }
    }
}

#[derive(Debug, QueryableByName)]
struct PendingRow {
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    cases: i64,
    #[diesel(sql_type = BigInt)]
    charges: i64,
    #[diesel(sql_type = BigInt)]
    amount_fen: i64,
}

const BY_REASON: &str = "
SELECT held.reason, count(DISTINCT case_id) AS cases, count(*) AS charges,
       coalesce(sum(amount_fen), 0)::bigint AS amount_fen
FROM charges JOIN cases USING (district, case_id)
CROSS JOIN LATERAL (VALUES
    ('awaiting_evidence', review_state = 'awaiting_evidence'),
    ('under_review', review_state = 'under_review'),
    ('returned', review_state = 'returned'),
    ('in_publication', review_state = 'confirmed'),
    ('duplicate_proposed', 'duplicate_proposed' = ANY (flags)),
    ('flagged', cardinality(array_remove(flags, 'duplicate_proposed')) > 0),
    ('amount_missing', amount_fen IS NULL)
) AS held (reason, holds)
WHERE district = $1 AND charges.state = 'pending' AND occurred_month BETWEEN $2 AND $3 AND holds
GROUP BY held.reason";

/// What is pending of these occurrences; `None`: nothing posts to the month any more.
pub(super) async fn lines(
    connection: &mut Connection,
    district: &RegionCode,
    occurrences: Option<Occurrences>,
) -> Result<Vec<PendingLine>, ApiError> {
    let Some(occurrences) = occurrences else { return Ok(vec![]) };
    let (from, until) = occurrences.days();
    let rows: Vec<PendingRow> = sql_query(BY_REASON)
        .bind::<Text, _>(district.as_str())
        .bind::<SqlDate, _>(Day(from))
        .bind::<SqlDate, _>(Day(until))
        .load(connection)
        .await?;
    let mut lines = rows.into_iter().map(line).collect::<Result<Vec<_>, _>>()?;
    lines.sort_unstable_by_key(|line| line.reason);
    Ok(lines)
}

fn line(row: PendingRow) -> Result<PendingLine, StoredValueError> {
    let reason: PendingReason = stored_code("reason", &row.reason)?;
    let amount = Fen::new(row.amount_fen);
    Ok(PendingLine {
        reason,
        zh: reason.zh(),
        en: reason.en(),
        cases: row.cases,
        charges: row.charges,
        amount,
        amount_yuan: amount.to_string(),
    })
}
