//! Pack versions (政策包版本) that a district can use: those that ship with the product and those that were added, with
//! their adoption.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{ItemCode, PackHash, PackId, RegionCode, RuleCode};
use sync_core::policy::{Amount, CountUnit, PolicyPack, Status, builtin_packs};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::db::Connection;
use crate::db::schema::{pack_adoptions, packs};
use crate::db::types::{Day, Time};
use crate::problem::ApiError;
use crate::services::describe_kinds::{KindView, describe_kinds};
use crate::services::translate_readings::Reading;

/// A district's adoption of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackAdoption {
    /// First day, where it replaces the document's own.
    #[schema(value_type = Option<String>, format = "date")]
    pub from: Option<Date>,
    /// Last day, where it replaces the document's own.
    #[schema(value_type = Option<String>, format = "date")]
    pub until: Option<Date>,
    /// When it was adopted first.
    pub adopted_at: Instant,
}

/// A pack version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackVersion {
    /// SHA-256 of its source: its version.
    pub hash: PackHash,
    /// Its name, the same in every version.
    pub id: PackId,
    /// The region it is for.
    pub region: RegionCode,
    /// The region's name in Chinese.
    pub region_name: String,
    /// Document number; drafts have none.
    pub number: Option<String>,
    /// The document's title in Chinese.
    pub zh: String,
    /// The document's title in English.
    pub en: String,
    /// Whether the document is a draft for comment, in force only where it was adopted with dates.
    pub draft: bool,
    /// First day of the document's own force.
    #[schema(value_type = Option<String>, format = "date")]
    pub effective_from: Option<Date>,
    /// Last day of the document's own force.
    #[schema(value_type = Option<String>, format = "date")]
    pub effective_until: Option<Date>,
    /// Whether it ships with the product.
    pub builtin: bool,
    /// The district's adoption.
    pub adoption: Option<PackAdoption>,
}

/// An item of a version's schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackItem {
    /// Its code.
    pub code: ItemCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Fen of one count; absent where the document names no fixed sum.
    pub amount_fen: Option<i64>,
    /// Why there is no fixed sum: `entered`, `accountability` or `none`.
    pub no_amount: Option<&'static str>,
    /// What is counted: `case`, `measure` or `fire_point`.
    #[schema(value_type = String)]
    pub count: CountUnit,
    /// Document, section and item that it follows from.
    pub clause: String,
    /// Our interpretation, where it is one.
    pub reading: Option<Reading>,
}

/// What enterprises get by a version (补助).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackSubsidy {
    /// Its code.
    pub rule: RuleCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Fen that one enterprise gets; absent where the document names no fixed sum.
    pub amount_fen: Option<i64>,
    /// Document, section and item that it follows from.
    pub clause: String,
}

/// How we read a rule that belongs to no item or question: a district may decide otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleReading {
    /// Which rule: `charging`, `duplicates`, `rectification`, `appeals`, `stop_work`.
    pub part: &'static str,
    /// Our interpretation.
    pub reading: Reading,
}

/// A version with its schedule and its source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PackDetail {
    /// The version.
    #[serde(flatten)]
    pub version: PackVersion,
    /// Its schedule.
    pub items: Vec<PackItem>,
    /// Its target kinds, with facts, checklists and measurements.
    pub kinds: Vec<KindView>,
    /// What enterprises get.
    pub subsidies: Vec<PackSubsidy>,
    /// How we read its rules beyond items and questions.
    pub readings: Vec<RuleReading>,
    /// Its source (TOML).
    pub source: String,
}

/// A stored or shipped source, loaded.
struct Loaded {
    pack: PolicyPack,
    source: String,
    builtin: bool,
}

/// The source of a version that the district can use.
///
/// # Errors
/// `not_found`.
pub async fn pack_source(
    connection: &mut Connection,
    district: &RegionCode,
    hash: &PackHash,
) -> Result<String, ApiError> {
    Ok(find(connection, district, hash).await?.source)
}

/// The versions, by name, the latest added last.
///
/// # Errors
/// Those of the database.
pub async fn list_packs(
    connection: &mut Connection,
    district: &RegionCode,
) -> Result<Vec<PackVersion>, ApiError> {
    let mut adoptions = adoptions(connection, district).await?;
    let loaded = load(connection, district).await?;
    let mut versions: Vec<PackVersion> =
        loaded.iter().map(|loaded| version(loaded, adoptions.remove(loaded.pack.hash().as_str()))).collect();
    versions.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(versions)
}

/// One version.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn show_pack(
    connection: &mut Connection,
    district: &RegionCode,
    hash: &PackHash,
) -> Result<PackDetail, ApiError> {
    let mut adoptions = adoptions(connection, district).await?;
    let loaded = find(connection, district, hash).await?;
    Ok(PackDetail {
        version: version(&loaded, adoptions.remove(hash.as_str())),
        items: items(&loaded.pack),
        kinds: describe_kinds(&loaded.pack),
        subsidies: subsidies(&loaded.pack),
        readings: readings(&loaded.pack),
        source: loaded.source,
    })
}

