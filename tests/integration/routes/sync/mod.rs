//! Push and pull, as devices use them.

mod commit_order;
mod compare;
mod context;
mod copies;
mod corrections;
mod faults;
mod prune;
mod pull;
mod push;
mod snapshot;
mod stored;
mod together;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use server::db::changes::record_changes;
use server::db::schema::photos;
use server::db::types::Time;
use server::problem::ApiError;
use server::services::complete_evidence::complete_evidence;
use sync_core::ids::PhotoHash;
use sync_core::time::Clock;
use tests::{TestDistrict, TestServer};

/// Verifies photos of these bytes, as the end of their upload does.
async fn verify_photos(server: &TestServer, district: &TestDistrict, contents: &[&[u8]]) {
    let hashes: Vec<PhotoHash> = contents.iter().map(|bytes| PhotoHash::of(bytes)).collect();
    let now = server.clock.now();
    let rows: Vec<_> = hashes
        .iter()
        .map(|hash| {
            (
                photos::district.eq(district.code.as_str()),
                photos::sha256.eq(hash.as_str()),
                photos::size.eq(1_i64),
                photos::state.eq("verified"),
                photos::received_at.eq(Time(now)),
            )
        })
        .collect();
    let mut conn = server.connection().await;
    conn.transaction(async |conn| {
        diesel::insert_into(photos::table).values(rows).execute(conn).await?;
        let changes = complete_evidence(conn, &district.code, &hashes, now).await?;
        record_changes(conn, &district.code, &changes).await?;
        Ok::<_, ApiError>(())
    })
    .await
    .unwrap();
}
