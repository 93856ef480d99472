//! Target (台账对象): an entry of the register, with facts whose names and types its kind's pack data defines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::geo::Point;
use crate::ids::{FactCode, GridPath, KindCode, TargetId, UnitId};

/// The value of a kind-specific fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A number in the unit that the kind's fact states.
    Number(f64),
    /// Text, or a code out of a list of choices, or a date as `YYYY-MM-DD`.
    Text(String),
}

/// Facts by code, in code order.
pub type Facts = BTreeMap<FactCode, FactValue>;

/// What a device writes when it registers or updates a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetContent {
    /// Its id, made where it was first registered.
    pub target_id: TargetId,
    /// Its kind.
    pub kind: KindCode,
    /// Register number (台账编号), unique in the district; the server gives one where it is absent.
    pub code: Option<String>,
    /// Name in Chinese.
    pub name: String,
    /// Where it is, in words.
    pub address: String,
    /// Where it is.
    pub point: Point,
    /// The grid it belongs to.
    pub grid: GridPath,
    /// The unit that answers for it.
    pub unit_id: UnitId,
    /// Supervising department (监管部门).
    pub supervising_department: Option<String>,
    /// Responsible person (责任人).
    pub responsible_person: Option<String>,
    /// Facts of its kind.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, FactValue>))]
    pub facts: Facts,
}

/// A target as the server has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Target {
    /// What is registered.
    #[serde(flatten)]
    pub content: TargetContent,
    /// Grows by one with each accepted change; an update names the version it was made on.
    pub version: u32,
}
