//! What tests share: a database each, a server each, a clock to move, a small district with its people, and seeded
//! scenes for photos.
//!
//! Nothing here skips, sleeps or retries: without PostgreSQL the tests fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

pub mod appeal;
pub mod clock;
pub mod database;
pub mod district;
pub mod events;
pub mod field;
pub mod observe;
pub mod photo_upload;
pub mod rectification;
pub mod review;
pub mod scene;
pub mod server;
pub mod server_process;
pub mod small_photo;
pub mod tablet;

pub use district::{MACUN, TestDevice, TestDistrict, TestOffice, TestRole, TestUser};
pub use server::{TestServer, problem};
