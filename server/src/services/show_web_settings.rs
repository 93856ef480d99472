//! Shows what a page must know before anybody has signed in: it may be known to everybody.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::RegionCode;
use sync_core::model::assignment::Role;
use utoipa::ToSchema;

use crate::auth::passwords::PASSWORD_MIN_CHARS;
use crate::db::Connection;
use crate::db::schema::{assignments, districts, users};
use crate::db::types::{StoredValueError, stored, stored_code};
use crate::demo_district::PASSWORD;
use crate::problem::ApiError;
use crate::screens::{Screens, TileSource};

/// The languages of screens and files, the first by default.
const LANGUAGES: [&str; 2] = ["zh", "en"];

/// A district that is served.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServedDistrict {
    /// Its code.
    code: RegionCode,
    /// Its name.
    name: String,
    /// Whether it is the demonstration (演示): everybody may know its sign-ins.
    demonstration: bool,
    /// How one signs in to the demonstration; absent of every other district.
    access: Option<DemonstrationAccess>,
}

/// Who signs in to the office of the demonstration, and how.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemonstrationAccess {
    /// Everybody's password, unless somebody changed the own one.
    password: &'static str,
    /// People of the office, by role.
    sign_ins: Vec<DemonstrationSignIn>,
}

/// Somebody of the demonstration's office.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemonstrationSignIn {
    /// The name to sign in by.
    username: String,
    /// The person's name.
    name: String,
    /// The first role.
    role: Role,
}

/// What a page must know.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebSettings {
    /// The server's version.
    version: &'static str,
    /// The districts that are served, by code.
    districts: Vec<ServedDistrict>,
    /// Where maps get their background; absent where none is configured.
    tiles: Option<TileSource>,
    /// Languages by their codes, the first by default.
    languages: [&'static str; 2],
    /// Fewest characters of a new password.
    password_min_chars: usize,
}

/// Shows the settings.
///
/// # Errors
/// Faults of the database.
pub async fn show_web_settings(
    connection: &mut Connection,
    screens: &Screens,
) -> Result<WebSettings, ApiError> {
    let rows: Vec<(String, String, bool)> = districts::table
        .order(districts::district)
        .select((districts::district, districts::name, districts::demonstration))
        .load(connection)
        .await?;
    let mut served = Vec::new();
    for (code, name, demonstration) in rows {
        let code: RegionCode = stored("districts.district", &code)?;
        // A database has one demonstration at most.
        let access = if demonstration { Some(access(connection, &code).await?) } else { None };
        served.push(ServedDistrict { code, name, demonstration, access });
    }
    Ok(WebSettings {
        version: env!("CARGO_PKG_VERSION"),
        districts: served,
        tiles: screens.tiles.clone(),
        languages: LANGUAGES,
        password_min_chars: PASSWORD_MIN_CHARS,
    })
}

async fn access(connection: &mut Connection, district: &RegionCode) -> Result<DemonstrationAccess, ApiError> {
    let rows: Vec<(String, String, String)> = users::table
        .inner_join(
            assignments::table
                .on(assignments::district.eq(users::district).and(assignments::user_id.eq(users::user_id))),
        )
        .filter(users::district.eq(district.as_str()))
        .filter(users::disabled_at.is_null())
        .filter(assignments::role.ne(Role::Inspector.code()))
        .order((assignments::role, users::username))
        .select((users::username, users::name, assignments::role))
        .load(connection)
        .await?;
    let sign_in = |(username, name, role): (String, String, String)| {
        Ok(DemonstrationSignIn { username, name, role: stored_code("assignments.role", &role)? })
    };
    let mut sign_ins = rows.into_iter().map(sign_in).collect::<Result<Vec<_>, StoredValueError>>()?;
    sign_ins.dedup_by(|one, other| one.username == other.username);
    Ok(DemonstrationAccess { password: PASSWORD, sign_ins })
}
