//! What an inspector gives of a visit, from flags, a file or a draft, before it is sealed.

use std::path::PathBuf;

use crate::geo::{Fix, Point};
use crate::ids::{GridPath, KindCode, QuestionCode, TargetId};
use crate::model::inspection::{Answer, Inspection, Measurement, SiteRepresentative};
use crate::model::photo::{PhotoEntry, PhotoSource};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// A visit as given; everything may be absent in a draft. In a correction what is absent is carried over from the
/// inspection it replaces.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewInspection {
    /// The kind whose checklist was walked; the target's own where absent.
    pub kind: Option<KindCode>,
    /// The target; absent for a spot.
    pub target: Option<TargetId>,
    /// The grid of a spot, where no drawn grid contains it.
    pub grid: Option<GridPath>,
    /// When; now where absent.
    pub occurred_at: Option<Instant>,
    /// Where the device was.
    pub fix: Option<Fix>,
    /// The point that was looked at.
    pub observed: Option<Point>,
    /// Where it is, in words.
    pub place: Option<String>,
    /// Checklist answers.
    pub answers: Vec<Answer>,
    /// Measurements.
    pub measurements: Vec<Measurement>,
    /// In words.
    pub notes: Option<String>,
    /// Second inspector (第二检查人).
    pub second_inspector: Option<String>,
    /// What the site's representative did; absent where nobody was there.
    pub site_representative: Option<SiteRepresentative>,
    /// Photos to take in from files.
    pub photos: Vec<NewPhoto>,
    /// Photos taken in before, whose originals are kept already.
    pub kept_photos: Vec<PhotoEntry>,
}

/// A photo file to take in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPhoto {
    /// The file, which is copied.
    pub file: PathBuf,
    /// The question it is evidence for; the whole visit where absent.
    #[serde(default)]
    pub question: Option<QuestionCode>,
    /// Camera or gallery.
    #[serde(default = "gallery")]
    pub source: PhotoSource,
}

/// A file picked by hand is a gallery picture unless the camera view says otherwise.
const fn gallery() -> PhotoSource {
    PhotoSource::Gallery
}

impl NewInspection {
    /// This over what was given before: what is absent here stays, answers and measurements replace those of the
    /// same code, photos are added.
    #[must_use]
    pub fn over(self, before: Self) -> Self {
        Self {
            kind: self.kind.or(before.kind),
            target: self.target.or(before.target),
            grid: self.grid.or(before.grid),
            occurred_at: self.occurred_at.or(before.occurred_at),
            fix: self.fix.or(before.fix),
            observed: self.observed.or(before.observed),
            place: self.place.or(before.place),
            answers: over(self.answers, before.answers, |answer| answer.question.clone()),
            measurements: over(self.measurements, before.measurements, |measured| measured.code.clone()),
            notes: self.notes.or(before.notes),
            second_inspector: self.second_inspector.or(before.second_inspector),
            site_representative: self.site_representative.or(before.site_representative),
            photos: before.photos.into_iter().chain(self.photos).collect(),
            kept_photos: over(self.kept_photos, before.kept_photos, |photo| photo.sha256.clone()),
        }
    }

    /// Everything a sealed inspection says, to be carried over into its correction.
    #[must_use]
    pub fn of_sealed(sealed: Inspection) -> Self {
        Self {
            kind: Some(sealed.kind),
            target: sealed.context.target.as_ref().map(|target| target.target_id),
            grid: sealed.context.target.is_none().then_some(sealed.context.grid),
            occurred_at: Some(sealed.occurred_at),
            fix: sealed.fix,
            observed: sealed.observed,
            place: Some(sealed.place),
            answers: sealed.answers,
            measurements: sealed.measurements,
            notes: Some(sealed.notes),
            second_inspector: sealed.second_inspector,
            site_representative: Some(sealed.site_representative),
            photos: Vec::new(),
            kept_photos: sealed.photos,
        }
    }
}

/// The earlier list with each entry replaced by the later one of its key, then the later ones that are new.
fn over<T, K: PartialEq>(later: Vec<T>, earlier: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let replaced: Vec<K> = later.iter().map(&key).collect();
    earlier.into_iter().filter(|entry| !replaced.contains(&key(entry))).chain(later).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inspection::Verdict;

    fn answer(question: &str, verdict: Verdict) -> Answer {
        Answer { question: question.parse().unwrap(), verdict, note: String::new(), points: Vec::new() }
    }

    #[test]
    fn a_correction_replaces_what_it_names_and_keeps_the_rest() {
        let before = NewInspection {
            notes: Some("早上".to_owned()),
            place: Some("东门".to_owned()),
            answers: vec![answer("hoarding", Verdict::Fail), answer("covering", Verdict::Fail)],
            ..NewInspection::default()
        };
        let change = NewInspection {
            place: Some("西门".to_owned()),
            answers: vec![answer("covering", Verdict::Pass), answer("washing", Verdict::Fail)],
            ..NewInspection::default()
        };
        let merged = change.over(before);
        assert_eq!((merged.notes.as_deref(), merged.place.as_deref()), (Some("早上"), Some("西门")));
        let answers: Vec<_> =
            merged.answers.iter().map(|answer| (answer.question.as_str(), answer.verdict)).collect();
        assert_eq!(
            answers,
            [("hoarding", Verdict::Fail), ("covering", Verdict::Pass), ("washing", Verdict::Fail),]
        );
    }

    #[test]
    fn a_file_with_a_field_that_does_not_exist_is_refused() {
        assert!(serde_json::from_str::<NewInspection>(r#"{"taget": null}"#).is_err());
        assert_eq!(serde_json::from_str::<NewInspection>("{}").unwrap(), NewInspection::default());
    }
}
