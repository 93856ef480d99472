//! A round (轮次) and what can happen to it.
//!
//! Invariants: the unit's clock runs only while it has the round. What stops it (缓办, 挂账, 退回, a report on the
//! office's desk) gives back the working time that was left when it goes on. Steps are taken one at a time, each
//! counted from when the one before was taken, whatever time the server was down.

use jiff::SignedDuration;
use sync_core::ids::{GridPath, UnitId, UserId};
use sync_core::model::rectification::{PauseKind, RoundState};
use sync_core::policy::Escalation;
use sync_core::time::Instant;

use super::ordered_span::OrderedSpan;
use super::terms::Terms;
use crate::calendar::{CalendarGap, Span, WorkCalendar};

/// How often one round may be extended (延期).
pub const EXTENSIONS_MAX: u16 = 2;

/// One order and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// From 1.
    pub number: u16,
    /// The unit responsible when it was ordered.
    pub unit_id: UnitId,
    /// The case's grid then.
    pub grid: GridPath,
    /// Where it stands.
    pub state: RoundState,
    /// Who ordered it; none where a failed re-check did.
    pub ordered_by: Option<UserId>,
    /// When.
    pub ordered_at: Instant,
    /// What has to be done.
    pub requirement: String,
    /// The time given.
    pub span: OrderedSpan,
    /// By when; none while the calendar lacks the year.
    pub deadline: Option<Instant>,
    /// How often it was extended.
    pub extensions: u16,
    /// Where it goes when it is overdue.
    pub steps: Vec<Escalation>,
    /// Calendar days from one step to the next.
    pub step_days: u16,
    /// How many of the steps were taken.
    pub steps_taken: u16,
    /// When the next one is due.
    pub next_step_at: Option<Instant>,
    /// Why its clock was stopped by a supervisor, if it was.
    pub pause: Option<PauseKind>,
    /// Since when its clock stands.
    pub stopped_at: Option<Instant>,
    /// When the report that stands was made.
    pub reported_at: Option<Instant>,
    /// When it was re-checked.
    pub checked_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

/// Why something cannot happen to a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoundFault {
    /// Not in this state.
    #[error("the round is {}", .0.code())]
    StateForbids(RoundState),
    /// It was extended as often as it may be.
    #[error("the round was extended {EXTENSIONS_MAX} times")]
    ExtensionsSpent,
    /// The new deadline would be over already.
    #[error("the extension does not reach beyond the present")]
    DoesNotReach,
    /// The calendar lacks a year.
    #[error(transparent)]
    Gap(#[from] CalendarGap),
}

/// An order to be given.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which round it begins.
    pub number: u16,
    /// The unit responsible.
    pub unit_id: UnitId,
    /// The case's grid.
    pub grid: GridPath,
    /// Who orders.
    pub ordered_by: UserId,
    /// What has to be done.
    pub requirement: String,
    /// The time given.
    pub span: OrderedSpan,
    /// What the pack says of overdue ones.
    pub terms: Terms,
}

impl Round {
    /// Begins a round (交办).
    ///
    /// # Errors
    /// [`CalendarGap`] where the deadline cannot be computed.
    pub fn ordered(order: Order, now: Instant, calendar: &WorkCalendar) -> Result<Self, CalendarGap> {
        let deadline = calendar.deadline(now, order.span.into())?;
        Ok(Self {
            number: order.number,
            unit_id: order.unit_id,
            grid: order.grid,
            state: RoundState::Assigned,
            ordered_by: Some(order.ordered_by),
            ordered_at: now,
            requirement: order.requirement,
            span: order.span,
            deadline: Some(deadline),
            extensions: 0,
            next_step_at: order.terms.steps.first().map(|_| deadline),
            steps: order.terms.steps,
            step_days: order.terms.step_days,
            steps_taken: 0,
            pause: None,
            stopped_at: None,
            reported_at: None,
            checked_at: None,
            closed_at: None,
        })
    }

