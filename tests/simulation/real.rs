//! The real server under a run: HTTP on a port, PostgreSQL, photos on disk, and the product's own backup and restore.
//!
//! What the office does goes through its HTTP API as people use it, two of them where two are needed. What the oracle
//! looks at is read by plain SQL, beside every service of the server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use device::{HttpTransport, Transport};
use jiff::civil::Date;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use server::admin::adopt_pack::{AdoptionDays, PackToAdopt, adopt_pack};
use server::backup::{Place, back_up, restore};
use server::config::Config;
use server::db::changes::{Entity, NewChange, record_changes};
use server::db::targets::{TargetWrite, insert_targets};
use server::photos::places::PhotoPlaces;
use sync_core::engine::{HttpRequest, HttpResponse};
use sync_core::ids::{
    CaseId, DecisionRequestId, DeviceId, GridPath, InspectionId, PhotoHash, UnitId, UserId,
};
use sync_core::model::inspection::Inspection;
use sync_core::model::target::{Target, TargetContent};
use sync_core::time::{Instant, Month};
use sync_core::wire::pull::entity;
use tempfile::TempDir;
use tests::database::TestDatabase;
use tests::{TestDistrict, TestRole, TestServer, TestUser};
use tokio::runtime::Runtime;

use crate::backend::{
    Backend, Deed, Done, Holding, Observed, ObservedCase, ObservedDecision, ObservedEntry, essence,
};
use crate::cast::{BEATS, Cast, DISTRICT, Enrolled, TABLETS, packs};

/// Why the office says it decides.
const REASON: &str = "现场复核";
/// How long a half request is given to be noticed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server of this run alone.
pub struct Real {
    server: TestServer,
    runtime: Runtime,
    photos: TempDir,
    transport: HttpTransport,
    macun: TestDistrict,
    cast: Cast,
    supervisors: [TestUser; 2],
    finance: [TestUser; 2],
    administrator: TestUser,
    backup: TempDir,
    backed_up: Option<BTreeSet<PhotoHash>>,
    now: Instant,
}

