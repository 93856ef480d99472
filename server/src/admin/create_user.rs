//! Creation of a user (新建用户).

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Deserialize;
use sync_core::ids::{RegionCode, UserId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::text::check_required;
use sync_core::time::Instant;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::auth::passwords::{Passwords, check_strength};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::users;
use crate::problem::ApiError;

/// A user to be created.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewUser {
    /// The name to sign in by, unique in the installation.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The first password; absent for somebody who only uses a device.
    pub password: Option<String>,
}

/// Creates a user without any assignment; `by` is nobody where the command line does it.
///
/// # Errors
/// `username_taken`, `password_too_weak`, text faults.
pub async fn create_user(
    connection: &mut Connection,
    passwords: &Passwords,
    district: &RegionCode,
    new: NewUser,
    by: Option<UserId>,
    now: Instant,
) -> Result<UserId, ApiError> {
    for (text, field) in [(&new.username, "username"), (&new.name, "name")] {
        check_required(text, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field(field))?;
    }
    let password_hash = match new.password {
        Some(password) => {
            check_strength(&password, "password")?;
            Some(passwords.hash(password).await?)
        }
        None => None,
    };
    let user_id = UserId::fresh();
    connection
        .transaction(async |connection| {
            diesel::insert_into(users::table)
                .values((
                    users::district.eq(district.as_str()),
                    users::user_id.eq(user_id.0),
                    users::username.eq(&new.username),
                    users::name.eq(&new.name),
                    users::password_hash.eq(password_hash),
                ))
                .execute(connection)
                .await?;
            let event = Event::new(Action::UserCreated, district).by(by).about("user", user_id);
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::User(user_id));
            Ok::<_, ApiError>(record_changes(connection, district, &[change]).await?)
        })
        .await?;
    Ok(user_id)
}
