//! One module for each module of the server's routes.

mod cases;
mod devices;
mod exports;
mod findings;
mod health;
mod ledger;
mod month_closings;
mod months;
mod photo_uploads;
mod photos;
mod problems;
mod sessions;
mod sync;
mod users;
