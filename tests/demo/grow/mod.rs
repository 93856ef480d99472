//! Three months of the demonstration district (演示区的三个月), from a seed through the real API: inspectors' devices record
//! and sync, the office reviews, units rectify, two people move money, finance closes the first month and executes it.
//!
//! Invariants: everything but inspections is asked for as it will be by the web screens, and at the time it happens: the
//! server's clock stands where the demonstration began, and is moved on here. The same seed over the same days gives the
//! same cases, decisions and amounts. It runs once: a district that has cases, or whose clock went on, is left alone.

mod agenda;
mod cases;
mod field;
mod lives;
mod pictures;
mod plan;
mod town;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Args;
use jiff::ToSpan;
use jiff::civil::Date;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use server::demo_district::DemoDistrict;
use sync_core::ids::CaseId;
use sync_core::model::assignment::Role;
use sync_core::time::{Instant, Month};
use tests::clock::TestClock;

use crate::office::Office;
use crate::offices::{ClockFace, Offices, release_clock};
use crate::tables::Steps;
use agenda::Agenda;
use cases::{Case, Cases, Goes};
use field::{Field, Opened};
use lives::{Act, Deck, Life, Step};
use plan::{Matter, Plan, Scale};

/// Days after a month's end on which it closes, and after that on which it is executed.
const CLOSING_DAYS: i64 = 4;
const EXECUTION_DAYS: i64 = 3;
/// Days before the second month on which its policy pack is adopted, and into it on which subsidies are entered.
const ADOPTION_DAYS: i64 = 5;
const SUBSIDY_DAYS: i64 = 6;
/// Proposals that wait at the end.
const LEFT_WAITING: usize = 3;

/// What grows where.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// What everything is drawn from.
    #[arg(long, default_value_t = 2024)]
    seed: u64,
    /// How much happens.
    #[arg(long, value_enum, default_value_t = Scale::Full)]
    scale: Scale,
}

/// Grows the district of a server whose demonstration began in the past.
///
/// # Errors
/// The server does not come up, is no demonstration, or answers what it should not.
pub fn run(arguments: &Arguments) -> Result<()> {
    let url = arguments.server.trim_end_matches('/');
    tests::server_process::wait_until_ready(url)?;
    let admin = Office::sign_in(url, "admin").context("is this the demonstration?")?;
    let clock = ClockFace::read(&admin)?.filter(|clock| clock.stands);
    let (Some(ClockFace { now, machine, .. }), false) = (clock, admin.has_cases()?) else {
        println!("演示区已在运行，不再生成 · the demonstration is under way; nothing is grown");
        return Ok(());
    };
    let step = Steps::new();
    let files = tempfile::Builder::new().prefix("lantian-grow-").tempdir()?;
    let last = machine.record_date().yesterday()?;
    step.begin(&format!("演示区生长：{} 至 {last} · the district grows", now.record_date()));
    let grown = Growth::begin(url, arguments, files.path(), now, last).and_then(Growth::grow);
    // Whatever happened, nobody shall be left in the past.
    let released = release_clock(&admin);
    let cases = grown?;
    released?;
    println!("   {}", cases.summary());
    for refused in &cases.refused {
        println!("   ! {refused}");
    }
    step.end(&format!("{} 起案件 · cases", cases.len()));
    Ok(())
}

/// Something that happens.
enum Event {
    /// Inspectors spend a day.
    Day(Date),
    /// A case's life goes on with its first step.
    Case(CaseId, Life),
    /// A lead comes in.
    Lead(usize),
    /// A group's finding comes in.
    Finding(usize),
    /// The supplemented pack is adopted, from this day on.
    Adoption(Date),
    /// The month closes.
    Closing(Month),
    /// What it charges is executed.
    Execution(Month),
    /// Enterprises are subsidised.
    Subsidies,
    /// What is proposed now will wait.
    LastProposals,
}

/// Everything that grows.
struct Growth {
    district: DemoDistrict,
    plan: Plan,
    agenda: Agenda<Event>,
    offices: Offices,
    field: Field,
    cases: Cases,
    decks: Decks,
    rng: ChaCha8Rng,
    last: Date,
    /// Confirmed cases with a charge that nothing more is done about, the latest last.
    charged: Vec<CaseId>,
    /// The latest one of all: there is still time to appeal.
    last_charged: Option<CaseId>,
    month: Option<Month>,
}

/// Lives to be given.
struct Decks {
    charged: Deck,
    free: Deck,
    entered: Deck,
    without_photos: Deck,
    twins: Deck,
    on_paper: Deck,
}

