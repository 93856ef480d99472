//! Backup and restore: what comes back, what devices bring back, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use device::{Device, HttpTransport, NewInspection, NewPhoto};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use image::metadata::Orientation;
use reqwest::Method;
use serde_json::{Value, json};
use server::backup::{BackupError, MANIFEST_FILE, Place, back_up, restore};
use server::config::Config;
use server::db::schema::districts;
use server::demo_district::{DemoDistrict, fill};
use server::photos::photo_store::PhotoObject;
use server::photos::places::PhotoPlaces;
use sync_core::engine::{Extent, SyncReport};
use sync_core::geo::{Fix, MockFlag};
use sync_core::ids::{CaseId, PhotoHash};
use sync_core::model::assignment::Role;
use sync_core::model::inspection::{Answer, Verdict};
use sync_core::model::photo::PhotoSource;
use sync_core::model::target::TargetContent;
use sync_core::time::{Clock, Instant};
use sync_core::wire::pull::RestartReason;
use tempfile::TempDir;
use tests::database::TestDatabase;
use tests::review::{Review, accepted, decision, read};
use tests::scene::{SceneExif, SceneKind, scene};
use tests::{MACUN, TestServer, TestUser};

const HOUR: i64 = 3600;

fn place_of(server: &TestServer) -> Place {
    Place {
        database_url: server.database_url().to_owned(),
        programs: None,
        photos: server.state.photos.store.clone(),
    }
}

/// An empty database and an empty photo directory.
struct Fresh {
    database: TestDatabase,
    files: TempDir,
}

impl Fresh {
    async fn make() -> Self {
        Self { database: TestDatabase::empty().await, files: tempfile::tempdir().unwrap() }
    }

    fn place(&self) -> Place {
        let config = Config { photo_dir: Some(self.files.path().to_owned()), ..Config::default() };
        Place {
            database_url: self.database.url().to_owned(),
            programs: None,
            photos: PhotoPlaces::open(&config).unwrap().store,
        }
    }

    /// A server on what was restored.
    async fn serve(self, at: Instant) -> (TestServer, TempDir) {
        let photos = self.files.path().to_owned();
        let server = TestServer::start_on(self.database, |config| config.photo_dir = Some(photos)).await;
        server.clock.set(at);
        (server, self.files)
    }
}

/// The demonstration district on a server, with a supervisor and the device of an inspector.
struct Demo {
    server: TestServer,
    supervisor: TestUser,
    tablet: Tablet,
}

impl Demo {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let demo = DemoDistrict::build().unwrap();
        fill(&mut *server.connection().await, &demo, server.clock.now()).await.unwrap();
        let person = |role| demo.sign_ins.iter().find(|person| person.assignment.role == role).unwrap();
        let supervisor = person(Role::Supervisor);
        let supervisor = TestUser {
            district: MACUN.parse().unwrap(),
            user_id: supervisor.user_id,
            username: supervisor.username.clone(),
        };
        let inspector = person(Role::Inspector);
        let target = demo.targets.iter().find(|target| {
            target.kind.as_str() == "construction_site" && inspector.assignment.grid.covers(&target.grid)
        });
        let (code, target) = (inspector.enrolment_code.clone().unwrap(), target.unwrap().clone());
        Self { tablet: Tablet::enrol(&server, code, target).await, server, supervisor }
    }
}

/// A real device with its files.
struct Tablet {
    device: Device,
    files: TempDir,
    target: TargetContent,
    photos: u64,
}

impl Tablet {
    async fn enrol(server: &TestServer, code: String, target: TargetContent) -> Self {
        let (url, clock, files) = (server.url.clone(), server.clock.clone(), tempfile::tempdir().unwrap());
        let dir = files.path().join("tablet");
        let device = tokio::task::spawn_blocking(move || {
            device::enrol(&dir, &url, &code, "平板").unwrap();
            let mut device = Device::open(&dir, clock).unwrap();
            device.pull().unwrap();
            device
        });
        Self { device: device.await.unwrap(), files, target, photos: 0 }
    }

