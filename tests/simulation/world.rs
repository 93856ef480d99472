//! A run: everything that happens in one district under one seed, then healing, then the oracle.

use std::collections::BTreeMap;

use sync_core::evaluate::{check, clock_is_suspect};
use sync_core::geo::{Fix, MockFlag};
use sync_core::ids::{BootId, InspectionId, PhotoHash};
use sync_core::model::case::ReviewState;
use sync_core::model::inspection::{Answer, Inspection, SiteRepresentative, Verdict};
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::target::Target;
use sync_core::store::{ContextError, Place, RegisterEntry};
use sync_core::time::{Instant, Month, ZoneName};
use sync_core::wire::operation::{Body, TargetUpdate};
use tempfile::TempDir;
use tests::small_photo::small_photo;

use crate::backend::{Backend, Deed, Done};
use crate::cast::BEATS;
use crate::dice::{Dice, instant};
use crate::disk;
use crate::network::{Network, Weather};
use crate::oracle::{self, Property, Violation};
use crate::tablet::{Stepped, Tablet};

/// When every run begins: ten days before the end of a month.
pub const BEGINS: &str = "2026-11-20T01:00:00Z";
/// Register entries at the start.
const SITES: usize = 5;
/// What happens in a run, at least and at most.
const EVENTS: (i64, i64) = (80, 260);
/// Steps of one round at most.
const ROUND_STEPS: usize = 3_000;
/// Rounds of each tablet after which every queue must be empty once the network is fine.
const HEALING_ROUNDS: usize = 5;
/// Odds of a kill at each effect of a tablet, in thousandths.
const KILL_ODDS: u64 = 15;
/// Questions of a building site's checklist that fail in these runs.
const QUESTIONS: [&str; 3] = ["hoarding", "material_cover", "vehicle_washing"];
/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Event {
    Sync,
    Inspect,
    Register,
    Update,
    Amend,
    Kill,
    Clock,
    Weather,
    Late,
    Time,
    Office,
    Clear,
}

const EVENTS_BY_WEIGHT: [(u64, Event); 12] = [
    (420, Event::Sync),
    (110, Event::Inspect),
    (30, Event::Register),
    (45, Event::Update),
    (40, Event::Amend),
    (10, Event::Kill),
    (12, Event::Clock),
    (35, Event::Weather),
    (40, Event::Late),
    (90, Event::Time),
    (140, Event::Office),
    (28, Event::Clear),
];

/// A sealed inspection with the bytes of its photos.
type Sealed = (Inspection, Vec<Vec<u8>>);

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What happened, line by line.
    pub trace: Vec<String>,
    /// Operations that tablets recorded.
    pub operations: usize,
    /// Times a tablet was killed.
    pub kills: u64,
    /// Requests and answers that the network did not bring once and whole.
    pub faults: u64,
    /// Of these, connections cut within a body.
    pub cuts: u64,
    /// Decisions of the office.
    pub decisions: usize,
    /// Ledger entries.
    pub entries: usize,
    /// Servers restored from a backup.
    pub restores: usize,
}

/// A district under a seed.
pub struct World<'a> {
    backend: &'a mut dyn Backend,
    dice: Dice,
    now: Instant,
    tablets: Vec<Tablet>,
    network: Network,
    restores: usize,
    /// The adoption of the next pack, once it was made: done again after a restore that lost it.
    adoption: Option<Deed>,
    trace: Vec<String>,
    _folder: TempDir,
}

/// Plays a run.
pub fn play(backend: &mut dyn Backend, dice: Dice) -> (Outcome, Result<(), Violation>) {
    let mut world = World::new(backend, dice);
    let result = world.play();
    let outcome = Outcome {
        operations: world.tablets.iter().map(|tablet| tablet.promises.recorded.len()).sum(),
        kills: world.tablets.iter().map(|tablet| tablet.kills).sum(),
        faults: world.network.faults,
        cuts: world.network.cuts,
        decisions: if result.is_ok() { world.backend.observe().decisions.len() } else { 0 },
        entries: if result.is_ok() { world.backend.observe().entries.len() } else { 0 },
        restores: world.restores,
        trace: world.trace,
    };
    (outcome, result)
}

