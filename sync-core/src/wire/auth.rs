//! Enrolment and access of devices: a code once, then a challenge signed by the device key (P-256).

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, Epoch, Incarnation, RegionCode, UserId};
use crate::time::Instant;

/// `POST /api/v1/devices/enrol`: spends an enrolment code (入网码) and names the device's public key. The same key
/// may enrol again with another user's code: several inspectors on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// The code that an administrator issued for one user.
    pub code: String,
    /// P-256 public key, uncompressed SEC1 point (65 bytes), base64url without padding.
    pub public_key: String,
    /// What people call the device.
    pub device_name: String,
    /// This installation of the device's database.
    pub incarnation: Incarnation,
}

/// The answer to an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolled {
    /// The device's id.
    pub device_id: DeviceId,
    /// The district it works for.
    pub district: RegionCode,
    /// The user whose code was spent.
    pub user_id: UserId,
    /// That user's name.
    pub user_name: String,
}

/// `POST /api/v1/devices/{device_id}/challenge` answers with bytes to sign, good for one use and one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Challenge {
    /// What to sign, as UTF-8 text exactly as given.
    pub challenge: String,
    /// Until when.
    pub expires_at: Instant,
}

/// `POST /api/v1/devices/{device_id}/token`: the signed challenge for an access token of minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    /// The challenge as received.
    pub challenge: String,
    /// ECDSA P-256 with SHA-256 over the challenge's UTF-8 bytes, 64 bytes r‖s, base64url without padding.
    pub signature: String,
    /// The user of the device for whom the token is asked.
    pub user_id: UserId,
    /// This installation of the device's database.
    pub incarnation: Incarnation,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// A JWT for the `Authorization: Bearer` header.
    pub access_token: String,
    /// Until when.
    pub expires_at: Instant,
    /// The server's epoch; absent from older servers. A device whose pulls are refused, because it was revoked,
    /// hears here alone that the server was restored and lacks what it had put into quarantine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
}
