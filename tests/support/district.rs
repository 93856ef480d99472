//! A small district for tests: two street offices, communities below them, a bureau, and people as a test needs.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::{Date, date};
use p256::ecdsa::SigningKey;
use reqwest::{Method, RequestBuilder};
use server::auth::authorised::{CSRF_HEADER, SESSION_COOKIE};
use server::auth::identify::token_hash;
use server::db::assignments::AssignmentRow;
use server::db::schema::{assignments, device_users, devices, districts, grids, sessions, units, users};
use server::db::types::{Day, Time};
use sync_core::ids::{AssignmentId, DeviceId, Epoch, GridPath, Incarnation, RegionCode, UnitId, UserId};
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::time::Clock;
use sync_core::wire::auth::AccessToken;
use uuid::Uuid;

use crate::server::TestServer;

/// The first day of every assignment that a test does not date itself.
pub const ASSIGNED_FROM: Date = date(2024, 1, 1);

/// The district that most tests live in.
pub const MACUN: &str = "410804";

/// A district with grids `001` and `002`, each with communities `001` to `003`, each grid of its own street office.
#[derive(Debug, Clone)]
pub struct TestDistrict {
    /// Its code.
    pub code: RegionCode,
    /// Its street offices: of grid `001` and of grid `002`.
    pub streets: [UnitId; 2],
    /// Its bureau, which answers for the root grid.
    pub bureau: UnitId,
}

impl TestDistrict {
    /// A grid of the district: `grid("001/003")`; the root for `""`.
    #[must_use]
    pub fn grid(&self, below: &str) -> GridPath {
        let separator = if below.is_empty() { "" } else { "/" };
        format!("{}{separator}{below}", self.code).parse().unwrap()
    }
}

/// A role to be assigned.
#[derive(Debug, Clone)]
pub struct TestRole {
    /// The role.
    pub role: Role,
    /// Grid below the district, `""` for the whole.
    pub grid: &'static str,
    /// For liaisons.
    pub unit_id: Option<UnitId>,
    /// For inspectors and supervisors.
    pub level: Option<DiscoveryLevel>,
}

impl TestRole {
    /// An inspector of a grid with a district assignment.
    #[must_use]
    pub fn inspector(grid: &'static str) -> Self {
        Self { role: Role::Inspector, grid, unit_id: None, level: Some(DiscoveryLevel::District) }
    }

    /// A supervisor of a grid.
    #[must_use]
    pub fn supervisor(grid: &'static str) -> Self {
        Self { role: Role::Supervisor, ..Self::inspector(grid) }
    }

    /// The liaison of a unit.
    #[must_use]
    pub fn liaison(unit_id: UnitId) -> Self {
        Self { role: Role::Liaison, grid: "", unit_id: Some(unit_id), level: None }
    }

    /// Finance of the district.
    #[must_use]
    pub fn finance() -> Self {
        Self { role: Role::Finance, grid: "", unit_id: None, level: None }
    }

    /// An administrator of the district.
    #[must_use]
    pub fn administrator() -> Self {
        Self { role: Role::Administrator, ..Self::finance() }
    }
}

/// A user.
#[derive(Debug, Clone)]
pub struct TestUser {
    /// The district.
    pub district: RegionCode,
    /// The id.
    pub user_id: UserId,
    /// The name to sign in by.
    pub username: String,
}

/// An enrolled device of one user, with a valid token.
pub struct TestDevice {
    /// The device.
    pub device_id: DeviceId,
    /// Its user.
    pub user: TestUser,
    /// Its installation.
    pub incarnation: Incarnation,
    /// Its key.
    pub key: SigningKey,
    /// Its token.
    pub token: AccessToken,
    client: reqwest::Client,
    url: String,
}

impl TestDevice {
    /// The same device, as a client of another process of the server.
    #[must_use]
    pub fn at(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    /// A request with the device's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token.access_token)
    }
}

/// A person signed in to the office.
pub struct TestOffice {
    /// The user.
    pub user: TestUser,
    /// The session's id.
    pub session_id: Uuid,
    /// The cookie's value.
    pub session: String,
    /// What writes send back.
    pub csrf_token: String,
    client: reqwest::Client,
    url: String,
}