impl<'a> World<'a> {
    fn new(backend: &'a mut dyn Backend, mut dice: Dice) -> Self {
        let now = instant(BEGINS);
        backend.set_clock(now);
        let folder = disk::scratch();
        let communities = backend.cast().communities();
        for _ in 0..SITES {
            let grid = dice.pick(&communities).unwrap().clone();
            let id = dice.id(now);
            let site = backend.cast().site(&mut dice, id, grid);
            backend.found(site);
        }
        let devices = backend.cast().devices.clone();
        let tablets = devices.into_iter().enumerate().map(|(number, enrolled)| {
            let home = folder.path().join(format!("tablet-{number}"));
            Tablet::new(number, enrolled, home, BootId(dice.id(now)), now)
        });
        Self {
            tablets: tablets.collect(),
            backend,
            dice,
            now,
            network: Network::default(),
            restores: 0,
            adoption: None,
            trace: Vec::new(),
            _folder: folder,
        }
    }

    fn play(&mut self) -> Result<(), Violation> {
        // Everybody has pulled once before the network gets rough.
        for number in 0..self.tablets.len() {
            self.full_round(number)?;
        }
        for tablet in &mut self.tablets {
            tablet.kill_odds = KILL_ODDS;
            tablet.weather = Weather::Rough;
        }
        for _ in 0..self.dice.between(EVENTS.0, EVENTS.1) {
            let event = self.dice.weighted(&EVENTS_BY_WEIGHT);
            let number = self.dice.below(self.tablets.len());
            self.happen(event, number)?;
        }
        self.heal()?;
        oracle::judge(self.backend, &mut self.tablets, self.restores > 0)
    }

    fn happen(&mut self, event: Event, number: usize) -> Result<(), Violation> {
        match event {
            Event::Sync => self.sync_a_while(number)?,
            Event::Inspect => self.inspect(number)?,
            Event::Register => self.register(number)?,
            Event::Update => self.update(number)?,
            Event::Amend => self.amend(number)?,
            Event::Kill => {
                self.note(format!("tablet {number}: killed"));
                self.tablets[number].kill(self.now, &mut self.dice, None)?;
            }
            Event::Clock => self.set_a_clock(number),
            Event::Weather => {
                let weather = [(6, Weather::Rough), (2, Weather::Offline), (2, Weather::Fine)];
                self.tablets[number].weather = self.dice.weighted(&weather);
            }
            Event::Late => {
                if self.network.deliver_late(&mut self.dice, self.backend) {
                    self.note("a delayed request arrives".to_owned());
                }
            }
            Event::Time => {
                let hours = self.dice.weighted(&[(6, 1), (3, 9), (2, 30), (1, 120)]);
                let millis = self.dice.between(1, hours * HOUR);
                self.pass(millis);
            }
            Event::Office => self.work_in_the_office()?,
            Event::Clear => self.tablets[number].clear_photos(self.backend)?,
        }
        self.tablets[number].check_promises()
    }

    fn note(&mut self, line: String) {
        self.trace.push(format!("{} {line}", self.now));
    }

    fn pass(&mut self, millis: i64) {
        self.now = Instant::from_millisecond(self.now.as_millisecond() + millis).unwrap();
        self.backend.set_clock(self.now);
    }

    fn step(&mut self, number: usize) -> Result<Stepped, Violation> {
        let tablet = &mut self.tablets[number];
        tablet.step(self.now, &mut self.dice, &mut self.network, self.backend, &mut self.trace)
    }

    /// A few steps of a round, so that those of other tablets come in between.
    fn sync_a_while(&mut self, number: usize) -> Result<(), Violation> {
        if !self.tablets[number].is_syncing() {
            self.tablets[number].begin_round(&mut self.dice);
        }
        for _ in 0..self.dice.between(1, 25) {
            match self.step(number)? {
                Stepped::Goes => {}
                Stepped::Rests(until) => {
                    let rest = until.as_millisecond() - self.tablets[number].clock(self.now).as_millisecond();
                    self.pass(rest.max(1));
                }
                Stepped::Killed | Stepped::Over(_) => break,
            }
        }
        Ok(())
    }

