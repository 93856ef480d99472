//! `server admin …`: what must be possible before anybody can sign in, and from the command line.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use jiff::civil::Date;
use sync_core::ids::{DeviceId, GridPath, RegionCode, UnitId, UserId};
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::time::Clock;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::admin::adopt_pack::{AdoptionDays, PackToAdopt, adopt_pack};
use crate::admin::assign_role::{NewAssignment, assign_role};
use crate::admin::create_district::{NewDistrict, create_district};
use crate::admin::create_user::{NewUser, create_user};
use crate::auth::enrolment_code::issue_enrolment_code;
use crate::auth::passwords::{self, Passwords};
use crate::auth::revoke_device::revoke_device;
use crate::clock::SystemClock;
use crate::db::Connection;
use crate::db::schema::{devices, units, users};
use crate::db::types::stored;
use crate::problem::ApiError;

/// A role as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum RoleName {
    /// 网格员
    Inspector,
    /// 监督员
    Supervisor,
    /// 责任单位联络员
    Liaison,
    /// 财政
    Finance,
    /// 管理员
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Inspector => Self::Inspector,
            RoleName::Supervisor => Self::Supervisor,
            RoleName::Liaison => Self::Liaison,
            RoleName::Finance => Self::Finance,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

/// A discovery level as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum LevelName {
    /// 国家
    National,
    /// 省
    Provincial,
    /// 市
    Municipal,
    /// 区、县
    District,
    /// 街道、乡镇
    Township,
    /// 自查
    SelfCheck,
}

impl From<LevelName> for DiscoveryLevel {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::National => Self::National,
            LevelName::Provincial => Self::Provincial,
            LevelName::Municipal => Self::Municipal,
            LevelName::District => Self::District,
            LevelName::Township => Self::Township,
            LevelName::SelfCheck => Self::SelfCheck,
        }
    }
}

