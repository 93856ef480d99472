//! A model of the server: the protocol's rules written a second time, in memory and without a line of the server.
//!
//! It shares with the product only what both sides share: the wire types and the evaluator. It is as small as the rules
//! allow, so that a difference between it and a device shows a fault of one of them. Its whole state is one value: a
//! backup is a copy of it, a restore puts the copy back under a new epoch.

mod office;
mod photos;
mod pull;
mod push;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sync_core::engine::{HttpRequest, HttpResponse, Method};
use sync_core::evaluate::Evidence;
use sync_core::ids::{
    AssignmentId, CaseId, ChangeId, DeviceId, Epoch, GridPath, InspectionId, OperationId, PhotoHash,
    TargetId, UnitId, UserId,
};
use sync_core::model::assignment::{Assignment, DiscoveryLevel, Role};
use sync_core::model::case::CaseRow;
use sync_core::model::grid::{Grid, GridStaff};
use sync_core::model::inspection::Inspection;
use sync_core::model::target::{Target, TargetContent};
use sync_core::model::unit::{Unit, UnitKind};
use sync_core::time::{Instant, Month};
use sync_core::wire::auth::{AccessToken, Challenge};
use sync_core::wire::problem::{Problem, ProblemKind};
use sync_core::wire::pull::{PackRow, entity};
use sync_core::wire::push::Outcome;

use crate::backend::{Backend, Deed, Done, Holding, Observed, ObservedCase, ObservedDecision, ObservedEntry};
use crate::cast::{BEATS, Cast, DISTRICT, Enrolled, TABLETS, grid, packs};
use crate::dice::Dice;

/// Life of a token in seconds.
const TOKEN_SECONDS: i64 = 600;
/// Most rows of a page: small, so that runs meet its edges.
const PAGE_ROWS_MOST: i64 = 12;

/// The model of the server.
pub struct Model {
    cast: Cast,
    dice: Dice,
    now: Instant,
    /// Rows of a page, unless one transaction alone is larger.
    page_rows: usize,
    state: State,
    backup: Option<Box<State>>,
}

/// Everything that a backup holds.
#[derive(Debug, Clone)]
struct State {
    epoch: Epoch,
    number: u64,
    log: Vec<LogRow>,
    backed_up_through: Option<Instant>,
    units: BTreeMap<UnitId, Unit>,
    grids: BTreeMap<GridPath, Grid>,
    packs: Vec<PackRow>,
    assignments: Vec<Assignment>,
    targets: BTreeMap<TargetId, KeptTarget>,
    operations: BTreeMap<OperationId, KeptOperation>,
    inspections: BTreeMap<InspectionId, KeptInspection>,
    cases: BTreeMap<CaseId, KeptCase>,
    decisions: Vec<ObservedDecision>,
    entries: Vec<ObservedEntry>,
    closed: BTreeMap<Month, i64>,
    photos: BTreeSet<PhotoHash>,
    uploads: BTreeMap<String, Upload>,
    revoked: BTreeSet<DeviceId>,
}

#[derive(Debug, Clone)]
struct KeptTarget {
    target: Target,
    removed: bool,
}

#[derive(Debug, Clone)]
struct KeptOperation {
    sha256: Vec<u8>,
    user: UserId,
    outcome: Outcome,
}

#[derive(Debug, Clone)]
struct KeptInspection {
    inspection: Inspection,
    superseded: bool,
}

#[derive(Debug, Clone)]
struct KeptCase {
    row: CaseRow,
    evidence: Evidence,
}

#[derive(Debug, Clone)]
struct Upload {
    sha256: PhotoHash,
    length: usize,
    bytes: Vec<u8>,
    user: UserId,
}

/// What devices must hear of, in the order of commits.
#[derive(Debug, Clone)]
struct LogRow {
    number: u64,
    change: ChangeId,
    entity: &'static str,
    id: String,
    before: Option<GridPath>,
    after: Option<GridPath>,
    user: Option<UserId>,
}

