//! What a device should hold (核对), in short: rows and hash by kind at the cursor where the server stands, read from the
//! tables themselves.

use sync_core::wire::digest::{Digester, ScopeDigest};

use super::pull_changes::place_of;
use super::scope_rows::ScopeRows;
use crate::auth::actor::Actor;
use crate::problem::ApiError;
use crate::state::AppState;

/// Takes the digest of this user's scope. Like a snapshot it reads a whole register: one at a time.
///
/// # Errors
/// Faults of the database.
pub async fn digest_scope(state: &AppState, actor: &Actor) -> Result<ScopeDigest, ApiError> {
    let _turn = state.snapshots.turn.lock().await;
    let mut conn = state.connection().await?;
    conn.build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| {
            let place = place_of(conn, actor).await?;
            let cursor = place.page(conn, actor, state.clock.now()).await?.cursor;
            let (mut rows, mut digester) =
                (ScopeRows::new(&actor.district, &place.scope), Digester::default());
            while let Some(changes) = rows.next(conn).await? {
                for change in &changes {
                    if let Some(row) = &change.row {
                        digester.add(&change.entity, &change.id, row.get());
                    }
                }
            }
            Ok(ScopeDigest { cursor, tables: digester.finish() })
        })
        .await
}
