//! The routes, one module a noun. A handler extracts, authorises, calls one service and maps its outcome.
//!
//! Invariant: routes are registered through utoipa, so that the OpenAPI document cannot differ from them.

use utoipa_actix_web::service_config::ServiceConfig;

pub mod appeals;
pub mod audit_events;
pub mod calendar;
pub mod cases;
pub mod coverage;
pub mod decisions;
pub mod demonstration;
pub mod devices;
pub mod duplicates;
pub mod events;
pub mod executions;
pub mod exports;
pub mod findings;
pub mod fire_points;
pub mod grids;
pub mod health;
pub mod kinds;
pub mod ledger;
pub mod month_closings;
pub mod months;
pub mod overview;
pub mod packs;
pub mod photo_uploads;
pub mod photos;
pub mod prints;
pub mod proposals;
pub mod rectifications;
pub mod registers;
pub mod sessions;
pub mod snapshots;
pub mod subsidies;
pub mod sync;
pub mod targets;
pub mod units;
pub mod users;
pub mod web_settings;
pub mod years;
pub mod zones;

/// Registers every route.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        // Before all others, for a request is compared with one pattern after another: what devices ask all the time.
        .configure(sync::configure)
        .configure(photo_uploads::configure)
        .configure(exports::configure)
        .configure(appeals::configure)
        .configure(audit_events::configure)
        .configure(calendar::configure)
        .configure(cases::configure)
        .configure(coverage::configure)
        .configure(decisions::configure)
        .configure(demonstration::configure)
        .configure(devices::configure)
        .configure(duplicates::configure)
        .configure(events::configure)
        .configure(executions::configure)
        .configure(findings::configure)
        .configure(fire_points::configure)
        .configure(grids::configure)
        .configure(health::configure)
        .configure(kinds::configure)
        .configure(ledger::configure)
        .configure(month_closings::configure)
        .configure(months::configure)
        .configure(overview::configure)
        .configure(packs::configure)
        .configure(photos::configure)
        .configure(prints::configure)
        .configure(proposals::configure)
        .configure(rectifications::configure)
        .configure(registers::configure)
        .configure(sessions::configure)
        .configure(snapshots::configure)
        .configure(subsidies::configure)
        .configure(targets::configure)
        .configure(units::configure)
        .configure(users::configure)
        .configure(web_settings::configure)
        .configure(years::configure)
        .configure(zones::configure);
}
