//! What a request will do to its case, worked out before anything is written; then done.

use std::collections::BTreeSet;
use std::slice::from_ref;

use jiff::civil::Date;
use sync_core::ids::{AppealId, CaseId, ChargeId, RegionCode, UnitId};
use sync_core::model::case::{ChargeState, Flag, ReviewState};
use sync_core::model::decision::DecisionKind;
use sync_core::model::inspection::PackRef;
use sync_core::policy::{Amount, PolicyBook};
use sync_core::time::Instant;

use super::rules::{self, Verdict};
use super::{DecisionOutcome, DecisionRequest, Detail, EnteredAmount, Refusal, StandingCase};
use crate::appeals::hold::Relation;
use crate::db::cases::CaseAfterDecision;
use crate::db::changes::NewChange;
use crate::db::decisions::DecisionRow;
use crate::db::types::{Day, Time};
use crate::db::{Connection, appeals, cases, periods};
use crate::ledger::basis::{CaseBasis, RecordedMoney};
use crate::ledger::chain::Head;
use crate::ledger::moves::{Aim, Books, CaseMoney, ChargeMoney, bring};
use crate::services::confirm_cases::{confirmation, published_first};
use crate::services::find_duplicates::{find_duplicates, lapse_duplicates};
use crate::services::hand_over_rounds::hand_over_rounds;
use crate::services::judge_anew::{Anew, Lineage, judge_anew};
use crate::services::move_money::{load_money, open_books, write_money};
use crate::services::open_cases::{store_case_rows, unflag_survivor};
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};
use crate::services::rectify_case::LoopRules;

/// A decision that its case allows.
#[derive(Debug)]
pub(super) struct Deed<'a> {
    district: &'a RegionCode,
    request: &'a DecisionRequest,
    case: StandingCase,
    verdict: Verdict,
    /// The appeal that it answers.
    appeal: Option<AppealId>,
    /// The case as it was judged anew.
    anew: Option<Box<Anew>>,
    /// What it does to the money.
    money: Option<(CaseMoney, Aim)>,
    /// The day its charges post by themselves.
    posts_on: Option<Date>,
    /// Whether it writes to the ledger, at once or once what it adds was published.
    moves: bool,
    /// Whether it, or a case that it absorbed, stood in the ledger before.
    was_charged: bool,
}

impl<'a> Deed<'a> {
    /// Works out what a request does to a case in the version it names.
    pub(super) async fn prepare(
        connection: &mut Connection,
        book: &PolicyBook,
        district: &'a RegionCode,
        case: StandingCase,
        request: &'a DecisionRequest,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let verdict = rules::judge(case.state, &case.flags, request)?;
        let appeal = appeal_of(connection, district, case.case_id, request.kind).await?;
        let posts_on = case.posts_on;
        let mut deed = Self {
            district,
            request,
            case,
            verdict,
            appeal,
            anew: None,
            money: None,
            posts_on,
            moves: false,
            was_charged: false,
        };
        let money = load_money(connection, district, &[deed.case.case_id]).await?.pop();
        let money = money.ok_or(Refusal::CaseUnknown)?;
        let own = money.charges.iter().any(|charge| !charge.entries.is_empty());
        deed.was_charged = own || cases::absorbed_was_posted(connection, district, deed.case.case_id).await?;
        deed.judge_anew(connection, book, &money, now).await?;
        if moves_money(request.kind) {
            let money = deed.in_place(money);
            let mut aim = deed.aim(book, &money, now)?;
            deed.moves = deed.try_out(connection, &money, &aim, now).await?;
            deed.publish_first(book, &money, &mut aim, now);
            deed.money = Some((money, aim));
        }
        Ok(deed)
    }

    /// Whether a second person must agree.
    pub(super) const fn needs_two(&self) -> bool {
        match self.request.kind {
            DecisionKind::EnterAmounts
            | DecisionKind::Adjust
            | DecisionKind::AppealReduce
            | DecisionKind::AppealReverse => true,
            DecisionKind::AcceptAmendment => {
                let reopens = matches!(self.case.state, ReviewState::Dismissed);
                self.moves || !self.request.amounts.is_empty() || (reopens && self.was_charged)
            }
            DecisionKind::Dismiss => self.moves || self.was_charged,
            _ => false,
        }
    }

