//! A year's totals as a file: one line for each unit and month, and the total.

use std::borrow::Cow;

use sync_core::time::Instant;

use super::{UnitMonth, UnitYear, YearTotals};
use crate::tables::{Column, FileFormat, Language, SIGNATURES, Sheet, SheetError, Total};

/// One line of the file.
type Line<'t> = (&'t UnitYear, &'t UnitMonth);

/// Writes the totals; `now` is when they are written.
///
/// # Errors
/// [`SheetError`] where the format cannot hold them.
pub fn year_file(
    totals: &YearTotals,
    language: Language,
    format: FileFormat,
    now: Instant,
) -> Result<Vec<u8>, SheetError> {
    let lines: Vec<Line<'_>> =
        totals.units.iter().flat_map(|unit| unit.months.iter().map(move |month| (unit, month))).collect();
    let all = &totals.total;
    let state = |closed: bool| match closed {
        true => language.of("已结账", "closed"),
        false => language.of("未结账", "open"),
    };
    let columns = vec![
        Column::text("责任单位", "Responsible unit", |line: &Line<'_>| {
            Cow::Owned(line.0.unit_name.clone())
        }),
        Column::text("预算单位编码", "Budget code", |line: &Line<'_>| {
            Cow::Owned(line.0.budget_code.clone())
        }),
        Column::text("账期", "Month", |line: &Line<'_>| Cow::Owned(line.1.month.to_string())),
        Column::text("结账状态", "State", move |line: &Line<'_>| Cow::Borrowed(state(line.1.closed))),
        Column::yuan("已扣缴金额", "Posted", |line: &Line<'_>| Some(line.1.amounts.posted))
            .with_total(Total::Yuan(all.posted)),
        Column::yuan("已执行金额", "Executed", |line: &Line<'_>| Some(line.1.amounts.executed))
            .with_total(Total::Yuan(all.executed)),
        Column::yuan("未执行金额", "Outstanding", |line: &Line<'_>| Some(line.1.amounts.outstanding))
            .with_total(Total::Yuan(all.outstanding)),
    ];
    format.bytes(&Sheet {
        language,
        made_at: now,
        title: language.of("扣缴执行年度累计表", "Deductions executed in the year").to_owned(),
        subtitle: totals.year.to_string(),
        columns,
        rows: &lines,
        in_words: Some(all.executed),
        signatures: Some(SIGNATURES),
    })
}
