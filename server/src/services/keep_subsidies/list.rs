//! Lists subsidies, and writes the list as a file for finance.

use std::borrow::Cow;

use serde::Serialize;
use sync_core::ids::RegionCode;
use sync_core::money::Fen;
use sync_core::time::Instant;
use utoipa::ToSchema;

use super::{Subsidy, SubsidyState};
use crate::db::{Connection, subsidies};
use crate::problem::ApiError;
use crate::tables::{Column, FileFormat, SIGNATURES, Sheet, SheetError, Total};
use crate::words::PackWords;

/// The payee list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubsidyList {
    /// The subsidies, in the order they were entered in; cancelled ones too.
    pub subsidies: Vec<Subsidy>,
    /// The sum of those that are not cancelled, in fen.
    pub total: Fen,
    /// The same as exact yuan.
    pub total_yuan: String,
    /// The sum of those that are paid, in fen.
    pub paid: Fen,
    /// The same as exact yuan.
    pub paid_yuan: String,
}

/// Lists a district's subsidies.
///
/// # Errors
/// Those of the database.
pub async fn list_subsidies(
    connection: &mut Connection,
    district: &RegionCode,
) -> Result<SubsidyList, ApiError> {
    let rows = subsidies::all(connection, district).await?;
    let subsidies: Vec<Subsidy> = rows.into_iter().map(Subsidy::try_from).collect::<Result<_, _>>()?;
    let sum = |counts: fn(SubsidyState) -> bool| {
        let counted = subsidies.iter().filter(|subsidy| counts(subsidy.state));
        Fen::new(counted.fold(0, |sum: i64, subsidy| sum.saturating_add(subsidy.amount.get())))
    };
    let (total, paid) =
        (sum(|state| state != SubsidyState::Cancelled), sum(|state| state == SubsidyState::Paid));
    Ok(SubsidyList { subsidies, total, total_yuan: total.to_string(), paid, paid_yuan: paid.to_string() })
}

/// Writes the list in the language of `words`; `now` is when it is written.
///
/// # Errors
/// [`SheetError`] where the format cannot hold it.
pub fn subsidies_file(
    list: &SubsidyList,
    words: &PackWords,
    format: FileFormat,
    now: Instant,
) -> Result<Vec<u8>, SheetError> {
    let language = words.language();
    let standing: Vec<&Subsidy> =
        list.subsidies.iter().filter(|subsidy| subsidy.state != SubsidyState::Cancelled).collect();
    let columns = vec![
        Column::text("企业名称", "Enterprise", |row: &&Subsidy| Cow::Owned(row.payee.clone())),
        Column::text("统一社会信用代码", "Credit code", |row: &&Subsidy| {
            Cow::Owned(row.credit_code.clone())
        }),
        Column::text("补助项", "Rule", move |row: &&Subsidy| {
            Cow::Owned(words.subsidy(&row.pack_hash, &row.rule))
        }),
        Column::text("依据", "Clause", |row: &&Subsidy| Cow::Owned(row.clause.clone())),
        Column::text("公示文件", "Publication", |row: &&Subsidy| Cow::Owned(row.publication.clone())),
        Column::date("公示日期", "Published on", |row: &&Subsidy| Some(row.published_on)),
        Column::yuan("补助金额", "Amount", |row: &&Subsidy| Some(row.amount))
            .with_total(Total::Yuan(list.total)),
        Column::text("状态", "State", move |row: &&Subsidy| Cow::Borrowed(row.state.name(language))),
        Column::text("凭证号", "Voucher", |row: &&Subsidy| {
            Cow::Owned(row.voucher.clone().unwrap_or_default())
        }),
        Column::date("支付日期", "Paid on", |row: &&Subsidy| row.paid_on),
    ];
    format.bytes(&Sheet {
        language,
        made_at: now,
        title: language.of("企业资金补助清单", "Subsidies to enterprises").to_owned(),
        subtitle: now.record_date().to_string(),
        columns,
        rows: &standing,
        in_words: Some(list.total),
        signatures: Some(SIGNATURES),
    })
}
