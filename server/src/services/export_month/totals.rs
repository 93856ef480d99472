//! A month's totals as a file: one line for each unit, item and street, and the total.

use std::borrow::Cow;

use super::{ItemClauses, MonthHead};
use crate::services::total_month::{MonthTotals, TotalLine};
use crate::tables::{Column, FileFormat, SIGNATURES, Sheet, SheetError, Total};

/// Writes the totals (扣缴资金月度汇总表). Pure: the same totals, clauses and head give the same bytes.
///
/// # Errors
/// [`SheetError`] where the format cannot hold them.
pub fn totals_file(
    head: &MonthHead,
    totals: &MonthTotals,
    clauses: &ItemClauses,
    format: FileFormat,
) -> Result<Vec<u8>, SheetError> {
    format.bytes(&Sheet {
        language: head.language,
        made_at: head.made_at,
        title: head.language.of("大气污染防治扣缴资金月度汇总表", "Deductions of the month").to_owned(),
        subtitle: head.subtitle(),
        columns: columns(head, totals, clauses),
        rows: &totals.lines,
        in_words: Some(totals.total.posted),
        signatures: Some(SIGNATURES),
    })
}

fn columns<'a>(
    head: &'a MonthHead,
    totals: &MonthTotals,
    clauses: &'a ItemClauses,
) -> Vec<Column<'a, TotalLine>> {
    let language = head.language;
    let month = head.month.to_string();
    let all = &totals.total;
    vec![
        Column::text("账期", "month", move |_: &TotalLine| Cow::Owned(month.clone())),
        Column::text("责任单位", "responsible unit", |line: &TotalLine| {
            Cow::Borrowed(&line.unit.unit_name)
        }),
        Column::text("预算单位编码", "budget code", |line: &TotalLine| {
            Cow::Borrowed(&line.unit.budget_code)
        }),
        Column::text("网格", "grid", |line: &TotalLine| Cow::Borrowed(&line.grid.grid_name)),
        Column::text("网格编码", "grid path", |line: &TotalLine| Cow::Borrowed(line.grid.grid.as_str())),
        Column::text("扣缴事项", "item", move |line: &TotalLine| {
            Cow::Borrowed(language.of(line.item.item_zh.as_str(), line.item.item_en.as_str()))
        }),
        Column::text("事项编码", "item code", |line: &TotalLine| Cow::Borrowed(line.item.item.as_str())),
        Column::text("依据条款", "clause", |line: &TotalLine| {
            Cow::Owned(clauses.of(&line.item.item).to_owned())
        }),
        Column::integer("已扣缴案件数", "cases posted", |line: &TotalLine| Some(line.amounts.cases))
            .with_total(Total::Integer(all.cases)),
        Column::yuan("已扣缴金额", "posted", |line: &TotalLine| Some(line.amounts.posted))
            .with_total(Total::Yuan(all.posted)),
        Column::integer("待审核案件数", "cases pending", |line: &TotalLine| {
            Some(line.amounts.pending_cases)
        })
        .with_total(Total::Integer(all.pending_cases)),
        Column::yuan("待审核金额", "pending", |line: &TotalLine| Some(line.amounts.pending))
            .with_total(Total::Yuan(all.pending)),
        Column::integer("待录入金额项数", "amounts to be entered", |line: &TotalLine| {
            Some(line.amounts.amounts_missing)
        })
        .with_total(Total::Integer(all.amounts_missing)),
        Column::text("结账状态", "state", |_: &TotalLine| Cow::Borrowed(head.state())),
    ]
}
