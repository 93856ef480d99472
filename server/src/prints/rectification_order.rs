//! The rectification order (交办单, 整改通知书) of one case.

use askama::Template;

use super::{PAGE_CSS, PrintError, QrCode};
use crate::db::districts::DistrictHead;
use crate::tables::Language;

/// An order, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RectificationOrder {
    /// Its number.
    pub number: String,
    /// The address that its code leads to.
    pub address_url: String,
    /// Who issues it.
    pub district: DistrictHead,
    /// To whom.
    pub unit_name: String,
    /// The number that people call the case by.
    pub case_number: String,
    /// When it occurred.
    pub found_at: String,
    /// The item.
    pub item: String,
    /// At which level it was found.
    pub level: String,
    /// Kind, register number and name of the object.
    pub target: String,
    /// Where it is.
    pub address: String,
    /// The grid.
    pub grid: String,
    /// Documents and clauses.
    pub clauses: String,
    /// What was not in order.
    pub faults: Vec<FaultLine>,
    /// What was ordered; without an order the page has room to write it in.
    pub terms: Option<OrderTerms>,
    /// The stop-work order that the case leads to.
    pub stop_work: Option<String>,
    /// The day of the order; before one is given, the day it is printed on.
    pub issued_on: String,
}

/// A failed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultLine {
    /// The question.
    pub question: String,
    /// What the inspector wrote.
    pub note: String,
}

/// What was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTerms {
    /// Which order of the case, from 1.
    pub round: u16,
    /// When it was ordered.
    pub ordered_at: String,
    /// What has to be done.
    pub requirement: String,
    /// Until when; unknown while the year's holidays are.
    pub deadline: Option<String>,
}

#[derive(Template)]
#[template(path = "rectification_order.html")]
struct Page<'a> {
    l: Language,
    css: &'static str,
    qr: QrCode,
    n: &'a RectificationOrder,
}

impl RectificationOrder {
    /// The page.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn html(&self, language: Language) -> Result<String, PrintError> {
        let qr = QrCode::of(&self.address_url)?;
        Ok(Page { l: language, css: PAGE_CSS, qr, n: self }.render()?)
    }
}
