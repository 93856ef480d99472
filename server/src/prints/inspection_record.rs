//! The on-site inspection record (现场检查笔录).

use askama::Template;

use super::{PAGE_CSS, PrintError, QrCode};
use crate::db::districts::DistrictHead;
use crate::tables::Language;

/// A record, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionRecord {
    /// Its number.
    pub number: String,
    /// The address that its code leads to.
    pub address_url: String,
    /// Whose office keeps it.
    pub district: DistrictHead,
    /// Whether it corrects an earlier record.
    pub corrects: bool,
    /// What was inspected, when, where, by whom: names and values.
    pub facts: Vec<(String, String)>,
    /// The checklist as it was answered.
    pub answers: Vec<AnswerLine>,
    /// What was measured.
    pub measurements: Vec<MeasuredLine>,
    /// In the inspector's words.
    pub notes: String,
    /// What the site's representative did.
    pub representative: String,
    /// Who inspected.
    pub inspector: String,
    /// With whom; empty where alone.
    pub second_inspector: String,
    /// Photos that are printed.
    pub photos: Vec<PhotoFigure>,
    /// Photos in the manifest.
    pub photo_count: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLine {
    /// The question.
    pub question: String,
    /// The answer, in words.
    pub verdict: String,
    /// Whether it is a finding.
    pub failed: bool,
    /// Note and fire points.
    pub note: String,
}

/// A measured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredLine {
    /// What was measured.
    pub name: String,
    /// The value.
    pub value: String,
    /// Its unit.
    pub unit: String,
}

/// A photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoFigure {
    /// The stamped copy as a `data:` address.
    pub image: Option<String>,
    /// Why there is none.
    pub missing: &'static str,
    /// When it was taken, and of what.
    pub caption: String,
    /// SHA-256 of the original.
    pub sha256: String,
}

#[derive(Template)]
#[template(path = "inspection_record.html")]
struct Page<'a> {
    l: Language,
    css: &'static str,
    qr: QrCode,
    n: &'a InspectionRecord,
}

impl InspectionRecord {
    /// The page.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn html(&self, language: Language) -> Result<String, PrintError> {
        let qr = QrCode::of(&self.address_url)?;
        Ok(Page { l: language, css: PAGE_CSS, qr, n: self }.render()?)
    }
}
