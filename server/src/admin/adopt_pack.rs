//! Adoption of a policy pack (采用政策包) by a district: checked as a whole, with what is adopted already.
//!
//! Invariant: no case changes by it. Where cases occurred in the days of the version already, or were judged by it on days
//! that it loses, whoever adopts it must have said that he knows.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{PackHash, RegionCode, UserId};
use sync_core::policy::{Adoption, BookError, PackError, PackErrors, PolicyBook, PolicyPack, Status, Window};
use sync_core::time::Instant;
use sync_core::wire::problem::{ProblemFault, ProblemKind};
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::{districts, pack_adoptions, packs};
use crate::db::types::{Day, Time, stored};
use crate::problem::ApiError;
use crate::services::measure_past_effect::{PastEffect, measure_past_effect};

/// A version that was adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdoptedPack {
    /// The version.
    pub hash: PackHash,
    /// The cases that its days meet, none of which changed.
    pub past_effect: PastEffect,
}

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
        let fault = |error: &PackError| ProblemFault {
            row: u32::try_from(error.at.line).ok(),
            column: (!error.path.is_empty()).then(|| error.path.clone()),
            code: error.fault.code().to_owned(),
            zh: error.fault.zh(),
            en: error.fault.to_string(),
        };
        let faults = errors.0.iter().map(fault).collect();
        Self::new(ProblemKind::PackInvalid).detail(errors.to_string()).faults(faults)
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

/// A pack as it is to be adopted.
#[derive(Debug, Clone, Copy)]
pub struct PackToAdopt<'a> {
    /// Its source (TOML).
    pub source: &'a str,
    /// What messages call it.
    pub file: &'a str,
    /// Days that replace its own.
    pub days: AdoptionDays,
    /// Whether cases that occurred in its days already are known of.
    pub affects_past: bool,
}

/// Loads a pack that the district may use.
///
/// # Errors
/// `pack_invalid` with file, line and reason; `other_district` for a pack of a region that the district is not part of.
pub fn load_pack(district: &RegionCode, source: &str, file: &str) -> Result<PolicyPack, ApiError> {
    let pack = PolicyPack::load(source, file)?;
    if district.with_parents().contains(pack.region()) {
        Ok(pack)
    } else {
        Err(ApiError::new(ProblemKind::OtherDistrict).field("region"))
    }
}

/// The days on which a version would be in force.
#[must_use]
pub fn days_in_force(pack: &PolicyPack, days: AdoptionDays) -> Option<Window> {
    let document = pack.document();
    match days.from {
        Some(from) => Some(Window { from, until: days.until }),
        None => document.effective.filter(|_| document.status == Status::Issued),
    }
}

/// Keeps a version for later; one that is known stays as it is.
///
/// # Errors
/// Those of [`load_pack`] and of the database.
pub async fn add_pack(
    connection: &mut Connection,
    district: &RegionCode,
    source: &str,
    by: Option<UserId>,
    now: Instant,
) -> Result<PackHash, ApiError> {
    let pack = load_pack(district, source, "pack.toml")?;
    let hash = pack.hash().clone();
    connection
        .transaction(async |connection| {
            if store_pack(connection, &pack, source, now).await? {
                let event = Event::new(Action::PackAdded, district).by(by).about("pack", &hash);
                audit::record(connection, now, &[event]).await?;
            }
            Ok(hash)
        })
        .await
}

/// Adopts a pack; `by` is nobody where the command line does it.
///
/// # Errors
/// Those of [`load_pack`]; `pack_overlap`; `pack_affects_past` with the counts where cases occurred in its days, or were judged by
/// it on days that it loses, and that was not acknowledged.
pub async fn adopt_pack(
    connection: &mut Connection,
    district: &RegionCode,
    adopted: PackToAdopt<'_>,
    by: Option<UserId>,
    now: Instant,
) -> Result<AdoptedPack, ApiError> {
    let PackToAdopt { source, file, days, affects_past } = adopted;
    let pack = load_pack(district, source, file)?;
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
            let in_force = days_in_force(&pack, days);
            let past_effect = measure_past_effect(connection, district, &hash, in_force).await?;
            if !past_effect.is_none() && !affects_past {
                let PastEffect { undecided, posted, posted_in_closed_months } = past_effect;
                let detail = format!(
                    "undecided {undecided}, posted {posted}, of these in closed months {posted_in_closed_months}"
                );
                return Err(ApiError::new(ProblemKind::PackAffectsPast).field("affects_past").detail(detail));
            }
            store_pack(connection, &pack, source, now).await?;
            store_adoption(connection, district, &hash, days, now).await?;
            let event = Event::new(Action::PackAdopted, district)
                .by(by)
                .about("pack", &hash)
                .detail(serde_json::json!({ "from": days.from, "until": days.until, "past_effect": past_effect }));
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::Pack(hash.clone()));
            record_changes(connection, district, &[change]).await?;
            Ok(AdoptedPack { hash, past_effect })
        })
        .await
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

/// Stores the version and says whether it was not there before.
async fn store_pack(
    connection: &mut Connection,
    pack: &PolicyPack,
    source: &str,
    now: Instant,
) -> Result<bool, ApiError> {
    let status = match pack.document().status {
        Status::Draft => "draft",
        Status::Issued => "issued",
    };
    let stored = diesel::insert_into(packs::table)
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
    Ok(stored > 0)
}

async fn store_adoption(
    connection: &mut Connection,
    district: &RegionCode,
    hash: &PackHash,
    days: AdoptionDays,
    now: Instant,
) -> Result<(), ApiError> {
    let (from, until) = (days.from.map(Day), days.until.map(Day));
    diesel::insert_into(pack_adoptions::table)
        .values((
            pack_adoptions::district.eq(district.as_str()),
            pack_adoptions::hash.eq(hash.as_str()),
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