    /// A whole round; says whether it left nothing to do.
    fn full_round(&mut self, number: usize) -> Result<bool, Violation> {
        self.tablets[number].begin_full_round(&mut self.dice);
        for _ in 0..ROUND_STEPS {
            match self.step(number)? {
                Stepped::Goes => {}
                Stepped::Rests(until) => {
                    let rest = until.as_millisecond() - self.tablets[number].clock(self.now).as_millisecond();
                    self.pass(rest.max(1));
                }
                Stepped::Killed => return Ok(false),
                Stepped::Over(report) => {
                    if !oracle::is_idle(&report) {
                        self.note(format!("tablet {number}: not idle: {report:?}"));
                    }
                    return Ok(oracle::is_idle(&report));
                }
            }
        }
        Err(Property::ARoundEnds.broken(format!("tablet {number} makes {ROUND_STEPS} steps")))
    }

    /// The network is fine from now on: every queue empties, and every device sees the same.
    fn heal(&mut self) -> Result<(), Violation> {
        self.note("healing".to_owned());
        while self.network.deliver_late(&mut self.dice, self.backend) {}
        for tablet in &mut self.tablets {
            tablet.kill_odds = 0;
            tablet.weather = Weather::Fine;
        }
        if let Some(adoption) = &self.adoption {
            let again = self.backend.act(adoption);
            self.note(format!("office, what a restore may have lost: {adoption:?}: {again:?}"));
        }
        let revoked = self.backend.revoked();
        let works = |number: &usize| !revoked.contains(&self.tablets[*number].enrolled.device_id);
        let mut busy: Vec<usize> = (0..self.tablets.len()).filter(works).collect();
        for _ in 0..HEALING_ROUNDS {
            let mut left = Vec::new();
            for number in busy {
                if !self.full_round(number)? {
                    left.push(number);
                }
            }
            busy = left;
        }
        Property::EveryQueueEmpties.check(busy.is_empty(), || {
            format!("after {HEALING_ROUNDS} rounds tablets {busy:?} have something left")
        })?;
        // What one sent last, the others hear of now.
        for number in 0..self.tablets.len() {
            self.full_round(number)?;
        }
        Ok(())
    }

    fn entries(&mut self, number: usize) -> Vec<RegisterEntry> {
        let found = self.tablets[number].store().search("", None).unwrap();
        let mut entries: Vec<RegisterEntry> = found.into_iter().map(|found| found.entry).collect();
        entries.sort_by_key(|entry| entry.content.target_id);
        entries
    }

    fn inspect(&mut self, number: usize) -> Result<(), Violation> {
        let entries = self.entries(number);
        let Some(entry) = self.dice.pick(&entries).cloned() else { return Ok(()) };
        let place = Place::Target(entry.content.target_id);
        let Some((mut inspection, photos)) = self.seal(number, &entry, &place)? else { return Ok(()) };
        inspection.lineage = inspection.inspection_id;
        self.submit(number, inspection, photos)
    }

    fn amend(&mut self, number: usize) -> Result<(), Violation> {
        let own = self.tablets[number].store().work.inspections(20).unwrap();
        let Some(own) = self.dice.pick(&own).cloned() else { return Ok(()) };
        let before = own.inspection;
        let Some(target) = before.context.target.as_ref().map(|target| target.target_id) else {
            return Ok(());
        };
        let Some(entry) = self.tablets[number].store().target(target).unwrap() else { return Ok(()) };
        let Some((sealed, photos)) = self.seal(number, &entry, &Place::Target(target))? else {
            return Ok(());
        };
        let inspection = Inspection {
            lineage: before.lineage,
            replaces: Some(before.inspection_id),
            occurred_at: before.occurred_at,
            ..sealed
        };
        self.submit(number, inspection, photos)
    }

