//! Shows what a page must know before anybody has signed in: it may be known to everybody.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::RegionCode;
use utoipa::ToSchema;

use crate::auth::passwords::PASSWORD_MIN_CHARS;
use crate::db::Connection;
use crate::db::schema::districts;
use crate::db::types::stored;
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
    let served = |(code, name, demonstration): (String, String, bool)| {
        Ok(ServedDistrict { code: stored("districts.district", &code)?, name, demonstration })
    };
    Ok(WebSettings {
        version: env!("CARGO_PKG_VERSION"),
        districts: rows.into_iter().map(served).collect::<Result<_, ApiError>>()?,
        tiles: screens.tiles.clone(),
        languages: LANGUAGES,
        password_min_chars: PASSWORD_MIN_CHARS,
    })
}
