//! Gathers the record of the inspection that a case stands on (现场检查笔录), with its stamped photos.
//!
//! Invariant: a photo is printed as its stamped copy or not at all; the untouched original stays where it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sync_core::geo::{Fix, Point};
use sync_core::ids::{CaseId, InspectionId, RegionCode};
use sync_core::model::inspection::{Answer, Inspection, SiteRepresentative, Verdict};
use sync_core::policy::Kind;

use super::print_rectification_order::object;
use crate::auth::actor::Actor;
use crate::db::districts::district_head;
use crate::geojson::DATUM;
use crate::photos::photo_store::PhotoObject;
use crate::photos::picture::{Picture, ThumbnailSize};
use crate::prints::{AnswerLine, InspectionRecord, MeasuredLine, PhotoFigure, inspection_number};
use crate::problem::ApiError;
use crate::services::rectify_case::LoopRules;
use crate::services::show_case::{CaseDetail, CasePhoto, show_case};
use crate::state::AppState;
use crate::tables::Language;
use crate::words::{PackWords, Word};

/// Photos on a record at most: four pages of them; the others are with the case.
const PHOTOS_MAX: usize = 16;

/// The record behind a case that the actor sees; `address` is where its code leads.
///
/// # Errors
/// `case_unknown`; those of the database. A photo that cannot be read is told on the page.
pub async fn print_inspection_record(
    state: &AppState,
    actor: &Actor,
    case_id: CaseId,
    language: Language,
    address: String,
) -> Result<InspectionRecord, ApiError> {
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    let case = show_case(&mut connection, rules, actor, case_id).await?;
    let words = PackWords::new(book, language);
    let district = district_head(&mut connection, &actor.district).await?;
    drop(connection);
    let inspection = &case.inspection;
    let mut photos = Vec::with_capacity(case.photos.len().min(PHOTOS_MAX));
    for (ordinal, photo) in (0_i32..).zip(&case.photos).take(PHOTOS_MAX) {
        let image = stamped(state, &actor.district, inspection.inspection_id, ordinal, photo).await;
        photos.push(figure(photo, image, language));
    }
    let pack = inspection.context.pack.as_ref().map(|pack| &pack.hash);
    let kind = words.find(pack, &inspection.kind);
    Ok(InspectionRecord {
        number: inspection_number(&district.code, inspection.inspection_id, inspection.occurred_at, language),
        address_url: address,
        district,
        corrects: inspection.replaces.is_some(),
        facts: facts(&case, &words),
        answers: inspection.answers.iter().map(|answer| answer_line(answer, kind, language)).collect(),
        measurements: measurements(inspection, kind, language),
        notes: inspection.notes.clone(),
        representative: representative(&inspection.site_representative, language),
        inspector: case.summary.author_name.clone(),
        second_inspector: inspection.second_inspector.clone().unwrap_or_default(),
        photo_count: case.photos.len(),
        photos,
    })
}

/// What was inspected, when, where and by whom.
fn facts(case: &CaseDetail, words: &PackWords) -> Vec<(String, String)> {
    let language = words.language();
    let CaseDetail { summary, inspection, target, .. } = case;
    let content = target.as_ref().map(|target| &target.content);
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let address = content.map_or_else(|| inspection.place.clone(), |content| content.address.clone());
    let inspectors = match &inspection.second_inspector {
        Some(second) => format!("{}、{second}", summary.author_name),
        None => summary.author_name.clone(),
    };
    let rows = [
        (("检查对象", "Object"), object(case, words)),
        (("地址", "Address"), address),
        (("责任单位", "Unit"), summary.unit_name.clone()),
        (("监管部门", "Supervised by"), text(content.and_then(|it| it.supervising_department.as_ref()))),
        (("责任人", "Responsible"), text(content.and_then(|it| it.responsible_person.as_ref()))),
        (("所属网格", "Grid"), format!("{}（{}）", summary.grid_name, summary.grid)),
        (("检查时间", "Time"), inspection.occurred_at.record_text()),
        (("检查人", "Inspectors"), inspectors),
        (("发现层级", "Level"), inspection.context.level.word(language).to_owned()),
        (("定位", "Fix"), inspection.fix.as_ref().map_or_else(String::new, |fix| fix_text(fix, language))),
        (("观察点", "Observed at"), inspection.observed.map(point_text).unwrap_or_default()),
    ];
    let known = rows.into_iter().filter(|(_, value)| !value.is_empty());
    known.map(|((zh, en), value)| (language.of(zh, en).to_owned(), value)).collect()
}