/// What to administer.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create a district with its root grid and the unit that answers for it.
    CreateDistrict {
        /// Six digits (GB/T 2260).
        code: RegionCode,
        /// Such as 马村区.
        name: String,
        /// The unit that answers for the whole district.
        #[arg(long)]
        unit: String,
        /// That unit's budget code.
        #[arg(long)]
        budget_code: String,
    },
    /// Create a user and print a password for the first sign-in.
    CreateUser {
        /// The district.
        #[arg(long)]
        district: RegionCode,
        /// The name to sign in by.
        username: String,
        /// The person's name.
        name: String,
        /// Without a password: for somebody who only uses a device.
        #[arg(long)]
        device_only: bool,
    },
    /// Assign a role to a user.
    Assign {
        /// The name the user signs in by.
        username: String,
        /// The role.
        role: RoleName,
        /// The grid, such as 410804/001.
        #[arg(long)]
        grid: GridPath,
        /// Name of the unit, for liaisons.
        #[arg(long)]
        unit: Option<String>,
        /// Discovery level, for inspectors.
        #[arg(long)]
        level: Option<LevelName>,
        /// First day, today when absent.
        #[arg(long)]
        from: Option<Date>,
        /// Last day, open when absent.
        #[arg(long)]
        until: Option<Date>,
    },
    /// Issue an enrolment code for a user's device and print it.
    EnrolmentCode {
        /// The name the user signs in by.
        username: String,
    },
    /// Revoke a device: what it still pushes goes to quarantine.
    RevokeDevice {
        /// The device.
        device_id: DeviceId,
    },
    /// Adopt a policy pack.
    AdoptPack {
        /// The district.
        #[arg(long)]
        district: RegionCode,
        /// The pack's source (TOML).
        file: PathBuf,
        /// First day, for a draft or to replace the document's own.
        #[arg(long)]
        from: Option<Date>,
        /// Last day.
        #[arg(long, requires = "from")]
        until: Option<Date>,
        /// Adopt it although cases occurred in its days: none of them changes.
        #[arg(long)]
        affects_past: bool,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The database does not answer.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    /// What was asked for cannot be done.
    #[error("{}", describe(.0))]
    Refused(#[from] ApiError),
    /// The pack cannot be read.
    #[error("{file}: {source}")]
    File {
        /// Which file.
        file: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
}

fn describe(error: &ApiError) -> String {
    format!("{}\n{}\n{error}", error.kind().zh(), error.kind().en())
}

impl From<diesel::result::Error> for AdminError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Runs a command on the database at `url` and answers with what to print.
///
/// # Errors
/// [`AdminError`].
pub async fn run(url: &str, command: AdminCommand) -> Result<String, AdminError> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    let now = SystemClock.now();
    match command {
        AdminCommand::CreateDistrict { code, name, unit, budget_code } => {
            let new = NewDistrict { code, name, unit, budget_code };
            create_district(&mut connection, &new).await?;
            Ok(format!("{} {}", new.code, new.name))
        }
        AdminCommand::CreateUser { district, username, name, device_only } => {
            let password = (!device_only).then(passwords::generate);
            let new = NewUser { username, name, password: password.clone() };
            let user = create_user(&mut connection, &Passwords::default(), &district, new, None, now).await?;
            Ok(format!("{user} {}", password.unwrap_or_default()))
        }
        AdminCommand::Assign { username, role, grid, unit, level, from, until } => {
            let (district, user) = find_user(&mut connection, &username).await?;
            let unit_id = match unit {
                Some(name) => Some(find_unit(&mut connection, &district, &name).await?),
                None => None,
            };
            let new = NewAssignment {
                role: role.into(),
                grid,
                unit_id,
                level: level.map(Into::into),
                from: from.unwrap_or_else(|| now.record_date()),
                until,
            };
            Ok(assign_role(&mut connection, &district, user, &new, None, now).await?.to_string())
        }
        AdminCommand::EnrolmentCode { username } => {
            let (district, user) = find_user(&mut connection, &username).await?;
            let (code, expires_at) =
                issue_enrolment_code(&mut connection, &district, user, None, now).await?;
            Ok(format!("{code} {}", expires_at.record_text()))
        }
        AdminCommand::RevokeDevice { device_id } => {
            let district = find_district_of(&mut connection, device_id).await?;
            revoke_device(&mut connection, &district, device_id, None, now).await?;
            Ok(device_id.to_string())
        }
        AdminCommand::AdoptPack { district, file, from, until, affects_past } => {
            let source = std::fs::read_to_string(&file)
                .map_err(|source| AdminError::File { file: file.clone(), source })?;
            let days = AdoptionDays { from, until };
            let name = file.display().to_string();
            let pack = PackToAdopt { source: &source, file: &name, days, affects_past };
            Ok(adopt_pack(&mut connection, &district, pack, None, now).await?.hash.to_string())
        }
    }
}

async fn find_user(connection: &mut Connection, username: &str) -> Result<(RegionCode, UserId), ApiError> {
    let found: Option<(String, Uuid)> = users::table
        .filter(users::username.eq(username))
        .select((users::district, users::user_id))
        .first(connection)
        .await
        .optional()?;
    let (district, user) = found.ok_or_else(|| ApiError::new(ProblemKind::UserUnknown).field("username"))?;
    Ok((stored("users.district", &district)?, UserId(user)))
}

async fn find_unit(
    connection: &mut Connection,
    district: &RegionCode,
    name: &str,
) -> Result<UnitId, ApiError> {
    let found: Option<Uuid> = units::table
        .filter(units::district.eq(district.as_str()).and(units::name.eq(name)))
        .select(units::unit_id)
        .first(connection)
        .await
        .optional()?;
    found.map(UnitId).ok_or_else(|| ApiError::new(ProblemKind::UnitUnknown).field("unit"))
}

async fn find_district_of(connection: &mut Connection, device: DeviceId) -> Result<RegionCode, ApiError> {
    let found: Option<String> = devices::table
        .filter(devices::device_id.eq(device.0))
        .select(devices::district)
        .first(connection)
        .await
        .optional()?;
    let district = found.ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("device_id"))?;
    Ok(stored("devices.district", &district)?)
}
