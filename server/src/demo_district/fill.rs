//! Fills an empty database with the demonstration, in one transaction, one statement for each table.
//!
//! Invariant: a database with anything else in it is left as it is. Processes that start at once fill once: the
//! district's row is written first, and whoever comes second finds it.

use std::sync::Arc;

use diesel::ConnectionError;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use jiff::ToSpan as _;
use serde_json::json;
use sync_core::ids::{Epoch, IdError, PackHash};
use sync_core::model::assignment::Assignment;
use sync_core::policy::{PackErrors, PolicyPack, builtin_packs};
use sync_core::time::{Clock, Instant};

use super::people::SignIn;
use super::{DISTRICT, DISTRICT_NAME, DemoDistrict, PASSWORD_HASH, TOKEN_KEY};
use crate::auth::enrolment_code::EnrolmentCode;
use crate::clock::DemonstrationClock;
use crate::config::{Config, Secret};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::districts;
use crate::db::types::Time;

/// How long enrolment codes are good after a start: longer than a demonstration.
const CODE_YEARS: u32 = 10;

/// When the first day of a demonstration in the past begins, by the clock in Asia/Shanghai.
const FIRST_HOUR: i8 = 8;

/// Seconds of an hour.
const HOUR_SECONDS: i64 = 3600;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// The database was empty and has the demonstration now.
    New,
    /// It had the demonstration already; only its enrolment codes are good again.
    Already,
}