fn point_text(point: Point) -> String {
    format!("{:.6}, {:.6}（{DATUM}）", point.lon, point.lat)
}

fn fix_text(fix: &Fix, language: Language) -> String {
    let Fix { point, accuracy_metres, fixed_at, provider, mock } = fix;
    let (point, at, mock) = (point_text(*point), fixed_at.record_text(), mock.word(language));
    language.of(
        format!("{point}　精度 {accuracy_metres:.0} 米　来源 {provider}　模拟位置：{mock}　定位时间 {at}"),
        format!("{point}, accuracy {accuracy_metres:.0} m, by {provider}, mock: {mock}, fixed at {at}"),
    )
}

fn answer_line(answer: &Answer, kind: Option<&Kind>, language: Language) -> AnswerLine {
    let question = kind.and_then(|kind| kind.question(&answer.question));
    let points = answer.points.iter().map(|point| {
        let place = point.point.map(point_text).unwrap_or_default();
        language.of(format!("火点{} {place}", point.number), format!("fire point {} {place}", point.number))
    });
    let notes = std::iter::once(answer.note.clone()).chain(points).filter(|note| !note.is_empty());
    AnswerLine {
        question: question.map_or_else(
            || answer.question.to_string(),
            |question| language.of(&question.zh, &question.en).clone(),
        ),
        verdict: answer.verdict.word(language).to_owned(),
        failed: answer.verdict == Verdict::Fail,
        note: notes.collect::<Vec<_>>().join(language.of("；", "; ")),
    }
}

fn measurements(inspection: &Inspection, kind: Option<&Kind>, language: Language) -> Vec<MeasuredLine> {
    let lines = inspection.measurements.iter().map(|measured| {
        let known = kind.and_then(|kind| kind.measurement(&measured.code));
        MeasuredLine {
            name: known
                .map_or_else(|| measured.code.to_string(), |known| language.of(&known.zh, &known.en).clone()),
            value: measured.value.to_string(),
            unit: known.map(|known| known.unit.clone()).unwrap_or_default(),
        }
    });
    lines.collect()
}

fn representative(outcome: &SiteRepresentative, language: Language) -> String {
    match outcome {
        SiteRepresentative::Signed { name } => {
            language.of(format!("现场负责人 {name} 已签字。"), format!("{name} signed on the spot."))
        }
        SiteRepresentative::Refused { note } => language
            .of(format!("现场负责人拒绝签字：{note}"), format!("The representative refused to sign: {note}")),
        SiteRepresentative::Absent => {
            language.of("检查时现场无负责人。", "No representative was there.").to_owned()
        }
    }
}

fn figure(photo: &CasePhoto, image: Option<String>, language: Language) -> PhotoFigure {
    let missing = match photo.stamped_url {
        None => language.of("水印照片尚未生成", "no stamped copy yet"),
        Some(_) => language.of("照片无法读取", "the photo cannot be read"),
    };
    let place = photo.point.map(point_text).unwrap_or_default();
    PhotoFigure {
        image,
        missing,
        caption: format!("{}　{place}", photo.taken_at.record_text()),
        sha256: photo.sha256.to_string(),
    }
}

/// The stamped copy as a `data:` address, small enough for a page.
async fn stamped(
    state: &AppState,
    district: &RegionCode,
    inspection: InspectionId,
    ordinal: i32,
    photo: &CasePhoto,
) -> Option<String> {
    photo.stamped_url.as_ref()?;
    let copy = PhotoObject::Stamped(inspection, ordinal);
    let shrunk = async {
        let bytes = state.photos.store.get(district, copy).await.map_err(ApiError::internal)?;
        let worker = state.photos.image_workers.free().await.map_err(ApiError::internal)?;
        let shrinking = worker.run(move || {
            let picture = Picture::open(&bytes).map_err(ApiError::internal)?;
            picture.thumbnail(ThumbnailSize::Page).map_err(ApiError::internal)
        });
        shrinking.await.map_err(ApiError::internal)?
    };
    match shrunk.await {
        Ok(jpeg) => Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))),
        Err(error) => {
            tracing::error!(%district, %inspection, ordinal, %error, "a stamped photo cannot be printed");
            None
        }
    }
}
