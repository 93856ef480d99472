//! Cases as a sheet.

use std::borrow::Cow;

use sync_core::money::Fen;
use sync_core::time::Instant;

use super::CaseLine;
use crate::db::districts::DistrictHead;
use crate::tables::{Column, FileFormat, Language, SIGNATURES, Sheet, SheetError, Total};

/// What stands above the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasesHead {
    /// The district and the office that makes the sheet.
    pub district: DistrictHead,
    /// When it is made.
    pub made_at: Instant,
    /// Of headers, names and fixed texts.
    pub language: Language,
}

/// Writes cases (案件清单). Pure: the same cases and head give the same bytes.
///
/// # Errors
/// [`SheetError`] where the format cannot hold them, or their sums.
pub fn cases_file(head: &CasesHead, cases: &[CaseLine], format: FileFormat) -> Result<Vec<u8>, SheetError> {
    let sum =
        |amount: fn(&CaseLine) -> Fen| Fen::checked_sum(cases.iter().map(amount)).ok_or(SheetError::TooLarge);
    let (pending, posted) = (sum(|case| case.pending)?, sum(|case| case.posted)?);
    let DistrictHead { name, office, .. } = &head.district;
    format.bytes(&Sheet {
        language: head.language,
        made_at: head.made_at,
        title: head.language.of("大气污染防治案件清单", "Cases").to_owned(),
        subtitle: head
            .language
            .of(format!("{name}    制表单位：{office}"), format!("{name}    Made by: {office}")),
        columns: columns(pending, posted),
        rows: cases,
        in_words: Some(posted),
        signatures: Some(SIGNATURES),
    })
}

fn text(value: &Option<String>) -> Cow<'_, str> {
    Cow::Borrowed(value.as_deref().unwrap_or_default())
}

fn columns(pending: Fen, posted: Fen) -> Vec<Column<'static, CaseLine>> {
    vec![
        Column::text("案件", "case", |case: &CaseLine| Cow::Owned(case.case_id.to_string())),
        Column::time("发现时间", "occurred at", |case: &CaseLine| Some(case.occurred_at)),
        Column::text("扣缴事项", "item", |case: &CaseLine| Cow::Borrowed(&case.item)),
        Column::text("类别", "kind", |case: &CaseLine| Cow::Borrowed(&case.kind)),
        Column::text("台账编号", "register number", |case: &CaseLine| text(&case.target_code)),
        Column::text("地点或对象", "place or target", |case: &CaseLine| Cow::Borrowed(&case.place)),
        Column::text("网格", "grid", |case: &CaseLine| Cow::Borrowed(&case.grid_name)),
        Column::text("网格编码", "grid path", |case: &CaseLine| Cow::Borrowed(&case.grid)),
        Column::text("责任单位", "responsible unit", |case: &CaseLine| Cow::Borrowed(&case.unit_name)),
        Column::text("预算单位编码", "budget code", |case: &CaseLine| Cow::Borrowed(&case.budget_code)),
        Column::text("发现层级", "level", |case: &CaseLine| Cow::Borrowed(case.level)),
        Column::text("检查人", "inspector", |case: &CaseLine| Cow::Borrowed(&case.author_name)),
        Column::text("审核状态", "review", |case: &CaseLine| Cow::Borrowed(case.review_state)),
        Column::text("整改状态", "rectification", |case: &CaseLine| {
            Cow::Borrowed(case.rectification_state)
        }),
        Column::text("疑点", "doubts", |case: &CaseLine| Cow::Borrowed(&case.flags)),
        Column::text("依据条款", "clause", |case: &CaseLine| text(&case.clause)),
        Column::yuan("待审核金额", "pending", |case: &CaseLine| Some(case.pending))
            .with_total(Total::Yuan(pending)),
        Column::yuan("已扣缴金额", "posted", |case: &CaseLine| Some(case.posted))
            .with_total(Total::Yuan(posted)),
        Column::text("处理意见", "reason", |case: &CaseLine| text(&case.reason)),
    ]
}
