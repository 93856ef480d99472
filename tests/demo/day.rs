//! The day that is played: who looks at what, and what is found.

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use sync_core::time::{Instant, RECORD_ZONE};
use tests::scene::SceneKind;

/// One visit of the script.
pub struct Script {
    /// Who, by the name to sign in with.
    pub inspector: &'static str,
    /// When, in Shanghai.
    pub at: Time,
    /// Kind of target.
    pub kind: &'static str,
    /// A fact that the target must have.
    pub fact: Option<(&'static str, &'static str)>,
    /// Whether it must lie in the built-up area.
    pub built_up: bool,
    /// What was looked for and found wanting; everything else of the checklist is in order.
    pub failed: &'static [&'static str],
    /// What stands on the photos.
    pub scene: SceneKind,
    /// Item and how often the pack's amount is charged for it.
    pub charged: Option<(&'static str, i64)>,
    /// In words.
    pub notes: &'static str,
}

/// Six visits by four inspectors: one finding of every kind of the main job, and a self-check that costs nothing.
pub const SCRIPT: &[Script] = &[
    Script {
        inspector: "inspector1",
        at: time(8, 40, 0, 0),
        kind: "construction_site",
        fact: Some(("site_type", "building")),
        built_up: false,
        failed: &["hoarding", "vehicle_washing", "earthwork_closed"],
        scene: SceneKind::ConstructionSite,
        charged: Some(("site_dust", 3)),
        notes: "围挡缺口约十米，洗车平台停用，土方裸露。",
    },
    Script {
        inspector: "inspector2",
        at: time(9, 55, 0, 0),
        kind: "stockpile",
        fact: None,
        built_up: false,
        failed: &["wall_net_cover"],
        scene: SceneKind::Stockpile,
        charged: Some(("stockpile_dust", 1)),
        notes: "料堆约三分之一未覆盖。",
    },
    Script {
        inspector: "inspector2",
        at: time(10, 20, 0, 0),
        kind: "straw_point",
        fact: None,
        built_up: false,
        failed: &["no_straw_burning"],
        scene: SceneKind::StrawFire,
        charged: Some(("open_burning", 1)),
        notes: "地头一处明火，已当场扑灭。",
    },
    Script {
        inspector: "inspector1",
        at: time(11, 30, 0, 0),
        kind: "catering_device",
        fact: None,
        built_up: true,
        failed: &["purifier_running"],
        scene: SceneKind::FumeDevice,
        charged: Some(("catering_fume", 1)),
        notes: "营业中，净化器未开机。",
    },
    Script {
        inspector: "inspector3",
        at: time(15, 5, 0, 0),
        kind: "vehicle",
        fact: None,
        built_up: false,
        failed: &["licensed"],
        scene: SceneKind::Truck,
        charged: Some(("muck_truck", 1)),
        notes: "未能出示建筑垃圾运输许可。",
    },
    Script {
        inspector: "selfcheck1",
        at: time(16, 10, 0, 0),
        kind: "construction_site",
        fact: Some(("site_type", "building")),
        built_up: false,
        failed: &["ground_hardening"],
        scene: SceneKind::ConstructionSite,
        charged: None,
        notes: "网格自查，已督促当日整改。",
    },
];

/// When everybody is back.
pub const EVENING: Time = time(18, 0, 0, 0);

/// A time of that day.
pub fn instant(day: Date, at: Time) -> anyhow::Result<Instant> {
    let zone = TimeZone::get(RECORD_ZONE)?;
    Ok(Instant::new(zone.to_zoned(day.to_datetime(at))?.timestamp()))
}
