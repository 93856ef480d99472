//! Printed pages (打印件): notices, orders and records as A4 pages in one HTML file each.
//!
//! Invariants: a page needs nothing but itself, no script, no font, no picture from elsewhere, and its policy forbids
//! them ([`content_security_policy`]); every text is escaped by the templates; a page says only what it is given, its
//! texts are in one language, Chinese or English.
//!
//! Must not: ask the database or read a clock.

mod deduction_notice;
mod inspection_record;
mod numbers;
mod qr_code;
mod rectification_order;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

pub use deduction_notice::{DeductionNotice, NoticeLine};
pub use inspection_record::{AnswerLine, InspectionRecord, MeasuredLine, PhotoFigure};
pub use numbers::{case_number, inspection_number, notice_number, order_number};
pub use qr_code::{QrCode, QrCodeError};
pub use rectification_order::{FaultLine, OrderTerms, RectificationOrder};

use crate::tables::Language;

/// How every page looks, on screen and on paper.
const PAGE_CSS: &str = include_str!("../../templates/page.css");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The template.
    #[error("a page cannot be written: {0}")]
    Template(#[from] askama::Error),
    /// Its address does not fit a QR code.
    #[error(transparent)]
    QrCode(#[from] QrCodeError),
}

/// A day as papers date themselves.
#[must_use]
pub fn written_day(day: Date, language: Language) -> String {
    match language {
        Language::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::En => day.to_string(),
    }
}

/// What a browser may do with a page: show it. The style is named by its hash, pictures are part of the page.
#[must_use]
pub fn content_security_policy() -> String {
    let style = STANDARD.encode(Sha256::digest(PAGE_CSS));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
