//! Fire point (火点) leads: a satellite, a camera or a drone saw smoke or heat, and an inspector verifies it on the
//! spot (核查). A fire that was found is an inspection, and only that is charged.
//!
//! Source: zhumadian-2017 and xiping-2024 on straw burning: leads become fire points when they are verified.

use serde::{Deserialize, Serialize};

use crate::geo::Point;
use crate::ids::{FirePointId, GridPath, InspectionId};
use crate::model::coded_enum;
use crate::time::Instant;

coded_enum! {
    /// Who saw it.
    FireSource {
        /// A satellite (卫星遥感).
        Satellite = "satellite",
        /// A camera on a tower (蓝天卫士).
        Video = "video",
        /// A drone (无人机).
        Drone = "drone",
    }
}

coded_enum! {
    /// What became of a lead.
    FirePointState {
        /// Awaits an inspector (待核查).
        Lead = "lead",
        /// There was a fire (属实); an inspection records it.
        Confirmed = "confirmed",
        /// There was none (未发现).
        NotFound = "not_found",
    }
}

/// A lead as devices pull it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirePointRow {
    /// Its id.
    pub fire_point_id: FirePointId,
    /// Who saw it.
    pub source: FireSource,
    /// Where, in WGS-84.
    pub point: Point,
    /// The grid it lies in.
    pub grid: GridPath,
    /// When it was seen.
    pub seen_at: Instant,
    /// In words: village, field, camera number.
    pub note: String,
    /// What became of it.
    pub state: FirePointState,
    /// The inspection that records the fire, once confirmed.
    pub inspection_id: Option<InspectionId>,
}
