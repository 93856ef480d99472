//! A case of the past as its file says it, sealed as an inspection with its case; and back.

use sync_core::evaluate::{Evaluation, Evidence, NonCharge, NonChargeReason, ProposedCase};
use sync_core::geo::Point;
use sync_core::ids::{CaseId, GridPath, InspectionId, ItemCode, KindCode, QuestionCode, UnitId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{
    Answer, Context, Inspection, SiteRepresentative, TargetSnapshot, Verdict,
};
use sync_core::model::zone::zone_kinds_at;
use sync_core::money::Fen;
use sync_core::policy::{PolicyPack, Semantics};
use sync_core::time::{Instant, Month, ZoneName};

use super::HistoryRegister;
use crate::db::types::{stored, stored_json};
use crate::problem::ApiError;
use crate::services::store_inspections::SourceDocument;

/// A case of the past. Grid and unit are those of the target or the place where the file leaves them blank.
#[derive(Debug, Clone, PartialEq)]
pub struct PastCase {
    pub(super) number: String,
    pub(super) occurred_at: Instant,
    pub(super) item: ItemCode,
    /// Register number of the target.
    pub(super) target: Option<String>,
    pub(super) place: String,
    pub(super) point: Option<Point>,
    pub(super) grid: Option<GridPath>,
    pub(super) unit: Option<UnitId>,
    pub(super) level: DiscoveryLevel,
    pub(super) finder: String,
    pub(super) amount: Option<Fen>,
    pub(super) month: Option<Month>,
    pub(super) note: String,
    pub(super) document: Option<String>,
}

/// Sealed inspection, document, item and evaluation.
pub(super) type StoredCase = (serde_json::Value, Option<serde_json::Value>, String, serde_json::Value);

impl HistoryRegister {
    /// The kind of a case: of its target, else the first whose checklist leads to the item.
    pub(super) fn kind_of(&self, line: &PastCase) -> Option<KindCode> {
        let target = line.target.as_ref().and_then(|code| self.targets.get(code));
        if let Some(target) = target {
            return Some(target.content.kind.clone());
        }
        let mut kinds = self.pack_on(line.occurred_at).kinds().iter();
        let leads = |kind: &&sync_core::policy::Kind| kind.questions.iter().any(|q| q.item == line.item);
        kinds.find(leads).map(|kind| kind.code.clone())
    }

    /// The question of a kind that leads to an item; where none does, the finding goes by the item's own code.
    fn question_of(&self, line: &PastCase, kind: &KindCode) -> Option<QuestionCode> {
        let kind = self.pack_on(line.occurred_at).kind(kind);
        let asked = kind.and_then(|kind| kind.questions.iter().find(|q| q.item == line.item));
        asked.map(|question| question.code.clone()).or_else(|| line.item.as_str().parse().ok())
    }

    /// The inspection that a case of the past stands on.
    pub(super) fn inspection(&self, line: &PastCase) -> Option<Inspection> {
        let id = InspectionId::of_history(&self.district, &line.number);
        let target = line.target.as_ref().and_then(|code| self.targets.get(code));
        let (kind, grid, unit_id) = (self.kind_of(line)?, line.grid.clone()?, line.unit?);
        let point = line.point.or(target.map(|target| target.content.point));
        let day = line.occurred_at.record_date();
        Some(Inspection {
            inspection_id: id,
            lineage: id,
            replaces: None,
            author: self.by,
            occurred_at: line.occurred_at,
            zone: ZoneName::record(),
            fix: None,
            observed: line.point,
            place: line.place.clone(),
            answers: vec![Answer {
                question: self.question_of(line, &kind)?,
                verdict: Verdict::Fail,
                note: String::new(),
                points: Vec::new(),
            }],
            kind,
            measurements: Vec::new(),
            notes: line.note.clone(),
            second_inspector: None,
            site_representative: SiteRepresentative::Absent,
            photos: Vec::new(),
            context: Context {
                target: target.map(|target| TargetSnapshot {
                    target_id: target.content.target_id,
                    version: target.version,
                    facts: target.content.facts.clone(),
                }),
                grid,
                unit_id,
                zones: point.map(|point| zone_kinds_at(&self.zones, point, day)).unwrap_or_default(),
                level: line.level,
                pack: self.book.in_force(&self.district, day).map(PolicyPack::reference),
            },
        })
    }

    /// What is said of a case of the past: the item, and why nothing is charged.
    pub(super) fn evaluation(&self, line: &PastCase, inspection: &Inspection) -> Evaluation {
        let item = self.pack_on(line.occurred_at).item(&line.item);
        let question = inspection.answers.iter().map(|answer| answer.question.clone());
        let reason = NonChargeReason::ChargedBefore { amount: line.amount, month: line.month };
        let case = ProposedCase {
            case_id: CaseId::derive(inspection.lineage, &line.item),
            item: line.item.clone(),
            zh: item.map_or_else(|| line.item.to_string(), |item| item.zh.clone()),
            en: item.map_or_else(|| line.item.to_string(), |item| item.en.clone()),
            charges: Vec::new(),
            non_charges: question.map(|question| NonCharge { question, reason: reason.clone() }).collect(),
            evidence: Evidence { photos_each: 0, questions: Vec::new(), visit_photos: Vec::new() },
            stop_work: None,
        };
        Evaluation {
            semantics: Semantics::V1,
            pack: inspection.context.pack.clone(),
            cases: vec![case],
            non_charges: Vec::new(),
        }
    }

    pub(super) fn source(line: &PastCase) -> SourceDocument {
        SourceDocument {
            number: line.document.clone(),
            issuer: line.finder.clone(),
            date: line.occurred_at.record_date(),
            title: line.number.clone(),
        }
    }

    /// A case as it was imported.
    pub(super) fn line(&self, row: StoredCase) -> Result<PastCase, ApiError> {
        let (sealed, document, item, evaluation) = row;
        let sealed: Inspection = stored_json("inspections.sealed", sealed)?;
        let document: SourceDocument = stored_json("inspections.document", document.unwrap_or_default())?;
        let case: ProposedCase = stored_json("cases.evaluation", evaluation)?;
        let (amount, month) = match case.non_charges.as_slice().first().map(|non_charge| &non_charge.reason) {
            Some(NonChargeReason::ChargedBefore { amount, month }) => (*amount, *month),
            _ => (None, None),
        };
        let target = sealed.context.target.as_ref().and_then(|target| self.numbers.get(&target.target_id));
        Ok(PastCase {
            number: document.title,
            occurred_at: sealed.occurred_at,
            item: stored("cases.item", &item)?,
            target: target.cloned(),
            place: sealed.place,
            point: sealed.observed,
            grid: Some(sealed.context.grid),
            unit: Some(sealed.context.unit_id),
            level: sealed.context.level,
            finder: document.issuer,
            amount,
            month,
            note: sealed.notes,
            document: document.number,
        })
    }
}