    /// What an inspector saw, sealed with what the tablet knows; nothing where he is not assigned.
    fn seal(
        &mut self,
        number: usize,
        entry: &RegisterEntry,
        place: &Place,
    ) -> Result<Option<Sealed>, Violation> {
        let tablet = &self.tablets[number];
        let occurred_at = tablet.clock(self.now);
        let policies = tablet.store().master().policies().unwrap();
        let book = &policies.book;
        let context = match tablet.store().context_for(place, occurred_at, book) {
            Ok(context) => context,
            Err(ContextError::NotAssigned(grid)) => {
                // Only a clock far behind can be told from one that is right.
                let wrong = occurred_at < self.now && clock_is_suspect(occurred_at, self.now);
                let stopped = wrong && tablet.store().context_for(place, self.now, book).is_ok();
                Property::NoClockStopsCapture
                    .check(!stopped, || format!("tablet {number} in {grid} at {occurred_at}"))?;
                return Ok(None);
            }
            Err(error) => return Err(Property::NothingRecordedIsLost.broken(error)),
        };
        let mut photos = Vec::new();
        for _ in 0..self.dice.below(4) {
            let padding = self.dice.weighted(&[(12, 200), (2, 40_000), (1, 600_000)]);
            photos.push(small_photo(self.dice.next().to_be_bytes(), padding));
        }
        let dice = &mut self.dice;
        let answers: Vec<Answer> = QUESTIONS
            .iter()
            .map(|question| Answer {
                question: question.parse().unwrap(),
                verdict: if dice.happens(600) { Verdict::Fail } else { Verdict::Pass },
                note: String::new(),
                points: Vec::new(),
            })
            .collect();
        let inspection_id = InspectionId(self.dice.id(self.now));
        let inspection = Inspection {
            inspection_id,
            lineage: inspection_id,
            replaces: None,
            author: self.tablets[number].enrolled.user_id,
            occurred_at,
            zone: ZoneName::record(),
            kind: entry.content.kind.clone(),
            fix: Some(Fix {
                point: entry.content.point,
                accuracy_metres: 5.0,
                fixed_at: occurred_at,
                provider: "gnss".to_owned(),
                mock: MockFlag::No,
            }),
            observed: None,
            place: String::new(),
            answers,
            measurements: Vec::new(),
            notes: String::new(),
            second_inspector: None,
            site_representative: SiteRepresentative::Absent,
            photos: photos.iter().map(|bytes| manifest_line(bytes, occurred_at)).collect(),
            context,
        };
        let pack = inspection.context.pack.as_ref().and_then(|pack| book.by_hash(&pack.hash));
        let faults = check(pack, &inspection);
        assert!(faults.is_empty(), "the simulated inspector writes nonsense: {faults:?}");
        Ok(Some((inspection, photos)))
    }

    fn submit(
        &mut self,
        number: usize,
        inspection: Inspection,
        photos: Vec<Vec<u8>>,
    ) -> Result<(), Violation> {
        let id = inspection.inspection_id;
        let body = match inspection.replaces {
            None => Body::SubmitInspection(inspection),
            Some(_) => Body::AmendInspection(inspection),
        };
        let told = self.tablets[number].record(self.now, &mut self.dice, body, photos)?;
        self.note(format!("tablet {number}: inspection {id}, told: {told}"));
        Ok(())
    }

    fn register(&mut self, number: usize) -> Result<(), Violation> {
        let grids = self.backend.cast().communities();
        let Some(grid) = self.dice.pick(&grids).cloned() else { return Ok(()) };
        let id = self.dice.id(self.now);
        let content = self.backend.cast().clone().site(&mut self.dice, id, grid);
        self.note(format!("tablet {number}: registers {id} in {}", content.grid));
        self.tablets[number].record(self.now, &mut self.dice, Body::RegisterTarget(content), Vec::new())?;
        Ok(())
    }

    fn update(&mut self, number: usize) -> Result<(), Violation> {
        let entries = self.entries(number);
        let Some(entry) = self.dice.pick(&entries).cloned() else { return Ok(()) };
        let mut content = entry.content;
        content.name = format!("改名{:04}", self.dice.below(10_000));
        if self.dice.happens(300) {
            let grids = self.backend.cast().communities();
            content.grid = self.dice.pick(&grids).unwrap().clone();
            content.unit_id = self.backend.cast().unit_of(&content.grid);
        }
        self.note(format!("tablet {number}: updates {} on {}", content.target_id, entry.next_base_version));
        let update = TargetUpdate { base_version: entry.next_base_version, content };
        self.tablets[number].record(self.now, &mut self.dice, Body::UpdateTarget(update), Vec::new())?;
        Ok(())
    }

    /// Clocks are right, a little or far ahead, behind, or begin in 1970 again.
    fn set_a_clock(&mut self, number: usize) {
        let to_1970 = -self.now.as_millisecond();
        let choices = [
            (5, 0),
            (2, 120_000),
            (2, 5 * HOUR),
            (1, 400 * 24 * HOUR),
            (2, -30 * HOUR),
            (1, -220 * 24 * HOUR),
            (2, to_1970),
        ];
        self.tablets[number].skew = self.dice.weighted(&choices);
        self.note(format!("tablet {number}: clock shows {}", self.tablets[number].clock(self.now)));
    }