    /// Judges the case anew where the request asks for it.
    async fn judge_anew(
        &mut self,
        connection: &mut Connection,
        book: &PolicyBook,
        money: &CaseMoney,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (case, request) = (&self.case, self.request);
        let lineage = match request.kind {
            DecisionKind::ReEvaluate | DecisionKind::AcceptAmendment | DecisionKind::RefuseAmendment => {
                Lineage::load(connection, self.district, case.lineage, case.inspection_id).await?
            }
            DecisionKind::Adjust if request.amounts.is_empty() => {
                Lineage::load(connection, self.district, case.lineage, case.inspection_id).await?
            }
            _ => return Ok(()),
        };
        if lineage.of_the_past {
            return Err(Refusal::ChargedOnPaper);
        }
        let doubts = lineage.doubts.clone();
        let inspection = if is_about_amendment(request.kind) {
            let correction = lineage
                .corrected(case)
                .filter(|correction| request.inspection_id == Some(correction.inspection_id));
            correction.ok_or(Refusal::OtherAmendment)?
        } else {
            let mut inspection = lineage.present;
            let context = &mut inspection.context;
            context.unit_id = request.unit_id.unwrap_or(case.unit_id);
            context.level = request.level.unwrap_or(case.level);
            context.pack = self.pack_asked(book)?;
            inspection
        };
        if request.kind == DecisionKind::RefuseAmendment {
            return Ok(());
        }
        let anew = judge_anew(connection, book, self.district, case, inspection, now).await?;
        self.verdict.state = match (request.kind, self.verdict.state) {
            (DecisionKind::AcceptAmendment, _) if !anew.stands(money) => ReviewState::Dismissed,
            (DecisionKind::AcceptAmendment, ReviewState::Confirmed) if anew.missing_photos > 0 => {
                return Err(Refusal::EvidenceMissing(anew.missing_photos));
            }
            (DecisionKind::ReEvaluate, _) if self.case.state == ReviewState::Returned => {
                anew.write.review_state()
            }
            // What had gone under review stays there: a supervisor is looking at it.
            (DecisionKind::ReEvaluate, ReviewState::AwaitingEvidence)
            | (DecisionKind::AcceptAmendment, ReviewState::UnderReview) => anew.write.review_state(),
            (_, state) => state,
        };
        if request.kind == DecisionKind::AcceptAmendment && self.verdict.state != ReviewState::Confirmed {
            self.posts_on = None;
        }
        // A case that is open again is as doubtful as what it stands on.
        if self.case.state == ReviewState::Dismissed && self.verdict.state != ReviewState::Dismissed {
            let open = doubts.into_iter().filter(|doubt| *doubt != Flag::AmendsDecided);
            self.verdict.flags.extend(open.filter(|doubt| !self.case.flags.contains(doubt)));
        }
        self.anew = Some(Box::new(anew));
        Ok(())
    }

    /// The pack version that the request names, which must be in force where and when it occurred; else the case's own.
    fn pack_asked(&self, book: &PolicyBook) -> Result<Option<PackRef>, Refusal> {
        let Some(asked) = &self.request.pack_hash else { return Ok(self.case.pack.clone()) };
        let in_force = book.in_force(self.district, self.case.occurred_at.record_date());
        let pack = in_force.filter(|pack| pack.hash() == asked).ok_or(Refusal::PackNotInForce)?;
        Ok(Some(pack.reference()))
    }

    /// The case's money where it would stand.
    fn in_place(&self, money: CaseMoney) -> CaseMoney {
        match &self.anew {
            Some(anew) => {
                CaseMoney { grid: anew.grid().clone(), occurred_month: anew.occurred_month(), ..money }
            }
            None => money,
        }
    }

