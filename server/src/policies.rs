//! Policy books (政策汇编) of the districts, kept parsed: packs are immutable, so a book changes only with its
//! adoptions.
//!
//! Invariant: every use asks the database what is adopted (one small query), so that several processes agree; only
//! the parsing is spared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;
use sync_core::policy::{Adoption, BookError, PackErrors, PolicyBook, PolicyPack};

use crate::db::Connection;
use crate::db::schema::{pack_adoptions, packs};
use crate::db::types::Day;
use crate::problem::ApiError;

/// Hash, first and last day of each adoption, in order: what a book is made of.
type Adopted = Vec<(String, Option<Day>, Option<Day>)>;

/// The books of this process.
#[derive(Debug, Default)]
pub struct PolicyBooks {
    books: Mutex<HashMap<RegionCode, (Adopted, Arc<PolicyBook>)>>,
}

/// A stored pack or its adoption is not sound.
#[derive(Debug, thiserror::Error)]
pub enum StoredPackError {
    /// A pack's source does not load in this build.
    #[error("a stored pack cannot be loaded: {0}")]
    Pack(#[from] PackErrors),
    /// The adoptions contradict each other.
    #[error("the stored adoptions of {district}: {source}")]
    Book {
        /// Whose.
        district: RegionCode,
        /// What is wrong.
        source: BookError,
    },
}

impl PolicyBooks {
    /// The book of a district: the packs it adopted, on the days it adopted them from, else on their own.
    ///
    /// # Errors
    /// `internal_error` where a stored pack or adoption is not sound; `unavailable` without a database.
    pub async fn of(
        &self,
        mut conn: &Connection,
        district: &RegionCode,
    ) -> Result<Arc<PolicyBook>, ApiError> {
        let adopted: Adopted = pack_adoptions::table
            .filter(pack_adoptions::district.eq(district.as_str()))
            .order(pack_adoptions::hash)
            .select((pack_adoptions::hash, pack_adoptions::from_day, pack_adoptions::until_day))
            .load(&mut conn)
            .await?;
        if let Some(book) = self.kept(district, &adopted) {
            return Ok(book);
        }
        let sources: Vec<(String, String)> = packs::table
            .filter(packs::hash.eq_any(adopted.iter().map(|(hash, ..)| hash)))
            .order(packs::hash)
            .select((packs::pack_id, packs::source))
            .load(&mut conn)
            .await?;
        let book = Arc::new(book_of(district, &sources, &adopted).map_err(ApiError::internal)?);
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.insert(district.clone(), (adopted, Arc::clone(&book)));
        Ok(book)
    }

    fn kept(&self, district: &RegionCode, adopted: &Adopted) -> Option<Arc<PolicyBook>> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.get(district).filter(|(of, _)| of == adopted).map(|(_, book)| Arc::clone(book))
    }
}

fn book_of(
    district: &RegionCode,
    sources: &[(String, String)],
    adopted: &Adopted,
) -> Result<PolicyBook, StoredPackError> {
    let packs: Vec<PolicyPack> =
        sources.iter().map(|(id, source)| PolicyPack::load(source, id)).collect::<Result<_, _>>()?;
    // An adoption without a first day leaves the document's own days, here as on the devices that pull it.
    let with_days = |pack: &PolicyPack| {
        let (_, from, until) = adopted.iter().find(|(hash, ..)| hash == pack.hash().as_str())?;
        Some(Adoption { pack: pack.hash().clone(), from: from.as_ref()?.0, until: until.map(|day| day.0) })
    };
    let adoptions: Vec<Adoption> = packs.iter().filter_map(with_days).collect();
    PolicyBook::new(packs, &adoptions)
        .map_err(|source| StoredPackError::Book { district: district.clone(), source })
}