    /// The round that follows a failed re-check: the same order again, with the same time from now. Where the calendar
    /// lacks the year it has no deadline yet: what an inspector saw is not refused for that.
    #[must_use]
    pub fn again(&self, now: Instant, calendar: &WorkCalendar) -> Self {
        let deadline = calendar.deadline(now, self.span.into()).ok();
        Self {
            number: self.number.saturating_add(1),
            state: RoundState::Assigned,
            ordered_by: None,
            ordered_at: now,
            deadline,
            extensions: 0,
            steps_taken: 0,
            next_step_at: self.steps.first().and(deadline),
            pause: None,
            stopped_at: None,
            reported_at: None,
            checked_at: None,
            closed_at: None,
            ..self.clone()
        }
    }

    /// How far it was taken up.
    #[must_use]
    pub fn step(&self) -> Option<Escalation> {
        usize::from(self.steps_taken).checked_sub(1).and_then(|last| self.steps.get(last)).copied()
    }

    /// Sets the deadline or the next step's day where the calendar lacked the year and has it now; whether it did. A
    /// deadline counts from the order, unless it would be over already; a step counts from now: nobody is hurried for
    /// what nobody knew.
    pub fn plan(&mut self, now: Instant, calendar: &WorkCalendar) -> bool {
        let planned = match self.deadline {
            None => match calendar.deadline(self.ordered_at, self.span.into()) {
                Ok(over) if over <= now => calendar.deadline(now, self.span.into()),
                planned => planned,
            },
            Some(_) if self.awaits_calendar() => calendar.deadline(now, Span::Days(self.step_days.into())),
            Some(_) => return false,
        };
        let Ok(planned) = planned else { return false };
        self.deadline.get_or_insert(planned);
        self.next_step_at = self.steps.get(usize::from(self.steps_taken)).map(|_| planned);
        true
    }

    /// Whether a step is left whose day is not known, because the calendar lacks a year.
    #[must_use]
    pub fn awaits_calendar(&self) -> bool {
        self.next_step_at.is_none() && usize::from(self.steps_taken) < self.steps.len()
    }

    /// Whether the deadline was kept; none while that is open. What was over when the clock was stopped stays over.
    #[must_use]
    pub fn on_time(&self, now: Instant) -> Option<bool> {
        match (self.reported_at, self.deadline?) {
            // What was reported while the clock stood still was reported when it was stopped.
            (Some(reported), deadline) => Some(self.stopped_at.unwrap_or(reported).min(reported) <= deadline),
            (None, deadline) => (deadline < self.stopped_at.unwrap_or(now)).then_some(false),
        }
    }

    /// Whether the unit's clock runs.
    const fn runs(&self) -> bool {
        matches!(self.state, RoundState::Assigned)
    }