impl Real {
    /// Starts one.
    pub fn start(now: Instant) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let photos = tempfile::tempdir().unwrap();
        let place = photos.path().to_owned();
        let (server, macun, cast, people) = runtime.block_on(async {
            let server = TestServer::start_with(|config| config.photo_dir = Some(place)).await;
            server.clock.set(now);
            let macun = server.macun().await;
            let cast = cast(&server, &macun).await;
            announce(&server, &cast).await;
            let person = async |name: &str, role| server.user(&macun, name, &[role]).await;
            let people = [
                person("zhang", TestRole::supervisor("")).await,
                person("sun", TestRole::supervisor("")).await,
                person("qian", TestRole::finance()).await,
                person("zhou", TestRole::finance()).await,
                person("admin", TestRole::administrator()).await,
            ];
            (server, macun, cast, people)
        });
        let [zhang, sun, qian, zhou, administrator] = people;
        Self {
            transport: HttpTransport::new(&server.url),
            runtime,
            server,
            photos,
            macun,
            cast,
            supervisors: [zhang, sun],
            finance: [qian, zhou],
            administrator,
            backup: tempfile::tempdir().unwrap(),
            backed_up: None,
            now,
        }
    }

    /// JSON values that a query selects as `text`.
    fn rows(&self, sql: &str) -> Vec<Value> {
        let texts = self.runtime.block_on(self.server.texts(sql));
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// A person's request and its answer, or the stable code of its refusal.
    fn ask(
        &self,
        who: &TestUser,
        request: impl Fn(&tests::TestOffice) -> RequestBuilder,
    ) -> Result<Value, String> {
        self.runtime.block_on(async {
            // A session lasts an hour, a run weeks.
            let office = self.server.office(who).await;
            let response = request(&office).send().await.unwrap();
            let good = response.status().is_success();
            let text = response.text().await.unwrap();
            let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            if good { Ok(body) } else { Err(body["code"].as_str().unwrap_or(&text).to_owned()) }
        })
    }

    fn post(&self, who: &TestUser, path: &str, body: &Value) -> Result<Value, String> {
        self.ask(who, |office| office.request(Method::POST, path).json(body))
    }

    /// A request of the first of two people, which the second approves where that is needed.
    fn by_two(&self, people: &[TestUser; 2], path: &str, body: &Value) -> Result<Value, String> {
        let answer = self.post(&people[0], path, body)?;
        match answer["proposal_id"].as_str() {
            None => Ok(answer),
            Some(proposal) => {
                let path = format!("/api/v1/proposals/{proposal}/approval");
                self.ask(&people[1], |office| office.request(Method::POST, &path))
            }
        }
    }

    fn show(&self, case: CaseId) -> Result<Value, String> {
        self.ask(&self.supervisors[0], |office| office.request(Method::GET, &format!("/api/v1/cases/{case}")))
    }

    fn decide(&self, case: CaseId, kind: &str, flags: &Value) -> Result<Value, String> {
        let version = self.show(case)?["version"].clone();
        let mut request = json!({
            "request_id": DecisionRequestId::fresh(), "expected_version": version, "kind": kind, "reason": REASON,
        });
        if !flags.is_null() {
            request["flags"] = flags.clone();
        }
        self.by_two(&self.supervisors, &format!("/api/v1/cases/{case}/decisions"), &request)
    }

    /// Settles what one person may settle, then confirms.
    fn confirm(&self, case: CaseId) -> Result<Value, String> {
        let shown = self.show(case)?;
        let own_decision = ["duplicate_proposed", "amends_decided"];
        let doubts = shown["flags"].as_array().into_iter().flatten();
        let doubts: Vec<Value> =
            doubts.filter(|flag| !own_decision.iter().any(|own| *flag == own)).cloned().collect();
        if !doubts.is_empty() {
            self.decide(case, "settle", &json!(doubts))?;
        }
        self.decide(case, "confirm", &Value::Null)
    }

    fn keep_apart(&self, case: CaseId) -> Result<Value, String> {
        let shown = self.show(case)?;
        let pairs = shown["duplicates"].as_array().into_iter().flatten();
        let others: Vec<Value> = pairs
            .filter(|pair| pair["state"] == "proposed")
            .map(|pair| json!({ "case_id": pair["case_id"], "expected_version": pair["version"] }))
            .collect();
        let request = json!({
            "request_id": DecisionRequestId::fresh(),
            "expected_version": shown["version"],
            "others": others,
            "reason": REASON,
        });
        self.post(&self.supervisors[0], &format!("/api/v1/cases/{case}/keep-apart"), &request)
    }

    fn re_attribute(&self, case: CaseId, unit: UnitId) -> Result<Value, String> {
        let request = json!({
            "request_id": DecisionRequestId::fresh(), "expected_version": self.show(case)?["version"],
            "kind": "re_attribute", "reason": REASON, "unit_id": unit,
        });
        self.by_two(&self.supervisors, &format!("/api/v1/cases/{case}/decisions"), &request)
    }

    fn close(&self, month: Month) -> Result<Value, String> {
        let request = json!({ "request_id": DecisionRequestId::fresh(), "reason": null });
        self.by_two(&self.finance, &format!("/api/v1/months/{month}/closing"), &request)
    }

    fn change_target(&self, target: &Target) -> Result<Value, String> {
        let mut request = serde_json::to_value(&target.content).unwrap();
        request["expected_version"] = json!(target.version);
        let path = format!("/api/v1/targets/{}", target.content.target_id);
        self.ask(&self.administrator, |office| office.request(Method::PUT, &path).json(&request))
    }

    fn move_inspector(&self, user: UserId, grid: &GridPath) -> Result<Value, String> {
        let open = self.rows(&format!(
            "SELECT to_json(assignment_id)::text AS text FROM assignments
             WHERE user_id = '{user}' AND until_day IS NULL"
        ));
        let assignment = open.first().and_then(Value::as_str).ok_or("not_found")?;
        let tomorrow = self.now.record_date().tomorrow().unwrap();
        let request = json!({ "grid": grid, "from": tomorrow, "level": null });
        self.post(&self.administrator, &format!("/api/v1/assignments/{assignment}/move"), &request)
    }

    fn adopt_next_pack(&self, from: Date) -> Result<Value, String> {
        let eve = from.yesterday().unwrap();
        let days = [
            (&self.cast.pack, AdoptionDays { from: Some(jiff::civil::date(2024, 9, 30)), until: Some(eve) }),
            (&self.cast.next_pack, AdoptionDays { from: Some(from), until: None }),
        ];
        let adopted = self.rows("SELECT to_json(count(*))::text AS text FROM pack_adoptions");
        if adopted[0] != json!(1) {
            return Err("pack_overlap".to_owned());
        }
        self.runtime.block_on(async {
            let mut connection = self.server.connection().await;
            for (pack, days) in days {
                let pack =
                    PackToAdopt { source: &pack.source, file: "macun-2024.toml", days, affects_past: true };
                let district = &self.macun.code;
                adopt_pack(&mut connection, district, pack, None, self.now)
                    .await
                    .map_err(|error| error.kind().code().to_owned())?;
            }
            Ok(Value::Null)
        })
    }

    fn place(&self) -> Place {
        Place {
            database_url: self.server.database_url().to_owned(),
            programs: None,
            photos: self.server.state.photos.store.clone(),
        }
    }

    fn back_up(&mut self) {
        let (place, directory, now) = (self.place(), self.backup.path().to_owned(), self.now);
        let made = self.runtime.block_on(async move { back_up(&place, &directory, now).await }).unwrap();
        self.backed_up = Some(made.manifest.photos.into_iter().map(|photo| photo.sha256).collect());
    }

    /// The server and its photos are gone; another one starts on what the backup holds.
    fn restore(&mut self) -> Result<Value, String> {
        if self.backed_up.is_none() {
            return Err("no_backup".to_owned());
        }
        let photos = tempfile::tempdir().unwrap();
        let config = Config { photo_dir: Some(photos.path().to_owned()), ..Config::default() };
        let (directory, now, place_of_photos) =
            (self.backup.path().to_owned(), self.now, photos.path().to_owned());
        let server = self.runtime.block_on(async move {
            let database = TestDatabase::empty().await;
            let place = Place {
                database_url: database.url().to_owned(),
                programs: None,
                photos: PhotoPlaces::open(&config).unwrap().store,
            };
            restore(&place, &directory).await.unwrap();
            let server =
                TestServer::start_on(database, |config| config.photo_dir = Some(place_of_photos)).await;
            server.clock.set(now);
            server
        });
        self.transport = HttpTransport::new(&server.url);
        self.server = server;
        self.photos = photos;
        Ok(Value::Null)
    }
}