    /// Where the request wants the case's money.
    fn aim(&mut self, book: &PolicyBook, money: &CaseMoney, now: Instant) -> Result<Aim, Refusal> {
        let unit_id = self.case.unit_id;
        let staying = |posts| Aim::staying(money, unit_id, posts);
        match self.request.kind {
            DecisionKind::Confirm => {
                let (aim, posts_on) = confirmation(book, &self.case, money, now)?;
                self.posts_on = posts_on;
                Ok(aim)
            }
            DecisionKind::Dismiss | DecisionKind::AppealReverse => {
                self.posts_on = None;
                Ok(Aim::nothing(unit_id))
            }
            DecisionKind::ReAttribute => match self.request.unit_id {
                Some(other) if other != unit_id => Ok(Aim { unit_id: other, ..staying(false) }),
                _ => Err(Refusal::UnitUnchanged),
            },
            DecisionKind::EnterAmounts => {
                let aim = staying(false);
                let item = &self.case.item;
                let left_to_office = |charge: &ChargeMoney| {
                    let item = book.by_hash(&charge.pack_hash).and_then(|pack| pack.item(item));
                    item.is_some_and(|item| item.amount == Amount::Entered)
                };
                Ok(Aim { charges: with_entered(aim.charges, left_to_office, &self.request.amounts)?, ..aim })
            }
            DecisionKind::AppealReduce => {
                let aim = staying(false);
                Ok(Aim { charges: with_reduced(aim.charges, &self.request.amounts)?, ..aim })
            }
            _ => match self.anew.as_deref() {
                Some(anew) => self.aim_anew(anew, money),
                None => {
                    let aim = staying(false);
                    Ok(Aim { charges: with_adjusted(aim.charges, &self.request.amounts)?, ..aim })
                }
            },
        }
    }

    /// Where the case's money goes when it is judged anew. What the pack leaves to the office is entered with the
    /// request, or stays as it was entered before; a case that is confirmed then lacks no amount.
    fn aim_anew(&self, anew: &Anew, money: &CaseMoney) -> Result<Aim, Refusal> {
        let mut charges = anew.charges_beside(money);
        let awaited = anew.charges.iter().filter(|charge| charge.amount.is_none());
        let mut awaited: BTreeSet<ChargeId> = awaited.map(|charge| charge.charge_id).collect();
        for EnteredAmount { charge_id, amount } in &self.request.amounts {
            let entered = charges.iter_mut().find(|charge| charge.charge_id == *charge_id);
            let entered = entered.filter(|charge| awaited.remove(&charge.charge_id));
            entered.ok_or(Refusal::AmountNotAwaited)?.amount = Some(*amount);
        }
        let confirmed = self.verdict.state == ReviewState::Confirmed;
        let posts = confirmed && self.posts_on.is_none();
        let aim = Aim { unit_id: anew.inspection.context.unit_id, charges, posts };
        if confirmed { Ok(aim.complete()?) } else { Ok(aim) }
    }

    /// Lets what a decision adds to a confirmed case wait for its publication, where a pack asks for one: a charge that did
    /// not stand, and while nothing is posted yet, all that another unit is to be charged for.
    fn publish_first(&mut self, book: &PolicyBook, money: &CaseMoney, aim: &mut Aim, now: Instant) {
        if self.verdict.state != ReviewState::Confirmed || self.request.kind == DecisionKind::Confirm {
            return;
        }
        let moves = aim.unit_id != self.case.unit_id && self.posts_on.is_some();
        let stands: BTreeSet<ChargeId> = money.live().map(|charge| charge.charge_id).collect();
        let added = aim.charges.iter().filter(|charge| moves || !stands.contains(&charge.charge_id));
        self.posts_on = self.posts_on.max(published_first(book, added, now));
        aim.posts = aim.posts && self.posts_on.is_none();
    }

    /// Makes the moves in books that nobody keeps: whether anything would be written, and whether it is allowed.
    async fn try_out(
        &self,
        connection: &mut Connection,
        money: &CaseMoney,
        aim: &Aim,
        now: Instant,
    ) -> Result<bool, Refusal> {
        let calendar = periods::calendar(connection, self.district, now).await?;
        let mut books = Books::new(self.district.clone(), Head::default(), calendar, now);
        bring(&mut books, &mut money.clone(), aim.clone(), 0)?;
        Ok(!books.written.is_empty())
    }