impl TestOffice {
    /// The same session, as a client of another process of the server.
    #[must_use]
    pub fn at(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    /// A request with the session's cookie and CSRF token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .header("cookie", format!("{SESSION_COOKIE}={}", self.session))
            .header(CSRF_HEADER, &self.csrf_token)
    }
}

impl TestServer {
    /// Makes a district with its units and grids.
    pub async fn district(&self, code: &str) -> TestDistrict {
        let [first, second, bureau] = [UnitId::fresh(), UnitId::fresh(), UnitId::fresh()];
        let district = TestDistrict { code: code.parse().unwrap(), streets: [first, second], bureau };
        let mut connection = self.connection().await;
        diesel::insert_into(districts::table)
            .values((
                districts::district.eq(code),
                districts::name.eq("测试区"),
                districts::epoch.eq(Epoch::fresh().0),
            ))
            .execute(&mut connection)
            .await
            .unwrap();
        let unit = |id: UnitId, name: &str, kind: &str, budget: &str| {
            (
                units::district.eq(code.to_owned()),
                units::unit_id.eq(id.0),
                units::name.eq(name.to_owned()),
                units::kind.eq(kind.to_owned()),
                units::budget_code.eq(budget.to_owned()),
            )
        };
        diesel::insert_into(units::table)
            .values(vec![
                unit(first, "东街道", "street_office", "101"),
                unit(second, "西街道", "street_office", "102"),
                unit(bureau, "住建局", "bureau", "201"),
            ])
            .execute(&mut connection)
            .await
            .unwrap();
        let street_grids = [("001", first), ("002", second)];
        let below = street_grids.into_iter().flat_map(|(street, unit)| {
            let communities = (1..=3).map(move |number| format!("{street}/00{number}"));
            std::iter::once(street.to_owned()).chain(communities).map(move |path| (path, unit))
        });
        let rows: Vec<_> = std::iter::once((String::new(), bureau))
            .chain(below)
            .map(|(path, unit)| {
                (
                    grids::district.eq(code.to_owned()),
                    grids::path.eq(district.grid(&path).as_str().to_owned()),
                    grids::name.eq(format!("网格{path}")),
                    grids::unit_id.eq(unit.0),
                )
            })
            .collect();
        diesel::insert_into(grids::table).values(rows).execute(&mut connection).await.unwrap();
        district
    }

    /// Makes a user with these roles from [`ASSIGNED_FROM`] on; without a password.
    pub async fn user(&self, district: &TestDistrict, username: &str, roles: &[TestRole]) -> TestUser {
        self.user_with_id(district, UserId::fresh(), username, roles).await
    }

    /// The same with this id.
    pub async fn user_with_id(
        &self,
        district: &TestDistrict,
        user_id: UserId,
        username: &str,
        roles: &[TestRole],
    ) -> TestUser {
        let user = TestUser { district: district.code.clone(), user_id, username: username.to_owned() };
        let mut connection = self.connection().await;
        diesel::insert_into(users::table)
            .values((
                users::district.eq(district.code.as_str()),
                users::user_id.eq(user.user_id.0),
                users::username.eq(username),
                users::name.eq(username),
            ))
            .execute(&mut connection)
            .await
            .unwrap();
        let rows: Vec<AssignmentRow> = roles
            .iter()
            .map(|role| AssignmentRow {
                district: district.code.as_str().to_owned(),
                assignment_id: AssignmentId::fresh().0,
                user_id: user.user_id.0,
                role: role.role.code().to_owned(),
                grid: district.grid(role.grid).as_str().to_owned(),
                unit_id: role.unit_id.map(|unit| unit.0),
                level: role.level.map(|level| level.code().to_owned()),
                from_day: Day(ASSIGNED_FROM),
                until_day: None,
            })
            .collect();
        diesel::insert_into(assignments::table).values(rows).execute(&mut connection).await.unwrap();
        user
    }

    /// Makes another user in the same district.
    pub async fn user_of(&self, other: &TestUser, username: &str, roles: &[TestRole]) -> TestUser {
        let district = TestDistrict {
            code: other.district.clone(),
            streets: [UnitId::fresh(), UnitId::fresh()],
            bureau: UnitId::fresh(),
        };
        self.user(&district, username, roles).await
    }