async fn cast(server: &TestServer, macun: &TestDistrict) -> Cast {
    let mut inspectors = Vec::new();
    for (number, beat) in BEATS.into_iter().enumerate() {
        inspectors
            .push(server.user(macun, &format!("inspector{number}"), &[TestRole::inspector(beat)]).await);
    }
    let mut devices = Vec::new();
    for inspector in TABLETS {
        let device = server.device(&inspectors[inspector]).await;
        devices.push(Enrolled {
            device_id: device.device_id,
            user_id: device.user.user_id,
            incarnation: device.incarnation,
            key: Some(device.key),
        });
    }
    let below = ["", "001", "001/001", "001/002", "001/003", "002", "002/001", "002/002", "002/003"];
    let (pack, next_pack) = packs();
    Cast {
        district: DISTRICT.parse().unwrap(),
        grids: below.map(|below| macun.grid(below)).to_vec(),
        streets: macun.streets,
        inspectors: inspectors.iter().map(|user| user.user_id).collect(),
        devices,
        pack,
        next_pack,
    }
}

/// Devices hear of what the test's setup wrote past the services.
async fn announce(server: &TestServer, cast: &Cast) {
    let mut changes: Vec<NewChange> =
        cast.grids.iter().map(|grid| NewChange::of_district(Entity::Grid(grid.clone()))).collect();
    for unit in server.texts("SELECT unit_id::text AS text FROM units").await {
        changes.push(NewChange::of_district(Entity::Unit(unit.parse().unwrap())));
    }
    for user in &cast.inspectors {
        for assignment in server.assignments_of(*user).await {
            changes.push(NewChange::of_user(Entity::Assignment(assignment), *user));
        }
    }
    record_changes(&mut *server.connection().await, &cast.district, &changes).await.unwrap();
}

impl Backend for Real {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn set_clock(&mut self, now: Instant) {
        self.now = now;
        self.server.clock.set(now);
    }

    fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        self.transport.carry(request).expect("the server answers")
    }

    fn receive_part(&mut self, request: &HttpRequest, bytes: usize) {
        let address = self.server.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n",
            request.method.as_str(),
            request.path,
            request.body.len()
        );
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // A server that refuses by the head alone may close before the rest.
        let _ = stream.write_all(&request.body[..bytes]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }

    fn found(&mut self, mut content: TargetContent) {
        content.code = Some(content.target_id.to_string());
        self.runtime.block_on(async {
            let target = Target { content, version: 1 };
            let mut connection = self.server.connection().await;
            let row = TargetWrite::new(&self.macun.code, &target, self.now);
            insert_targets(&connection, &[row]).await.unwrap();
            let change =
                NewChange::of_target(target.content.target_id, None, Some(target.content.grid.clone()));
            record_changes(&mut connection, &self.macun.code, &[change]).await.unwrap();
        });
    }

    fn act(&mut self, deed: &Deed) -> Done {
        let result = match deed {
            Deed::Confirm(case) => self.confirm(*case),
            Deed::Return(case) => self.decide(*case, "return", &Value::Null),
            Deed::Dismiss(case) => self.decide(*case, "dismiss", &Value::Null),
            Deed::KeepApart(case) => self.keep_apart(*case),
            Deed::ReAttribute(case, unit) => self.re_attribute(*case, *unit),
            Deed::CloseMonth(month) => self.close(*month),
            Deed::ChangeTarget(target) => self.change_target(target),
            Deed::RemoveTarget(id, version) => {
                let path = format!("/api/v1/targets/{id}?expected_version={version}");
                self.ask(&self.administrator, |office| office.request(Method::DELETE, &path))
            }
            Deed::MoveInspector(user, grid) => self.move_inspector(*user, grid),
            Deed::AdoptNextPack(from) => self.adopt_next_pack(*from),
            Deed::Revoke(device) => {
                let path = format!("/api/v1/devices/{device}/revoke");
                self.ask(&self.administrator, |office| office.request(Method::POST, &path))
            }
            Deed::BackUp => {
                self.back_up();
                Ok(Value::Null)
            }
            Deed::Restore => self.restore(),
        };
        match result {
            Ok(_) => Done::Made,
            Err(code) => Done::Refused(code),
        }
    }

    fn cases(&mut self) -> Vec<ObservedCase> {
        let rows = self.rows(
            "SELECT json_build_object('case_id', c.case_id, 'inspection_id', c.inspection_id,
                 'state', c.review_state, 'flags', c.flags, 'unit_id', c.unit_id,
                 'charges', coalesce((SELECT json_agg(json_build_array(h.charge_id, h.amount_fen, h.state))
                                      FROM charges AS h WHERE h.case_id = c.case_id), '[]'))::text AS text
             FROM cases AS c ORDER BY c.case_id",
        );
        let case = |row: Value| ObservedCase {
            case_id: read(&row["case_id"]),
            inspection_id: read(&row["inspection_id"]),
            state: read(&row["state"]),
            flags: read(&row["flags"]),
            unit_id: read(&row["unit_id"]),
            charges: row["charges"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|charge| (read(&charge[0]), (charge[1].as_i64(), read(&charge[2]))))
                .collect(),
        };
        rows.into_iter().map(case).collect()
    }

    fn targets(&mut self) -> Vec<Target> {
        let rows = self.rows(
            "SELECT json_build_object('target_id', target_id, 'version', version, 'kind', kind, 'code', code,
                 'name', name, 'address', address, 'point', json_build_object('lon', lon, 'lat', lat), 'grid', grid,
                 'unit_id', unit_id, 'supervising_department', supervising_department,
                 'responsible_person', responsible_person, 'facts', facts)::text AS text
             FROM targets WHERE deleted_at IS NULL ORDER BY target_id",
        );
        rows.iter().map(read).collect()
    }

    fn observe(&mut self) -> Observed {
        let operations = self.rows(
            "SELECT json_build_array(op_id, encode(sha256, 'hex'), outcome)::text AS text FROM operations",
        );
        let inspections = self.rows("SELECT sealed::text AS text FROM inspections");
        let decisions = self.rows(
            "SELECT json_build_object('number', decision_no, 'kind', kind, 'case_id', case_id, 'month', month,
                 'unit', detail ->> 'unit_id', 'basis', detail -> 'money' -> 0 ->> 'inspection_id')::text AS text
             FROM decisions ORDER BY decision_no",
        );
        let entries = self.rows(
            "SELECT json_build_object('number', entry_no, 'kind', kind, 'charge', charge_id, 'unit', unit_id,
                 'period', to_char(period, 'YYYY-MM'), 'amount', amount_fen, 'posting', posting_no,
                 'reverses', reverses, 'decision', decision_no)::text AS text
             FROM ledger_entries ORDER BY entry_no",
        );
        let photos = self.rows("SELECT to_json(sha256)::text AS text FROM photos WHERE state = 'verified'");
        let inspection = |row: &Value| {
            let inspection: Inspection = read(row);
            (inspection.inspection_id, inspection)
        };
        Observed {
            operations: operations
                .iter()
                .map(|row| {
                    let sha256 = hex::decode(row[1].as_str().unwrap()).unwrap();
                    (read(&row[0]), (sha256, read(&row[2])))
                })
                .collect(),
            inspections: inspections.iter().map(inspection).collect::<BTreeMap<InspectionId, _>>(),
            cases: self.cases(),
            decisions: decisions
                .iter()
                .map(|row| ObservedDecision {
                    number: read(&row["number"]),
                    kind: read(&row["kind"]),
                    case: read::<Option<CaseId>>(&row["case_id"]).map(|case| (case, read(&row["basis"]))),
                    month: read::<Option<Date>>(&row["month"]).map(Month::of),
                    unit: read(&row["unit"]),
                })
                .collect(),
            entries: entries
                .iter()
                .map(|row| ObservedEntry {
                    number: read(&row["number"]),
                    kind: read(&row["kind"]),
                    charge: read(&row["charge"]),
                    unit: read(&row["unit"]),
                    period: read(&row["period"]),
                    amount: read(&row["amount"]),
                    posting: read(&row["posting"]),
                    reverses: read(&row["reverses"]),
                    decision: read(&row["decision"]),
                })
                .collect(),
            photos: photos.iter().map(read).collect(),
        }
    }

    fn held_by(&mut self, user: UserId) -> Holding {
        let today = self.now.record_date();
        let scope = format!(
            "EXISTS (SELECT 1 FROM assignments AS a
                     WHERE a.user_id = '{user}' AND a.role = 'inspector' AND a.from_day <= '{today}'
                       AND coalesce(a.until_day, '{today}') >= '{today}'
                       AND starts_with(x.grid || '/', a.grid || '/'))"
        );
        let queries = [
            (entity::UNIT, "SELECT json_build_array(unit_id, json_build_object('name', name))::text AS text FROM units".to_owned()),
            (entity::GRID, "SELECT json_build_array(path, json_build_object('unit_id', unit_id))::text AS text FROM grids".to_owned()),
            (
                entity::PACK,
                "SELECT json_build_array(hash, json_build_object('adopted_from', from_day, 'adopted_until', until_day))::text
                     AS text FROM pack_adoptions".to_owned(),
            ),
            (
                entity::ASSIGNMENT,
                format!("SELECT json_build_array(assignment_id, json_build_object('grid', grid, 'from', from_day,
                             'until', until_day))::text AS text FROM assignments WHERE user_id = '{user}'"),
            ),
            (
                entity::TARGET,
                format!("SELECT json_build_array(target_id, json_build_object('version', version, 'grid', grid,
                             'name', name, 'unit_id', unit_id))::text AS text
                         FROM targets AS x WHERE deleted_at IS NULL AND {scope}"),
            ),
            (
                entity::CASE,
                format!("SELECT json_build_array(case_id, json_build_object('version', version,
                             'review_state', review_state, 'unit_id', unit_id, 'inspection_id', inspection_id,
                             'grid', grid, 'charges', coalesce((SELECT json_agg(json_build_object(
                                 'measure', h.measure, 'state', h.state, 'amount', h.amount_fen))
                                 FROM charges AS h WHERE h.case_id = x.case_id), '[]')))::text AS text
                         FROM cases AS x WHERE author = '{user}' OR {scope}"),
            ),
        ];
        let mut holding = Holding::new();
        for (kind, sql) in queries {
            for row in self.rows(&sql) {
                let id: String = read(&row[0]);
                holding.insert((kind.to_owned(), id), essence(kind, &row[1]));
            }
        }
        holding
    }

    fn revoked(&mut self) -> BTreeSet<DeviceId> {
        let rows =
            self.rows("SELECT to_json(device_id)::text AS text FROM devices WHERE revoked_at IS NOT NULL");
        rows.iter().map(read).collect()
    }

    fn backed_up_photos(&mut self) -> BTreeSet<PhotoHash> {
        self.backed_up.clone().unwrap_or_default()
    }
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}
