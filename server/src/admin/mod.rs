//! Administration (管理): districts, users, assignments, devices, packs; by route and by command line alike.
//!
//! Invariant: whatever changes what somebody sees or may do is in the audit trail, and devices hear of it.

pub mod adopt_pack;
pub mod assign_role;
pub mod commands;
pub mod create_district;
pub mod create_user;
pub mod disable_user;
pub mod enable_user;
pub mod end_assignment;
pub mod list_devices;
pub mod list_users;
pub mod move_assignment;
pub mod rename_user;
pub mod reset_password;
