//! stub

pub mod scene;