async fn find(
    connection: &mut Connection,
    district: &RegionCode,
    hash: &PackHash,
) -> Result<Loaded, ApiError> {
    let mut loaded = load(connection, district).await?.into_iter();
    loaded
        .find(|loaded| loaded.pack.hash() == hash)
        .ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("hash"))
}

/// What ships with the product, then what was added for the district's region or one that it is part of.
async fn load(connection: &mut Connection, district: &RegionCode) -> Result<Vec<Loaded>, ApiError> {
    let mut all: Vec<Loaded> = Vec::new();
    for shipped in builtin_packs() {
        let pack = PolicyPack::load(shipped.source, shipped.file)?;
        all.push(Loaded { pack, source: shipped.source.to_owned(), builtin: true });
    }
    let regions: Vec<String> = district.with_parents().iter().map(ToString::to_string).collect();
    let stored: Vec<(String, String)> = packs::table
        .filter(packs::region.eq_any(regions))
        .order((packs::pack_id, packs::added_at, packs::hash))
        .select((packs::hash, packs::source))
        .load(connection)
        .await?;
    for (hash, source) in stored {
        if all.iter().all(|known| known.pack.hash().as_str() != hash) {
            let pack = PolicyPack::load(&source, &hash)?;
            all.push(Loaded { pack, source, builtin: false });
        }
    }
    Ok(all)
}

async fn adoptions(
    connection: &mut Connection,
    district: &RegionCode,
) -> Result<HashMap<String, PackAdoption>, ApiError> {
    let rows: Vec<(String, Option<Day>, Option<Day>, Time)> = pack_adoptions::table
        .filter(pack_adoptions::district.eq(district.as_str()))
        .select((
            pack_adoptions::hash,
            pack_adoptions::from_day,
            pack_adoptions::until_day,
            pack_adoptions::adopted_at,
        ))
        .load(connection)
        .await?;
    let adoption = |(hash, from, until, at): (String, Option<Day>, Option<Day>, Time)| {
        let adoption =
            PackAdoption { from: from.map(Date::from), until: until.map(Date::from), adopted_at: at.into() };
        (hash, adoption)
    };
    Ok(rows.into_iter().map(adoption).collect())
}

fn version(loaded: &Loaded, adoption: Option<PackAdoption>) -> PackVersion {
    let (pack, document) = (&loaded.pack, loaded.pack.document());
    PackVersion {
        hash: pack.hash().clone(),
        id: pack.id().clone(),
        region: document.region.clone(),
        region_name: document.region_name.clone(),
        number: document.number.clone(),
        zh: document.zh.clone(),
        en: document.en.clone(),
        draft: document.status == Status::Draft,
        effective_from: document.effective.map(|window| window.from),
        effective_until: document.effective.and_then(|window| window.until),
        builtin: loaded.builtin,
        adoption,
    }
}

fn items(pack: &PolicyPack) -> Vec<PackItem> {
    let item = |item: &sync_core::policy::Item| PackItem {
        code: item.code.clone(),
        zh: item.zh.clone(),
        en: item.en.clone(),
        amount_fen: fixed_fen(item.amount),
        no_amount: match item.amount {
            Amount::Fixed(_) => None,
            Amount::Entered => Some("entered"),
            Amount::Accountability => Some("accountability"),
            Amount::None => Some("none"),
        },
        count: item.count,
        clause: pack.citation(&item.clause),
        reading: item.reading.as_deref().map(Reading::of),
    };
    pack.items().iter().map(item).collect()
}

fn subsidies(pack: &PolicyPack) -> Vec<PackSubsidy> {
    let subsidy = |rule: &sync_core::policy::Subsidy| PackSubsidy {
        rule: rule.code.clone(),
        zh: rule.zh.clone(),
        en: rule.en.clone(),
        amount_fen: fixed_fen(rule.amount),
        clause: pack.citation(&rule.clause),
    };
    pack.content().subsidies.iter().map(subsidy).collect()
}

fn readings(pack: &PolicyPack) -> Vec<RuleReading> {
    let content = pack.content();
    let stop_work = pack.items().iter().filter_map(|item| item.stop_work.as_ref());
    let parts = [
        ("charging", content.charging.reading.as_ref()),
        ("duplicates", content.duplicates.reading.as_ref()),
        ("rectification", content.rectification.as_ref().and_then(|rule| rule.reading.as_ref())),
        ("appeals", content.appeals.as_ref().and_then(|rule| rule.reading.as_ref())),
    ];
    let ladders = stop_work.map(|ladder| ("stop_work", ladder.reading.as_ref()));
    let reading = |(part, reading): (&'static str, Option<&String>)| {
        reading.map(|reading| RuleReading { part, reading: Reading::of(reading) })
    };
    parts.into_iter().chain(ladders).filter_map(reading).collect()
}

fn fixed_fen(amount: Amount) -> Option<i64> {
    match amount {
        Amount::Fixed(fen) => Some(fen.get()),
        Amount::Entered | Amount::Accountability | Amount::None => None,
    }
}
