//! Cases as a sheet.

use std::borrow::Cow;
use std::cmp::Ordering;

use sync_core::money::Fen;
use sync_core::time::Instant;

use super::CaseLine;
use crate::db::districts::DistrictHead;
use crate::db::types::StoredValueError;
use crate::services::list_cases::CaseOrder;
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

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum CasesFault {
    /// The format cannot hold the cases, or their sums.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// A case that was read is none.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
}

/// Fen of all cases of a file.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    pending: Fen,
    posted: Fen,
}

impl Sums {
    fn of(cases: &[CaseLine]) -> Result<Self, SheetError> {
        let sum = |amount: fn(&CaseLine) -> Fen| {
            Fen::checked_sum(cases.iter().map(amount)).ok_or(SheetError::TooLarge)
        };
        Ok(Self { pending: sum(|case| case.pending)?, posted: sum(|case| case.posted)? })
    }
}

/// Writes cases (案件清单) while they come. They come in their order as long as PostgreSQL joins to the picked cases what
/// belongs to them, which it does with few grids, units and people; where it does not, they are sorted and written once
/// more. Pure: the same cases and head give the same bytes.
///
/// # Errors
/// [`CasesFault`].
pub fn cases_file(
    head: &CasesHead,
    order: CaseOrder,
    chunks: impl Iterator<Item = Result<Vec<CaseLine>, StoredValueError>>,
    format: FileFormat,
) -> Result<Vec<u8>, CasesFault> {
    let begun = sheet(head, Sums::default());
    let mut file = format.begin(&begun)?;
    let mut cases: Vec<CaseLine> = Vec::new();
    let mut ordered = true;
    for chunk in chunks {
        let chunk = chunk?;
        ordered = ordered
            && chunk.is_sorted_by(|one, next| compare(order, one, next).is_lt())
            && cases.last().zip(chunk.first()).is_none_or(|(last, next)| compare(order, last, next).is_lt());
        if ordered {
            file.write_rows(&begun, &chunk)?;
        }
        cases.extend(chunk);
    }
    let whole = sheet(head, Sums::of(&cases)?);
    if !ordered {
        cases.sort_unstable_by(|one, other| compare(order, one, other));
        file = format.begin(&whole)?;
        file.write_rows(&whole, &cases)?;
    }
    Ok(file.finish(&whole)?)
}

/// Which of two cases comes first.
fn compare(order: CaseOrder, one: &CaseLine, other: &CaseLine) -> Ordering {
    let amount = |case: &CaseLine| case.pending.get().saturating_add(case.posted.get());
    let forwards = match order {
        CaseOrder::Newest | CaseOrder::Oldest => other.occurred_at.cmp(&one.occurred_at),
        CaseOrder::Largest | CaseOrder::Smallest => amount(other).cmp(&amount(one)),
    };
    let forwards = forwards.then(one.case_id.cmp(&other.case_id));
    match order {
        CaseOrder::Newest | CaseOrder::Largest => forwards,
        CaseOrder::Oldest | CaseOrder::Smallest => forwards.reverse(),
    }
}

fn sheet(head: &CasesHead, sums: Sums) -> Sheet<'static, CaseLine> {
    let DistrictHead { name, office, .. } = &head.district;
    Sheet {
        language: head.language,
        made_at: head.made_at,
        title: head.language.of("大气污染防治案件清单", "Cases").to_owned(),
        subtitle: head
            .language
            .of(format!("{name}    制表单位：{office}"), format!("{name}    Made by: {office}")),
        columns: columns(sums),
        rows: &[],
        in_words: Some(sums.posted),
        signatures: Some(SIGNATURES),
    }
}

fn text(value: &Option<String>) -> Cow<'_, str> {
    Cow::Borrowed(value.as_deref().unwrap_or_default())
}

fn columns(Sums { pending, posted }: Sums) -> Vec<Column<'static, CaseLine>> {
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

#[cfg(test)]
mod tests {
    use sync_core::ids::RegionCode;

    use super::*;

    fn case(number: u128, occurred_at: &str, posted: i64) -> CaseLine {
        CaseLine {
            case_id: uuid::Uuid::from_u128(number),
            occurred_at: occurred_at.parse().unwrap(),
            item: "工地扬尘".to_owned(),
            kind: "施工工地".to_owned(),
            target_code: None,
            place: "东环路".to_owned(),
            grid: "410804/001".to_owned(),
            grid_name: "东街道".to_owned(),
            unit_name: "东街道".to_owned(),
            budget_code: "101".to_owned(),
            level: "区县级",
            author_name: "王强".to_owned(),
            review_state: "已认定",
            rectification_state: "未交办",
            flags: String::new(),
            clause: None,
            pending: Fen::ZERO,
            posted: Fen::new(posted),
            reason: None,
        }
    }

    fn file(order: CaseOrder, chunks: &[&[CaseLine]], format: FileFormat) -> Vec<u8> {
        let code: RegionCode = "410804".parse().unwrap();
        let head = CasesHead {
            district: DistrictHead { code, name: "马村区".to_owned(), office: "环委办".to_owned() },
            made_at: "2026-11-22T02:00:00Z".parse().unwrap(),
            language: Language::Zh,
        };
        let chunks = chunks.iter().map(|chunk| Ok(chunk.to_vec()));
        cases_file(&head, order, chunks, format).unwrap()
    }

    #[test]
    fn cases_that_come_out_of_order_give_the_bytes_of_those_that_come_in_order() {
        let (one, two) = (case(1, "2026-11-20T02:00:00Z", 5), case(2, "2026-11-20T02:00:00Z", 7));
        let latest = case(3, "2026-11-21T02:00:00Z", 5);
        let orders = [
            (CaseOrder::Newest, [&latest, &one, &two]),
            (CaseOrder::Oldest, [&two, &one, &latest]),
            (CaseOrder::Largest, [&two, &one, &latest]),
            (CaseOrder::Smallest, [&latest, &one, &two]),
        ];
        for (order, [first, second, third]) in orders {
            for format in [FileFormat::Csv, FileFormat::Xlsx] {
                let [first, second, third] = [first, second, third].map(Clone::clone);
                let ordered =
                    file(order, &[&[first.clone(), second.clone()], std::slice::from_ref(&third)], format);
                for chunks in [
                    [vec![third.clone(), first.clone()], vec![second.clone()]],
                    [vec![first.clone(), third.clone()], vec![second.clone()]],
                ] {
                    let mixed: Vec<&[CaseLine]> = chunks.iter().map(Vec::as_slice).collect();
                    assert!(file(order, &mixed, format) == ordered, "{order:?} {format:?}");
                }
            }
        }
        let csv = String::from_utf8(file(CaseOrder::Largest, &[&[one, two]], FileFormat::Csv)).unwrap();
        let ids: Vec<_> = csv.lines().skip(1).take(2).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(ids, [2, 1].map(|number| uuid::Uuid::from_u128(number).to_string()));
    }
}