    /// Gives a user a password.
    pub async fn set_password(&self, user: &TestUser, password: &str) {
        let hash = self.state.passwords.hash(password.to_owned()).await.unwrap();
        diesel::update(users::table.filter(users::user_id.eq(user.user_id.0)))
            .set(users::password_hash.eq(hash))
            .execute(&mut self.connection().await)
            .await
            .unwrap();
    }

    /// Enrols a device for the user and gets it a token, without HTTP.
    pub async fn device(&self, user: &TestUser) -> TestDevice {
        self.device_with_id(user, DeviceId::fresh(), Incarnation::fresh()).await
    }

    /// The same with this id, in this installation.
    pub async fn device_with_id(
        &self,
        user: &TestUser,
        device_id: DeviceId,
        incarnation: Incarnation,
    ) -> TestDevice {
        let key = SigningKey::from_slice(&rand::random::<[u8; 32]>()).unwrap();
        let public_key = key.verifying_key().to_encoded_point(false).as_bytes().to_vec();
        let now = self.clock.now();
        let mut connection = self.connection().await;
        diesel::insert_into(devices::table)
            .values((
                devices::district.eq(user.district.as_str()),
                devices::device_id.eq(device_id.0),
                devices::name.eq("测试终端"),
                devices::public_key.eq(public_key),
                devices::incarnation.eq(incarnation.0),
                devices::enrolled_at.eq(Time(now)),
            ))
            .execute(&mut connection)
            .await
            .unwrap();
        diesel::insert_into(device_users::table)
            .values((
                device_users::district.eq(user.district.as_str()),
                device_users::device_id.eq(device_id.0),
                device_users::user_id.eq(user.user_id.0),
                device_users::enrolled_at.eq(Time(now)),
            ))
            .execute(&mut connection)
            .await
            .unwrap();
        let token =
            self.state.access_keys.issue(&user.district, device_id, user.user_id, incarnation, now).unwrap();
        TestDevice {
            device_id,
            user: user.clone(),
            incarnation,
            key,
            token,
            client: self.client.clone(),
            url: self.url.clone(),
        }
    }

    /// The same device with a token from now.
    #[must_use]
    pub fn renewed(&self, device: &TestDevice) -> TestDevice {
        let TestDevice { device_id, user, incarnation, key, client, url, .. } = device;
        let now = self.clock.now();
        let keys = &self.state.access_keys;
        let token = keys.issue(&user.district, *device_id, user.user_id, *incarnation, now).unwrap();
        TestDevice {
            device_id: *device_id,
            user: user.clone(),
            incarnation: *incarnation,
            key: key.clone(),
            token,
            client: client.clone(),
            url: url.clone(),
        }
    }

    /// The same session at this server, which shares the other's database.
    #[must_use]
    pub fn moved(&self, office: &TestOffice) -> TestOffice {
        TestOffice {
            user: office.user.clone(),
            session_id: office.session_id,
            session: office.session.clone(),
            csrf_token: office.csrf_token.clone(),
            client: self.client.clone(),
            url: self.url.clone(),
        }
    }

    /// Signs the user in to the office, without HTTP.
    pub async fn office(&self, user: &TestUser) -> TestOffice {
        let (session, csrf_token) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let session_id = Uuid::now_v7();
        let now = self.clock.now();
        let mut connection = self.connection().await;
        diesel::insert_into(sessions::table)
            .values((
                sessions::token_hash.eq(token_hash(&session)),
                sessions::session_id.eq(session_id),
                sessions::district.eq(user.district.as_str()),
                sessions::user_id.eq(user.user_id.0),
                sessions::csrf_token.eq(&csrf_token),
                sessions::created_at.eq(Time(now)),
                sessions::last_seen_at.eq(Time(now)),
                sessions::expires_at.eq(Time(now.plus_seconds(3600))),
                sessions::address.eq("127.0.0.1"),
                sessions::user_agent.eq("test"),
            ))
            .execute(&mut connection)
            .await
            .unwrap();
        TestOffice {
            user: user.clone(),
            session_id,
            session,
            csrf_token,
            client: self.client.clone(),
            url: self.url.clone(),
        }
    }
}
