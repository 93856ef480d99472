//! What the demonstration prints.

use std::cell::Cell;
use std::time::Instant;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use sync_core::money::Fen;

use crate::inspectors::Visit;
use crate::office::Totals;

/// Numbered steps with the time each took.
pub struct Steps {
    began: Instant,
    number: Cell<u32>,
}

impl Steps {
    /// Before the first.
    pub fn new() -> Self {
        Self { began: Instant::now(), number: Cell::new(0) }
    }

    /// The next step begins.
    pub fn begin(&self, what: &str) {
        self.number.set(self.number.get() + 1);
        println!("\n{}. {what}", self.number.get());
    }

    /// All went well.
    pub fn end(&self, what: &str) {
        println!("\n✔ {what}（{:.1} s）", self.began.elapsed().as_secs_f64());
    }
}

fn table(headers: &[&str], amount_column: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(headers);
    if let Some(column) = table.column_mut(amount_column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The visits with what each device showed.
pub fn visits(visits: &[Visit]) {
    let mut table = table(&["网格员", "对象", "责任单位", "不合格项", "扣缴（元）"], 4);
    for visit in visits {
        let amount = visit.shown.total().unwrap_or(Fen::ZERO);
        table.add_row([
            visit.script.inspector.to_owned(),
            visit.target_name.clone(),
            visit.unit_name.clone(),
            visit.failed.join("\n"),
            if visit.script.charged.is_some() { amount.to_string() } else { format!("{amount}（自查）") },
        ]);
    }
    println!("{table}");
}

/// The month by unit and item.
pub fn totals(totals: &Totals) {
    let mut table = table(&["责任单位", "预算编码", "扣缴事项", "案件", "金额（元）"], 4);
    for unit in &totals.by_unit {
        for cell in totals.unit_item.iter().filter(|cell| cell.unit_id == unit.unit_id) {
            let name = totals.by_item.iter().find(|item| item.item == cell.item);
            table.add_row([
                unit.unit_name.clone(),
                unit.budget_code.clone(),
                name.map_or_else(|| cell.item.to_string(), |item| item.item_zh.clone()),
                cell.amounts.cases.to_string(),
                cell.amounts.posted.to_string(),
            ]);
        }
    }
    table.add_row([
        format!("合计 {}", totals.month),
        String::new(),
        String::new(),
        totals.total.cases.to_string(),
        totals.posted().to_string(),
    ]);
    println!("{table}");
}