/// Why the demonstration is not there.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// Other districts live here.
    #[error(
        "the database holds {districts}: the demonstration goes into an empty database only; give it one of its own \
         (another data_dir or database_url), or serve without --demo"
    )]
    NotEmpty {
        /// Codes of the districts.
        districts: String,
    },
    /// A table of the demonstration is not sound.
    #[error("the demonstration: {0}")]
    Id(#[from] IdError),
    /// A builtin pack does not load.
    #[error("the demonstration's policy pack: {0}")]
    Pack(#[from] PackErrors),
    /// A row has no JSON.
    #[error("the demonstration: {0}")]
    Json(#[from] serde_json::Error),
    /// The database does not answer.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    /// The database.
    #[error("cannot fill the demonstration: {0}")]
    Database(#[from] diesel::result::Error),
}

/// A demonstration that is ready to be served.
pub struct Opened {
    /// Its district.
    pub district: DemoDistrict,
    /// Its clock, where it is new and begins in the past.
    pub clock: Option<Arc<DemonstrationClock>>,
}

/// Makes the demonstration ready to be served from the database at `url`; a new one begins `since_months` before the
/// machine's clock where that is given. The configuration gets a key for access tokens where it has none, and where
/// months are to be played, sessions that outlast them.
///
/// # Errors
/// [`FillError`]; then the database is as it was.
pub async fn open(
    config: &mut Config,
    url: &str,
    since_months: Option<u8>,
    machine: Arc<dyn Clock>,
) -> Result<Opened, FillError> {
    let district = DemoDistrict::build()?;
    let now = machine.now();
    let begins = since_months.map_or(now, |months| first_morning(now, months));
    let filled = fill(&mut AsyncPgConnection::establish(url).await?, &district, begins).await?;
    config.token_key.get_or_insert_with(|| Secret::from(TOKEN_KEY.to_owned()));
    tracing::info!(?filled, "demonstration district");
    let clock = (filled == Filled::New && begins < now).then(|| {
        let hours = u32::try_from(now.seconds_since(begins) / HOUR_SECONDS).unwrap_or(u32::MAX);
        config.session_hours = config.session_hours.saturating_add(hours);
        Arc::new(DemonstrationClock::standing(begins, machine))
    });
    Ok(Opened { district, clock })
}

/// Eight o'clock on the first day of the month that lies so many months before.
fn first_morning(now: Instant, months: u8) -> Instant {
    let first = now.record_date().first_of_month();
    let first = first.checked_sub(i64::from(months).months()).unwrap_or(first);
    Instant::at_record(first.at(FIRST_HOUR, 0, 0, 0)).unwrap_or(now)
}

/// Fills the database, unless the demonstration is in it already.
///
/// # Errors
/// [`FillError`]; then the database is as it was.
pub async fn fill(
    connection: &mut Connection,
    demo: &DemoDistrict,
    now: Instant,
) -> Result<Filled, FillError> {
    connection
        .transaction(async |connection| {
            let filled = if insert_district(connection).await? { Filled::New } else { Filled::Already };
            if filled == Filled::Already {
                refuse_others(connection).await?;
                renew_codes(connection, demo, now).await?;
                return Ok(filled);
            }
            let adopted = insert_packs(connection, now).await?;
            insert_register(connection, demo, now).await?;
            insert_people(connection, demo, now).await?;
            renew_codes(connection, demo, now).await?;
            record_changes(connection, &DISTRICT.parse()?, &changes(demo, adopted)).await?;
            Ok(filled)
        })
        .await
}

/// False where the database has a district. The epoch alone is fresh: it names the life of this database.
async fn insert_district(connection: &mut Connection) -> QueryResult<bool> {
    let inserted = diesel::sql_query(
        "INSERT INTO districts (district, name, epoch, demonstration)
         SELECT $1, $2, $3, TRUE WHERE NOT EXISTS (SELECT FROM districts)
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(DISTRICT)
    .bind::<Text, _>(DISTRICT_NAME)
    .bind::<SqlUuid, _>(Epoch::fresh().0)
    .execute(connection)
    .await?;
    Ok(inserted == 1)
}

async fn refuse_others(connection: &mut Connection) -> Result<(), FillError> {
    let others: Vec<String> = districts::table
        .filter(districts::district.ne(DISTRICT).or(districts::demonstration.eq(false)))
        .order(districts::district)
        .select(districts::district)
        .load(connection)
        .await?;
    if others.is_empty() { Ok(()) } else { Err(FillError::NotEmpty { districts: others.join(", ") }) }
}

/// Stores every builtin pack; adopts those of the district's own region, on the days of their documents.
async fn insert_packs(connection: &mut Connection, now: Instant) -> Result<Vec<PackHash>, FillError> {
    let packs: Vec<(PolicyPack, &str)> = builtin_packs()
        .iter()
        .map(|builtin| Ok((PolicyPack::load(builtin.source, builtin.file)?, builtin.source)))
        .collect::<Result<_, PackErrors>>()?;
    let stored = packs.iter().map(|(pack, source)| {
        json!({
            "hash": pack.hash(), "pack_id": pack.id(), "region": pack.region(),
            "status": pack.document().status, "source": source,
        })
    });
    let sql = "INSERT INTO packs (hash, pack_id, region, status, source, added_at)
               SELECT hash, pack_id, region, status, source, $3
               FROM jsonb_to_recordset($1) AS r (hash text, pack_id text, region text, status text, source text)
               ON CONFLICT DO NOTHING";
    insert(connection, sql, stored.collect(), now).await?;
    let own = packs.iter().filter(|(pack, _)| pack.region().as_str() == DISTRICT);
    let adopted: Vec<PackHash> = own.map(|(pack, _)| pack.hash().clone()).collect();
    let sql = "INSERT INTO pack_adoptions (district, hash, adopted_at)
               SELECT $2, hash, $3 FROM jsonb_array_elements_text($1) AS r (hash)";
    insert(connection, sql, json!(adopted), now).await?;
    Ok(adopted)
}

async fn insert_register(
    connection: &mut Connection,
    demo: &DemoDistrict,
    now: Instant,
) -> Result<(), FillError> {
    let sql = "INSERT INTO units (district, unit_id, name, kind, credit_code, budget_code)
               SELECT $2, unit_id, name, kind, credit_code, budget_code FROM jsonb_to_recordset($1)
                   AS r (unit_id uuid, name text, kind text, credit_code text, budget_code text)";
    insert(connection, sql, serde_json::to_value(&demo.units)?, now).await?;
    let sql = "INSERT INTO grids (district, path, name, statistical_code, unit_id, polygon, staff)
               SELECT $2, path, name, statistical_code, unit_id, polygon, staff FROM jsonb_to_recordset($1)
                   AS r (path text, name text, statistical_code text, unit_id uuid, polygon jsonb, staff jsonb)";
    insert(connection, sql, serde_json::to_value(&demo.grids)?, now).await?;
    let sql = "INSERT INTO zones (district, zone_id, kind, name, polygon, from_day, until_day)
               SELECT $2, zone_id, kind, name, polygon, \"from\", until FROM jsonb_to_recordset($1)
                   AS r (zone_id uuid, kind text, name text, polygon jsonb, \"from\" date, until date)";
    insert(connection, sql, serde_json::to_value(&demo.zones)?, now).await?;
    let sql = "INSERT INTO targets (district, target_id, kind, code, name, address, lon, lat, grid, unit_id,
                   supervising_department, responsible_person, facts, version, created_at, updated_at)
               SELECT $2, target_id, kind, code, name, address, (point ->> 'lon')::double precision,
                   (point ->> 'lat')::double precision, grid, unit_id,
                   supervising_department, responsible_person, facts, 1, $3, $3
               FROM jsonb_to_recordset($1) AS r (target_id uuid, kind text, code text, name text, address text,
                   point jsonb, grid text, unit_id uuid, supervising_department text, responsible_person text,
                   facts jsonb)";
    insert(connection, sql, serde_json::to_value(&demo.targets)?, now).await
}

async fn insert_people(
    connection: &mut Connection,
    demo: &DemoDistrict,
    now: Instant,
) -> Result<(), FillError> {
    let user = |person: &SignIn| {
        json!({
            "user_id": person.user_id, "username": person.username, "name": person.name,
            "password_hash": PASSWORD_HASH,
        })
    };
    let sql = "INSERT INTO users (district, user_id, username, name, password_hash)
               SELECT $2, user_id, username, name, password_hash FROM jsonb_to_recordset($1)
                   AS r (user_id uuid, username text, name text, password_hash text)";
    insert(connection, sql, demo.sign_ins.iter().map(user).collect(), now).await?;
    let assignments: Vec<&Assignment> = demo.sign_ins.iter().map(|person| &person.assignment).collect();
    let sql = "INSERT INTO assignments
                   (district, assignment_id, user_id, role, grid, unit_id, level, from_day, until_day)
               SELECT $2, assignment_id, user_id, role, grid, unit_id, level, \"from\", until
               FROM jsonb_to_recordset($1) AS r (assignment_id uuid, user_id uuid, role text, grid text,
                   unit_id uuid, level text, \"from\" date, until date)";
    insert(connection, sql, serde_json::to_value(assignments)?, now).await
}

/// Makes the codes good, also those that were spent: a restarted demonstration can be walked through again.
async fn renew_codes(
    connection: &mut Connection,
    demo: &DemoDistrict,
    now: Instant,
) -> Result<(), FillError> {
    let code = |person: &SignIn| {
        let hash = EnrolmentCode::typed(person.enrolment_code.as_ref()?).hash();
        Some(json!({ "code_hash": format!("\\x{}", hex::encode(hash)), "user_id": person.user_id }))
    };
    let sql = format!(
        "INSERT INTO enrolment_codes (code_hash, district, user_id, issued_at, expires_at)
         SELECT code_hash, $2, user_id, $3, $3 + interval '{CODE_YEARS} years'
         FROM jsonb_to_recordset($1) AS r (code_hash bytea, user_id uuid)
         ON CONFLICT (code_hash) DO UPDATE SET used_at = NULL, device_id = NULL, expires_at = excluded.expires_at"
    );
    insert(connection, &sql, demo.sign_ins.iter().filter_map(code).collect(), now).await
}

/// Runs a statement on rows as a JSON array, `$1`, with the district as `$2` and the time as `$3`.
async fn insert(
    connection: &mut Connection,
    sql: &str,
    rows: serde_json::Value,
    now: Instant,
) -> Result<(), FillError> {
    diesel::sql_query(sql)
        .bind::<Jsonb, _>(rows)
        .bind::<Text, _>(DISTRICT)
        .bind::<Timestamptz, _>(Time(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Everything that devices hear of, referred-to things first.
fn changes(demo: &DemoDistrict, packs: Vec<PackHash>) -> Vec<NewChange> {
    let units = demo.units.iter().map(|unit| Entity::Unit(unit.unit_id));
    let grids = demo.grids.iter().map(|grid| Entity::Grid(grid.path.clone()));
    let zones = demo.zones.iter().map(|zone| Entity::Zone(zone.zone_id));
    let shared = units.chain(grids).chain(zones).chain(packs.into_iter().map(Entity::Pack));
    let assignments = demo.sign_ins.iter().map(|person| {
        NewChange::of_user(Entity::Assignment(person.assignment.assignment_id), person.user_id)
    });
    let targets = demo
        .targets
        .iter()
        .map(|target| NewChange::of_target(target.target_id, None, Some(target.grid.clone())));
    shared.map(NewChange::of_district).chain(assignments).chain(targets).collect()
}
