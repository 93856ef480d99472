//! The sheet that the tests of both writers render.

use std::borrow::Cow;

use jiff::civil::{Date, date};
use sync_core::money::Fen;
use sync_core::time::Instant;

use super::{Column, Language, SIGNATURES, Sheet, Total};

/// A row of it.
pub struct Line {
    pub unit: &'static str,
    pub budget_code: &'static str,
    pub cases: i64,
    pub amount: Option<Fen>,
    pub found_on: Date,
    pub posted_at: Instant,
}

/// Three units, the second of which tries to be a formula, the third without an amount.
pub fn lines() -> Vec<Line> {
    let line = |unit, budget_code, fen: Option<i64>| Line {
        unit,
        budget_code,
        cases: 2,
        amount: fen.map(Fen::new),
        found_on: date(2024, 10, 5),
        posted_at: "2024-10-31T15:59:59.999Z".parse().unwrap(),
    };
    vec![
        line("安阳城街道办事处", "007001", Some(10_000_000)),
        line("=HYPERLINK(\"x\")", "007002", Some(-1_234_505)),
        line("含\"引号\",与\n换行", "007003", None),
    ]
}

/// The sheet over them.
pub fn sheet(rows: &[Line], language: Language) -> Sheet<'_, Line> {
    let total = Fen::checked_sum(rows.iter().filter_map(|row| row.amount)).unwrap();
    let cases = rows.iter().map(|row| row.cases).sum();
    Sheet {
        language,
        made_at: "2024-11-01T01:00:00Z".parse().unwrap(),
        title: language.of("扣缴资金月度汇总表", "Deductions of the month").to_owned(),
        subtitle: "马村区 2024-10".to_owned(),
        columns: vec![
            Column::text("责任单位", "Responsible unit", |row: &Line| Cow::Borrowed(row.unit)),
            Column::text("预算单位编码", "Budget code", |row: &Line| Cow::Borrowed(row.budget_code)),
            Column::integer("案件数", "Cases", |row: &Line| Some(row.cases))
                .with_total(Total::Integer(cases)),
            Column::yuan("扣缴金额", "Deducted", |row: &Line| row.amount).with_total(Total::Yuan(total)),
            Column::date("发现日期", "Found on", |row: &Line| Some(row.found_on)),
            Column::time("入账时间", "Posted at", |row: &Line| Some(row.posted_at)),
        ],
        rows,
        in_words: Some(total),
        signatures: Some(SIGNATURES),
    }
}
