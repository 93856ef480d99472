//! The device store: a user's master and work together, as screens and the engine see them.
//!
//! Invariants: two files, two connections, nothing spans both. A pulled page goes to the work store first and to
//! the master second; a crash in between repeats the first without effect. A replacement of the master is built
//! aside, from a snapshot or page by page, and takes its place complete: until then the old register answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::file_names::Built;
use super::files::{self, Registers};
use super::master::{Hit, MasterStore, PageSummary};
use super::search_terms::{Query, Terms};
use super::snapshot::{Download, OwnWork, Piece, Received, SnapshotChunk, SnapshotFault, Unpacking};
use super::work::{Overlay, Settled, WorkStore};
use crate::geo::Point;
use crate::ids::{Incarnation, KindCode, TargetId, UserId};
use crate::limits::SEARCH_MAX_RESULTS;
use crate::model::target::{Target, TargetContent};
use crate::time::Instant;
use crate::wire::pull::PullPage;

/// What has arrived of a snapshot.
const DOWNLOAD_FILE: &str = "download.db";
/// The user's own work.
const WORK_FILE: &str = "work.db";

/// The stores of one user of the device.
#[derive(Debug)]
pub struct DeviceStore {
    directory: PathBuf,
    registers: Registers,
    master: MasterStore,
    replacement: Option<MasterStore>,
    download: Option<Download>,
    unpacking: Option<Unpacking>,
    unpacked: Option<MasterStore>,
    /// The user's own work.
    pub work: WorkStore,
}

/// What became of a snapshot that has arrived.
#[derive(Debug)]
pub enum Unpacked {
    /// There is more of it; screens may have their turn.
    InPart,
    /// It is sound: the page to adopt it with, which holds the user's own results and photo states.
    Sound(PullPage),
    /// It cannot be used and was thrown away.
    Refused(SnapshotFault),
}

/// A device store and what had to be set aside to open it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: DeviceStore,
    /// Damaged files, by the names they have now. With a work database among them, the user must be told.
    pub set_aside: Vec<PathBuf>,
}

/// What a page did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pulled {
    /// To the user's own work.
    pub work: Settled,
    /// To the register and the other pulled rows.
    pub master: PageSummary,
}

/// A target as this device knows it: the server's version with this user's own changes over it.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterEntry {
    /// What it is.
    pub content: TargetContent,
    /// The server's version; 0 for one registered here and not yet in the register.
    pub version: u32,
    /// The version an update made now is made on: the server's, counted on over the changes waiting here.
    pub next_base_version: u32,
    /// Whether it has changes of this user that the register does not show yet.
    pub local: bool,
}

/// A target that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The target.
    pub entry: RegisterEntry,
    /// How far from the given place, in metres.
    pub distance_metres: Option<f64>,
}

impl DeviceStore {
    /// Opens the stores in the user's own directory. A damaged file is set aside under a name with `now` in it, and
    /// a new one is begun in its place; `incarnation` is for a new work database.
    ///
    /// # Errors
    /// [`StoreError::OtherUser`], [`StoreError::NewerSchema`], [`StoreError::OtherKind`],
    /// [`StoreError::JournalMode`], [`StoreError::File`], [`StoreError::Sqlite`].
    pub fn open(
        directory: &Path,
        user: UserId,
        incarnation: Incarnation,
        now: Instant,
    ) -> Result<Opened, StoreError> {
        Self::open_with(MasterStore::open, directory, user, incarnation, now)
    }

