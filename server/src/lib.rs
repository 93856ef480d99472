//! stub

pub mod photos;
