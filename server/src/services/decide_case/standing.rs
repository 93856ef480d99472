//! A case as it stands under its lock, read into its types.

use jiff::civil::Date;
use sync_core::ids::{CaseId, GridPath, InspectionId, ItemCode, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::inspection::PackRef;
use sync_core::time::Instant;

use crate::db::cases::CaseStateRow;
use crate::db::types::{StoredValueError, stored, stored_code};
use crate::ledger::basis::{CaseBasis, ChargeBasis};
use crate::ledger::moves::Aim;

/// What a decision must know of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingCase {
    /// Its id.
    pub case_id: CaseId,
    /// Its item.
    pub item: ItemCode,
    /// Its lineage.
    pub lineage: InspectionId,
    /// The inspection it stands on.
    pub inspection_id: InspectionId,
    /// The pack version it is judged by.
    pub pack: Option<PackRef>,
    /// The discovery level it counts at.
    pub level: DiscoveryLevel,
    /// The unit that answers for it.
    pub unit_id: UnitId,
    /// Its grid.
    pub grid: GridPath,
    /// Who recorded it.
    pub author: UserId,
    /// When it occurred.
    pub occurred_at: Instant,
    /// Its review state.
    pub state: ReviewState,
    /// What is to be settled.
    pub flags: Vec<Flag>,
    /// Its version.
    pub version: i32,
    /// The day it posts by itself, while it is published.
    pub posts_on: Option<Date>,
}

impl StandingCase {
    /// What a decision's record says of the money, where the case stands on what it stood on.
    #[must_use]
    pub fn basis(&self, aim: &Aim) -> CaseBasis {
        CaseBasis {
            case_id: self.case_id,
            item: self.item.clone(),
            inspection_id: self.inspection_id,
            pack_hash: self.pack.as_ref().map(|pack| pack.hash.clone()),
            level: self.level,
            unit_id: aim.unit_id,
            posts: aim.posts,
            charges: aim.charges.iter().map(ChargeBasis::from).collect(),
        }
    }
}

impl TryFrom<CaseStateRow> for StandingCase {
    type Error = StoredValueError;

    fn try_from(row: CaseStateRow) -> Result<Self, StoredValueError> {
        let pack = match row.pack_id.zip(row.pack_hash) {
            Some((id, hash)) => {
                Some(PackRef { id: stored("cases.pack_id", &id)?, hash: stored("cases.pack_hash", &hash)? })
            }
            None => None,
        };
        Ok(Self {
            case_id: CaseId(row.case_id),
            item: stored("cases.item", &row.item)?,
            lineage: InspectionId(row.lineage),
            inspection_id: InspectionId(row.inspection_id),
            pack,
            level: stored_code("cases.level", &row.level)?,
            unit_id: UnitId(row.unit_id),
            grid: stored("cases.grid", &row.grid)?,
            author: UserId(row.author),
            occurred_at: row.occurred_at.0,
            state: stored_code("cases.review_state", &row.review_state)?,
            flags: row.flags.iter().map(|flag| stored_code("cases.flags", flag)).collect::<Result<_, _>>()?,
            version: row.version,
            posts_on: row.posts_on.map(|day| day.0),
        })
    }
}
