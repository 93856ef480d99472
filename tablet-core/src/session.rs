//! The unlocked user's session: the stores, who writes in them, and the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, to_value};
use sync_core::engine::{self, EngineError};
use sync_core::field::{
    self, Author, FieldError, Finding, LIST_MAX, NewInspection, Written, draw_up, evaluate_again,
    make_recheck, make_report, make_target, make_verification, own_inspection, policies, possible_duplicates,
    record_inspection, seal_inspection,
};
use sync_core::geo::Point;
use sync_core::ids::{
    BootId, DeviceId, Incarnation, InspectionId, ItemCode, OperationId, PhotoHash, TargetId, UserId,
};
use sync_core::model::grid::deepest_at;
use sync_core::model::inspection::Inspection;
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::policy::{CoverageDuty, Period, PolicyBook, PolicyPack};
use sync_core::store::{DeviceStore, Draft, OwnVisit};
use sync_core::time::Instant;
use sync_core::wire::operation::Body;

use crate::call::Call;
use crate::error::CallError;
use crate::round::{Ask, Round};
use crate::views;

/// Whose stores, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The user.
    pub user_id: UserId,
    /// The enrolled device.
    pub device_id: DeviceId,
    /// This installation, for a new work database.
    pub incarnation: Incarnation,
}

/// What a draft holds beside the visit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DraftContent {
    visit: NewInspection,
    replaces: Option<InspectionId>,
}

/// How stores are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Without reading the register through: a call that meets damage in it fails with `damaged`.
    Quickly,
    /// After that: what is damaged is set aside.
    Thoroughly,
}

/// The session of one unlocked user.
#[derive(Debug)]
pub struct Session {
    pub(crate) store: DeviceStore,
    author: Author,
    set_aside: Vec<PathBuf>,
    round: Option<Round>,
}

impl Session {
    /// Opens the user's stores.
    ///
    /// # Errors
    /// Those of [`DeviceStore::open`].
    pub fn open(identity: Identity, opening: Opening, now: Instant) -> Result<Self, CallError> {
        Self::open_in(&PathBuf::from(format!("/{}", identity.user_id)), identity, opening, now)
    }