    /// Records a visit with one failed measure and its photo; answers with the case and the photo.
    fn record(&mut self, at: Instant) -> (CaseId, PhotoHash) {
        self.photos += 1;
        let point = self.target.point;
        let exif = SceneExif { taken_at: at, point: Some(point), orientation: Orientation::NoTransforms };
        let bytes = scene(SceneKind::ConstructionSite, self.photos, &exif);
        let file = self.files.path().join(format!("{}.jpg", self.photos));
        fs::write(&file, &bytes).unwrap();
        let question = "hoarding".parse().unwrap();
        let recorded = self.device.record(NewInspection {
            target: Some(self.target.target_id),
            occurred_at: Some(at),
            fix: Some(Fix {
                point,
                accuracy_metres: 5.0,
                fixed_at: at,
                provider: "gnss".to_owned(),
                mock: MockFlag::No,
            }),
            answers: vec![Answer {
                question: "hoarding".parse().unwrap(),
                verdict: Verdict::Fail,
                note: String::new(),
                points: Vec::new(),
            }],
            photos: vec![NewPhoto { file, question: Some(question), source: PhotoSource::Camera }],
            ..NewInspection::default()
        });
        let lineage = recorded.unwrap().inspection_id;
        (CaseId::derive(lineage, &"site_dust".parse().unwrap()), PhotoHash::of(&bytes))
    }

    /// A round with the server at `url`, in which nothing fails.
    async fn sync(mut self, url: &str) -> (Self, SyncReport) {
        let url = url.to_owned();
        let round = tokio::task::spawn_blocking(move || {
            let report = self.device.round(Extent::Sync, &HttpTransport::new(&url)).unwrap();
            (self, report)
        });
        let (tablet, report) = round.await.unwrap();
        assert!(report.failures.is_empty() && report.refused.is_empty(), "{report:?}");
        assert_eq!((report.waiting_operations, report.waiting_photos), (0, 0), "{report:?}");
        (tablet, report)
    }
}

