//! Who is asking, and what they may do.
//!
//! Two ways in: a device by an access token of minutes (`Authorization: Bearer`), a person in the office by a cookie
//! session with a CSRF token for writes. Every handler names what it takes in its signature:
//! [`Authorised<P>`](authorised::Authorised) with a [`Permission`](permission::Permission).
//!
//! Invariants: reads follow today's assignments; a token or session names its district, and nothing of another
//! district is ever reached through it.

pub mod access_token;
pub mod actor;
pub mod authorised;
pub mod case_scope;
pub mod change_password;
pub mod client;
pub mod end_session;
pub mod enrol_device;
pub mod enrolment_code;
pub mod give_recovery_key;
pub mod hearing;
pub mod identify;
pub mod issue_challenge;
pub mod issue_token;
pub mod list_sessions;
pub mod money_scope;
pub mod passwords;
pub mod permission;
pub mod rate_limit;
pub mod revoke_device;
pub mod sign_in;
pub mod target_scope;
