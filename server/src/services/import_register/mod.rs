//! Imports a file into a register: shows what every row would do, and does exactly that when asked to.
//!
//! Invariants: a run needs the digest of its preview, which stands for the file, for what it would change and for what
//! stood there, so nothing is written that nobody saw; a file with bad rows is written only where skipping them was
//! asked for. Rows are written [`TRANSACTION_ROWS`] in a transaction, each with statements for all of them, so that no
//! page of a pull grows with the file. A run that ends midway has written whole transactions: the same file, previewed
//! again, shows their rows as unchanged.

mod preview;

use std::sync::Arc;

use actix_web::web::Bytes;
use diesel_async::AsyncConnection;
use serde_json::json;
use sync_core::limits::PULL_PAGE_ROWS;
use sync_core::wire::problem::ProblemKind;

pub use preview::{FieldChange, ImportAnswer, ImportedRow, RowCounts, RowState};

use self::preview::{Preview, read_file};
use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::record_changes;
use crate::problem::ApiError;
use crate::registers::{Entries, Planned, Register};
use crate::state::AppState;

/// Rows that one transaction writes; with two changes a row it still fits one page of a pull.
pub const TRANSACTION_ROWS: usize = PULL_PAGE_ROWS / 2;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Only show what would be done.
    pub dry_run: bool,
    /// The digest of the preview that was agreed to.
    pub digest: Option<String>,
    /// Leave bad rows out.
    pub skip_bad_rows: bool,
}

/// Imports a file.
///
/// # Errors
/// Those of the file as a whole, with all its faults; `import_digest_required`, `import_outdated`,
/// `import_has_bad_rows`. Bad rows of a preview are no errors.
pub async fn import_register<R: Register>(
    state: &AppState,
    actor: &Actor,
    register: R,
    file: Bytes,
    options: &ImportOptions,
) -> Result<ImportAnswer, ApiError> {
    let register = Arc::new(register);
    let read = {
        let (register, file) = (Arc::clone(&register), file.clone());
        blocking(move || read_file(&*register, &file)).await??
    };
    let mut connection = state.connection().await?;
    let entries = register.entries(&mut connection, Entries::Keys(&read.keys)).await?;
    let Preview { mut answer, planned } = {
        let register = Arc::clone(&register);
        blocking(move || preview::preview(&*register, &file, read, entries)).await??
    };
    if options.dry_run {
        return Ok(answer);
    }
    match &options.digest {
        None => return Err(ApiError::new(ProblemKind::ImportDigestRequired).field("digest")),
        Some(digest) if *digest != answer.digest => {
            return Err(ApiError::new(ProblemKind::ImportOutdated).field("digest"));
        }
        Some(_) => {}
    }
    if answer.counts.faulty > 0 && !options.skip_bad_rows {
        return Err(ApiError::new(ProblemKind::ImportHasBadRows).field("skip_bad_rows"));
    }
    // One transaction after the other: the loop is over transactions, not over rows.
    for rows in planned.chunks(TRANSACTION_ROWS) {
        write_rows(state, &mut connection, actor, &*register, &answer.digest, rows).await?;
    }
    answer.applied = true;
    Ok(answer)
}

async fn write_rows<R: Register>(
    state: &AppState,
    connection: &mut Connection,
    actor: &Actor,
    register: &R,
    digest: &str,
    rows: &[Planned<R::Line>],
) -> Result<(), ApiError> {
    let now = state.clock.now();
    connection
        .transaction(async |connection| {
            let changes = register.write(connection, rows, now).await?;
            let numbers = || rows.iter().map(|row| row.row);
            let event = Event::new(Action::RegisterImported, &actor.district)
                .by(Some(actor.user_id))
                .about("import", digest)
                .detail(json!({
                    "register": R::TITLE.1, "from_row": numbers().min(), "through_row": numbers().max(),
                    "rows": rows.len(),
                }));
            audit::record(connection, now, &[event]).await?;
            Ok(record_changes(connection, &actor.district, &changes).await?)
        })
        .await
}

/// Runs work that takes its time away from the threads that serve.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
}
