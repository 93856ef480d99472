//! Flags and files to a visit: every wrong value is named with its field, all at once.

use std::path::Path;
use std::str::FromStr;

use sync_core::field::{MANUAL_PROVIDER, NewInspection, NewPhoto, problem, refuse_all};
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::QuestionCode;
use sync_core::limits;
use sync_core::model::inspection::{Answer, FirePoint, Measurement, SiteRepresentative, Verdict};
use sync_core::model::photo::PhotoSource;
use sync_core::time::Instant;
use sync_core::wire::problem::{Problem, ProblemKind};

use crate::cli::VisitFlags;
use crate::error::DeviceError;

/// Collects what is wrong while values are read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    /// The value, or a problem of this kind about the field.
    pub(super) fn read<T>(&mut self, text: &str, kind: ProblemKind, field: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(kind, field, Some(error.to_string()));
                None
            }
        }
    }

    /// The value of a text that may be absent.
    pub(super) fn optional<T>(&mut self, text: Option<&str>, kind: ProblemKind, field: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        self.read(text?, kind, field)
    }

    pub(super) fn refuse(&mut self, kind: ProblemKind, field: &str, detail: Option<String>) {
        self.problems.push(Problem { detail, ..problem(kind, field) });
    }

    /// `left` and `right` of `left=right`.
    pub(super) fn pair<'t>(&mut self, text: &'t str, field: &str) -> Option<(&'t str, &'t str)> {
        let pair = text.split_once('=');
        if pair.is_none() {
            self.refuse(ProblemKind::MalformedRequest, field, Some(text.to_owned()));
        }
        pair
    }

    /// A point of two texts, where both are given.
    pub(super) fn point(&mut self, lon: Option<&str>, lat: Option<&str>, field: &str) -> Option<Point> {
        let lon = self.read(lon?, ProblemKind::NumberOutOfRange, &format!("{field}.lon"));
        let lat = self.read(lat?, ProblemKind::NumberOutOfRange, &format!("{field}.lat"));
        Some(Point { lon: lon?, lat: lat? })
    }

    pub(super) fn finish(self) -> Result<(), DeviceError> {
        Ok(refuse_all(self.problems)?)
    }
}

/// The visit that these flags describe.
pub(super) fn given(flags: &VisitFlags, now: Instant) -> Result<NewInspection, DeviceError> {
    let mut reader = Reader::default();
    let accuracy = reader.read(&flags.accuracy, ProblemKind::NumberOutOfRange, "fix.accuracy_metres");
    let point = reader.point(flags.lon.as_deref(), flags.lat.as_deref(), "fix.point");
    let given = NewInspection {
        kind: reader.optional(flags.kind.as_deref(), ProblemKind::KindUnknown, "kind"),
        target: reader.optional(flags.target.as_deref(), ProblemKind::TargetUnknown, "target"),
        grid: reader.optional(flags.grid.as_deref(), ProblemKind::GridUnknown, "grid"),
        occurred_at: reader.optional(
            flags.occurred_at.as_deref(),
            ProblemKind::MalformedRequest,
            "occurred_at",
        ),
        fix: point.zip(accuracy).map(|(point, accuracy_metres)| Fix {
            point,
            accuracy_metres,
            fixed_at: now,
            provider: MANUAL_PROVIDER.to_owned(),
            mock: MockFlag::Unknown,
        }),
        observed: None,
        place: flags.place.clone(),
        answers: answers(&mut reader, flags),
        measurements: measurements(&mut reader, flags),
        notes: flags.note.clone(),
        second_inspector: flags.second_inspector.clone(),
        site_representative: flags.representative.as_ref().and_then(|t| representative(&mut reader, t)),
        photos: photos(&mut reader, flags),
        kept_photos: Vec::new(),
    };
    reader.finish()?;
    match &flags.file {
        Some(file) => Ok(given.over(read_file(file)?)),
        None => Ok(given),
    }
}