impl Growth {
    fn begin(url: &str, arguments: &Arguments, files: &Path, now: Instant, last: Date) -> Result<Self> {
        let district = DemoDistrict::build()?;
        let clock = Arc::new(TestClock::at(now));
        let offices = Offices::sign_in(url, &district, clock.clone())?;
        // Addresses may guess at so many passwords and codes at once.
        offices.move_clock(now.plus_seconds(1800))?;
        let mut field = Field::new(clock)?;
        for person in district.sign_ins.iter().filter(|person| person.assignment.role == Role::Inspector) {
            // A code of its own: the one that the terminal shows is for whoever tries the demonstration.
            let path = format!("/api/v1/users/{}/enrolment-codes", person.user_id);
            let issued = offices.admin.post(&path, &json!({}))?;
            let code = issued["code"].as_str().context("no code")?;
            field.enrol(files, url, &person.username, code)?;
        }
        field.pull_all()?;
        let plan = Plan::draw(&district, arguments.seed, arguments.scale, now.record_date(), last)?;
        let mut growth = Self {
            district,
            agenda: Agenda::new(),
            offices,
            field,
            cases: Cases::new(arguments.seed),
            decks: Decks {
                charged: Deck::of(lives::CHARGED),
                free: Deck::of(lives::FREE),
                entered: Deck::of(lives::ENTERED),
                without_photos: Deck::of(lives::WITHOUT_PHOTOS),
                twins: Deck::of(lives::TWINS),
                on_paper: Deck::of(lives::ON_PAPER),
            },
            rng: ChaCha8Rng::seed_from_u64(arguments.seed ^ 1),
            last,
            charged: Vec::new(),
            last_charged: None,
            month: None,
            plan,
        };
        growth.schedule(now.record_date())?;
        Ok(growth)
    }

    /// Puts what is known beforehand on the agenda.
    fn schedule(&mut self, first: Date) -> Result<()> {
        let Self { agenda, plan, last, .. } = self;
        let morning = |date: Date, hour: i8| crate::day::instant(date, jiff::civil::time(hour, 30, 0, 0));
        for (number, lead) in plan.leads.iter().enumerate() {
            agenda.add(lead.seen_at.plus_seconds(300), Event::Lead(number));
        }
        for (number, finding) in plan.findings.iter().enumerate() {
            let days = finding.at.record_date().checked_add(2.days())?;
            agenda.add(morning(agenda::workday(days)?, 10)?, Event::Finding(number));
        }
        let mut date = first;
        while date <= *last {
            agenda.add(agenda::home(date)?, Event::Day(date));
            date = date.tomorrow()?;
        }
        let month = Month::of(first);
        let second = month.next().first_day();
        agenda.add(morning(second.checked_sub(ADOPTION_DAYS.days())?, 15)?, Event::Adoption(second));
        let closing = agenda::workday(second.checked_add(CLOSING_DAYS.days())?)?;
        agenda.add(morning(closing, 15)?, Event::Closing(month));
        let execution = agenda::workday(closing.checked_add(EXECUTION_DAYS.days())?)?;
        agenda.add(morning(execution, 15)?, Event::Execution(month));
        let subsidies = agenda::workday(second.checked_add(SUBSIDY_DAYS.days())?)?;
        agenda.add(morning(subsidies, 8)?, Event::Subsidies);
        agenda.add(morning(*last, 17)?, Event::LastProposals);
        Ok(())
    }

    /// Plays the agenda to its end; answers with what is known of the cases.
    fn grow(mut self) -> Result<Cases> {
        let end = crate::day::instant(self.last, jiff::civil::time(23, 0, 0, 0))?;
        while let Some((at, events)) = self.agenda.next(end) {
            self.offices.move_clock(at)?;
            self.show_progress(at);
            let mut to_confirm = Vec::new();
            for event in events {
                match event {
                    Event::Case(id, [Step(_, Act::Confirm), rest @ ..]) => to_confirm.push((id, rest)),
                    Event::Case(id, [Step(_, act), rest @ ..]) => {
                        let goes = self.cases.act(id, *act, &self.offices, &mut self.field);
                        if goes.with_context(|| format!("{act:?} on {id} at {at}"))? == Goes::On {
                            self.go_on(at, id, rest)?;
                            self.let_twin_go(at, id, *act)?;
                        }
                    }
                    Event::Case(_, []) => {}
                    other => self.happen(other)?,
                }
            }
            self.confirm(at, &to_confirm)?;
        }
        Ok(self.cases)
    }

    fn confirm(&mut self, at: Instant, to_confirm: &[(CaseId, Life)]) -> Result<()> {
        if to_confirm.is_empty() {
            return Ok(());
        }
        let ids: Vec<CaseId> = to_confirm.iter().map(|(id, _)| *id).collect();
        let confirmed = self.cases.confirm(&ids, &self.offices.supervisor)?;
        for (id, rest) in to_confirm.iter().filter(|(id, _)| confirmed.contains(id)) {
            let charges = &self.cases.get(*id)?.charges;
            let fixed = charges.iter().all(|charge| charge.amount.fen().is_some());
            if !charges.is_empty() {
                self.last_charged = Some(*id);
                self.charged.extend((rest.is_empty() && fixed).then_some(*id));
            }
            self.go_on(at, *id, rest)?;
        }
        Ok(())
    }