    fn work_in_the_office(&mut self) -> Result<(), Violation> {
        let Some(deed) = self.think_of_a_deed() else { return Ok(()) };
        let done = self.backend.act(&deed);
        self.note(format!("office: {deed:?}: {done:?}"));
        if deed == Deed::Restore && done == Done::Made {
            self.restores += 1;
        }
        if matches!(deed, Deed::AdoptNextPack(_)) && done == Done::Made {
            self.adoption = Some(deed);
        }
        Ok(())
    }

    fn think_of_a_deed(&mut self) -> Option<Deed> {
        let kind = self.dice.weighted(&[
            (50, 0),
            (8, 1),
            (10, 2),
            (8, 3),
            (10, 4),
            (4, 5),
            (5, 6),
            (3, 7),
            (9, 8),
            (2, 9),
            (6, 10),
            (6, 11),
            (1, 12),
        ]);
        Some(match kind {
            0..=2 | 10 => {
                let cases = self.backend.cases();
                // Most of the time one that can be decided.
                let open: Vec<_> =
                    cases.iter().filter(|case| case.state == ReviewState::UnderReview).collect();
                let case = match self.dice.pick(&open) {
                    Some(case) if self.dice.happens(800) => case.case_id,
                    _ => self.dice.pick(&cases)?.case_id,
                };
                [Deed::Confirm(case), Deed::Return(case), Deed::Dismiss(case)]
                    .into_iter()
                    .nth(kind)
                    .unwrap_or(Deed::KeepApart(case))
            }
            3 => {
                let this = Month::of(self.now.record_date());
                Deed::CloseMonth(Month::of(this.first_day().yesterday().unwrap()))
            }
            4 | 5 => {
                let targets = self.backend.targets();
                let target = self.dice.pick(&targets)?.clone();
                if kind == 5 {
                    Deed::RemoveTarget(target.content.target_id, target.version)
                } else {
                    self.changed(target)
                }
            }
            6 => {
                let user = *self.dice.pick(&self.backend.cast().inspectors.clone())?;
                let below = *self.dice.pick(&BEATS)?;
                Deed::MoveInspector(user, self.backend.cast().grid(below))
            }
            7 => Deed::AdoptNextPack(self.now.record_date().tomorrow().unwrap()),
            8 => Deed::BackUp,
            12 => {
                let devices = self.backend.cast().devices.clone();
                Deed::Revoke(self.dice.pick(&devices)?.device_id)
            }
            11 => {
                let cases = self.backend.cases();
                let confirmed: Vec<_> =
                    cases.iter().filter(|case| case.state == ReviewState::Confirmed).collect();
                let case = *self.dice.pick(&confirmed)?;
                let other = self.backend.cast().streets.into_iter().find(|street| *street != case.unit_id)?;
                Deed::ReAttribute(case.case_id, other)
            }
            _ => Deed::Restore,
        })
    }

    fn changed(&mut self, mut target: Target) -> Deed {
        let grids = self.backend.cast().communities();
        target.content.grid = self.dice.pick(&grids).unwrap().clone();
        target.content.unit_id = self.backend.cast().unit_of(&target.content.grid);
        target.content.name = format!("办公室{:04}", self.dice.below(10_000));
        Deed::ChangeTarget(Box::new(target))
    }
}

fn manifest_line(bytes: &[u8], taken_at: Instant) -> PhotoEntry {
    PhotoEntry {
        sha256: PhotoHash::of(bytes),
        size: u64::try_from(bytes.len()).unwrap(),
        taken_at,
        point: None,
        source: PhotoSource::Camera,
        question: None,
    }
}

/// Sums of many runs.
#[derive(Debug, Clone, Default)]
pub struct Tally(pub BTreeMap<&'static str, u64>);

impl Tally {
    /// Adds a run.
    pub fn add(&mut self, outcome: &Outcome) {
        let count = |number: usize| u64::try_from(number).unwrap();
        let figures = [
            ("operations recorded", count(outcome.operations)),
            ("kills of a tablet", outcome.kills),
            ("network faults", outcome.faults),
            ("connections cut in a body", outcome.cuts),
            ("decisions", count(outcome.decisions)),
            ("ledger entries", count(outcome.entries)),
            ("servers restored", count(outcome.restores)),
        ];
        for (name, figure) in figures {
            *self.0.entry(name).or_default() += figure;
        }
    }
}