    /// The unit, or an inspector for it, reports that it is done (整改反馈); `made_at` is when that was said, which a
    /// tablet may bring later: its clock stands since then.
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`].
    pub fn report(&mut self, made_at: Instant, now: Instant) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Assigned, RoundState::Paused])?;
        self.state = RoundState::Rectified;
        self.pause = None;
        self.stopped_at = self.stopped_at.or(Some(made_at.max(self.ordered_at).min(now)));
        self.reported_at = Some(made_at);
        Ok(())
    }

    /// A report is sent back as insufficient (退回补充): the round goes on with the time that was left.
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`], [`RoundFault::Gap`].
    pub fn send_back(&mut self, now: Instant, calendar: &WorkCalendar) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Rectified])?;
        self.restart(now, calendar)?;
        self.reported_at = None;
        Ok(())
    }

    /// It was re-checked (复核).
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`].
    pub fn check(&mut self, passed: bool, made_at: Instant) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Rectified])?;
        self.state = if passed { RoundState::Verified } else { RoundState::Failed };
        self.checked_at = Some(made_at);
        Ok(())
    }

    /// It is closed (销号).
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`].
    pub fn close(&mut self, now: Instant) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Verified])?;
        self.state = RoundState::Closed;
        self.closed_at = Some(now);
        Ok(())
    }

    /// It gets more time (延期), counted from the deadline it has; where it has none, from now.
    ///
    /// # Errors
    /// [`RoundFault`].
    pub fn extend(
        &mut self,
        by: OrderedSpan,
        now: Instant,
        calendar: &WorkCalendar,
    ) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Assigned])?;
        if self.extensions >= EXTENSIONS_MAX {
            return Err(RoundFault::ExtensionsSpent);
        }
        let deadline = calendar.deadline(self.deadline.unwrap_or(now), by.into())?;
        if deadline <= now {
            return Err(RoundFault::DoesNotReach);
        }
        self.deadline = Some(deadline);
        self.next_step_at = self.steps.get(usize::from(self.steps_taken)).map(|_| deadline);
        self.extensions = self.extensions.saturating_add(1);
        Ok(())
    }

    /// Its clock is stopped by a supervisor (缓办, 挂账).
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`].
    pub fn pause(&mut self, kind: PauseKind, now: Instant) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Assigned])?;
        self.state = RoundState::Paused;
        self.pause = Some(kind);
        self.stopped_at = Some(now);
        Ok(())
    }

    /// The unit gives it back (退回): it is not the unit's, or cannot be done.
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`].
    pub fn give_back(&mut self, now: Instant) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Assigned])?;
        self.state = RoundState::Returned;
        self.stopped_at = Some(now);
        Ok(())
    }

    /// It goes on after a pause, or in spite of having been given back.
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`], [`RoundFault::Gap`].
    pub fn resume(&mut self, now: Instant, calendar: &WorkCalendar) -> Result<(), RoundFault> {
        self.expect(&[RoundState::Paused, RoundState::Returned])?;
        self.restart(now, calendar)
    }

    /// A newer order takes its place (改派): it was given back, or the case is another unit's now.
    ///
    /// # Errors
    /// [`RoundFault::StateForbids`].
    pub fn withdraw(&mut self, responsible: UnitId) -> Result<(), RoundFault> {
        let elsewhere = responsible != self.unit_id
            && matches!(self.state, RoundState::Assigned | RoundState::Paused | RoundState::Rectified);
        if !elsewhere {
            self.expect(&[RoundState::Returned])?;
        }
        self.state = RoundState::Withdrawn;
        self.pause = None;
        self.next_step_at = None;
        Ok(())
    }

    /// The case went to another unit (改派): this order is taken back and the same is given to that unit, with the whole
    /// time from now; an office's pause (缓办, 挂账) goes on. None where it is that unit's already, or where only the office
    /// has to act on it any more. Where the calendar lacks the year, the new round has no deadline yet.
    pub fn hand_over(
        &mut self,
        to: UnitId,
        grid: &GridPath,
        now: Instant,
        calendar: &WorkCalendar,
    ) -> Option<Self> {
        if to == self.unit_id {
            return None;
        }
        let pause = self.pause;
        let again = self.again(now, calendar);
        self.withdraw(to).ok()?;
        let mut next = Self { unit_id: to, grid: grid.clone(), ordered_by: self.ordered_by, ..again };
        if let Some(kind) = pause {
            next.pause(kind, now).ok()?;
        }
        Some(next)
    }

    /// The case was merged into another (并案), which has no order of its own: this order becomes that case's round `number`,
    /// for its unit. Where that is the same unit it goes on as it stands, with its deadline; another gets it as by
    /// [`Self::hand_over`], and what only the office has to act on stays where it was done.
    pub fn follow(
        &self,
        to: UnitId,
        grid: &GridPath,
        number: u16,
        now: Instant,
        calendar: &WorkCalendar,
    ) -> Option<Self> {
        let follows = |round: Self| Self { number, grid: grid.clone(), ..round };
        if to == self.unit_id {
            return Some(follows(self.clone()));
        }
        self.clone().hand_over(to, grid, now, calendar).map(follows)
    }

    /// The case was merged into another: nobody has to act on this order any more. Whether anybody had.
    pub const fn lapse(&mut self) -> bool {
        use RoundState::{Assigned, Paused, Rectified, Returned};
        let open = matches!(self.state, Assigned | Paused | Rectified | Returned);
        if open {
            self.state = RoundState::Withdrawn;
            self.pause = None;
            self.next_step_at = None;
        }
        open
    }

    /// Takes the next step for want of rectification in time; none where none is due or left. The step after it falls
    /// due `step_days` from now; where the calendar lacks the year, nobody knows when, and it is not set.
    pub fn escalate(&mut self, now: Instant, calendar: &WorkCalendar) -> Option<Escalation> {
        if !self.runs() || self.next_step_at.is_none_or(|due| due > now) {
            return None;
        }
        let step = self.steps.get(usize::from(self.steps_taken)).copied()?;
        self.steps_taken = self.steps_taken.saturating_add(1);
        self.next_step_at = match self.steps.get(usize::from(self.steps_taken)) {
            Some(_) => calendar.deadline(now, Span::Days(self.step_days.into())).ok(),
            None => None,
        };
        Some(step)
    }

    fn expect(&self, states: &[RoundState]) -> Result<(), RoundFault> {
        if states.contains(&self.state) { Ok(()) } else { Err(RoundFault::StateForbids(self.state)) }
    }

    /// Goes on with the working time that was left when the clock was stopped; what was over then stays over.
    fn restart(&mut self, now: Instant, calendar: &WorkCalendar) -> Result<(), RoundFault> {
        let stopped = self.stopped_at.unwrap_or(now);
        let moved = |due: Option<Instant>| -> Result<Option<Instant>, CalendarGap> {
            let Some(due) = due.filter(|due| *due > stopped) else { return Ok(due) };
            let left: SignedDuration = calendar.working_time_between(stopped, due)?;
            calendar.after_working_time(now, left).map(Some)
        };
        let (deadline, next_step_at) = (moved(self.deadline)?, moved(self.next_step_at)?);
        self.state = RoundState::Assigned;
        self.pause = None;
        self.stopped_at = None;
        (self.deadline, self.next_step_at) = (deadline, next_step_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calendar() -> WorkCalendar {
        WorkCalendar::bundled().unwrap()
    }

    fn at(text: &str) -> Instant {
        Instant::at_record(text.parse().unwrap()).unwrap()
    }

    fn text(instant: Option<Instant>) -> String {
        instant.unwrap().record_text()
    }

    /// Ordered on a Monday morning for three workdays; steps three days apart.
    fn round() -> Round {
        let order = Order {
            number: 1,
            unit_id: UnitId::fresh(),
            grid: "410804/001".parse().unwrap(),
            ordered_by: UserId::fresh(),
            requirement: "围挡补齐".to_owned(),
            span: OrderedSpan::WorkingDays(3),
            terms: Terms {
                span: None,
                steps: vec![Escalation::Supervision, Escalation::Summons, Escalation::Accountability],
                step_days: 3,
            },
        };
        Round::ordered(order, at("2026-11-02 09:00"), &calendar()).unwrap()
    }

    type Act = fn(&mut Round, Instant) -> Result<(), RoundFault>;

    const ACTS: [(&str, Act, &[RoundState]); 9] = {
        use RoundState::{Assigned, Paused, Rectified, Returned, Verified};
        [
            ("report", |round, now| round.report(now, now), &[Assigned, Paused]),
            ("send back", |round, now| round.send_back(now, &calendar()), &[Rectified]),
            ("pass", |round, now| round.check(true, now), &[Rectified]),
            ("fail", |round, now| round.check(false, now), &[Rectified]),
            ("close", Round::close, &[Verified]),
            (
                "extend",
                |round, now| round.extend(OrderedSpan::WorkingDays(30), now, &calendar()),
                &[Assigned],
            ),
            ("pause", |round, now| round.pause(PauseKind::Deferred, now), &[Assigned]),
            ("give back", Round::give_back, &[Assigned]),
            ("resume", |round, now| round.resume(now, &calendar()), &[Paused, Returned]),
        ]
    };

    #[test]
    fn each_act_has_its_states_and_is_refused_in_all_others_without_a_trace() {
        for (name, act, allowed) in ACTS {
            for &state in RoundState::ALL {
                let mut round = Round { state, ..round() };
                let before = round.clone();
                match act(&mut round, at("2026-11-03 09:00")) {
                    Ok(()) => assert!(allowed.contains(&state), "{name} in {state:?}"),
                    Err(fault) => {
                        assert_eq!(fault, RoundFault::StateForbids(state), "{name}");
                        assert!(!allowed.contains(&state), "{name} in {state:?}");
                        assert_eq!(round, before, "{name} in {state:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_pause_over_a_weekend_gives_back_the_working_time_that_was_left() {
        let mut round = round();
        assert_eq!(text(round.deadline), "2026-11-05 18:00:00");
        round.pause(PauseKind::OnTheBooks, at("2026-11-05 16:00")).unwrap();
        round.resume(at("2026-11-07 10:00"), &calendar()).unwrap();
        assert_eq!(text(round.deadline), "2026-11-09 10:30:00", "two hours of Monday");
        assert_eq!((round.next_step_at, round.pause), (round.deadline, None));
    }

    #[test]
    fn what_was_overdue_when_it_was_paused_stays_overdue() {
        let mut round = round();
        let deadline = round.deadline;
        round.pause(PauseKind::Deferred, at("2026-11-06 10:00")).unwrap();
        round.resume(at("2026-11-16 10:00"), &calendar()).unwrap();
        assert_eq!(round.deadline, deadline);
        assert_eq!(round.on_time(at("2026-11-16 10:00")), Some(false));
    }

    #[test]
    fn steps_are_taken_one_at_a_time_each_counted_from_the_one_before() {
        let (mut round, calendar) = (round(), calendar());
        assert_eq!(round.escalate(at("2026-11-05 17:59"), &calendar), None, "not overdue yet");
        // The server was down for two weeks.
        assert_eq!(round.escalate(at("2026-11-20 09:00"), &calendar), Some(Escalation::Supervision));
        assert_eq!(round.escalate(at("2026-11-20 09:01"), &calendar), None);
        assert_eq!(text(round.next_step_at), "2026-11-23 18:00:00");
        assert_eq!(round.escalate(at("2026-11-23 18:00"), &calendar), Some(Escalation::Summons));
        assert_eq!(round.escalate(at("2026-12-20 09:00"), &calendar), Some(Escalation::Accountability));
        assert_eq!((round.next_step_at, round.step()), (None, Some(Escalation::Accountability)));
        assert_eq!(round.escalate(at("2026-12-30 09:00"), &calendar), None, "there is no fourth");
    }

    #[test]
    fn nothing_is_escalated_while_the_clock_stands_or_after_the_report() {
        let calendar = calendar();
        for (name, act, _) in
            ACTS.into_iter().filter(|(name, ..)| ["report", "pause", "give back"].contains(name))
        {
            let mut round = round();
            act(&mut round, at("2026-11-03 09:00")).unwrap();
            assert_eq!(round.escalate(at("2026-12-01 09:00"), &calendar), None, "{name}");
        }
    }

    #[test]
    fn a_report_on_the_desk_costs_the_unit_no_time_when_it_is_sent_back() {
        let mut round = round();
        round.report(at("2026-11-05 15:00"), at("2026-11-05 15:00")).unwrap();
        assert_eq!(round.on_time(at("2026-11-30 09:00")), Some(true));
        round.send_back(at("2026-11-12 08:30"), &calendar()).unwrap();
        assert_eq!((text(round.deadline), round.reported_at), ("2026-11-12 11:30:00".to_owned(), None));
    }

    #[test]
    fn a_report_made_while_the_clock_stands_still_is_in_time_if_it_was_stopped_in_time() {
        let reported = |paused_at: &str| {
            let mut round = round();
            round.pause(PauseKind::Deferred, at(paused_at)).unwrap();
            round.report(at("2026-11-25 09:00"), at("2026-11-25 09:00")).unwrap();
            round.on_time(at("2026-11-30 09:00"))
        };
        assert_eq!((reported("2026-11-03 09:00"), reported("2026-11-06 10:00")), (Some(true), Some(false)));
    }

    #[test]
    fn extensions_count_from_the_deadline_and_are_few() {
        let (mut round, calendar) = (round(), calendar());
        round.extend(OrderedSpan::WorkingDays(1), at("2026-11-03 09:00"), &calendar).unwrap();
        assert_eq!(text(round.deadline), "2026-11-06 18:00:00");
        let late = round.extend(OrderedSpan::WorkingHours(1), at("2026-11-20 09:00"), &calendar);
        assert_eq!(late, Err(RoundFault::DoesNotReach));
        round.extend(OrderedSpan::Days(1), at("2026-11-03 09:00"), &calendar).unwrap();
        let third = round.extend(OrderedSpan::Days(1), at("2026-11-03 09:00"), &calendar);
        assert_eq!(third, Err(RoundFault::ExtensionsSpent));
    }

    #[test]
    fn a_year_that_the_calendar_lacks_is_said_and_never_guessed() {
        let (mut round, calendar) = (round(), calendar());
        let gap = RoundFault::Gap(CalendarGap { year: 2027 });
        let now = at("2026-12-29 09:00");
        assert_eq!(round.clone().extend(OrderedSpan::WorkingDays(60), now, &calendar), Err(gap));
        let before = round.clone();
        round.deadline = Some(at("2026-12-31 18:00"));
        round.pause(PauseKind::Deferred, at("2026-12-28 09:00")).unwrap();
        let paused = round.clone();
        assert_eq!(round.resume(at("2026-12-31 09:00"), &calendar), Err(gap));
        assert_eq!(round, paused, "nothing is half done");
        let next = before.again(at("2026-12-31 09:00"), &calendar);
        assert_eq!((next.number, next.deadline, next.next_step_at), (2, None, None));
    }

    #[test]
    fn what_the_calendar_lacked_is_planned_once_it_has_the_year() {
        let (known, mut round) = (calendar(), round());
        assert!(!round.plan(at("2026-11-03 09:00"), &known), "nothing is missing");
        round = round.again(at("2026-12-31 09:00"), &known);
        assert!(!round.plan(at("2026-12-31 10:00"), &known));
        let year = "year = 2027\nnotice = \"x\"\nholidays = []\n";
        let later = known.with_year(crate::calendar::Year::from_toml(year).unwrap());
        assert!(round.plan(at("2027-01-02 09:00"), &later));
        assert_eq!(
            (text(round.deadline), round.next_step_at),
            ("2027-01-05 18:00:00".to_owned(), round.deadline)
        );
    }

    #[test]
    fn a_deadline_that_waited_for_the_calendar_is_not_over_when_it_is_set() {
        let known = calendar();
        let mut round = round().again(at("2026-12-31 09:00"), &known);
        let year = "year = 2027\nnotice = \"x\"\nholidays = []\n";
        let later = known.with_year(crate::calendar::Year::from_toml(year).unwrap());
        assert!(round.plan(at("2027-01-11 09:00"), &later));
        assert_eq!(text(round.deadline), "2027-01-14 18:00:00");
    }

    #[test]
    fn what_was_over_when_the_clock_was_stopped_stays_over() {
        let over = at("2026-11-06 09:00");
        let mut paused = round();
        paused.pause(PauseKind::Deferred, over).unwrap();
        let mut in_time = round();
        in_time.pause(PauseKind::Deferred, at("2026-11-03 09:00")).unwrap();
        let later = at("2026-11-20 09:00");
        assert_eq!((paused.on_time(later), in_time.on_time(later)), (Some(false), None));
    }

    #[test]
    fn a_report_made_in_time_and_brought_late_keeps_the_time_that_was_left() {
        let mut round = round();
        round.report(at("2026-11-03 09:00"), at("2026-11-10 09:00")).unwrap();
        round.send_back(at("2026-11-10 09:00"), &calendar()).unwrap();
        assert_eq!(round.on_time(at("2026-11-10 10:00")), None, "{:?}", round.deadline);
    }

    #[test]
    fn an_order_is_taken_back_where_it_was_given_back_or_the_case_is_anothers() {
        let (own, other) = (round().unit_id, UnitId::fresh());
        let withdrawn = |state, unit_id: UnitId| {
            let mut round = Round { state, unit_id: own, ..round() };
            round.withdraw(unit_id).is_ok()
        };
        assert!(withdrawn(RoundState::Returned, own));
        assert!(!withdrawn(RoundState::Assigned, own));
        assert!(withdrawn(RoundState::Assigned, other));
        assert!(!withdrawn(RoundState::Closed, other));
    }

    #[test]
    fn an_order_follows_its_case_to_another_unit_with_the_whole_time_and_no_steps() {
        let (calendar, other, now) = (calendar(), UnitId::fresh(), at("2026-11-09 09:00"));
        let mut round = round();
        round.escalate(now, &calendar).unwrap();
        let before = round.clone();
        assert_eq!(round.hand_over(before.unit_id, &before.grid, now, &calendar), None, "it is that unit's");
        assert_eq!(round, before);

        let next = round.hand_over(other, &before.grid, now, &calendar).unwrap();

        assert_eq!((round.state, round.next_step_at), (RoundState::Withdrawn, None));
        assert_eq!((next.number, next.unit_id, next.state), (2, other, RoundState::Assigned));
        assert_eq!((text(next.deadline), next.steps_taken), ("2026-11-12 18:00:00".to_owned(), 0));
        assert_eq!((next.requirement, next.ordered_by), (before.requirement, before.ordered_by));
    }

    #[test]
    fn of_every_state_of_an_order_one_unit_has_it_after_its_case_went_to_another() {
        use RoundState::{Assigned, Paused, Rectified, Returned};
        let (calendar, other, now) = (calendar(), UnitId::fresh(), at("2026-11-03 09:00"));
        for &state in RoundState::ALL {
            let pause = (state == Paused).then_some(PauseKind::OnTheBooks);
            let mut round = Round { state, pause, ..round() };
            let before = round.clone();
            let next = round.hand_over(other, &before.grid, now, &calendar);
            if [Assigned, Paused, Rectified, Returned].contains(&state) {
                let next = next.unwrap();
                let expected = if state == Paused { Paused } else { Assigned };
                assert_eq!((round.state, next.state, next.pause), (RoundState::Withdrawn, expected, pause));
            } else {
                assert_eq!((next, round), (None, before), "{state:?}: nothing is asked of a unit any more");
            }
        }
    }

    proptest! {
        #[test]
        fn a_stop_of_any_length_never_shortens_the_working_time_that_is_left(
            stopped in 0_i64..72, hours in 0_i64..400,
        ) {
            let calendar = calendar();
            let mut round = round();
            let stop = at("2026-11-02 09:00").plus_seconds(stopped * 3600);
            let go = stop.plus_seconds(hours * 3600);
            let left = calendar.working_time_between(stop, round.deadline.unwrap()).unwrap();
            round.pause(PauseKind::Deferred, stop).unwrap();
            round.resume(go, &calendar).unwrap();
            prop_assert_eq!(calendar.working_time_between(go, round.deadline.unwrap()).unwrap(), left);
        }
    }
}
