//! A month's totals as CSV: one line for each unit, item and street, and the total.

use std::borrow::Cow;

use sync_core::time::Instant;

use super::{MonthTotals, TotalLine};
use crate::tables::{Column, Language, Sheet, Total, csv_bytes};

/// Writes the totals; `now` is when they are written.
///
/// # Errors
/// None that a vector can have; the type is that of the writer.
pub fn totals_csv(totals: &MonthTotals, language: Language, now: Instant) -> std::io::Result<Vec<u8>> {
    let state = match totals.closed {
        true => language.of("已结账", "closed"),
        false => language.of("未结账", "open"),
    };
    let month = totals.month.to_string();
    let all = &totals.total;
    let columns = vec![
        Column::text("账期", "month", |_: &TotalLine| Cow::Owned(month.clone())),
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
        Column::text("结账状态", "state", |_: &TotalLine| Cow::Borrowed(state)),
    ];
    csv_bytes(&Sheet {
        language,
        made_at: now,
        title: language.of("扣缴月度合计", "Month totals").to_owned(),
        subtitle: month.clone(),
        columns,
        rows: &totals.lines,
        in_words: None,
        signatures: None,
    })
}
