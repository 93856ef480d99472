//! The cases as those who grow them know them, and what people at desks and on their way do about one.
//!
//! Invariant: a case that somebody else decided meanwhile is left to them: its life here is over, and that is counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sync_core::evaluate::ProposedCharge;
use sync_core::ids::{CaseId, InspectionId, PhotoHash, UnitId};
use uuid::Uuid;

use super::field::Field;
use super::lives::Act;
use super::pictures;
use super::plan::Visit;
use super::words;
use crate::office::{Listed, Office, Refused};
use crate::offices::Offices;

/// HTTP's: the state is not what the request supposes.
const CONFLICT: u16 = 409;
/// The case has another version.
const CASE_CHANGED: &str = "case_changed";
/// Of a hundred steps of the office, those that are photographed.
const PHOTOGRAPHED: u32 = 20;

/// A case.
pub struct Case {
    /// What led to it; its inspector's name is empty where a group from above did.
    pub visit: Visit,
    /// The unit that answers for it.
    pub unit: UnitId,
    /// What its device showed that it costs.
    pub charges: Vec<ProposedCharge>,
    /// The case of the second visit to the same place.
    pub twin: Option<CaseId>,
    version: Option<u64>,
    proposal: Option<String>,
    appeal: Option<String>,
    round: u64,
}

impl Case {
    /// A case that was opened by a visit.
    pub fn new(visit: Visit, charges: Vec<ProposedCharge>) -> Self {
        let unit = visit.target.unit_id;
        Self { visit, unit, charges, twin: None, version: None, proposal: None, appeal: None, round: 1 }
    }
}

/// Whether a case's life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// With its next step.
    On,
    /// Not: it was decided otherwise, or needs nothing more.
    Over,
}

/// Everything that is known of the cases.
pub struct Cases {
    by_id: BTreeMap<CaseId, Case>,
    /// The latest corrections, by the inspections they correct in the end: one correction serves all cases of a visit.
    corrections: BTreeMap<InspectionId, InspectionId>,
    /// Draws ids of requests, apart from everything else, so that a repeated request changes nothing.
    ids: ChaCha8Rng,
    rng: ChaCha8Rng,
    /// What was done how often.
    pub tally: BTreeMap<&'static str, usize>,
    /// What the server refused because the case was not as supposed.
    pub refused: Vec<String>,
}

