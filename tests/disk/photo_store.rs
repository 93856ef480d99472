//! The server: uploads on a disk that fails at each of its writes, under the part files and under the photo store.
//!
//! After every failure: the offset that was acknowledged still stands, nothing is published that does not fit its hash, and
//! once there is room the upload goes on from where it stood and becomes exactly one photo.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use server::db::schema::{photos, uploads};
use server::photos::photo_store::PhotoObject;
use sync_core::ids::PhotoHash;
use tests::photo_upload::{header_number, says_verified};
use tests::small_photo::small_photo;
use tests::{MACUN, TestDevice, TestDistrict, TestServer};

use crate::failing::{Disk, Fault};

/// Bytes of a photo beside its picture: two chunks of it are several writes.
const PADDING: usize = 5_000;

struct Office {
    server: TestServer,
    district: TestDistrict,
    device: TestDevice,
}

/// Sends a photo while the call of this number fails. Says whether there were so many.
async fn send(disk: &Disk, office: &Office, seed: u64, call: u64, fault: Fault) -> bool {
    let Office { server, district, device } = office;
    let photo = small_photo(seed.to_le_bytes(), PADDING);
    let hash = PhotoHash::of(&photo);
    let what = format!("call {call}, {fault:?}");
    let upload = device.create_upload(&hash, photo.len()).await;
    let (first, rest) = photo.split_at(photo.len() / 2);
    disk.fail(call, fault);
    let mut acknowledged = 0;
    for chunk in [first, rest] {
        let answer = device.append(&upload, acknowledged, chunk).await;
        match answer.status().as_u16() {
            204 => acknowledged = header_number(&answer, "upload-offset"),
            status => {
                assert!(status >= 500, "{what}: {status}");
                break;
            }
        }
    }
    if acknowledged == u64::try_from(photo.len()).unwrap() {
        let asked = device.ask(&upload).await;
        assert!(asked.status().is_server_error() || says_verified(&asked), "{what}: {}", asked.status());
    }
    let hit = disk.heal();
    let stands = device.ask(&upload).await;
    assert_eq!(header_number(&stands, "upload-offset"), acknowledged, "{what}: what was acknowledged stands");
    let verdict = device.resume(&upload, &photo).await;
    assert!(says_verified(&verdict), "{what}: {}", verdict.status());
    let kept = server.state.photos.store.get(&district.code, PhotoObject::Original(&hash)).await.unwrap();
    assert_eq!(kept, photo, "{what}");
    let rows = photos::table.filter(photos::sha256.eq(hash.as_str()));
    let rows: i64 = rows.count().get_result(&mut server.connection().await).await.unwrap();
    assert_eq!(rows, 1, "{what}: exactly one photo");
    hit
}

/// Sends a photo for each call that an upload makes, which fails. Says how many that were.
pub async fn every_write_fails_once(disk: &Disk) -> u64 {
    let data = disk.root().join("server");
    std::fs::create_dir_all(&data).unwrap();
    let database = tests::database::TestDatabase::create().await;
    let server = TestServer::start_without_background(database, |config| config.data_dir = data).await;
    let district = server.district(MACUN).await;
    let device = server.inspector(&district, "zhang", "001").await;
    let office = Office { server, district, device };
    let mut played = 0;
    for fault in [Fault::Full, Fault::Broken] {
        let mut call = 0;
        while send(disk, &office, played, call, fault).await {
            call += 1;
            played += 1;
            // A user may have a limited number of uploads open; these are done.
            let done = diesel::delete(uploads::table);
            done.execute(&mut office.server.connection().await).await.unwrap();
        }
        played += 1;
    }
    played
}
