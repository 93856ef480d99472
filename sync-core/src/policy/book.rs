//! Policy book (政策汇编): which pack is in force where and when.
//!
//! The most specific region with a pack in force on the day wins; two packs in force on one day within one region
//! are an error, found when the book is made and not when a case is judged.

use jiff::civil::Date;

use super::pack::{PolicyPack, SourceLine, Status, Window};
use crate::ids::{PackHash, PackId, RegionCode};

/// An administrator's adoption (采用) of a pack version, with dates that replace the document's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Which version.
    pub pack: PackHash,
    /// First day.
    pub from: Date,
    /// Last day; open when absent.
    pub until: Option<Date>,
}

/// Two packs of one region that would be in force on the same day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{second_at}: {second} and {first} ({first_at}) are both in force in {region} on {day}")]
pub struct Overlap {
    /// The region.
    pub region: RegionCode,
    /// One pack.
    pub first: PackId,
    /// Where its file states its dates.
    pub first_at: SourceLine,
    /// The other; the same name when they are versions of one pack.
    pub second: PackId,
    /// Where its file states its dates.
    pub second_at: SourceLine,
    /// The first day on which both would be in force.
    pub day: Date,
}

/// Why packs and adoptions do not make a book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Two packs of one region would be in force on the same day.
    #[error(transparent)]
    Overlap(Box<Overlap>),
    /// An adoption of a pack that the book does not have.
    #[error("no pack has the hash {0}")]
    UnknownPack(PackHash),
    /// An adoption whose last day comes before its first.
    #[error("the adoption of {0} ends before it begins")]
    Reversed(PackId),
}

#[derive(Debug, Clone)]
struct Entry {
    pack: PolicyPack,
    windows: Vec<Window>,
}

/// Packs with their days of force.
#[derive(Debug, Clone, Default)]
pub struct PolicyBook {
    entries: Vec<Entry>,
}

impl PolicyBook {
    /// Makes a book. A pack is in force on its adoptions' days where it has any, else, if issued, on its
    /// document's own. A pack given twice counts once.
    ///
    /// # Errors
    /// Any [`BookError`].
    pub fn new(packs: Vec<PolicyPack>, adoptions: &[Adoption]) -> Result<Self, BookError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(packs.len());
        for pack in packs {
            if entries.iter().any(|entry| entry.pack.hash() == pack.hash()) {
                continue;
            }
            let windows = windows_of(&pack, adoptions)?;
            entries.push(Entry { pack, windows });
        }
        let known = |hash: &PackHash| entries.iter().any(|entry| entry.pack.hash() == hash);
        if let Some(adoption) = adoptions.iter().find(|adoption| !known(&adoption.pack)) {
            return Err(BookError::UnknownPack(adoption.pack.clone()));
        }
        for (index, first) in entries.iter().enumerate() {
            for second in entries.iter().skip(index + 1) {
                refuse_overlap(first, second)?;
            }
        }
        Ok(Self { entries })
    }

    /// The pack in force in a region on a day (zone of record), if any: the region's own, else its city's, else
    /// its province's, else the country's.
    #[must_use]
    pub fn in_force(&self, region: &RegionCode, day: Date) -> Option<&PolicyPack> {
        self.nearest(region, |entry| entry.windows.iter().any(|window| window.holds_on(day)))
    }

    /// The draft that would govern here, were it adopted: its checklists can be walked, its amounts are not
    /// charged.
    #[must_use]
    pub fn unadopted_draft(&self, region: &RegionCode) -> Option<&PolicyPack> {
        self.nearest(region, |entry| entry.windows.is_empty())
    }

    /// The version of a document of this region that began last by a day, also where its days are over since; before its
    /// first day the first one.
    #[must_use]
    pub fn version_at(&self, region: &RegionCode, pack: &PackId, day: Date) -> Option<&PolicyPack> {
        let regions = region.with_parents();
        let named = || {
            let entries = self.entries.iter().filter(|entry| entry.pack.id() == pack);
            entries.filter(|entry| regions.contains(entry.pack.region()))
        };
        let begins = |entry: &Entry, by: Date| {
            entry.windows.iter().map(|window| window.from).filter(|from| *from <= by).max()
        };
        let begun =
            named().filter_map(|entry| Some((begins(entry, day)?, entry))).max_by_key(|(from, _)| *from);
        let first = || named().min_by_key(|entry| entry.windows.iter().map(|window| window.from).min());
        begun.map(|(_, entry)| entry).or_else(first).map(|entry| &entry.pack)
    }

    /// Every pack, in or out of force.
    pub fn packs(&self) -> impl Iterator<Item = &PolicyPack> {
        self.entries.iter().map(|entry| &entry.pack)
    }

    /// The pack of this version.
    #[must_use]
    pub fn by_hash(&self, hash: &PackHash) -> Option<&PolicyPack> {
        self.packs().find(|pack| pack.hash() == hash)
    }

    fn nearest(&self, region: &RegionCode, holds: impl Fn(&Entry) -> bool) -> Option<&PolicyPack> {
        region.with_parents().into_iter().find_map(|code| {
            let mut there = self.entries.iter().filter(|entry| *entry.pack.region() == code);
            there.find(|entry| holds(entry)).map(|entry| &entry.pack)
        })
    }
}

fn windows_of(pack: &PolicyPack, adoptions: &[Adoption]) -> Result<Vec<Window>, BookError> {
    let adopted: Vec<Window> = adoptions
        .iter()
        .filter(|adoption| adoption.pack == *pack.hash())
        .map(|adoption| Window { from: adoption.from, until: adoption.until })
        .collect();
    if adopted.iter().any(Window::is_reversed) {
        return Err(BookError::Reversed(pack.id().clone()));
    }
    let own = pack.document().effective.filter(|_| pack.document().status == Status::Issued);
    Ok(if adopted.is_empty() { own.into_iter().collect() } else { adopted })
}

fn refuse_overlap(first: &Entry, second: &Entry) -> Result<(), BookError> {
    if first.pack.region() != second.pack.region() {
        return Ok(());
    }
    let pairs = first.windows.iter().flat_map(|a| second.windows.iter().map(move |b| (a, b)));
    match pairs.filter_map(|(a, b)| a.first_common_day(b)).min() {
        None => Ok(()),
        Some(day) => Err(BookError::Overlap(Box::new(Overlap {
            region: first.pack.region().clone(),
            first: first.pack.id().clone(),
            first_at: first.pack.dates_at().clone(),
            second: second.pack.id().clone(),
            second_at: second.pack.dates_at().clone(),
            day,
        }))),
    }
}
