//! What makes an inspection unacceptable as an operation: structure only, never clock, fix or measured values
//! (invariant 3; those are [`super::doubts()`]).

use std::collections::BTreeSet;

use crate::limits;
use crate::model::inspection::{Inspection, SiteRepresentative};
use crate::policy::{Kind, PolicyPack};
use crate::text::{check_required, check_text};
use crate::wire::problem::ProblemKind;

/// Why an inspection is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionFault {
    /// The problem.
    pub kind: ProblemKind,
    /// The field it is about, such as `answers[2].question`.
    pub field: String,
}

/// Everything for which a server refuses the inspection; empty when it can be applied. The pack is the one sealed in
/// its context, whose checklist the inspector walked; without one, kinds and questions are not checked. Whether grid,
/// unit and target exist is for the server to say.
#[must_use]
pub fn check(pack: Option<&PolicyPack>, inspection: &Inspection) -> Vec<InspectionFault> {
    let mut check = Check(Vec::new());
    check.lineage(inspection);
    let kind = pack.map(|pack| pack.kind(&inspection.kind));
    check.require(kind != Some(None), ProblemKind::KindUnknown, "kind");
    check.counts(inspection);
    check.answers(kind.flatten(), inspection);
    check.texts(inspection);
    check.photos(kind.flatten(), inspection);
    check.0
}

struct Check(Vec<InspectionFault>);

impl Check {
    fn require(&mut self, holds: bool, kind: ProblemKind, field: impl Into<String>) {
        if !holds {
            self.0.push(InspectionFault { kind, field: field.into() });
        }
    }

    fn text(&mut self, text: &str, most_chars: usize, field: impl Into<String>) {
        if let Err(refused) = check_text(text, most_chars) {
            self.require(false, refused.into(), field);
        }
    }

    /// The first of a chain names itself, a correction another.
    fn lineage(&mut self, inspection: &Inspection) {
        let own = inspection.inspection_id;
        let sound = match inspection.replaces {
            None => inspection.lineage == own,
            Some(replaced) => replaced != own && inspection.lineage != own,
        };
        self.require(sound, ProblemKind::LineageInvalid, "lineage");
    }

    fn counts(&mut self, inspection: &Inspection) {
        let counts = [
            ("answers", inspection.answers.len(), limits::INSPECTION_MAX_ANSWERS),
            ("measurements", inspection.measurements.len(), limits::INSPECTION_MAX_MEASUREMENTS),
            ("photos", inspection.photos.len(), limits::INSPECTION_MAX_PHOTOS),
        ];
        for (field, count, most) in counts {
            self.require(count <= most, ProblemKind::TooManyItems, field);
        }
    }

    fn answers(&mut self, kind: Option<&Kind>, inspection: &Inspection) {
        let mut answered = BTreeSet::new();
        for (index, answer) in inspection.answers.iter().enumerate() {
            let field = format!("answers[{index}]");
            let known = kind.is_none_or(|kind| kind.question(&answer.question).is_some());
            self.require(known, ProblemKind::QuestionUnknown, format!("{field}.question"));
            let once = answered.insert(&answer.question);
            self.require(once, ProblemKind::OperationMalformed, format!("{field}.question"));
            self.text(&answer.note, limits::NOTE_MAX_CHARS, format!("{field}.note"));
            let few = answer.points.len() <= limits::ANSWER_MAX_POINTS;
            self.require(few, ProblemKind::TooManyItems, format!("{field}.points"));
            let mut numbers = BTreeSet::new();
            let sound = answer.points.iter().all(|point| point.number > 0 && numbers.insert(point.number));
            self.require(sound, ProblemKind::OperationMalformed, format!("{field}.points"));
        }
    }

    fn texts(&mut self, inspection: &Inspection) {
        self.text(&inspection.place, limits::NAME_MAX_CHARS, "place");
        self.text(&inspection.notes, limits::NOTE_MAX_CHARS, "notes");
        let second = inspection.second_inspector.as_deref().unwrap_or_default();
        self.text(second, limits::NAME_MAX_CHARS, "second_inspector");
        let provider = inspection.fix.as_ref().map(|fix| fix.provider.as_str()).unwrap_or_default();
        self.text(provider, limits::NAME_MAX_CHARS, "fix.provider");
        match &inspection.site_representative {
            SiteRepresentative::Signed { name } => {
                if let Err(refused) = check_required(name, limits::NAME_MAX_CHARS) {
                    self.require(false, refused.into(), "site_representative.name");
                }
            }
            SiteRepresentative::Refused { note } => {
                self.text(note, limits::NOTE_MAX_CHARS, "site_representative.note");
            }
            SiteRepresentative::Absent => {}
        }
    }

    fn photos(&mut self, kind: Option<&Kind>, inspection: &Inspection) {
        let mut hashes = BTreeSet::new();
        for (index, photo) in inspection.photos.iter().enumerate() {
            let field = format!("photos[{index}]");
            let once = hashes.insert(&photo.sha256);
            self.require(once, ProblemKind::OperationMalformed, format!("{field}.sha256"));
            let known = match (kind, &photo.question) {
                (Some(kind), Some(question)) => kind.question(question).is_some(),
                _ => true,
            };
            self.require(known, ProblemKind::QuestionUnknown, format!("{field}.question"));
        }
    }
}
