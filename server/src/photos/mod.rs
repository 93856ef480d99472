//! Photos (照片) on the server.

pub mod picture;
