//! Evidence (证据): the photos that a case's item asks for, against those at hand.
//!
//! A photo counts once: one of a question for that question, one of the whole visit for whichever question still
//! lacks one (reading: the documents do not say how a finding is photographed).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{PhotoHash, QuestionCode};
use crate::model::photo::PhotoEntry;

/// The photos of one failed question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionPhotos {
    /// Which question.
    pub question: QuestionCode,
    /// Its photos in the manifest, sorted, each once.
    pub photos: Vec<PhotoHash>,
}

/// Photos required for a case and those in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Photos that each failed question needs.
    pub photos_each: u16,
    /// Failed questions with their photos, in checklist order.
    pub questions: Vec<QuestionPhotos>,
    /// Photos of the whole visit, sorted, each once.
    pub visit_photos: Vec<PhotoHash>,
}

impl Evidence {
    /// Gathers the manifest's photos for these failed questions.
    pub(super) fn gather<'q>(
        photos_each: u16,
        failed: impl Iterator<Item = &'q QuestionCode>,
        manifest: &[PhotoEntry],
    ) -> Self {
        let of = |question: Option<&QuestionCode>| {
            let photos = manifest.iter().filter(|photo| photo.question.as_ref() == question);
            photos.map(|photo| photo.sha256.clone()).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let with_photos = |question: &QuestionCode| QuestionPhotos {
            question: question.clone(),
            photos: of(Some(question)),
        };
        Self { photos_each, questions: failed.map(with_photos).collect(), visit_photos: of(None) }
    }

    /// Photos required in all.
    #[must_use]
    pub fn required(&self) -> usize {
        usize::from(self.photos_each).saturating_mul(self.questions.len())
    }

    /// How many are lacking, by the manifest.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.missing_of(|_| true)
    }

    /// How many are lacking when only these photos count, such as those the server has verified.
    #[must_use]
    pub fn missing_of(&self, counts: impl Fn(&PhotoHash) -> bool) -> usize {
        let count = |photos: &[PhotoHash]| photos.iter().filter(|photo| counts(photo)).count();
        let lacking =
            |question: &QuestionPhotos| usize::from(self.photos_each).saturating_sub(count(&question.photos));
        let lacking: usize = self.questions.iter().map(lacking).sum();
        lacking.saturating_sub(count(&self.visit_photos))
    }
}
