//! Adoption of a policy pack (采用政策包) by a district: checked as a whole, with what is adopted already.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::civil::Date;
use sync_core::ids::{PackHash, RegionCode, UserId};
use sync_core::policy::{Adoption, BookError, PackErrors, PolicyBook, PolicyPack, Status};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::{districts, pack_adoptions, packs};
use crate::db::types::{Day, Time, stored};
use crate::problem::ApiError;

/// Days of force that replace a document's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdoptionDays {
    /// First day.
    pub from: Option<Date>,
    /// Last day; open when absent.
    pub until: Option<Date>,
}

impl From<PackErrors> for ApiError {
    fn from(errors: PackErrors) -> Self {
        Self::new(ProblemKind::PackInvalid).detail(errors.to_string())
    }
}

impl From<BookError> for ApiError {
    fn from(error: BookError) -> Self {
        let kind = match error {
            BookError::Overlap { .. } => ProblemKind::PackOverlap,
            BookError::Reversed(_) => ProblemKind::PackInvalid,
            BookError::UnknownPack(_) => ProblemKind::PackUnknown,
        };
        Self::new(kind).detail(error.to_string())
    }
}

/// Adopts the pack with this source; `file` names it in messages, `by` is nobody where the command line does it.
///
/// # Errors
/// `pack_invalid` with file, line and reason; `pack_overlap`; `other_district` for a pack of a region that the
/// district is not part of.
pub async fn adopt_pack(
    connection: &mut Connection,
    district: &RegionCode,
    source: &str,
    file: &str,
    days: AdoptionDays,
    by: Option<UserId>,
    now: Instant,
) -> Result<PackHash, ApiError> {
    let pack = PolicyPack::load(source, file)?;
    if !district.with_parents().contains(pack.region()) {
        return Err(ApiError::new(ProblemKind::OtherDistrict).field("region"));
    }
    let hash = pack.hash().clone();
    connection
        .transaction(async |connection| {
            // Two adoptions at once must see each other.
            let known = districts::table
                .filter(districts::district.eq(district.as_str()))
                .select(districts::district)
                .for_update();
            known.first::<String>(connection).await?;
            refuse_overlap(connection, district, &pack, days).await?;
            store(connection, district, &pack, source, days, now).await?;
            let event = Event::new(Action::PackAdopted, district).by(by).about("pack", &hash);
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::Pack(hash.clone()));
            Ok::<_, ApiError>(record_changes(connection, district, &[change]).await?)
        })
        .await?;
    Ok(hash)
}

async fn refuse_overlap(
    connection: &mut Connection,
    district: &RegionCode,
    new: &PolicyPack,
    days: AdoptionDays,
) -> Result<(), ApiError> {
    let rows: Vec<(String, String, Option<Day>, Option<Day>)> = pack_adoptions::table
        .inner_join(packs::table.on(packs::hash.eq(pack_adoptions::hash)))
        .filter(pack_adoptions::district.eq(district.as_str()))
        .filter(pack_adoptions::hash.ne(new.hash().as_str()))
        .select((packs::hash, packs::source, pack_adoptions::from_day, pack_adoptions::until_day))
        .load(connection)
        .await?;
    let mut all = vec![new.clone()];
    let mut adoptions: Vec<Adoption> = adoption(new.hash().clone(), days).into_iter().collect();
    for (hash, source, from, until) in rows {
        all.push(PolicyPack::load(&source, &hash)?);
        let days = AdoptionDays { from: from.map(|day| day.0), until: until.map(|day| day.0) };
        adoptions.extend(adoption(stored("pack_adoptions.hash", &hash)?, days));
    }
    PolicyBook::new(all, &adoptions)?;
    Ok(())
}

fn adoption(pack: PackHash, days: AdoptionDays) -> Option<Adoption> {
    days.from.map(|from| Adoption { pack, from, until: days.until })
}

async fn store(
    connection: &mut Connection,
    district: &RegionCode,
    pack: &PolicyPack,
    source: &str,
    days: AdoptionDays,
    now: Instant,
) -> Result<(), ApiError> {
    let status = match pack.document().status {
        Status::Draft => "draft",
        Status::Issued => "issued",
    };
    diesel::insert_into(packs::table)
        .values((
            packs::hash.eq(pack.hash().as_str()),
            packs::pack_id.eq(pack.id().as_str()),
            packs::region.eq(pack.region().as_str()),
            packs::status.eq(status),
            packs::source.eq(source),
            packs::added_at.eq(Time(now)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    let (from, until) = (days.from.map(Day), days.until.map(Day));
    diesel::insert_into(pack_adoptions::table)
        .values((
            pack_adoptions::district.eq(district.as_str()),
            pack_adoptions::hash.eq(pack.hash().as_str()),
            pack_adoptions::from_day.eq(from),
            pack_adoptions::until_day.eq(until),
            pack_adoptions::adopted_at.eq(Time(now)),
        ))
        .on_conflict((pack_adoptions::district, pack_adoptions::hash))
        .do_update()
        .set((pack_adoptions::from_day.eq(from), pack_adoptions::until_day.eq(until)))
        .execute(connection)
        .await?;
    Ok(())
}
