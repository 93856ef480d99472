//! A month's ledger entries as a file.

use std::borrow::Cow;

use sync_core::money::Fen;

use super::{EntryLine, MonthHead};
use crate::tables::{Column, FileFormat, SIGNATURES, Sheet, SheetError, Total};
use crate::words::Word;

/// Writes the entries (扣缴台账明细表). Pure: the same entries and head give the same bytes.
///
/// # Errors
/// [`SheetError`] where the format cannot hold them, or their sum.
pub fn entries_file(
    head: &MonthHead,
    entries: &[EntryLine],
    format: FileFormat,
) -> Result<Vec<u8>, SheetError> {
    let total = Fen::checked_sum(entries.iter().map(|entry| entry.amount)).ok_or(SheetError::TooLarge)?;
    format.bytes(&Sheet {
        language: head.language,
        made_at: head.made_at,
        title: head.language.of("大气污染防治扣缴资金台账明细表", "Ledger entries of the month").to_owned(),
        subtitle: head.subtitle(),
        columns: columns(head, total),
        rows: entries,
        in_words: Some(total),
        signatures: Some(SIGNATURES),
    })
}

fn text(value: &Option<String>) -> Cow<'_, str> {
    Cow::Borrowed(value.as_deref().unwrap_or_default())
}

fn columns(head: &MonthHead, total: Fen) -> Vec<Column<'_, EntryLine>> {
    let language = head.language;
    vec![
        Column::integer("分录号", "entry", |line: &EntryLine| Some(line.entry_no)),
        Column::text("分录类别", "kind", move |line: &EntryLine| Cow::Borrowed(line.kind.word(language))),
        Column::time("入账时间", "posted at", |line: &EntryLine| Some(line.posted_at)),
        Column::text("发生月份", "month of occurrence", |line: &EntryLine| {
            Cow::Owned(line.occurred_month.to_string())
        }),
        Column::text("责任单位", "responsible unit", |line: &EntryLine| Cow::Borrowed(&line.unit_name)),
        Column::text("预算单位编码", "budget code", |line: &EntryLine| {
            Cow::Borrowed(&line.budget_code)
        }),
        Column::text("扣缴事项", "item", |line: &EntryLine| Cow::Borrowed(&line.item)),
        Column::text("扣缴项", "measure", |line: &EntryLine| Cow::Borrowed(&line.measure)),
        Column::text("地点或对象", "place or target", |line: &EntryLine| Cow::Borrowed(&line.place)),
        Column::text("网格", "grid", |line: &EntryLine| Cow::Borrowed(&line.grid_name)),
        Column::text("依据条款", "clause", |line: &EntryLine| Cow::Borrowed(&line.clause)),
        Column::yuan("金额", "amount", |line: &EntryLine| Some(line.amount)).with_total(Total::Yuan(total)),
        Column::integer("红冲分录号", "reverses entry", |line: &EntryLine| line.reverses),
        Column::integer("决定号", "decision", |line: &EntryLine| Some(line.decision_no)),
        Column::text("决定人", "decided by", |line: &EntryLine| text(&line.actor_name)),
        Column::text("理由", "reason", |line: &EntryLine| text(&line.reason)),
        Column::text("案件", "case", |line: &EntryLine| Cow::Owned(line.case_id.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::db::districts::DistrictHead;
    use crate::ledger::entry_kind::EntryKind;
    use crate::tables::Language;

    fn head(made_at: &str) -> MonthHead {
        MonthHead {
            district: DistrictHead {
                code: "410804".parse().unwrap(),
                name: "马村区".to_owned(),
                office: "区环委办".to_owned(),
            },
            month: "2024-10".parse().unwrap(),
            closed: true,
            made_at: made_at.parse().unwrap(),
            language: Language::Zh,
        }
    }

    fn line(entry_no: i64, kind: EntryKind, fen: i64) -> EntryLine {
        EntryLine {
            entry_no,
            kind,
            posted_at: "2024-10-31T15:59:59Z".parse().unwrap(),
            occurred_month: "2024-10".parse().unwrap(),
            unit_name: "东街道".to_owned(),
            budget_code: "101".to_owned(),
            item: "工地扬尘".to_owned(),
            measure: "周边硬质密闭围挡".to_owned(),
            case_id: Uuid::from_u128(7),
            place: "站前工地".to_owned(),
            grid_name: "网格001".to_owned(),
            clause: "马政〔2024〕5号 三（三）".to_owned(),
            amount: Fen::new(fen),
            decision_no: 3,
            actor_name: None,
            reason: Some("现场复核".to_owned()),
            reverses: None,
        }
    }

    #[test]
    fn the_same_entries_give_the_same_bytes_in_both_formats() {
        let entries = [line(1, EntryKind::Deduction, 10_000_000), line(2, EntryKind::Reversal, -10_000_000)];
        for format in [FileFormat::Csv, FileFormat::Xlsx] {
            let bytes = || entries_file(&head("2024-11-01T01:00:00Z"), &entries, format).unwrap();
            assert_eq!(bytes(), bytes());
        }
        let at = |made_at| entries_file(&head(made_at), &entries, FileFormat::Xlsx).unwrap();
        assert_ne!(at("2024-11-01T01:00:00Z"), at("2024-11-02T01:00:00Z"), "the head's date is the file's");
    }

    #[test]
    fn entries_add_up_and_say_what_they_follow_from() {
        let entries = [line(1, EntryKind::Deduction, 10_000_000), line(2, EntryKind::Adjustment, -1)];
        let csv = entries_file(&head("2024-11-01T01:00:00Z"), &entries, FileFormat::Csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[1].starts_with("1,扣缴,2024-10-31 23:59:59,2024-10,东街道,101,"), "{csv}");
        assert!(lines[2].contains("调整") && lines[2].contains(",-0.01,,3,,现场复核,"), "{csv}");
        assert!(lines[3].starts_with("合计,") && lines[3].contains(",99999.99,"), "{csv}");
    }

    #[test]
    fn a_sum_that_no_account_holds_is_refused() {
        let entries = [line(1, EntryKind::Deduction, i64::MAX), line(2, EntryKind::Deduction, 1)];
        let refused = entries_file(&head("2024-11-01T01:00:00Z"), &entries, FileFormat::Csv);
        assert!(matches!(refused, Err(SheetError::TooLarge)));
    }
}
