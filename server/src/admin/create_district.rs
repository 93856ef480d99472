//! Creation of a district (区县): the tenant, its root grid, and the unit that answers for it.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{Epoch, GridPath, RegionCode, UnitId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::text::check_required;

use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::{districts, grids, units};
use crate::problem::ApiError;

/// A district to be created.
#[derive(Debug, Clone)]
pub struct NewDistrict {
    /// Its code.
    pub code: RegionCode,
    /// Its name, such as 马村区.
    pub name: String,
    /// The unit that answers for the whole district, such as the environmental office.
    pub unit: String,
    /// That unit's budget code.
    pub budget_code: String,
}

/// Creates a district.
///
/// # Errors
/// `district_exists`, text faults.
pub async fn create_district(connection: &mut Connection, new: &NewDistrict) -> Result<(), ApiError> {
    let texts = [(&new.name, "name"), (&new.unit, "unit"), (&new.budget_code, "budget_code")];
    for (text, field) in texts {
        check_required(text, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field(field))?;
    }
    let district = new.code.as_str();
    let unit = UnitId::fresh();
    connection
        .transaction(async |connection| {
            diesel::insert_into(districts::table)
                .values((
                    districts::district.eq(district),
                    districts::name.eq(&new.name),
                    districts::epoch.eq(Epoch::fresh().0),
                ))
                .execute(connection)
                .await?;
            diesel::insert_into(units::table)
                .values((
                    units::district.eq(district),
                    units::unit_id.eq(unit.0),
                    units::name.eq(&new.unit),
                    units::kind.eq("bureau"),
                    units::budget_code.eq(&new.budget_code),
                ))
                .execute(connection)
                .await?;
            diesel::insert_into(grids::table)
                .values((
                    grids::district.eq(district),
                    grids::path.eq(GridPath::district(&new.code).as_str()),
                    grids::name.eq(&new.name),
                    grids::unit_id.eq(unit.0),
                ))
                .execute(connection)
                .await?;
            let root = NewChange::of_district(Entity::Grid(GridPath::district(&new.code)));
            let changes = [NewChange::of_district(Entity::Unit(unit)), root];
            Ok(record_changes(connection, &new.code, &changes).await?)
        })
        .await
}
