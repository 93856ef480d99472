//! The server of Lantian: HTTP API, review, ledger, photos, administration, on PostgreSQL.
//!
//! Layers: `routes` (extract, authorise, map) → services (what is done, `verb_noun`) → `db` (rows and queries). The
//! server holds no state that another process would not see: several run behind one balancer.

pub mod admin;
pub mod appeals;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod db;
pub mod demo_district;
pub mod geojson;
pub mod http;
pub mod json;
pub mod ledger;
pub mod live;
pub mod metrics;
pub mod openapi;
pub mod photos;
pub mod policies;
pub mod prints;
pub mod problem;
pub mod query;
pub mod rectification;
pub mod registers;
pub mod routes;
pub mod screens;
pub mod serve;
pub mod services;
pub mod snapshots;
pub mod state;
pub mod tables;
pub mod telemetry;
pub mod tls;
pub mod words;