    /// As [`Self::open`], in this directory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(
        directory: &std::path::Path,
        identity: Identity,
        opening: Opening,
        now: Instant,
    ) -> Result<Self, CallError> {
        let open = match opening {
            Opening::Quickly => DeviceStore::open_quickly,
            Opening::Thoroughly => DeviceStore::open,
        };
        let opened = open(directory, identity.user_id, identity.incarnation, now)?;
        let author = Author { user: identity.user_id, device: identity.device_id, boot: BootId::fresh() };
        Ok(Self { store: opened.store, author, set_aside: opened.set_aside, round: None })
    }

    /// Damaged files that opening set aside.
    #[must_use]
    pub fn set_aside(&self) -> Vec<String> {
        self.set_aside.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// Whether there is nothing yet: no page was pulled and nothing recorded.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_fresh(&self) -> Result<bool, CallError> {
        let counts = self.store.work.counts()?;
        let recorded = counts.waiting + counts.held + counts.refused + counts.acknowledged + counts.drafts;
        Ok(self.store.master().as_of()?.is_none() && recorded == 0)
    }

    /// Gives the work database another incarnation.
    ///
    /// # Errors
    /// Those of the store.
    pub fn renew_incarnation(&mut self, incarnation: Incarnation) -> Result<(), CallError> {
        Ok(self.store.work.renew_incarnation(incarnation)?)
    }

    /// The work database's incarnation.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.store.work.incarnation()
    }

    /// Begins a round.
    ///
    /// # Errors
    /// `internal` while one runs.
    pub fn begin_round(&mut self, seed: u64) -> Result<(), CallError> {
        if self.round.is_some() {
            return Err(EngineError::OutOfTurn.into());
        }
        let identity = engine::Identity {
            device_id: self.author.device,
            user_id: self.author.user,
            incarnation: self.store.work.incarnation(),
        };
        self.round = Some(Round::new(identity, seed));
        Ok(())
    }

    /// The round under way, with the store it works on.
    pub fn round(&mut self) -> Option<(&mut Round, &mut DeviceStore)> {
        self.round.as_mut().map(|round| (round, &mut self.store))
    }

    /// The round's next step. A failure ends it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn next_step(&mut self, now: Instant) -> Result<Ask, CallError> {
        let Some((round, store)) = self.round() else { return Err(EngineError::OutOfTurn.into()) };
        let next = round.next(store, now);
        if matches!(next, Ok(Ask::Done { .. }) | Err(_)) {
            self.round = None;
        }
        next
    }

    /// One call.
    ///
    /// # Errors
    /// [`CallError`]; nothing is written then.
    pub fn call(&mut self, call: Call, now: Instant, monotonic: u64) -> Result<Value, CallError> {
        let at = |op_id| Written { op_id, at: now, monotonic };
        Ok(match call {
            Call::Today { near } => self.today(near, now)?,
            Call::Search { text, kind, near } => {
                views::found(&self.store.search_kind(&text, kind.as_ref(), near)?)
            }
            Call::Target { target_id } => to_value(self.store.target(target_id)?.as_ref().map(views::entry))?,
            Call::RegisterTarget { op_id, target } => {
                let target_id = TargetId(op_id.0);
                if !self.is_recorded(op_id)? {
                    let content = make_target(&self.store, target_id, target, now)?;
                    self.write(Body::RegisterTarget(content), at(op_id))?;
                }
                to_value(self.store.target(target_id)?.map(|entry| entry.content))?
            }
            Call::TargetHistory { target_id } => {
                let own = self.store.work.inspections_of(target_id, LIST_MAX)?;
                to_value(field::inspections(&self.store, own)?)?
            }
            Call::Rules => self.rules(now)?,
            Call::ChecklistOf { inspection_id } => {
                let inspection = own_inspection(&self.store, inspection_id)?;
                let policies = policies(&self.store)?;
                let book = &policies.book;
                let pack = inspection.context.pack.as_ref().and_then(|pack| book.by_hash(&pack.hash));
                let pack = pack.or_else(|| book.unadopted_draft(&inspection.context.grid.region()));
                let kind = pack.and_then(|pack| Some((pack, pack.kind(&inspection.kind)?)));
                kind.map_or(Value::Null, |(pack, kind)| views::kind(pack, kind))
            }
            Call::Grids => views::grids(&self.store.master().grids()?),
            Call::Zones => to_value(self.store.master().zones()?)?,
            Call::Units => views::units(&self.store.master().units()?),
            Call::MapTargets { bounds, limit } => {
                to_value(self.store.master().targets_within(bounds, limit)?)?
            }
            Call::GridAt { point } => {
                let grids = self.store.master().grids()?;
                let deepest = deepest_at(&grids, point).cloned();
                views::grids(deepest.as_slice()).get(0).cloned().unwrap_or(Value::Null)
            }
            Call::Nearby { item, point, target } => self.nearby(&item, point, target, now)?,
            Call::Drafts => self.drafts()?,
            Call::Draft { inspection_id } => match self.store.work.draft(inspection_id)? {
                Some(draft) => draft_view(&draft)?,
                None => Value::Null,
            },
            Call::SaveDraft { inspection_id, visit, replaces } => {
                self.save_draft(inspection_id, visit, replaces, now)?
            }
            Call::DiscardDraft { inspection_id } => to_value(self.store.work.discard_draft(inspection_id)?)?,
            Call::Evaluate { visit, replaces } => {
                let id = InspectionId::fresh();
                let drawn_up = draw_up(&self.store, self.author.user, id, visit, replaces, now);
                match drawn_up {
                    Ok(drawn_up) => {
                        views::evaluation(&drawn_up.evaluation, &drawn_up.doubts, &drawn_up.faults)
                    }
                    Err(FieldError::Refused(problems)) => views::not_judged(&problems),
                    Err(error) => return Err(error.into()),
                }
            }
            Call::Seal { op_id, inspection_id } => {
                if !self.is_recorded(op_id)? {
                    self.seal(inspection_id, at(op_id), now)?;
                }
                self.recorded(inspection_id)?
            }
            Call::Inspections { limit } => {
                let own = self.store.work.inspections(limit.unwrap_or(LIST_MAX))?;
                to_value(field::inspections(&self.store, own)?)?
            }
            Call::Inspection { inspection_id } => {
                let own = self.store.work.inspection(inspection_id)?;
                let own = own.ok_or_else(|| FieldError::InspectionUnknown(inspection_id.to_string()))?;
                let visit = NewInspection::of_sealed(own.inspection.clone());
                let status = field::inspections(&self.store, vec![own])?;
                json!({ "visit": visit, "recorded": self.recorded(inspection_id)?, "status": status.first() })
            }
            Call::Orders { near } => self.orders(near)?,
            Call::Leads { near } => self.leads(near)?,
            Call::ReportRectification { op_id, case_id, seen } => {
                if !self.is_recorded(op_id)? {
                    let body = make_report(&self.store, case_id, seen)?;
                    self.write(body, at(op_id))?;
                }
                Value::Null
            }
            Call::RecheckRectification { op_id, case_id, passed, seen } => {
                if !self.is_recorded(op_id)? {
                    let body = make_recheck(&self.store, case_id, passed, seen)?;
                    self.write(body, at(op_id))?;
                }
                Value::Null
            }
            Call::VerifyFirePoint { op_id, fire_point_id, inspection_id, seen } => {
                if !self.is_recorded(op_id)? {
                    let body = make_verification(&self.store, fire_point_id, inspection_id, seen)?;
                    self.write(body, at(op_id))?;
                }
                Value::Null
            }
            Call::Counts => views::counts(&self.store.work.counts()?, self.store.master().as_of()?),
            Call::Log => views::log(self.store.work.operations(LIST_MAX)?),
            Call::OriginalsThatMayGo => to_value(self.store.work.originals_that_may_go()?)?,
            Call::UnnamedOriginals { here } => to_value(self.store.work.unnamed_originals(&here)?)?,
        })
    }

    /// Whether an earlier call that was not answered has written this operation.
    fn is_recorded(&self, op_id: OperationId) -> Result<bool, CallError> {
        Ok(!self.store.work.operations_by_id(&[op_id])?.is_empty())
    }

    fn write(&mut self, body: Body, written: Written) -> Result<(), CallError> {
        Ok(field::record(&mut self.store, &self.author, body, written)?)
    }

    fn save_draft(
        &mut self,
        inspection_id: InspectionId,
        visit: Option<NewInspection>,
        replaces: Option<InspectionId>,
        now: Instant,
    ) -> Result<Value, CallError> {
        let before = match self.store.work.draft(inspection_id)? {
            Some(draft) => serde_json::from_str(&draft.json)?,
            None => DraftContent::default(),
        };
        let replaces = replaces.or(before.replaces);
        let visit = match (visit, replaces) {
            (Some(visit), _) => visit,
            (None, Some(replaced)) => NewInspection::of_sealed(own_inspection(&self.store, replaced)?),
            (None, None) => before.visit,
        };
        let json = serde_json::to_string(&DraftContent { visit, replaces })?;
        let draft = Draft { inspection_id, saved_at: now, json };
        self.store.work.save_draft(&draft)?;
        draft_view(&draft)
    }

    fn drafts(&self) -> Result<Value, CallError> {
        self.store.work.drafts()?.iter().map(draft_view).collect()
    }

    fn seal(&mut self, id: InspectionId, written: Written, now: Instant) -> Result<(), CallError> {
        let draft = self.store.work.draft(id)?;
        let draft = draft.ok_or_else(|| FieldError::InspectionUnknown(id.to_string()))?;
        let draft: DraftContent = serde_json::from_str(&draft.json)?;
        let sealed = seal_inspection(&self.store, self.author.user, id, draft.visit, draft.replaces, now)?;
        record_inspection(&mut self.store, &self.author, sealed, written)?;
        Ok(())
    }

    fn recorded(&self, id: InspectionId) -> Result<Value, CallError> {
        let inspection = own_inspection(&self.store, id)?;
        let evaluation = evaluate_again(&self.store, &inspection)?;
        Ok(json!({
            "inspection_id": id,
            "kind": inspection.kind,
            "evaluation": views::evaluation(&evaluation, &[], &[]),
        }))
    }

    /// The pack of the user's own grids: in force today, else a draft that nobody adopted.
    fn pack_here<'a>(&self, book: &'a PolicyBook, now: Instant) -> Result<Option<&'a PolicyPack>, CallError> {
        let day = now.record_date();
        let assignments = self.store.master().assignments()?;
        let here = assignments.iter().max_by_key(|own| (own.level.is_some(), own.holds_on(day), own.from));
        let region = here.map(|own| own.grid.region());
        Ok(region.and_then(|region| book.in_force(&region, day).or_else(|| book.unadopted_draft(&region))))
    }

    fn rules(&self, now: Instant) -> Result<Value, CallError> {
        let policies = policies(&self.store)?;
        let pack = self.pack_here(&policies.book, now)?;
        let unusable: Vec<_> = policies.unusable.iter().map(|pack| &pack.id).collect();
        Ok(views::rules(pack, &to_value(unusable)?))
    }

    fn today(&self, near: Option<Point>, now: Instant) -> Result<Value, CallError> {
        let last_visits = self.store.work.last_visits()?;
        let found = self.store.search_kind("", None, near)?;
        let targets: Vec<Value> = found
            .iter()
            .map(|found| {
                let last = last_visits.get(&found.entry.content.target_id);
                views::with(views::found_one(found), json!({ "last_visited": last }))
            })
            .collect();
        let attention = field::attention(&self.store)?;
        Ok(json!({
            "targets": targets,
            "orders": self.orders(near)?,
            "leads": self.leads(near)?,
            "coverage": self.coverage(now)?,
            "returned": attention.returned,
            "refused": attention.refused,
            "drafts": self.drafts()?,
        }))
    }

    /// Duties of the pack in force, with the targets of their kind and those that this user visited in the period.
    fn coverage(&self, now: Instant) -> Result<Vec<Value>, CallError> {
        let policies = policies(&self.store)?;
        let Some(pack) = self.pack_here(&policies.book, now)? else { return Ok(Vec::new()) };
        let targets = self.store.master().targets_by_kind()?;
        let duties = &pack.content().coverage;
        let periods = duties.iter().map(|duty| Period::around(now.record_date(), duty.every).from);
        let Some(earliest) = periods.min() else { return Ok(Vec::new()) };
        let since = Instant::at_record(earliest.at(0, 0, 0, 0)).unwrap_or(now);
        let visits = self.store.work.visits_since(since)?;
        let counts = |duty: &CoverageDuty, period: Period| {
            let covers = |visit: &OwnVisit| {
                let day = visit.occurred_at.record_date();
                let measured = duty.measurement.as_ref().is_none_or(|code| visit.measured.contains(code));
                visit.kind == duty.kind && period.from <= day && day <= period.to && measured
            };
            let visited: BTreeSet<_> =
                visits.iter().filter(|visit| covers(visit)).map(|visit| visit.target_id).collect();
            visited.len()
        };
        let line = |duty: &CoverageDuty| {
            let period = Period::around(now.record_date(), duty.every);
            json!({
                "code": duty.code,
                "zh": duty.zh,
                "en": duty.en,
                "kind": duty.kind,
                "percent": duty.percent,
                "from": period.from,
                "until": period.to,
                "targets": targets.get(duty.kind.as_str()).copied().unwrap_or(0),
                "visited": counts(duty, period),
            })
        };
        Ok(duties.iter().map(line).collect())
    }

    fn orders(&self, near: Option<Point>) -> Result<Value, CallError> {
        let orders = field::orders(&self.store)?;
        let targets: BTreeSet<_> = orders.iter().filter_map(|order| order.target).collect();
        let targets = self.store.master().targets(&targets.into_iter().collect::<Vec<_>>())?;
        let points: BTreeMap<_, _> =
            targets.into_iter().map(|target| (target.content.target_id, target.content.point)).collect();
        let cases: Vec<_> = orders.iter().map(|order| order.round.case_id).collect();
        let cases = self.store.master().cases_by_id(&cases)?;
        let cases: BTreeMap<_, _> = cases.into_iter().map(|case| (case.case_id, case)).collect();
        let policies = policies(&self.store)?;
        orders
            .iter()
            .map(|order| {
                let case = cases.get(&order.round.case_id);
                let of_target = order.target.and_then(|id| points.get(&id).copied());
                let point = of_target.or_else(|| case.and_then(|case| case.point));
                let found_by = case.map(|case| self.store.work.inspection(case.inspection_id));
                let own = found_by.transpose()?.flatten();
                let photos = own.map(|own| photos_of(&policies.book, own.inspection, order.item.as_ref()));
                let photos = photos.unwrap_or_default();
                let line = views::with(to_value(order)?, json!({ "point": point, "photos_before": photos }));
                Ok(views::with_distance(line, near, point))
            })
            .collect()
    }

    fn leads(&self, near: Option<Point>) -> Result<Value, CallError> {
        let leads = field::fire_points(&self.store)?;
        let line =
            |lead: &field::Lead| Ok(views::with_distance(to_value(lead)?, near, Some(lead.lead.point)));
        leads.iter().map(line).collect()
    }

    fn nearby(
        &self,
        item: &ItemCode,
        point: Point,
        target: Option<TargetId>,
        now: Instant,
    ) -> Result<Value, CallError> {
        let policies = policies(&self.store)?;
        let window = self.pack_here(&policies.book, now)?.map(|pack| &pack.content().duplicates);
        let finding = Finding { item, point, target, at: now };
        Ok(to_value(possible_duplicates(&self.store, finding, window)?)?)
    }
}

/// The photos of an inspection that show what one of its cases is about first, then the others; no signatures.
fn photos_of(book: &PolicyBook, inspection: Inspection, item: Option<&ItemCode>) -> Vec<PhotoHash> {
    let pack = inspection.context.pack.as_ref().and_then(|pack| book.by_hash(&pack.hash));
    let kind = pack.and_then(|pack| pack.kind(&inspection.kind));
    let is_about = |photo: &PhotoEntry| {
        let question = kind.zip(photo.question.as_ref()).and_then(|(kind, code)| kind.question(code));
        question.is_some_and(|question| Some(&question.item) == item)
    };
    let mut photos = inspection.photos;
    photos.retain(|photo| photo.source != PhotoSource::Drawing);
    photos.sort_by_key(|photo| !is_about(photo));
    photos.into_iter().map(|photo| photo.sha256).collect()
}

fn draft_view(draft: &Draft) -> Result<Value, CallError> {
    let content: DraftContent = serde_json::from_str(&draft.json)?;
    Ok(json!({
        "inspection_id": draft.inspection_id,
        "saved_at": draft.saved_at,
        "visit": content.visit,
        "replaces": content.replaces,
    }))
}
