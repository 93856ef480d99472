//! Lists subsidies, a page at a time, and writes the list as a file for finance.

use std::borrow::Cow;

use serde::Serialize;
use sync_core::ids::{RegionCode, SubsidyId};
use sync_core::money::Fen;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use super::{Subsidy, SubsidyState};
use crate::db::{Connection, subsidies};
use crate::problem::ApiError;
use crate::query::{Page, unknown_cursor};
use crate::services::export_month::FILE_MAX_ROWS;
use crate::tables::{Column, FileFormat, SIGNATURES, Sheet, SheetError, Total};
use crate::words::PackWords;

/// A page of the payee list, with the sums of the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubsidyList {
    /// The subsidies, in the order they were entered in; cancelled ones too.
    pub subsidies: Vec<Subsidy>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
    /// The sum of all that are not cancelled, in fen.
    pub total: Fen,
    /// The same as exact yuan.
    pub total_yuan: String,
    /// The sum of all that are paid, in fen.
    pub paid: Fen,
    /// The same as exact yuan.
    pub paid_yuan: String,
}

/// Lists a district's subsidies.
///
/// # Errors
/// `malformed_request` where the cursor is none of them; those of the database.
pub async fn list_subsidies(
    connection: &mut Connection,
    district: &RegionCode,
    page: Page<SubsidyId>,
) -> Result<SubsidyList, ApiError> {
    let after = match page.after {
        None => None,
        Some(id) => {
            let at = subsidies::entered_at(connection, district, id).await?;
            Some((at.ok_or_else(unknown_cursor)?, id))
        }
    };
    let mut rows = subsidies::list(connection, district, after, page.with_one_more()).await?;
    let next = page.cut(&mut rows, |row| SubsidyId(row.subsidy_id));
    let sums = subsidies::sums(connection, district).await?;
    let (total, paid) = (Fen::new(sums.total), Fen::new(sums.paid));
    let subsidies = rows.into_iter().map(Subsidy::try_from).collect::<Result<_, _>>()?;
    Ok(SubsidyList {
        subsidies,
        next,
        total,
        total_yuan: total.to_string(),
        paid,
        paid_yuan: paid.to_string(),
    })
}

/// The subsidies that a file has: all that are not cancelled.
///
/// # Errors
/// `too_many_items` beyond [`FILE_MAX_ROWS`]; those of the database.
pub async fn read_payees(
    connection: &mut Connection,
    district: &RegionCode,
) -> Result<Vec<Subsidy>, ApiError> {
    let most = i64::try_from(FILE_MAX_ROWS).unwrap_or(i64::MAX).saturating_add(1);
    let rows = subsidies::list(connection, district, None, most).await?;
    if rows.len() > FILE_MAX_ROWS {
        return Err(
            ApiError::new(ProblemKind::TooManyItems).detail(format!("{FILE_MAX_ROWS} subsidies at most"))
        );
    }
    let mut payees: Vec<Subsidy> = rows.into_iter().map(Subsidy::try_from).collect::<Result<_, _>>()?;
    payees.retain(|subsidy| subsidy.state != SubsidyState::Cancelled);
    Ok(payees)
}

/// Writes payees in the language of `words`; `now` is when they are written.
///
/// # Errors
/// [`SheetError`] where the format cannot hold them, or their sum.
pub fn subsidies_file(
    payees: &[Subsidy],
    words: &PackWords,
    format: FileFormat,
    now: Instant,
) -> Result<Vec<u8>, SheetError> {
    let total = Fen::checked_sum(payees.iter().map(|subsidy| subsidy.amount)).ok_or(SheetError::TooLarge)?;
    let language = words.language();
    let columns = vec![
        Column::text("企业名称", "Enterprise", |row: &Subsidy| Cow::Owned(row.payee.clone())),
        Column::text("统一社会信用代码", "Credit code", |row: &Subsidy| {
            Cow::Owned(row.credit_code.clone())
        }),
        Column::text("补助项", "Rule", move |row: &Subsidy| {
            Cow::Owned(words.subsidy(&row.pack_hash, &row.rule))
        }),
        Column::text("依据", "Clause", |row: &Subsidy| Cow::Owned(row.clause.clone())),
        Column::text("公示文件", "Publication", |row: &Subsidy| Cow::Owned(row.publication.clone())),
        Column::date("公示日期", "Published on", |row: &Subsidy| Some(row.published_on)),
        Column::yuan("补助金额", "Amount", |row: &Subsidy| Some(row.amount)).with_total(Total::Yuan(total)),
        Column::text("状态", "State", move |row: &Subsidy| Cow::Borrowed(row.state.name(language))),
        Column::text("凭证号", "Voucher", |row: &Subsidy| {
            Cow::Owned(row.voucher.clone().unwrap_or_default())
        }),
        Column::date("支付日期", "Paid on", |row: &Subsidy| row.paid_on),
    ];
    format.bytes(&Sheet {
        language,
        made_at: now,
        title: language.of("企业资金补助清单", "Subsidies to enterprises").to_owned(),
        subtitle: now.record_date().to_string(),
        columns,
        rows: payees,
        in_words: Some(total),
        signatures: Some(SIGNATURES),
    })
}