    /// Writes everything: case, duplicates, the order that follows it to another unit, decision, money. The devices' changes are left to the caller, who records them
    /// last, and who took the lock of duplicates where they hear of it.
    pub(super) async fn make(
        mut self,
        connection: &mut Connection,
        rules: LoopRules<'_>,
        by: DecidedBy,
    ) -> Result<(DecisionRow, Vec<NewChange>), Refusal> {
        let LoopRules { book, calendar, now } = rules;
        let mut changes = self.write_case(connection, book, now).await?;
        if self.unit_after() != self.case.unit_id {
            let case = from_ref(&self.case.case_id);
            changes.extend(hand_over_rounds(connection, self.district, case, calendar, now).await?);
        }
        if self.request.kind == DecisionKind::RefuseAmendment {
            unflag_survivor(connection, self.district, self.case.case_id).await?;
        }
        let new = NewDecision {
            request_id: self.request.request_id,
            subject: Subject::Case { case_id: self.case.case_id, expected_version: self.case.version },
            kind: self.request.kind,
            by,
            reason: self.request.reason.clone(),
            detail: serde_json::to_value(self.detail())?,
        };
        let Self { district, appeal, money, .. } = self;
        let (decision, head) = record_decision(connection, district, new, now).await?;
        if let Some(appeal) = appeal {
            appeals::decide(connection, district, appeal, decision.decision_no).await?;
        }
        if let Some((mut money, aim)) = money {
            let mut books = open_books(connection, district, head, now).await?;
            bring(&mut books, &mut money, aim, decision.decision_no)?;
            write_money(connection, &books, &[money]).await?;
        }
        Ok((decision, changes))
    }

    /// Writes the case's row, and what becomes of its duplicates: a case that is dismissed has none, and one that was
    /// judged anew may be in doubt by others than before.
    async fn write_case(
        &mut self,
        connection: &mut Connection,
        book: &PolicyBook,
        now: Instant,
    ) -> Result<Vec<NewChange>, Refusal> {
        let (district, case_id) = (self.district, self.case.case_id);
        let mut change = NewChange::of_case(case_id, self.case.grid.clone(), self.case.author);
        let write = self.anew.as_deref().map(|anew| &anew.write);
        if let Some(write) = write {
            change = write.change();
            store_case_rows(connection, from_ref(write)).await?;
        }
        cases::update(connection, district, case_id, &self.after(now)).await?;
        let mut changes = match (self.verdict.state, write) {
            (ReviewState::Dismissed, _) => {
                lapse_duplicates::<Refusal>(connection, district, &[case_id]).await?
            }
            (_, Some(write)) => {
                let changes = find_duplicates(connection, district, book, from_ref(write), now).await?;
                let written = cases::find(connection, district, case_id).await?;
                self.verdict.flags = StandingCase::try_from(written.ok_or(Refusal::CaseUnknown)?)?.flags;
                changes
            }
            _ => Vec::new(),
        };
        changes.push(change.leaving(self.case.unit_id));
        Ok(changes)
    }

    /// The unit that answers for it afterwards.
    fn unit_after(&self) -> UnitId {
        self.money.as_ref().map_or(self.case.unit_id, |(_, aim)| aim.unit_id)
    }

    /// The case's row afterwards.
    fn after(&self, now: Instant) -> CaseAfterDecision {
        let unit_id = self.unit_after();
        CaseAfterDecision {
            review_state: self.verdict.state.code().to_owned(),
            flags: self.verdict.flags.iter().map(|flag| flag.code().to_owned()).collect(),
            version: self.case.version.saturating_add(1),
            reason: self.request.reason.clone(),
            unit_id: unit_id.0,
            posts_on: self.posts_on.map(Day),
            updated_at: Time(now),
        }
    }

    /// What the decision's record says.
    fn detail(&self) -> Detail {
        let outcome =
            DecisionOutcome { review_state: self.verdict.state, unsettled: self.verdict.flags.clone() };
        let money = self.money.iter().map(|(_, aim)| self.basis(aim)).collect();
        Detail::of(self.request, outcome, RecordedMoney { money })
    }

