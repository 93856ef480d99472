//! What stands at the head of a district's files and pages: its name, and the office that keeps its record.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;

use crate::db::Connection;
use crate::db::schema::{districts, grids, units};

/// A district by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictHead {
    /// Its code.
    pub code: RegionCode,
    /// Its name, such as 马村区.
    pub name: String,
    /// The unit that answers for the district's own grid: the office (环委办) that makes and issues papers (制表单位).
    pub office: String,
}

/// The head of a district.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn district_head(connection: &mut Connection, code: &RegionCode) -> QueryResult<DistrictHead> {
    let (name, office): (String, Option<String>) = districts::table
        .left_join(
            grids::table
                .inner_join(
                    units::table
                        .on(units::district.eq(grids::district).and(units::unit_id.eq(grids::unit_id))),
                )
                .on(grids::district.eq(districts::district).and(grids::path.eq(districts::district))),
        )
        .filter(districts::district.eq(code.as_str()))
        .select((districts::name, units::name.nullable()))
        .first(connection)
        .await?;
    Ok(DistrictHead { code: code.clone(), office: office.unwrap_or_else(|| name.clone()), name })
}
