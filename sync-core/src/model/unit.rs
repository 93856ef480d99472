//! Responsible unit (责任单位): whose budget a deduction falls on.

use serde::{Deserialize, Serialize};

use crate::ids::UnitId;

/// What kind of unit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Street office or township (街道办事处, 乡镇).
    StreetOffice,
    /// Bureau of the district (区直部门).
    Bureau,
}

/// A responsible unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unit {
    /// Its id.
    pub unit_id: UnitId,
    /// Name in Chinese.
    pub name: String,
    /// Street office or bureau.
    pub kind: UnitKind,
    /// Unified social credit code (统一社会信用代码), 18 characters, where known.
    pub credit_code: Option<String>,
    /// Budget code (预算单位编码) that finance books under.
    pub budget_code: String,
}