    fn basis(&self, aim: &Aim) -> CaseBasis {
        let standing = self.case.basis(aim);
        match self.anew.as_deref().map(|anew| &anew.inspection) {
            None => standing,
            Some(inspection) => CaseBasis {
                inspection_id: inspection.inspection_id,
                pack_hash: inspection.context.pack.as_ref().map(|pack| pack.hash.clone()),
                level: inspection.context.level,
                ..standing
            },
        }
    }
}

/// Whether a kind of decision moves money or fixes amounts.
const fn moves_money(kind: DecisionKind) -> bool {
    !matches!(
        kind,
        DecisionKind::Return
            | DecisionKind::Settle
            | DecisionKind::EvidenceUnobtainable
            | DecisionKind::RefuseAmendment
            | DecisionKind::AppealUphold
    )
}

/// The open appeal that a decision of this kind answers, if it answers one. The case is locked, so it stays open.
async fn appeal_of(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
    kind: DecisionKind,
) -> Result<Option<AppealId>, Refusal> {
    let relation = Relation::of(kind);
    if relation == Relation::None {
        return Ok(None);
    }
    let open = appeals::open_of(connection, district, [case_id]).await?.pop();
    Ok(relation.check(open.map(|(_, appeal)| appeal))?)
}

const fn is_about_amendment(kind: DecisionKind) -> bool {
    matches!(kind, DecisionKind::AcceptAmendment | DecisionKind::RefuseAmendment)
}

/// The charges with the amounts that were entered: each once, of a pending charge for which its pack names none,
/// whether this case or one that was merged into it brought it.
fn with_entered(
    mut charges: Vec<ChargeMoney>,
    left_to_office: impl Fn(&ChargeMoney) -> bool,
    amounts: &[EnteredAmount],
) -> Result<Vec<ChargeMoney>, Refusal> {
    let awaited = charges.iter().filter(|charge| left_to_office(charge));
    let mut awaited: BTreeSet<ChargeId> = awaited.map(|charge| charge.charge_id).collect();
    for entered in amounts {
        let pending = |charge: &&mut ChargeMoney| {
            charge.charge_id == entered.charge_id && charge.state == ChargeState::Pending
        };
        let charge = charges.iter_mut().find(pending).filter(|charge| awaited.remove(&charge.charge_id));
        charge.ok_or(Refusal::AmountNotAwaited)?.amount = Some(entered.amount);
    }
    Ok(charges)
}

/// The charges with the amounts that they are adjusted to: each once, of a posted charge that stands otherwise.
fn with_adjusted(
    mut charges: Vec<ChargeMoney>,
    amounts: &[EnteredAmount],
) -> Result<Vec<ChargeMoney>, Refusal> {
    let mut adjusted: BTreeSet<ChargeId> = BTreeSet::new();
    for entered in amounts {
        let posted = |charge: &&mut ChargeMoney| {
            charge.charge_id == entered.charge_id && charge.state == ChargeState::Posted
        };
        let charge = charges
            .iter_mut()
            .find(posted)
            .filter(|charge| charge.amount != Some(entered.amount) && adjusted.insert(charge.charge_id));
        charge.ok_or(Refusal::NotAdjustable)?.amount = Some(entered.amount);
    }
    Ok(charges)
}

/// The charges with the amounts that they are reduced to: each once, and lower than it is.
fn with_reduced(
    mut charges: Vec<ChargeMoney>,
    amounts: &[EnteredAmount],
) -> Result<Vec<ChargeMoney>, Refusal> {
    let mut reduced: BTreeSet<ChargeId> = BTreeSet::new();
    for entered in amounts {
        let charge = charges.iter_mut().find(|charge| charge.charge_id == entered.charge_id);
        let charge = charge.filter(|charge| {
            charge.amount.is_some_and(|present| entered.amount < present) && reduced.insert(charge.charge_id)
        });
        charge.ok_or(Refusal::NotReduced)?.amount = Some(entered.amount);
    }
    Ok(charges)
}