fn answers(reader: &mut Reader, flags: &VisitFlags) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (index, text) in flags.answers.iter().enumerate() {
        let field = format!("answers[{index}]");
        let Some((question, rest)) = reader.pair(text, &field) else { continue };
        let question = reader.read(question, ProblemKind::QuestionUnknown, &format!("{field}.question"));
        let (verdict, note) = rest.split_once(':').unwrap_or((rest, ""));
        let verdict = match verdict {
            "pass" => Verdict::Pass,
            "fail" => Verdict::Fail,
            "na" => Verdict::NotApplicable,
            other => {
                let field = format!("{field}.verdict");
                reader.refuse(ProblemKind::MalformedRequest, &field, Some(other.to_owned()));
                continue;
            }
        };
        let Some(question) = question else { continue };
        answers.push(Answer { question, verdict, note: note.to_owned(), points: Vec::new() });
    }
    if let Some(text) = &flags.fire_points {
        add_fire_points(reader, &mut answers, text);
    }
    answers
}

/// Numbered fire points without places, on the one question that failed.
fn add_fire_points(reader: &mut Reader, answers: &mut [Answer], text: &str) {
    let count: Option<u16> = reader.read(text, ProblemKind::NumberOutOfRange, "fire_points");
    let mut failed = answers.iter_mut().filter(|answer| answer.verdict == Verdict::Fail);
    match (count, failed.next(), failed.next()) {
        (None, _, _) => {}
        (Some(count), _, _) if usize::from(count) > limits::ANSWER_MAX_POINTS => {
            reader.refuse(ProblemKind::TooManyItems, "fire_points", None);
        }
        (Some(count), Some(answer), None) => {
            answer.points = (1..=count).map(|number| FirePoint { number, point: None }).collect();
        }
        _ => reader.refuse(ProblemKind::MalformedRequest, "fire_points", None),
    }
}

fn measurements(reader: &mut Reader, flags: &VisitFlags) -> Vec<Measurement> {
    let mut measurements = Vec::new();
    for (index, text) in flags.measurements.iter().enumerate() {
        let field = format!("measurements[{index}]");
        let Some((code, value)) = reader.pair(text, &field) else { continue };
        let code = reader.read(code, ProblemKind::QuestionUnknown, &format!("{field}.code"));
        let value = reader.read(value, ProblemKind::NumberOutOfRange, &format!("{field}.value"));
        if let (Some(code), Some(value)) = (code, value) {
            measurements.push(Measurement { code, value });
        }
    }
    measurements
}

fn photos(reader: &mut Reader, flags: &VisitFlags) -> Vec<NewPhoto> {
    let mut photos = Vec::new();
    for (index, text) in flags.photos.iter().enumerate() {
        let (file, question) = match text.rsplit_once('@') {
            Some((file, question)) if !Path::new(text).exists() => (file, Some(question)),
            _ => (text.as_str(), None),
        };
        let field = format!("photos[{index}].question");
        let question: Option<Option<QuestionCode>> = match question {
            None => Some(None),
            Some(code) => reader.read(code, ProblemKind::QuestionUnknown, &field).map(Some),
        };
        if let Some(question) = question {
            photos.push(NewPhoto { file: file.into(), question, source: PhotoSource::Gallery });
        }
    }
    photos
}

fn representative(reader: &mut Reader, text: &str) -> Option<SiteRepresentative> {
    match text.split_once(':') {
        Some(("signed", name)) => Some(SiteRepresentative::Signed { name: name.to_owned() }),
        Some(("refused", note)) => Some(SiteRepresentative::Refused { note: note.to_owned() }),
        None if text == "absent" => Some(SiteRepresentative::Absent),
        _ => {
            let detail = Some("signed:NAME, refused:NOTE, absent".to_owned());
            reader.refuse(ProblemKind::MalformedRequest, "site_representative", detail);
            None
        }
    }
}

/// A visit in a JSON file; its photos' paths are taken from the file's folder.
fn read_file(path: &Path) -> Result<NewInspection, DeviceError> {
    let text =
        std::fs::read(path).map_err(|source| DeviceError::File { path: path.to_path_buf(), source })?;
    let mut given: NewInspection = serde_json::from_slice(&text)
        .map_err(|e| DeviceError::refused_because(ProblemKind::MalformedRequest, "file", e.to_string()))?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for photo in &mut given.photos {
        photo.file = folder.join(&photo.file);
    }
    Ok(given)
}
