//! The pool of private files (OPFS) that the databases lie in, encrypted with the key of whoever is unlocked.
//!
//! Invariants: a database is only ever opened through the encrypting file system and with its key set, and a key that
//! cannot be set is an error (SQLite would go on in plain text); the raw pool is never SQLite's default. Dedicated
//! worker only. One pool a worker, and one worker an origin: the Web Lock of `worker/leader.ts` sees to that.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rsqlite_vfs::VfsFilesManager;
use rsqlite_vfs::transfer::{DbTransfer, ExportSource};
use rusqlite::{Connection, OpenFlags};
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use sync_core::store::StoreError;
use sync_core::store::files::{self, PrivateFiles};

/// The pool's own file system, which nothing opens by itself.
const POOL: &str = "opfs-sahpool";
/// The encrypting file system over it (sqlite3mc names it so).
const ENCRYPTED: &str = "multipleciphers-opfs-sahpool";
/// The same over files in memory, which go with the worker.
const IN_MEMORY: &str = "multipleciphers-memvfs";
/// The directory of a rehearsal: in memory, under a key of zeros.
pub const REHEARSAL: &str = "/rehearsal";
/// Where the pool's files are, from the root of the origin's private file system.
const DIRECTORY: &str = "lantian-databases";
/// Free slots that there must be before a user's databases are opened: five of them with their logs and one journal, and one
/// each to set damaged ones aside. A full pool only says "unable to open database file"; every slot costs time when the pool
/// is taken.
const FREE_SLOTS: usize = 16;
/// Bytes copied at a time.
const COPY_BYTES: usize = 256 * 1024;
/// Bytes of a store key.
pub const KEY_BYTES: usize = 32;

thread_local! {
    static POOL_UTIL: RefCell<Option<Rc<OpfsSAHPoolUtil>>> = const { RefCell::new(None) };
    static KEY: RefCell<Option<[u8; KEY_BYTES]>> = const { RefCell::new(None) };
}

/// Takes the pool.
///
/// # Errors
/// [`OpfsSAHError`] where another worker holds it or the browser has no such files.
pub async fn take() -> Result<(), OpfsSAHError> {
    let settings =
        OpfsSAHPoolCfgBuilder::new().vfs_name(POOL).directory(DIRECTORY).initial_capacity(FREE_SLOTS).build();
    let pool = install::<WasmOsCallback>(&settings, false).await?;
    // What a version before this one had too many of.
    let idle = pool.capacity().saturating_sub(pool.len()?.saturating_add(FREE_SLOTS));
    if idle >= FREE_SLOTS / 2 {
        pool.reduce_capacity(idle).await?;
    }
    POOL_UTIL.with_borrow_mut(|util| *util = Some(Rc::new(pool)));
    files::install(Box::new(Pool));
    Ok(())
}

/// Makes room for what a user may open.
///
/// # Errors
/// [`OpfsSAHError`] before the pool is taken, and where the storage has no room.
pub async fn make_room() -> Result<(), OpfsSAHError> {
    let pool = POOL_UTIL.with_borrow(Clone::clone).ok_or(OpfsSAHError::Uninstalled)?;
    pool.ensure_capacity(pool.len()?.saturating_add(FREE_SLOTS)).await
}

/// The key that databases are opened with from now on; `None` when nobody is unlocked.
pub fn set_key(key: Option<[u8; KEY_BYTES]>) {
    KEY.with_borrow_mut(|held| *held = key);
}

/// Names of all databases and journals.
///
/// # Errors
/// [`OpfsSAHError`] before the pool is taken.
pub fn names() -> Result<Vec<String>, OpfsSAHError> {
    with_pool(OpfsSAHPoolUtil::names)
}

fn with_pool<T>(act: impl FnOnce(&OpfsSAHPoolUtil) -> Result<T, OpfsSAHError>) -> Result<T, OpfsSAHError> {
    POOL_UTIL.with_borrow(|pool| act(pool.as_ref().ok_or(OpfsSAHError::Uninstalled)?))
}

struct Pool;

impl PrivateFiles for Pool {
    fn connect(&self, path: &Path) -> Result<Connection, StoreError> {
        let (key, files) = if path.starts_with(REHEARSAL) {
            ([0; KEY_BYTES], IN_MEMORY)
        } else {
            (KEY.with_borrow(|key| *key).ok_or_else(|| failed(path, "nobody is unlocked"))?, ENCRYPTED)
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags_and_vfs(path, flags, files)?;
        set_database_key(&connection, &key)?;
        Ok(connection)
    }

    fn contains(&self, path: &Path) -> bool {
        with_pool(|pool| pool.contains(&name(path))).unwrap_or(false)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, StoreError> {
        let names = names().map_err(|error| failed(Path::new(DIRECTORY), error))?;
        Ok(names.into_iter().map(PathBuf::from).collect())
    }

    fn remove(&self, path: &Path) -> Result<(), StoreError> {
        with_pool(|pool| pool.remove(&name(path))).map(drop).map_err(|error| failed(path, error))
    }

    fn copy(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        with_pool(|pool| {
            let mut source = pool.open_export(&name(from))?;
            let size = source.size();
            // The source blocks other transfers until it is dropped, so it is read whole.
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            let mut piece = vec![0; COPY_BYTES];
            loop {
                let read = source.read_at(u64::try_from(bytes.len()).unwrap_or(size), &mut piece)?;
                if read == 0 {
                    break;
                }
                bytes.extend(piece.iter().take(read));
            }
            drop(source);
            pool.import_db_unchecked(&name(to), &bytes)
        })
        .map_err(|error| failed(from, error))
    }
}

/// Sets the key before anything is read or written. ChaCha20-Poly1305, the key itself and not a passphrase.
fn set_database_key(connection: &Connection, key: &[u8; KEY_BYTES]) -> Result<(), StoreError> {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    for statement in ["PRAGMA cipher = 'chacha20'".to_owned(), format!("PRAGMA key = 'raw:{digits}'")] {
        connection.query_row(&statement, [], |_| Ok(()))?;
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn failed(path: &Path, reason: impl ToString) -> StoreError {
    StoreError::File { path: path.to_path_buf(), source: std::io::Error::other(reason.to_string()) }
}