async fn epochs(server: &TestServer) -> Vec<uuid::Uuid> {
    districts::table.select(districts::epoch).load(&mut server.connection().await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_gets_back_from_devices_what_was_recorded_after_the_backup() {
    let Demo { server: lost, supervisor, mut tablet } = Demo::start().await;
    let (clock, kept) = (&lost.clock, tempfile::tempdir().unwrap());

    // A case before the backup, confirmed.
    let (before, photo_before) = tablet.record(clock.now().plus_seconds(-HOUR));
    let (mut tablet, _) = tablet.sync(&lost.url).await;
    let office = lost.office(&supervisor).await;
    let version =
        read(office.request(Method::GET, &format!("/api/v1/cases/{before}"))).await["version"].clone();
    accepted(office.decide(before, &decision("confirm", version)).await).await;
    clock.advance_seconds(HOUR);
    let backed_up = back_up(&place_of(&lost), kept.path(), clock.now()).await.unwrap();
    assert_eq!((backed_up.photos_copied, backed_up.manifest.photos.len()), (1, 1));

    // And one after it, acknowledged by the server that is then lost.
    clock.advance_seconds(HOUR);
    let (after, photo_after) = tablet.record(clock.now());
    let (tablet, _) = tablet.sync(&lost.url).await;

    let fresh = Fresh::make().await;
    let restored = restore(&fresh.place(), kept.path()).await.unwrap();
    assert_eq!((restored.entries, restored.migrations.len()), (1, 0));
    let (server, _files) = fresh.serve(clock.now()).await;
    let office = server.office(&supervisor).await;
    let show = async |case: CaseId| {
        office.request(Method::GET, &format!("/api/v1/cases/{case}")).send().await.unwrap()
    };
    assert_ne!(epochs(&server).await, epochs(&lost).await);
    assert_eq!(show(after).await.status(), 404);

    let (_, report) = tablet.sync(&server.url).await;

    assert!(report.restarts.contains(&RestartReason::EpochChanged), "{report:?}");
    assert_eq!(report.photos_sent, 1, "the photo of the backup is not sent again");
    let again = accepted(show(after).await).await;
    assert_eq!(again["review_state"], "under_review");
    let same = accepted(show(before).await).await;
    assert_eq!((&same["review_state"], &same["posted"]), (&json!("confirmed"), &json!(10_000_000)));
    for photo in [&photo_before, &photo_after] {
        let (original, district) = (PhotoObject::Original(photo), supervisor.district.clone());
        let bytes = server.state.photos.store.get(&district, original).await.unwrap();
        assert_eq!(bytes, lost.state.photos.store.get(&district, original).await.unwrap(), "byte for byte");
        assert_eq!(PhotoHash::of(&bytes), *photo);
    }
    let thumbnail = format!("/api/v1/photos/{photo_before}/list");
    let response = office.request(Method::GET, &thumbnail).send().await.unwrap();
    assert_eq!(response.status(), 200, "a thumbnail is made again from the original");
}

#[tokio::test(flavor = "multi_thread")]
async fn originals_leave_a_tablet_when_a_backup_has_them_and_not_before() {
    let Demo { server, mut tablet, .. } = Demo::start().await;
    let kept = tempfile::tempdir().unwrap();
    tablet.device.keep_originals(0).unwrap();
    let (_, first) = tablet.record(server.clock.now());
    assert_eq!(tablet.device.free_originals().unwrap().photos, 0, "it waits");
    let (tablet, report) = tablet.sync(&server.url).await;
    assert_eq!(report.photos_verified, 1);
    assert_eq!(tablet.device.free_originals().unwrap().photos, 0, "no backup has it");
    server.clock.advance_seconds(HOUR);
    back_up(&place_of(&server), kept.path(), server.clock.now()).await.unwrap();
    let (mut tablet, _) = tablet.sync(&server.url).await;
    let (_, second) = tablet.record(server.clock.now());
    let (mut tablet, _) = tablet.sync(&server.url).await;

    tablet.device.keep_originals(u64::MAX).unwrap();
    assert_eq!(tablet.device.free_originals().unwrap().photos, 0, "there is room");
    tablet.device.keep_originals(0).unwrap();
    let freed = tablet.device.free_originals().unwrap();

    assert_eq!(freed.photos, 1);
    let is_here = |photo: &PhotoHash| tablet.device.photos().path(photo).exists();
    assert_eq!((is_here(&first), is_here(&second)), (false, true));
    assert_eq!(tablet.device.free_originals().unwrap().photos, 0);
}

/// A district with one case, whose two originals are kept.
async fn small() -> (Review, TempDir) {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding", "material_cover"]).await;
    review.push(&visit).await;
    for measure in ["hoarding", "material_cover"] {
        let shot = format!("{measure} {}", visit.inspection_id);
        let store = &review.server.state.photos.store;
        let hash = PhotoHash::of(shot.as_bytes());
        store.publish(&review.macun.code, &hash, shot.into_bytes().into()).await.unwrap();
    }
    (review, tempfile::tempdir().unwrap())
}

async fn keep(review: &Review, directory: &Path) -> Result<server::backup::BackedUp, BackupError> {
    back_up(&place_of(&review.server), directory, review.server.clock.now()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_backup_copies_new_photos_only_and_replaces_the_dump() {
    let (review, kept) = small().await;
    let first = keep(&review, kept.path()).await.unwrap();
    review.server.clock.advance_seconds(HOUR);

    let second = keep(&review, kept.path()).await.unwrap();

    assert_eq!((first.photos_copied, second.photos_copied), (2, 0));
    let names: Vec<String> = fs::read_dir(kept.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("database-"))
        .collect();
    assert_eq!(names, std::slice::from_ref(&second.manifest.database.name));
    let told: Vec<Option<server::db::types::Time>> = districts::table
        .select(districts::backed_up_through)
        .load(&mut review.server.connection().await)
        .await
        .unwrap();
    assert_eq!(told[0].unwrap().0, second.manifest.through);
    assert!(second.manifest.through < review.server.clock.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_rotted_in_the_backup_is_copied_anew() {
    let (review, kept) = small().await;
    keep(&review, kept.path()).await.unwrap();
    let copy = a_photo(kept.path());
    let whole = fs::read(&copy).unwrap();
    let mut rotten = whole.clone();
    rotten[0] ^= 1;
    fs::write(&copy, rotten).unwrap();
    review.server.clock.advance_seconds(HOUR);

    let second = keep(&review, kept.path()).await.unwrap();

    assert_eq!(second.photos_copied, 1);
    assert_eq!(fs::read(&copy).unwrap(), whole);
    let fresh = Fresh::make().await;
    restore(&fresh.place(), kept.path()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_original_that_is_gone_or_rotten_is_told_and_the_backup_before_stands() {
    let (review, kept) = small().await;
    keep(&review, kept.path()).await.unwrap();
    let manifest = fs::read(kept.path().join(MANIFEST_FILE)).unwrap();
    review.case(&["hoarding"]).await;
    review.server.clock.advance_seconds(HOUR);

    let refused = keep(&review, kept.path()).await.unwrap_err();

    assert!(matches!(&refused, BackupError::PhotosDamaged { count: 1, .. }), "{refused}");
    assert_eq!(fs::read(kept.path().join(MANIFEST_FILE)).unwrap(), manifest);
    let fresh = Fresh::make().await;
    restore(&fresh.place(), kept.path()).await.unwrap();
}

/// The manifest, changed as JSON.
fn edit(directory: &Path, change: impl FnOnce(&mut Value)) {
    let path = directory.join(MANIFEST_FILE);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, manifest.to_string()).unwrap();
}

fn a_photo(directory: &Path) -> PathBuf {
    let mut path = directory.join("photos");
    while path.is_dir() {
        path = fs::read_dir(&path).unwrap().next().unwrap().unwrap().path();
    }
    path
}

fn dump(directory: &Path) -> PathBuf {
    let mut entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.extension().is_some_and(|ending| ending == "dump")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_restored_from_a_backup_that_is_not_whole() {
    type Damage = fn(&Path);
    type Expected = fn(&BackupError) -> bool;
    let damages: [(&str, Damage, Expected); 8] = [
        (
            "no manifest",
            |dir| fs::remove_file(dir.join(MANIFEST_FILE)).unwrap(),
            |e| matches!(e, BackupError::Missing { .. }),
        ),
        (
            "half a manifest",
            |dir| {
                let path = dir.join(MANIFEST_FILE);
                let bytes = fs::read(&path).unwrap();
                fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            },
            |e| matches!(e, BackupError::Manifest { .. }),
        ),
        (
            "another form",
            |dir| edit(dir, |m| m["form"] = 2.into()),
            |e| matches!(e, BackupError::Manifest { .. }),
        ),
        (
            "a path for a dump",
            |dir| edit(dir, |m| m["database"]["name"] = "../x.dump".into()),
            |e| matches!(e, BackupError::Manifest { .. }),
        ),
        (
            "a newer schema",
            |dir| edit(dir, |m| m["migration"] = "9999-01-01-000001".into()),
            |e| matches!(e, BackupError::Newer { .. }),
        ),
        (
            "a photo gone",
            |dir| fs::remove_file(a_photo(dir)).unwrap(),
            |e| matches!(e, BackupError::Missing { .. }),
        ),
        (
            "a photo rotten",
            |dir| {
                let path = a_photo(dir);
                let length = fs::read(&path).unwrap().len();
                fs::write(path, vec![0; length]).unwrap();
            },
            |e| matches!(e, BackupError::Corrupt { what: "SHA-256", .. }),
        ),
        (
            "half a dump",
            |dir| {
                let bytes = fs::read(dump(dir)).unwrap();
                fs::write(dump(dir), &bytes[..bytes.len() / 2]).unwrap();
            },
            |e| matches!(e, BackupError::Corrupt { what: "size", .. }),
        ),
    ];
    let (review, kept) = small().await;
    let fresh = Fresh::make().await;
    for (name, damage, expected) in damages {
        keep(&review, kept.path()).await.unwrap();
        damage(kept.path());
        let refused = restore(&fresh.place(), kept.path()).await.unwrap_err();
        assert!(expected(&refused), "{name}: {refused}");
        fs::remove_dir_all(kept.path()).unwrap();
    }

    keep(&review, kept.path()).await.unwrap();
    restore(&fresh.place(), kept.path()).await.expect("nothing was left behind in the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_postgresql_refuses_or_that_has_other_rows_is_told() {
    let (review, kept) = small().await;
    keep(&review, kept.path()).await.unwrap();
    edit(kept.path(), |manifest| manifest["rows"]["cases"] = 7.into());
    let fresh = Fresh::make().await;
    let refused = restore(&fresh.place(), kept.path()).await.unwrap_err();
    assert!(
        matches!(&refused, BackupError::Rows { table, expected: 7, restored: 1 } if table == "cases"),
        "{refused}"
    );

    let garbage = b"PGDMP but not for long".to_vec();
    fs::write(dump(kept.path()), &garbage).unwrap();
    edit(kept.path(), |manifest| {
        manifest["database"]["size"] = garbage.len().into();
        manifest["database"]["sha256"] = PhotoHash::of(&garbage).to_string().into();
    });
    let refused = restore(&Fresh::make().await.place(), kept.path()).await.unwrap_err();
    assert!(matches!(&refused, BackupError::Program { program: "pg_restore", .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_holds_anything_is_left_alone() {
    let (review, kept) = small().await;
    keep(&review, kept.path()).await.unwrap();

    let refused = restore(&place_of(&review.server), kept.path()).await.unwrap_err();

    assert!(matches!(refused, BackupError::NotEmpty { tables } if tables > 0), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_makes_no_backup() {
    let (review, kept) = small().await;
    let mut place = place_of(&review.server);
    place.database_url = place.database_url.replace("lantian_test", "lantian_nowhere");

    let refused = back_up(&place, kept.path(), review.server.clock.now()).await.unwrap_err();

    assert!(matches!(refused, BackupError::Connect(_)), "{refused}");
    assert!(!kept.path().join(MANIFEST_FILE).exists());
}
