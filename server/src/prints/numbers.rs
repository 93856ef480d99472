//! Numbers of papers (文号): what is printed at the head of a page and asked for on the telephone.
//!
//! Invariant: derived from what the paper is of, never drawn, so that a page printed again bears the same number, and no
//! two papers of a kind share one.

use sync_core::ids::{CaseId, InspectionId, RegionCode};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

use crate::tables::Language;

/// Digits of an id that its short number keeps: the last ones, which are random in every version that is used here.
const SHORT_DIGITS: usize = 12;
/// Figures of an amount between two commas.
const FIGURES_IN_GROUP: usize = 3;
/// Digits in a group of a short number.
const GROUP_DIGITS: usize = 4;

/// The number of a unit's deduction notice for a month: `蓝天扣〔2026〕410804-101-11号`.
#[must_use]
pub fn notice_number(district: &RegionCode, budget_code: &str, month: Month, language: Language) -> String {
    let first = month.first_day();
    let rest = format!("{district}-{budget_code}-{:02}", first.month());
    numbered("扣", "DN", first.year(), &rest, language)
}

/// The number of a case's rectification order: `蓝天改〔2026〕410804-0A1B-2C3D-4E5F号`.
#[must_use]
pub fn order_number(
    district: &RegionCode,
    case_id: CaseId,
    occurred_at: Instant,
    language: Language,
) -> String {
    let rest = format!("{district}-{}", case_number(case_id));
    numbered("改", "RO", occurred_at.record_date().year(), &rest, language)
}

/// The number of an inspection's record: `蓝天检〔2026〕410804-0A1B-2C3D-4E5F号`.
#[must_use]
pub fn inspection_number(
    district: &RegionCode,
    inspection_id: InspectionId,
    occurred_at: Instant,
    language: Language,
) -> String {
    let rest = format!("{district}-{}", short_number(inspection_id.0));
    numbered("检", "IR", occurred_at.record_date().year(), &rest, language)
}

fn numbered(zh: &str, en: &str, year: i16, rest: &str, language: Language) -> String {
    match language {
        Language::Zh => format!("蓝天{zh}〔{year}〕{rest}号"),
        Language::En => format!("Lantian-{en}-{year}-{rest}"),
    }
}

/// The number that people call a case by (案件号).
#[must_use]
pub fn case_number(case_id: CaseId) -> String {
    short_number(case_id.0)
}

/// The last twelve digits of an id, in groups: `0A1B-2C3D-4E5F`.
fn short_number(id: Uuid) -> String {
    let digits = id.simple().to_string().to_uppercase();
    let kept: Vec<char> = digits.chars().skip(digits.len().saturating_sub(SHORT_DIGITS)).collect();
    let groups: Vec<String> = kept.chunks(GROUP_DIGITS).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// An amount in yuan with a comma before every three figures: `-1,234,567.89`.
pub(super) fn grouped(amount: Fen) -> String {
    let exact = amount.to_string();
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, "00"));
    let (sign, figures) = whole.strip_prefix('-').map_or(("", whole), |figures| ("-", figures));
    let mut grouped = String::with_capacity(exact.len().saturating_mul(2));
    for (index, figure) in figures.chars().enumerate() {
        if index > 0 && figures.len().saturating_sub(index).is_multiple_of(FIGURES_IN_GROUP) {
            grouped.push(',');
        }
        grouped.push(figure);
    }
    format!("{sign}{grouped}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_three_and_stay_exact() {
        for (fen, text) in [
            (0, "0.00"),
            (99_999, "999.99"),
            (10_000_000, "100,000.00"),
            (-123_456_789, "-1,234,567.89"),
            (i64::MAX, "92,233,720,368,547,758.07"),
        ] {
            assert_eq!(grouped(Fen::new(fen)), text);
        }
    }

    #[test]
    fn papers_are_numbered_by_what_they_are_of() {
        let district = "410804".parse().unwrap();
        let number = |language| notice_number(&district, "101", "2026-01".parse().unwrap(), language);
        assert_eq!(number(Language::Zh), "蓝天扣〔2026〕410804-101-01号");
        assert_eq!(number(Language::En), "Lantian-DN-2026-410804-101-01");
        let case = CaseId(Uuid::from_u128(0x0a1b_2c3d_4e5f));
        let at = "2025-12-31T16:00:00Z".parse().unwrap();
        assert_eq!(order_number(&district, case, at, Language::Zh), "蓝天改〔2026〕410804-0A1B-2C3D-4E5F号");
    }
}
