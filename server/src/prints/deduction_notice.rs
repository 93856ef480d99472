//! The deduction notice (财力扣缴通知书) of one unit for one month.

use askama::Template;
use jiff::civil::Date;
use sync_core::money::Fen;
use sync_core::money_words::capital_figures;
use sync_core::time::Month;

use super::numbers::grouped;
use super::{PAGE_CSS, PrintError, QrCode, written_day};
use crate::db::districts::DistrictHead;
use crate::tables::Language;

/// Cases of a notice that have a code each: longer ones would be pages of codes, and each case has its number.
const CODES_MAX: usize = 40;

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeductionNotice {
    /// Its number.
    pub number: String,
    /// The address of the screen that leads to the notice itself.
    pub address: String,
    /// Who issues it.
    pub district: DistrictHead,
    /// To whom.
    pub unit_name: String,
    /// The code that finance books under.
    pub budget_code: String,
    /// The month of account.
    pub month: Month,
    /// Whether it is closed; before, the notice is a draft.
    pub closed: bool,
    /// The day of closing; of a draft, the day it is printed on.
    pub issued_on: Date,
    /// Documents and clauses, in the order of their numbers from 1.
    pub clauses: Vec<String>,
    /// The cases, in order of occurrence.
    pub lines: Vec<NoticeLine>,
    /// Their sum.
    pub total: Fen,
}

/// A case in a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeLine {
    /// The day it occurred, zone of record.
    pub occurred_on: Date,
    /// The item's name.
    pub item: String,
    /// What of it is charged, by name.
    pub measures: String,
    /// Target or place.
    pub place: String,
    /// Its clauses by their numbers in the notice, such as `1、2`.
    pub clauses: String,
    /// The number that people call it by.
    pub case_number: String,
    /// The address of its screen.
    pub address: String,
    /// What stands of it in the month, signed.
    pub amount: Fen,
}

impl NoticeLine {
    fn figures(&self) -> String {
        grouped(self.amount)
    }
}

#[derive(Template)]
#[template(path = "deduction_notice.html")]
struct Page<'a> {
    l: Language,
    css: &'static str,
    qr: QrCode,
    n: &'a DeductionNotice,
    /// Its cases, with their codes where they are few enough.
    lines: Vec<(&'a NoticeLine, Option<QrCode>)>,
}

impl DeductionNotice {
    /// The page.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn html(&self, language: Language) -> Result<String, PrintError> {
        let qr = QrCode::of(&self.address)?;
        let few = self.lines.len() <= CODES_MAX;
        let code = |line: &NoticeLine| few.then(|| QrCode::of(&line.address)).transpose();
        let lines =
            self.lines.iter().map(|line| Ok((line, code(line)?))).collect::<Result<_, PrintError>>()?;
        Ok(Page { l: language, css: PAGE_CSS, qr, n: self, lines }.render()?)
    }

    fn words(&self) -> String {
        capital_figures(self.total)
    }

    fn figures(&self) -> String {
        grouped(self.total)
    }

    fn month_words(&self) -> String {
        let first = self.month.first_day();
        format!("{}年{}月", first.year(), first.month())
    }

    fn issued_on(&self, language: Language) -> String {
        written_day(self.issued_on, language)
    }
}