    /// As [`Self::open`], but the register, which can be had again, is not read through: what reads it may answer
    /// [`StoreError::Corrupt`], and [`Self::open`] then sets it aside. The user's own work is always read through.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_quickly(
        directory: &Path,
        user: UserId,
        incarnation: Incarnation,
        now: Instant,
    ) -> Result<Opened, StoreError> {
        Self::open_with(MasterStore::open_quickly, directory, user, incarnation, now)
    }

    fn open_with(
        open_master: fn(&Path) -> Result<MasterStore, StoreError>,
        directory: &Path,
        user: UserId,
        incarnation: Incarnation,
        now: Instant,
    ) -> Result<Opened, StoreError> {
        let mut set_aside = Vec::new();
        let mut open_sound = OpenSound { now, set_aside: &mut set_aside };
        let registers = Registers::find(directory)?;
        let master = open_sound.open(&registers.current(), open_master)?;
        let next = registers.next(Built::ByPages);
        let replacement =
            if files::is_there(&next) { Some(open_sound.open(&next, open_master)?) } else { None };
        let work =
            open_sound.open(&directory.join(WORK_FILE), |path| WorkStore::open(path, user, incarnation))?;
        let download = directory.join(DOWNLOAD_FILE);
        let download =
            if files::is_there(&download) { Some(open_sound.open(&download, Download::open)?) } else { None };
        // One that a crash left half unpacked.
        files::discard(&registers.next(Built::FromSnapshot))?;
        let directory = directory.to_path_buf();
        let store = Self {
            directory,
            registers,
            master,
            replacement,
            download,
            unpacking: None,
            unpacked: None,
            work,
        };
        Ok(Opened { store, set_aside })
    }

    /// The register and the other pulled rows that answer now.
    #[must_use]
    pub fn master(&self) -> &MasterStore {
        &self.master
    }

    /// Where to pull from: the replacement's place while one is built; `None` from the start.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn pull_cursor(&self) -> Result<Option<String>, StoreError> {
        self.replacement.as_ref().unwrap_or(&self.master).cursor()
    }

    /// Applies a pulled page. The last page (`more` is false) of a replacement puts it in the old master's place.
    ///
    /// # Errors
    /// [`StoreError::OtherUser`], [`StoreError::DiskFull`], [`StoreError::File`], [`StoreError::Sqlite`]. The page
    /// may then be applied again.
    pub fn apply_page(&mut self, page: &PullPage) -> Result<Pulled, StoreError> {
        let work = self.work.apply_pulled(page)?;
        let master = self.replacement.as_mut().unwrap_or(&mut self.master).apply_page(page)?;
        if !page.more
            && let Some(finished) = &self.replacement
        {
            finished.fold_log()?;
        }
        if !page.more && self.replacement.is_some() {
            // While names still tell what is what, and while a failure leaves the replacement where it is.
            self.discard_snapshot()?;
            if let Some(replacement) = self.replacement.take() {
                self.put_in_place(replacement, Built::ByPages)?;
            }
        }
        Ok(Pulled { work, master })
    }

    /// Begins a replacement of the master from nothing, in place of one begun before: the server answered
    /// `restart`. The old register answers until the new one is complete.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Sqlite`] and its special cases.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.discard_snapshot()?;
        self.discard_replacement()?;
        self.replacement = Some(MasterStore::open(&self.registers.next(Built::ByPages))?);
        Ok(())
    }

    fn discard_replacement(&mut self) -> Result<(), StoreError> {
        if let Some(unfinished) = self.replacement.take() {
            unfinished.close()?;
        }
        files::discard(&self.registers.next(Built::ByPages))
    }

    /// How much of a snapshot has arrived; `None` when nothing has.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn snapshot_received(&self) -> Result<Option<Received>, StoreError> {
        self.download.as_ref().map_or(Ok(None), Download::received)
    }

    /// Keeps a part of a snapshot. One of another file than what is here starts over.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Sqlite`].
    pub fn take_snapshot_chunk(&mut self, chunk: &SnapshotChunk) -> Result<(), StoreError> {
        let mut download = match self.download.take() {
            Some(download) => download,
            None => Download::open(&self.directory.join(DOWNLOAD_FILE))?,
        };
        let taken = download.take(chunk);
        self.download = Some(download);
        taken
    }

    /// Verifies a snapshot that has arrived whole and unpacks it beside the register, which answers on: by about so many bytes,
    /// so again until it has ended. One that cannot be used is thrown away.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::File`], [`StoreError::Sqlite`]; the download is kept then.
    pub fn unpack_snapshot(&mut self, received: &Received, bytes: u64) -> Result<Unpacked, StoreError> {
        let Some(download) = &self.download else {
            return Ok(Unpacked::Refused(SnapshotFault::Unreadable("nothing has arrived".to_owned())));
        };
        // A failure of the disk leaves none behind: it is begun anew then.
        let begun = self.unpacking.take().filter(|begun| begun.announced() == received.sha256);
        let path = || self.registers.next(Built::FromSnapshot);
        let mut unpacking = begun.unwrap_or_else(|| Unpacking::of(&received.sha256, path()));
        let fault = match unpacking.go_on(download, bytes)? {
            Piece::More => {
                self.unpacking = Some(unpacking);
                return Ok(Unpacked::InPart);
            }
            Piece::Whole(master) => match master.own_work()? {
                Ok(page) => {
                    self.unpacked = Some(*master);
                    return Ok(Unpacked::Sound(page));
                }
                Err(fault) => {
                    master.close()?;
                    fault
                }
            },
            Piece::Unusable(fault) => fault,
        };
        self.discard_snapshot()?;
        Ok(Unpacked::Refused(fault))
    }

    /// Puts the unpacked snapshot in the master's place, after the user's own results in its page went to the work store.
    /// Says what it did.
    ///
    /// # Errors
    /// [`StoreError::OtherUser`], [`StoreError::DiskFull`], [`StoreError::File`], [`StoreError::Sqlite`]. The register
    /// is the old one or the new one then, never a mixture.
    pub fn adopt_snapshot(&mut self, page: &PullPage) -> Result<Pulled, StoreError> {
        let work = self.work.apply_pulled(page)?;
        let mut master = PageSummary::default();
        if let Some(unpacked) = self.unpacked.take() {
            master.bootstrapped = unpacked.row_count()?;
            unpacked.drop_own_work()?;
            unpacked.fold_log()?;
            self.discard_replacement()?;
            self.put_in_place(unpacked, Built::FromSnapshot)?;
        }
        self.discard_snapshot()?;
        Ok(Pulled { work, master })
    }

    /// Throws away what has arrived of a snapshot.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Sqlite`].
    pub fn discard_snapshot(&mut self) -> Result<(), StoreError> {
        self.unpacking = None;
        if let Some(unpacked) = self.unpacked.take() {
            unpacked.close()?;
        }
        files::discard(&self.registers.next(Built::FromSnapshot))?;
        if let Some(download) = self.download.take() {
            download.close()?;
        }
        files::discard(&self.directory.join(DOWNLOAD_FILE))
    }

    /// Whether a replacement of the master is under way.
    #[must_use]
    pub fn is_replacing(&self) -> bool {
        self.replacement.is_some()
    }

    fn put_in_place(&mut self, replacement: MasterStore, built: Built) -> Result<(), StoreError> {
        let new = self.registers.next(built);
        replacement.close()?;
        // SQLite removes a log by its name when it closes: the old file must be closed before the new one opens.
        std::mem::replace(&mut self.master, MasterStore::stand_in()?).close()?;
        let replaced = self.registers.replace_by(built);
        self.master = MasterStore::open_quickly(&self.registers.current())?;
        if let Err(failed) = replaced {
            // A snapshot is unpacked again: what has arrived of it is still there. Where only the new name could not be
            // made durable, the replacement is the master already.
            if built == Built::ByPages && files::is_there(&new) {
                self.replacement = Some(MasterStore::open(&new)?);
            }
            return Err(failed);
        }
        self.work.drop_applied_overlays()?;
        Ok(())
    }

    /// One target.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn target(&self, id: TargetId) -> Result<Option<RegisterEntry>, StoreError> {
        Ok(merge(self.master.target(id)?, self.work.overlay(id)?))
    }

    /// Searches the register by name, register number and pinyin initials, this user's own entries included; an
    /// empty text finds everything. Nearest first where a place is given, else by name; at most
    /// [`SEARCH_MAX_RESULTS`].
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn search(&self, text: &str, near: Option<Point>) -> Result<Vec<Found>, StoreError> {
        self.search_kind(text, None, near)
    }

    /// As [`Self::search`], of one kind where it is named.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn search_kind(
        &self,
        text: &str,
        kind: Option<&KindCode>,
        near: Option<Point>,
    ) -> Result<Vec<Found>, StoreError> {
        let query = Query::new(text);
        let own = self.own_entries()?;
        let mut hits = self.master.hits(&query, kind, near, SEARCH_MAX_RESULTS.saturating_add(own.len()))?;
        hits.retain(|hit| !own.contains_key(&hit.target_id));
        let of_kind = own.values().filter(|entry| kind.is_none_or(|kind| entry.content.kind == *kind));
        hits.extend(of_kind.filter_map(|entry| hit(&entry.content, &query, near)));
        hits.sort_by(Hit::order);
        hits.truncate(SEARCH_MAX_RESULTS);
        let pulled: Vec<_> =
            hits.iter().map(|hit| hit.target_id).filter(|id| !own.contains_key(id)).collect();
        let mut entries = own;
        let pulled = self.master.targets(&pulled)?.into_iter();
        entries.extend(pulled.filter_map(|t| Some((t.content.target_id, merge(Some(t), None)?))));
        let found = hits.into_iter().filter_map(|hit| {
            let entry = entries.remove(&hit.target_id)?;
            Some(Found { entry, distance_metres: hit.distance_metres })
        });
        Ok(found.collect())
    }

    /// The targets with changes of this user that the register does not show yet.
    fn own_entries(&self) -> Result<BTreeMap<TargetId, RegisterEntry>, StoreError> {
        let overlays = self.work.overlays()?;
        let ids: Vec<_> = overlays.iter().map(|overlay| overlay.content.target_id).collect();
        let mut pulled: BTreeMap<_, _> =
            self.master.targets(&ids)?.into_iter().map(|t| (t.content.target_id, t)).collect();
        let merged = overlays.into_iter().filter_map(|overlay| {
            let id = overlay.content.target_id;
            merge(pulled.remove(&id), Some(overlay)).filter(|entry| entry.local).map(|entry| (id, entry))
        });
        Ok(merged.collect())
    }
}

