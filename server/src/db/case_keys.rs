//! Cases of all districts as timers walk over them, batch by batch in the order of their keys.

use std::collections::BTreeMap;

use sync_core::ids::RegionCode;
use uuid::Uuid;

use crate::db::types::{StoredValueError, stored};

/// District and case. The default comes before every case.
pub type CaseKey = (String, Uuid);

/// Cases of one batch.
pub const BATCH_CASES: i64 = 500;

/// The cases of each district.
///
/// # Errors
/// [`StoredValueError`] where a district is none.
pub fn by_district(keys: &[CaseKey]) -> Result<BTreeMap<RegionCode, Vec<Uuid>>, StoredValueError> {
    let mut by_district: BTreeMap<RegionCode, Vec<Uuid>> = BTreeMap::new();
    for (district, case_id) in keys {
        by_district.entry(stored("cases.district", district)?).or_default().push(*case_id);
    }
    Ok(by_district)
}
