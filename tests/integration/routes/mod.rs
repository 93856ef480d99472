//! One module for each module of the server's routes.

mod cases;
mod devices;
mod duplicates;
mod entries;
mod executions;
mod exports;
mod findings;
mod fire_points;
mod health;
mod ledger;
mod ledger_trace;
mod month_closings;
mod months;
mod packs;
mod photo_uploads;
mod photos;
mod prints;
mod problems;
mod proposals;
mod rectifications;
mod registers;
mod sessions;
mod subsidies;
mod sync;
mod targets;
mod users;
