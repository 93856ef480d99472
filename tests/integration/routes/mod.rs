//! One module for each module of the server's routes.

mod cases;
mod devices;
mod entries;
mod exports;
mod findings;
mod fire_points;
mod health;
mod ledger;
mod month_closings;
mod months;
mod packs;
mod photo_uploads;
mod photos;
mod problems;
mod proposals;
mod rectifications;
mod registers;
mod sessions;
mod sync;
mod targets;
mod users;