/// The server's version with the user's own change over it, while that is newer than what the server sent. A change
/// of a target that the server took away has nothing to stand on.
fn merge(pulled: Option<Target>, overlay: Option<Overlay>) -> Option<RegisterEntry> {
    let version = pulled.as_ref().map_or(0, |target| target.version);
    match overlay {
        Some(overlay) if overlay.base_version >= version && (overlay.registered || pulled.is_some()) => {
            Some(RegisterEntry {
                next_base_version: overlay.base_version.saturating_add(1),
                content: overlay.content,
                version,
                local: true,
            })
        }
        _ => pulled.map(|target| RegisterEntry {
            content: target.content,
            version,
            next_base_version: version,
            local: false,
        }),
    }
}

fn hit(content: &TargetContent, query: &Query, near: Option<Point>) -> Option<Hit> {
    let matches = Terms::new(&content.name, content.code.as_deref()).matches(query);
    matches.then(|| Hit {
        target_id: content.target_id,
        name: content.name.clone(),
        distance_metres: near.map(|near| near.distance_metres(content.point)),
    })
}

struct OpenSound<'a> {
    now: Instant,
    set_aside: &'a mut Vec<PathBuf>,
}

impl OpenSound<'_> {
    /// Opens a database, or sets a damaged one aside and opens a new one.
    fn open<T>(
        &mut self,
        path: &Path,
        open: impl Fn(&Path) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match open(path) {
            Err(StoreError::Corrupt(_)) => {
                self.set_aside.push(files::set_aside(path, self.now)?);
                open(path)
            }
            other => other,
        }
    }
}
