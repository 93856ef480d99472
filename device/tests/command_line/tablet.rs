//! A tablet that was enrolled and pulled once, and has no network since.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sync_core::ids::{DeviceId, Incarnation, PackHash, UserId};
use sync_core::policy::builtin_packs;
use sync_core::store::DeviceStore;
use sync_core::wire::pull::PullPage;

pub const GRID: &str = "410804/001";
pub const UNIT: &str = "01890000-0000-7000-8000-0000000000aa";
pub const SITE: &str = "01890000-0000-7000-8000-000000000001";
pub const STOCKPILE: &str = "01890000-0000-7000-8000-000000000002";
/// A JPEG by its first bytes; decoding is the server's.
pub const PICTURE: &[u8] = b"\xff\xd8\xff\xe0 a seeded scene";

pub struct Tablet {
    folder: tempfile::TempDir,
    pub user: UserId,
}

/// What the program said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {} {}", self.out, self.err))
    }

    /// The JSON of a command that went well.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.code, 0, "{} {}", self.out, self.err);
        self.json()
    }

    /// Code and field of the problem of a command whose input was refused.
    #[track_caller]
    pub fn refused(&self) -> (String, String) {
        assert_eq!(self.code, 2, "{} {}", self.out, self.err);
        let problem = self.json();
        assert!(!problem["title"].as_str().unwrap().is_ascii(), "Chinese first");
        assert!(problem["title_en"].as_str().unwrap().is_ascii());
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("field"))
    }
}

impl Tablet {
    pub fn enrolled() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = UserId::fresh();
        let tablet = Self { folder, user };
        tablet.write_profile(&[(user, "张三")]);
        tablet.pull(user);
        tablet
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn write_profile(&self, users: &[(UserId, &str)]) {
        std::fs::create_dir_all(self.data()).unwrap();
        let users: Vec<_> = users
            .iter()
            .map(|(id, name)| {
                json!({ "user_id": id, "name": name, "device_id": DeviceId::fresh(), "district": "410804" })
            })
            .collect();
        let profile = json!({
            // Nothing listens there.
            "server": "http://127.0.0.1:9", "device_name": "一号", "incarnation": Incarnation::fresh(),
            "users": users
        });
        std::fs::write(self.data().join("device.json"), profile.to_string()).unwrap();
    }

    /// What a first pull brings.
    pub fn pull(&self, user: UserId) {
        let folder = self.data().join("users").join(user.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let now = "2024-10-08T00:00:00Z".parse().unwrap();
        let opened = DeviceStore::open(&folder, user, Incarnation::fresh(), now).unwrap();
        let mut store = opened.store;
        store.apply_page(&page(user)).unwrap();
    }

    /// What a later pull brings.
    pub fn pull_rows(&self, rows: &[(&str, &str, Value)]) {
        let folder = self.data().join("users").join(self.user.to_string());
        let now = "2024-10-08T00:00:00Z".parse().unwrap();
        let mut store = DeviceStore::open(&folder, self.user, Incarnation::fresh(), now).unwrap().store;
        let changes = rows
            .iter()
            .map(|(entity, id, row)| json!({ "entity": entity, "id": id, "change": "upsert", "row": row }));
        store.apply_page(&page_of(self.user, changes.collect())).unwrap();
    }

    pub fn picture(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn originals(&self) -> usize {
        std::fs::read_dir(self.data().join("photos")).map_or(0, Iterator::count)
    }

    /// Runs the program with `--json`.
    pub fn run(&self, arguments: &[&str]) -> Said {
        run(&self.data(), &[&["--json"], arguments].concat())
    }

    /// Runs the program as people read it.
    pub fn say(&self, arguments: &[&str]) -> Said {
        run(&self.data(), arguments)
    }
}

pub fn run(data: &Path, arguments: &[&str]) -> Said {
    let output =
        Command::new(env!("CARGO_BIN_EXE_device")).arg("--data").arg(data).args(arguments).output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn page(user: UserId) -> PullPage {
    let pack = builtin_packs().iter().find(|pack| pack.source.contains("id = \"macun-2024\"")).unwrap();
    let hash = PackHash::of(pack.source.as_bytes());
    let square =
        json!([[[113.30, 35.25], [113.34, 35.25], [113.34, 35.29], [113.30, 35.29], [113.30, 35.25]]]);
    let target = |id: &str, kind: &str, name: &str, code: &str, facts: Value| {
        json!({
            "target_id": id, "kind": kind, "code": code, "name": name, "address": "解放路",
            "point": { "lon": 113.32, "lat": 35.27 }, "grid": GRID, "unit_id": UNIT,
            "supervising_department": "住建局", "responsible_person": null, "facts": facts, "version": 3
        })
    };
    let rows = [
        (
            "unit",
            UNIT,
            json!({ "unit_id": UNIT, "name": "马村街道办事处", "kind": "street_office",
            "credit_code": null, "budget_code": "301" }),
        ),
        (
            "grid",
            GRID,
            json!({ "path": GRID, "name": "马村街道", "statistical_code": null, "unit_id": UNIT,
            "polygon": square, "staff": { "chief": null, "member": null, "patroller": null, "supervisor": null } }),
        ),
        (
            "pack",
            hash.as_str(),
            json!({ "id": "macun-2024", "hash": hash, "region": "410804",
            "source": pack.source, "adopted_from": null, "adopted_until": null }),
        ),
        (
            "assignment",
            SITE,
            json!({ "assignment_id": SITE, "user_id": user, "role": "inspector",
            "grid": "410804", "unit_id": null, "level": "district", "from": "2024-01-01", "until": null }),
        ),
        (
            "target",
            SITE,
            target(
                SITE,
                "construction_site",
                "和谐家园二期工地",
                "MC-0001",
                json!({ "site_type": "building" }),
            ),
        ),
        ("target", STOCKPILE, target(STOCKPILE, "stockpile", "演马砂石料堆场", "MC-0002", json!({}))),
    ];
    // The district's own grid, for what is assigned to all of it.
    let district = json!({ "path": "410804", "name": "马村区", "statistical_code": null, "unit_id": UNIT,
        "polygon": null, "staff": {} });
    let changes: Vec<_> = rows
        .into_iter()
        .chain([("grid", "410804", district)])
        .map(|(entity, id, row)| json!({ "entity": entity, "id": id, "change": "upsert", "row": row }))
        .collect();
    page_of(user, changes)
}

fn page_of(user: UserId, changes: Vec<Value>) -> PullPage {
    let page = json!({
        "cursor": "first", "more": false, "changes": changes, "user_id": user,
        "epoch": "01890000-0000-7000-8000-0000000000ee", "server_time": "2024-10-08T00:00:00Z",
        "backed_up_through": null
    });
    serde_json::from_str(&page.to_string()).unwrap()
}