/// A change to be logged.
struct NewLog(&'static str, String, Option<GridPath>, Option<GridPath>, Option<UserId>);

impl NewLog {
    fn of_district(entity: &'static str, id: impl ToString) -> Self {
        Self(entity, id.to_string(), None, None, None)
    }

    fn of_user(entity: &'static str, id: impl ToString, user: UserId) -> Self {
        Self(entity, id.to_string(), None, None, Some(user))
    }

    fn of_case(row: &CaseRow, before: Option<GridPath>) -> Self {
        Self(entity::CASE, row.case_id.to_string(), before, Some(row.grid.clone()), Some(row.author))
    }
}

impl Model {
    /// The district on its first day, by the dice.
    pub fn new(mut dice: Dice, now: Instant) -> Self {
        let district = DISTRICT.parse().unwrap();
        let below = ["", "001", "001/001", "001/002", "002", "002/001"];
        let grids: Vec<GridPath> = below.iter().map(|below| grid(&district, below)).collect();
        let (pack, next_pack) = packs();
        let inspectors: Vec<UserId> = BEATS.iter().map(|_| UserId(dice.id(now))).collect();
        let enrol = |(place, inspector): (usize, &usize)| Enrolled {
            device_id: DeviceId(uuid::Uuid::from_u128(u128::try_from(place).unwrap() + 1)),
            user_id: inspectors[*inspector],
            incarnation: sync_core::ids::Incarnation(uuid::Uuid::from_u128(0xfeed)),
            key: None,
        };
        let cast = Cast {
            devices: TABLETS.iter().enumerate().map(enrol).collect(),
            streets: [UnitId(dice.id(now)), UnitId(dice.id(now))],
            district,
            grids,
            inspectors,
            pack,
            next_pack,
        };
        let page_rows = usize::try_from(dice.between(1, PAGE_ROWS_MOST)).unwrap();
        let epoch = Epoch(dice.id(now));
        let mut model =
            Self { state: State::of(&cast, epoch, &mut dice, now), cast, dice, now, page_rows, backup: None };
        let mut first: Vec<NewLog> =
            model.state.units.keys().map(|id| NewLog::of_district(entity::UNIT, id)).collect();
        first.extend(model.state.grids.keys().map(|path| NewLog::of_district(entity::GRID, path)));
        first.extend(model.state.packs.iter().map(|pack| NewLog::of_district(entity::PACK, &pack.hash)));
        let own = model.state.assignments.iter();
        first.extend(own.map(|a| NewLog::of_user(entity::ASSIGNMENT, a.assignment_id, a.user_id)));
        model.log(first);
        model
    }

    /// Numbers what one transaction changed: one number for all of it.
    fn log(&mut self, changes: Vec<NewLog>) {
        if changes.is_empty() {
            return;
        }
        self.state.number += 1;
        for NewLog(entity, id, before, after, user) in changes {
            let change = ChangeId(self.dice.id(self.now));
            let number = self.state.number;
            self.state.log.push(LogRow { number, change, entity, id, before, after, user });
        }
    }

    /// The grids in which a user may look today.
    fn scope(&self, user: UserId) -> Vec<GridPath> {
        let today = self.now.record_date();
        let own = self.state.assignments.iter().filter(|a| a.user_id == user && a.holds_on(today));
        let mut grids: Vec<_> = own.map(|a| a.grid.clone()).collect();
        grids.sort();
        grids.dedup();
        grids
    }

    fn challenge(&self) -> HttpResponse {
        ok(&Challenge { challenge: "sign this".to_owned(), expires_at: self.now.plus_seconds(60) })
    }

    fn token(&self, path: &str) -> HttpResponse {
        let device = path.split('/').nth(4).unwrap_or_default();
        let expires_at = self.now.plus_seconds(TOKEN_SECONDS);
        let access_token = format!("{device}/{}", expires_at.as_millisecond());
        ok(&AccessToken { access_token, expires_at, epoch: Some(self.state.epoch) })
    }

    /// Whose token a request carries.
    fn bearer(&self, request: &HttpRequest) -> Result<Enrolled, ProblemKind> {
        let token = request.header_value("Authorization").and_then(|value| value.strip_prefix("Bearer "));
        let (device, expires) =
            token.and_then(|token| token.split_once('/')).ok_or(ProblemKind::TokenInvalid)?;
        let expires: i64 = expires.parse().map_err(|_| ProblemKind::TokenInvalid)?;
        if expires <= self.now.as_millisecond() {
            return Err(ProblemKind::TokenExpired);
        }
        let known = self.cast.devices.iter().find(|known| known.device_id.to_string() == device);
        known.cloned().ok_or(ProblemKind::DeviceUnknown)
    }

    fn answer_device(&mut self, device: &Enrolled, request: &HttpRequest) -> HttpResponse {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let revoked = self.state.revoked.contains(&device.device_id);
        match (request.method, path) {
            (Method::Post, "/api/v1/sync/push") => self.push(device, &request.body),
            _ if revoked => problem(ProblemKind::DeviceRevoked),
            (Method::Get, "/api/v1/sync/pull") => self.pull(device.user_id, query.strip_prefix("cursor=")),
            (Method::Post, "/api/v1/photos/uploads") => self.create_upload(device, request),
            (Method::Head, path) => self.tell_upload(path),
            (Method::Patch, path) => self.append(path, request),
            _ => problem(ProblemKind::NotFound),
        }
    }
}

impl State {
    fn of(cast: &Cast, epoch: Epoch, dice: &mut Dice, now: Instant) -> Self {
        let unit = |(id, name): (UnitId, &str)| {
            let unit = Unit {
                unit_id: id,
                name: name.to_owned(),
                kind: UnitKind::StreetOffice,
                credit_code: None,
                budget_code: name.to_owned(),
            };
            (id, unit)
        };
        let grid = |path: &GridPath| {
            let grid = Grid {
                path: path.clone(),
                name: path.to_string(),
                statistical_code: None,
                unit_id: cast.unit_of(path),
                polygon: None,
                staff: GridStaff::default(),
            };
            (path.clone(), grid)
        };
        let pack = &cast.pack;
        let row = PackRow {
            id: pack.loaded.id().clone(),
            hash: pack.loaded.hash().clone(),
            region: pack.loaded.region().clone(),
            source: pack.source.clone(),
            adopted_from: Some(jiff::civil::date(2024, 9, 30)),
            adopted_until: None,
        };
        let mut assignments = Vec::new();
        for (user, beat) in cast.inspectors.iter().zip(BEATS) {
            assignments.push(Assignment {
                assignment_id: AssignmentId(dice.id(now)),
                user_id: *user,
                role: Role::Inspector,
                grid: cast.grid(beat),
                unit_id: None,
                level: Some(DiscoveryLevel::District),
                from: jiff::civil::date(2024, 1, 1),
                until: None,
            });
        }
        Self {
            epoch,
            number: 0,
            log: Vec::new(),
            backed_up_through: None,
            units: cast.streets.into_iter().zip(["东街道", "西街道"]).map(unit).collect(),
            grids: cast.grids.iter().map(grid).collect(),
            packs: vec![row],
            assignments,
            targets: BTreeMap::new(),
            operations: BTreeMap::new(),
            inspections: BTreeMap::new(),
            cases: BTreeMap::new(),
            decisions: Vec::new(),
            entries: Vec::new(),
            closed: BTreeMap::new(),
            photos: BTreeSet::new(),
            uploads: BTreeMap::new(),
            revoked: BTreeSet::new(),
        }
    }
}

impl Backend for Model {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn set_clock(&mut self, now: Instant) {
        self.now = now;
    }

    fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        if request.path.ends_with("/challenge") {
            return self.challenge();
        }
        if request.path.ends_with("/token") {
            return self.token(&request.path);
        }
        match self.bearer(request) {
            Ok(device) => self.answer_device(&device, request),
            Err(kind) => problem(kind),
        }
    }

    /// What is cut off leaves nothing: a body of JSON cannot be read, a chunk does not fit its checksum.
    fn receive_part(&mut self, _request: &HttpRequest, _bytes: usize) {}

    fn found(&mut self, content: TargetContent) {
        let change =
            NewLog(entity::TARGET, content.target_id.to_string(), None, Some(content.grid.clone()), None);
        self.keep_target(Target { content, version: 1 });
        self.log(vec![change]);
    }

    fn act(&mut self, deed: &Deed) -> Done {
        match self.try_act(deed) {
            Ok(()) => Done::Made,
            Err(why) => Done::Refused(why.to_owned()),
        }
    }

    fn cases(&mut self) -> Vec<ObservedCase> {
        let observed = |case: &KeptCase| ObservedCase {
            case_id: case.row.case_id,
            inspection_id: case.row.inspection_id,
            state: case.row.review_state,
            flags: case.row.flags.clone(),
            unit_id: case.row.unit_id,
            charges: case
                .row
                .charges
                .iter()
                .map(|charge| (charge.charge_id, (charge.amount.map(|fen| fen.get()), charge.state)))
                .collect(),
        };
        self.state.cases.values().map(observed).collect()
    }

    fn targets(&mut self) -> Vec<Target> {
        let there = self.state.targets.values().filter(|kept| !kept.removed);
        there.map(|kept| kept.target.clone()).collect()
    }

    fn observe(&mut self) -> Observed {
        let operation = |(id, kept): (&OperationId, &KeptOperation)| {
            // What lies in quarantine has come to nothing yet.
            let outcome = Some(kept.outcome.clone()).filter(|outcome| *outcome != Outcome::Quarantined);
            (*id, (kept.sha256.clone(), outcome))
        };
        Observed {
            cases: self.cases(),
            operations: self.state.operations.iter().map(operation).collect(),
            inspections: self
                .state
                .inspections
                .iter()
                .map(|(id, kept)| (*id, kept.inspection.clone()))
                .collect(),
            decisions: self.state.decisions.clone(),
            entries: self.state.entries.clone(),
            photos: self.state.photos.clone(),
        }
    }

    fn held_by(&mut self, user: UserId) -> Holding {
        let scope = self.scope(user);
        let mut holding = Holding::new();
        for kind in
            [entity::UNIT, entity::GRID, entity::PACK, entity::ASSIGNMENT, entity::TARGET, entity::CASE]
        {
            for (id, row) in self.all_rows(kind) {
                if let Some(row) = row.for_user(user, &scope) {
                    holding.insert((kind.to_owned(), id), crate::backend::essence(kind, &row));
                }
            }
        }
        holding
    }

    fn revoked(&mut self) -> BTreeSet<DeviceId> {
        self.state.revoked.clone()
    }

    fn backed_up_photos(&mut self) -> BTreeSet<PhotoHash> {
        self.backup.as_ref().map(|backup| backup.photos.clone()).unwrap_or_default()
    }
}

/// An answer of success.
fn ok<T: serde::Serialize>(body: &T) -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body: serde_json::to_vec(body).unwrap() }
}

/// An answer that refuses the request.
pub fn problem(kind: ProblemKind) -> HttpResponse {
    let body = serde_json::to_vec(&json!(Problem::new(kind))).unwrap();
    HttpResponse { status: kind.status(), headers: Vec::new(), body }
}