impl Cases {
    /// None yet.
    pub fn new(seed: u64) -> Self {
        let stream = |number| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            rng
        };
        Self {
            by_id: BTreeMap::new(),
            corrections: BTreeMap::new(),
            ids: stream(2),
            rng: stream(3),
            tally: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    /// Takes up a case.
    pub fn add(&mut self, id: CaseId, case: Case) {
        self.by_id.insert(id, case);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The case, to be changed.
    pub fn get(&mut self, id: CaseId) -> Result<&mut Case> {
        self.by_id.get_mut(&id).with_context(|| format!("case {id} is not one of ours"))
    }

    /// Notes that what was proposed about a case was reviewed beside its life: nobody there waits for it any more.
    pub fn forget_proposal(&mut self, id: CaseId) -> Result<()> {
        self.get(id)?.proposal = None;
        Ok(())
    }

    /// An id for a request.
    pub fn request_id(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.ids.random()).into_uuid()
    }

    /// What stands for an inspection by now.
    fn latest(&self, first: InspectionId) -> InspectionId {
        self.corrections.get(&first).copied().unwrap_or(first)
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// Does something about a case; confirmations are for [`Self::confirm`].
    pub fn act(&mut self, id: CaseId, act: Act, offices: &Offices, field: &mut Field) -> Result<Goes> {
        let supervisor = &offices.supervisor;
        match act {
            Act::Confirm => Ok(Goes::On),
            Act::Return => self.decide(id, supervisor, "return", words::RETURNS, json!({})),
            Act::Dismiss => self.decide(id, supervisor, "dismiss", words::DISMISSALS, json!({})),
            Act::EvidenceUnobtainable => {
                self.decide(id, supervisor, "evidence_unobtainable", words::UNOBTAINABLE, json!({}))
            }
            Act::Raise => {
                self.decide(id, supervisor, "re_evaluate", words::RAISES, json!({ "level": "district" }))
            }
            Act::ReAttribute => {
                let unit = words::bureau_of(self.get(id)?.visit.target.kind.as_str())?;
                self.decide(
                    id,
                    supervisor,
                    "re_attribute",
                    words::RE_ATTRIBUTIONS,
                    json!({ "unit_id": unit }),
                )
            }
            Act::EnterAmounts | Act::Adjust | Act::Reduce => self.ask_for_amounts(id, supervisor, act),
            Act::Uphold => self.decide(id, supervisor, "appeal_uphold", words::UPHOLDINGS, json!({})),
            Act::Reverse => self.decide(id, supervisor, "appeal_reverse", words::REVERSALS, json!({})),
            Act::Approve | Act::Reject | Act::Withdraw => self.review(id, offices, act),
            Act::Correct | Act::Amend | Act::RecheckOnSite => self.go_there(id, field, act),
            Act::AcceptAmendment | Act::RefuseAmendment => {
                let first = self.get(id)?.visit.inspection_id;
                let inspection = json!({ "inspection_id": self.latest(first) });
                let (kind, reasons) = if act == Act::AcceptAmendment {
                    ("accept_amendment", words::ACCEPTANCES)
                } else {
                    ("refuse_amendment", words::REFUSALS)
                };
                self.decide(id, supervisor, kind, reasons, inspection)
            }
            Act::Merge | Act::KeepApart => self.settle_twins(id, offices, act),
            Act::Report | Act::GiveBack | Act::Appeal | Act::WithdrawAppeal => {
                self.answer_for_unit(id, offices, act)
            }
            _ => self.step(id, supervisor, act, offices),
        }
    }

    /// Confirms cases in one list, as a supervisor does; doubts are settled first. Answers with those that were confirmed.
    pub fn confirm(&mut self, ids: &[CaseId], supervisor: &Office) -> Result<Vec<CaseId>> {
        let listed = supervisor.cases("state=under_review")?;
        let listed: BTreeMap<CaseId, Listed> = listed.into_iter().map(|case| (case.case_id, case)).collect();
        let mut list = Vec::new();
        for id in ids {
            let Some(case) = listed.get(id) else {
                self.refused.push(format!("{id} is not under review"));
                continue;
            };
            self.get(*id)?.version = Some(u64::from(case.version));
            if !case.flags.is_empty() {
                let flags = json!({ "flags": case.flags });
                if self.decide(*id, supervisor, "settle", words::SETTLEMENTS, flags)? == Goes::Over {
                    continue;
                }
            }
            let version = self.get(*id)?.version.take().context("no version")?;
            self.get(*id)?.version = Some(version + 1);
            let request_id = self.request_id();
            list.push(json!({ "request_id": request_id, "case_id": id, "expected_version": version }));
        }
        if list.is_empty() {
            return Ok(Vec::new());
        }
        let request = json!({ "confirmations": list, "reason": null });
        let answer = supervisor.post("/api/v1/decisions/confirmations", &request)?;
        let mut confirmed = Vec::new();
        for result in answer["results"].as_array().context("no results")? {
            let id = serde_json::from_value(result["case_id"].clone())?;
            if result["problem"].is_null() {
                self.count("认定 confirmed");
                confirmed.push(id);
            } else {
                self.refused.push(format!("confirm {id}: {}", result["problem"]));
            }
        }
        Ok(confirmed)
    }

    fn decide(
        &mut self,
        id: CaseId,
        supervisor: &Office,
        kind: &'static str,
        reasons: &[&str],
        with: Value,
    ) -> Result<Goes> {
        let reason = reasons.choose(&mut self.rng).context("no reason")?;
        let mut request = json!({ "kind": kind, "reason": reason });
        merge(&mut request, with);
        let path = format!("/api/v1/cases/{id}/decisions");
        let Some(answer) = self.ask(id, supervisor, &path, request)? else { return Ok(Goes::Over) };
        self.count(words::decision(kind));
        if let Some(proposal) = answer["proposal_id"].as_str() {
            self.get(id)?.proposal = Some(proposal.to_owned());
            self.count("待复核 proposed");
        }
        Ok(Goes::On)
    }

    /// Half of the first charge that has an amount; or what the pack leaves open.
    fn ask_for_amounts(&mut self, id: CaseId, supervisor: &Office, act: Act) -> Result<Goes> {
        let entered = act == Act::EnterAmounts;
        let open: i64 = self.rng.random_range(2..=12) * 500_000;
        let amounts: Vec<_> = self
            .get(id)?
            .charges
            .iter()
            .filter(|charge| charge.amount.fen().is_none() == entered)
            .take(if entered { usize::MAX } else { 1 })
            .map(|charge| {
                let amount = charge.amount.fen().map_or(open, |amount| amount.get() / 2);
                json!({ "charge_id": charge.charge_id, "amount": amount })
            })
            .collect();
        let (kind, reasons) = match act {
            Act::EnterAmounts => ("enter_amounts", words::ENTRIES),
            Act::Reduce => ("appeal_reduce", words::REDUCTIONS),
            _ => ("adjust", words::ADJUSTMENTS),
        };
        self.decide(id, supervisor, kind, reasons, json!({ "amounts": amounts }))
    }

    fn review(&mut self, id: CaseId, offices: &Offices, act: Act) -> Result<Goes> {
        // What moves no money is decided by one, and there is nothing to review.
        let Some(proposal) = self.get(id)?.proposal.take() else { return Ok(Goes::Over) };
        let (office, how, request) = match act {
            Act::Approve => (&offices.second, "approval", json!({})),
            Act::Reject => (&offices.second, "rejection", json!({ "reason": words::REJECTION })),
            _ => (&offices.supervisor, "withdrawal", json!({})),
        };
        let answer = office.post(&format!("/api/v1/proposals/{proposal}/{how}"), &request);
        let Some(answer) = self.unless_refused(id, answer)? else { return Ok(Goes::Over) };
        if let Some(version) = answer["decision"]["version"].as_u64() {
            self.get(id)?.version = Some(version);
        }
        self.count(words::review(how));
        Ok(Goes::On)
    }

    fn go_there(&mut self, id: CaseId, field: &mut Field, act: Act) -> Result<Goes> {
        let case = self.get(id)?;
        let visit = case.visit.clone();
        case.version = None;
        let latest = self.latest(visit.inspection_id);
        let correction = match act {
            Act::Correct => Some(field.correct(&visit, latest)?),
            Act::Amend => Some(field.take_back(&visit, latest)?),
            _ => {
                field.recheck(&visit, id)?;
                None
            }
        };
        self.corrections.extend(correction.map(|correction| (visit.inspection_id, correction)));
        self.count(if act == Act::RecheckOnSite {
            "现场复核 re-checked on site"
        } else {
            "更正 corrected"
        });
        Ok(Goes::On)
    }

    fn settle_twins(&mut self, id: CaseId, offices: &Offices, act: Act) -> Result<Goes> {
        let supervisor = &offices.supervisor;
        let Some(twin) = self.get(id)?.twin else { return Ok(Goes::On) };
        let version = read_version(supervisor, twin)?;
        self.get(twin)?.version = None;
        let other = json!([{ "case_id": twin, "expected_version": version }]);
        let (how, field, reason) = if act == Act::Merge {
            ("merge", "absorbed", "同一对象同一问题次日复查，并为一案。")
        } else {
            ("keep-apart", "others", "前次已现场改正，本次为再次发生，分别计案。")
        };
        let request = json!({ "reason": reason, field: other });
        let path = format!("/api/v1/cases/{id}/{how}");
        let answer = self.ask(id, supervisor, &path, request)?;
        self.count(if act == Act::Merge { "并案 merged" } else { "不予并案 kept apart" });
        let Some(answer) = answer else { return Ok(Goes::Over) };
        if let Some(proposal) = answer["proposal_id"].as_str() {
            // It takes posted charges back: the second person agrees at once.
            self.get(id)?.proposal = Some(proposal.to_owned());
            self.count("待复核 proposed");
            return self.review(id, offices, Act::Approve);
        }
        Ok(Goes::On)
    }

    fn answer_for_unit(&mut self, id: CaseId, offices: &Offices, act: Act) -> Result<Goes> {
        let case = self.get(id)?;
        let (round, unit) = (case.round, case.unit);
        let Some(liaison) = offices.liaison(unit) else { return Ok(Goes::Over) };
        let asked = match act {
            Act::GiveBack => {
                let path = format!("/api/v1/cases/{id}/rectification/returns");
                self.count("退回交办 given back");
                self.ask(id, liaison, &path, json!({ "reason": words::GIVE_BACK }))?
            }
            Act::Appeal => {
                let grounds = words::GROUNDS.choose(&mut self.rng).context("no grounds")?;
                let photos = [self.photograph_order(id, liaison, offices)?];
                let path = format!("/api/v1/cases/{id}/appeals");
                let appeal = self.ask(id, liaison, &path, json!({ "grounds": grounds, "photos": photos }))?;
                self.get(id)?.appeal =
                    appeal.as_ref().and_then(|appeal| appeal["appeal_id"].as_str()).map(str::to_owned);
                self.count("申诉 appealed");
                appeal
            }
            Act::WithdrawAppeal => {
                let appeal = self.get(id)?.appeal.take().context("nothing was appealed")?;
                let answer = liaison.post(&format!("/api/v1/appeals/{appeal}/withdrawal"), &json!({}));
                self.get(id)?.version = None;
                self.count("撤回申诉 appeals withdrawn");
                self.unless_refused(id, answer)?
            }
            _ => self.report(id, liaison, offices, round)?,
        };
        Ok(if asked.is_some() { Goes::On } else { Goes::Over })
    }

    fn report(
        &mut self,
        id: CaseId,
        liaison: &Office,
        offices: &Offices,
        round: u64,
    ) -> Result<Option<Value>> {
        let photos = vec![self.photograph_order(id, liaison, offices)?];
        let text = words::REPORTS.choose(&mut self.rng).context("no report")?;
        let request_id = self.request_id();
        let request = json!({ "request_id": request_id, "round": round, "text": text, "photos": photos });
        let answer = liaison.post(&format!("/api/v1/cases/{id}/rectification/reports"), &request);
        let answer = self.unless_refused(id, answer)?;
        let version = &mut self.get(id)?.version;
        *version = version.map(|version| version + 1);
        self.count("整改反馈 reported");
        Ok(answer)
    }

    fn step(&mut self, id: CaseId, supervisor: &Office, act: Act, offices: &Offices) -> Result<Goes> {
        let photographed = self.rng.random_range(0..100) < PHOTOGRAPHED;
        let photos = match act {
            Act::Verify | Act::Fail if photographed => vec![self.photograph_order(id, supervisor, offices)?],
            _ => Vec::new(),
        };
        let (step, reason) = match act {
            Act::Order => {
                let requirement = words::requirement(self.get(id)?.visit.target.kind.as_str());
                let spans = [json!(null), json!({ "working_days": 4 }), json!({ "days": 5 })];
                let span = spans.choose(&mut self.rng).context("no span")?;
                (json!({ "kind": "order_rectification", "requirement": requirement, "span": span }), None)
            }
            Act::SendBack => (json!({ "kind": "return_rectification" }), Some("请补充整改后全景照片。")),
            Act::Verify => {
                (json!({ "kind": "verify_rectification", "photos": photos }), Some("照片与现场一致。"))
            }
            Act::Fail => (
                json!({ "kind": "fail_rectification", "photos": photos }),
                Some("复核发现仍有裸露，限期再改。"),
            ),
            Act::Close => (json!({ "kind": "close_rectification" }), None),
            Act::Extend => {
                let span = json!({ "working_days": 4 });
                (json!({ "kind": "extend_deadline", "span": span }), Some("连续降雨，申请延期。"))
            }
            Act::Defer => {
                (json!({ "kind": "pause_rectification", "pause": "deferred" }), Some("配合管网抢修，暂缓。"))
            }
            Act::KeepOnBooks => (
                json!({ "kind": "pause_rectification", "pause": "on_the_books" }),
                Some("地块权属诉讼中，挂账管理。"),
            ),
            Act::Resume => (json!({ "kind": "resume_rectification" }), Some("抢修结束，恢复办理。")),
            other => anyhow::bail!("{other:?} is no step of the loop"),
        };
        let kind = words::loop_step(act);
        let request = json!({ "reason": reason, "step": step });
        let path = format!("/api/v1/cases/{id}/rectification/steps");
        let Some(answer) = self.ask(id, supervisor, &path, request)? else { return Ok(Goes::Over) };
        if let Some(round) = answer["round"].as_u64() {
            self.get(id)?.round = if act == Act::Fail { round.max(self.get(id)?.round + 1) } else { round };
        }
        self.count(kind);
        Ok(Goes::On)
    }

    /// A photo of the place in order, uploaded by whoever shows it.
    fn photograph_order(&mut self, id: CaseId, by: &Office, offices: &Offices) -> Result<PhotoHash> {
        let point = self.get(id)?.visit.target.point;
        by.upload(&pictures::of_order(self.rng.random(), offices.now().plus_seconds(-3600), point))
    }

    /// Asks for something about a case in the version that is known; where it is none any more, once again in the one
    /// that is read. None: the case is not as supposed.
    fn ask(&mut self, id: CaseId, office: &Office, path: &str, mut request: Value) -> Result<Option<Value>> {
        let known = self.get(id)?.version.take();
        let mut version = match known {
            Some(version) => version,
            None => read_version(office, id)?,
        };
        merge(&mut request, json!({ "request_id": self.request_id(), "expected_version": version }));
        let mut answer = office.post(path, &request);
        let outdated = |answer: &Result<Value>| {
            let refused = answer.as_ref().err().and_then(|error| error.downcast_ref::<Refused>());
            refused.is_some_and(|refused| refused.code.as_deref() == Some(CASE_CHANGED))
        };
        if known.is_some() && outdated(&answer) {
            version = read_version(office, id)?;
            merge(&mut request, json!({ "request_id": self.request_id(), "expected_version": version }));
            answer = office.post(path, &request);
        }
        let answer = self.unless_refused(id, answer)?;
        let decided = answer.as_ref().filter(|answer| answer["decision_no"].is_number());
        // A proposal changes nothing.
        let standing = answer.as_ref().filter(|answer| answer["proposal_id"].is_string()).map(|_| version);
        self.get(id)?.version = decided.and_then(|answer| answer["version"].as_u64()).or(standing);
        Ok(answer)
    }

    fn unless_refused(&mut self, id: CaseId, answer: Result<Value>) -> Result<Option<Value>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => match error.downcast_ref::<Refused>() {
                Some(refused) if refused.status == CONFLICT => {
                    self.refused.push(format!("case {id}: {refused}"));
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }

    /// What was done, in one line.
    pub fn summary(&self) -> String {
        let mut line = String::new();
        for (what, count) in &self.tally {
            let _ = write!(line, "{}{what} {count}", if line.is_empty() { "" } else { "，" });
        }
        line
    }
}

fn read_version(office: &Office, id: CaseId) -> Result<u64> {
    office.read(&format!("/api/v1/cases/{id}"))?["version"].as_u64().context("a case without a version")
}

/// Puts the fields of one object into another.
fn merge(into: &mut Value, with: Value) {
    if let (Value::Object(into), Value::Object(with)) = (into, with) {
        into.extend(with);
    }
}