    /// The second visit's case has a life of its own once it is kept apart, where it can be confirmed as it is.
    fn let_twin_go(&mut self, at: Instant, id: CaseId, act: Act) -> Result<()> {
        let Some(twin) = self.cases.get(id)?.twin.filter(|_| act == Act::KeepApart) else { return Ok(()) };
        let fixed = self.cases.get(twin)?.charges.iter().all(|charge| charge.amount.fen().is_some());
        if fixed { self.go_on(at, twin, lives::KEPT_APART) } else { Ok(()) }
    }

    /// Puts the next step of a life on the agenda.
    fn go_on(&mut self, at: Instant, id: CaseId, life: Life) -> Result<()> {
        let [Step(days, act), ..] = life else { return Ok(()) };
        let due = if act.is_outdoors() {
            agenda::on_the_way(at, *days)?
        } else {
            agenda::at_desk(at, *days, &mut self.rng)?
        };
        self.agenda.add(due.max(at), Event::Case(id, life));
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<()> {
        let Self { offices, cases, plan, .. } = self;
        match event {
            Event::Day(date) => self.spend(date),
            Event::Lead(number) => town::enter_lead(offices, plan.leads.get(number).context("no lead")?),
            Event::Finding(number) => {
                let finding = plan.findings.get(number).context("no finding")?;
                let opened = town::enter_finding(offices, cases, finding)?;
                let now = offices.now();
                for id in opened {
                    let life = self.decks.on_paper.draw(&mut self.rng);
                    self.go_on(now, id, life)?;
                }
                Ok(())
            }
            Event::Adoption(from) => town::adopt_supplement(offices, from),
            Event::Closing(month) => town::close(offices, cases, month).context("closing"),
            Event::Execution(month) => town::execute(offices, cases, month).context("executions"),
            Event::Subsidies => town::subsidise(offices, cases, &self.district).context("subsidies"),
            Event::LastProposals => self.propose_last(),
            Event::Case(..) => Ok(()),
        }
    }

    /// The inspectors' day; what they opened begins its life.
    fn spend(&mut self, date: Date) -> Result<()> {
        let visits: Vec<_> =
            self.plan.visits.iter().filter(|visit| visit.at.record_date() == date).cloned().collect();
        let opened = self.field.spend_day(&visits, date == self.last)?;
        let twins: BTreeMap<_, _> = self
            .plan
            .visits
            .iter()
            .filter_map(|visit| match visit.matter {
                Matter::TwinOf(first) => Some((first, visit.inspection_id)),
                _ => None,
            })
            .collect();
        for Opened { visit, case } in opened {
            let id = case.case_id;
            let open = case.charges.iter().any(|charge| charge.amount.fen().is_none());
            let twin = twins.get(&visit.inspection_id).map(|twin| CaseId::derive(*twin, &case.item));
            let (rng, decks) = (&mut self.rng, &mut self.decks);
            let life = match visit.matter {
                // Its life is the first one's.
                Matter::TwinOf(_) => &[],
                Matter::WithoutPhotos if case.charges.is_empty() => lives::NOT_WORTH_IT,
                // It waits for its photos.
                Matter::WithoutPhotos if open => &[],
                Matter::WithoutPhotos => decks.without_photos.draw(rng),
                _ if twin.is_some() && open => lives::OPEN_TWINS,
                _ if twin.is_some() => decks.twins.draw(rng),
                _ if case.charges.is_empty() => decks.free.draw(rng),
                _ if open => decks.entered.draw(rng),
                _ => decks.charged.draw(rng),
            };
            let mut known = Case::new(visit, case.charges);
            known.twin = twin;
            self.cases.add(id, known);
            self.go_on(self.offices.now(), id, life)?;
        }
        Ok(())
    }

    /// On the last day something is proposed that nobody reviewed yet, and a unit appeals.
    fn propose_last(&mut self) -> Result<()> {
        let appealed = self.last_charged.context("no case is left to appeal")?;
        self.cases.act(appealed, Act::Appeal, &self.offices, &mut self.field)?;
        let latest = self.charged.iter().rev().filter(|id| **id != appealed);
        let latest: Vec<CaseId> = latest.step_by(2).take(LEFT_WAITING).copied().collect();
        ensure!(!latest.is_empty(), "no case is left to propose something about");
        for (number, id) in latest.into_iter().enumerate() {
            let act = if number == 0 { Act::Adjust } else { Act::Dismiss };
            self.cases.act(id, act, &self.offices, &mut self.field)?;
        }
        Ok(())
    }

    fn show_progress(&mut self, at: Instant) {
        let month = Month::of(at.record_date());
        if self.month != Some(month) {
            if let Some(done) = self.month {
                println!("   {done}: {} 起案件 · cases so far", self.cases.len());
            }
            self.month = Some(month);
        }
    }
}
