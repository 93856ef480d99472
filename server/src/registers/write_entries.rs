//! Writes planned rows of units, grids and zones.

use sync_core::ids::RegionCode;
use sync_core::wire::problem::ProblemKind;

use super::register::Planned;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::district_entries::{DistrictEntry, Versioned, insert_entries, update_entries};
use crate::problem::ApiError;

/// Inserts what is new and writes the rest over the versions that it was planned on.
///
/// # Errors
/// `import_outdated` where a version is another by now.
pub(super) async fn write_entries<E: DistrictEntry>(
    connection: &mut Connection,
    district: &RegionCode,
    rows: &[Planned<Versioned<E>>],
) -> Result<Vec<NewChange>, ApiError> {
    let those = |new: bool| -> Vec<Versioned<E>> {
        rows.iter().filter(|row| row.before.is_none() == new).map(|row| row.after.clone()).collect()
    };
    insert_entries(connection, district, &those(true)).await?;
    let changed = those(false);
    if update_entries(connection, district, &changed).await? != changed.len() {
        return Err(ProblemKind::ImportOutdated.into());
    }
    Ok(rows.iter().map(|row| NewChange::of_district(row.after.entry.entity())).collect())
}
