//! Changes (变更): what devices and screens must hear of, numbered in commit order, district by district.
//!
//! Invariants: a number is taken by updating the district's row, and after that only change rows are written before
//! the commit. The row lock makes numbers commit-ordered and free of gaps, so a reader who has seen number N has seen
//! all that came before. A sequence would not do: it hands out numbers before commits, and readers skip rows.
//! Call [`record_changes`] once, as the last statement of a transaction; all its rows share one number, which a page
//! of a pull never splits. The same statement tells every server process (`NOTIFY`, which arrives with the commit).

use std::fmt;

use diesel::QueryResult;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sync_core::ids::{
    AssignmentId, CaseId, DeviceId, FirePointId, GridPath, OperationId, PackHash, PhotoHash, ProposalId,
    RegionCode, SubsidyId, TargetId, UnitId, UserId, ZoneId,
};
use sync_core::time::Month;
use sync_core::wire::pull::entity;
use uuid::Uuid;

use crate::db::statement::statement;

/// Where it is told which number of which district was committed: `DISTRICT NUMBER`.
pub const CHANGES_CHANNEL: &str = "lantian_changes";

/// A proposal (待复核事项).
const PROPOSAL: &str = "proposal";
/// A month of account (账期), or what was executed against it.
const MONTH: &str = "month";
/// A subsidy (补助).
const SUBSIDY: &str = "subsidy";

/// A user (用户).
const USER: &str = "user";
/// A device (终端).
const DEVICE: &str = "device";

/// What screens hear of and devices do not: a pull leaves it out.
pub const OFFICE_KINDS: [&str; 5] = [PROPOSAL, MONTH, SUBSIDY, USER, DEVICE];

/// Whether only those hear of this kind who see the whole district: who works in it, and with which devices.
#[must_use]
pub fn is_of_staff(kind: &str) -> bool {
    [USER, DEVICE].contains(&kind)
}

/// Whether devices hear of this kind.
#[must_use]
pub fn is_for_devices(kind: &str) -> bool {
    !OFFICE_KINDS.contains(&kind)
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// A responsible unit (责任单位).
    Unit(UnitId),
    /// A grid (网格).
    Grid(GridPath),
    /// A zone (区域).
    Zone(ZoneId),
    /// A pack version the district adopted (政策包).
    Pack(PackHash),
    /// An assignment (任职).
    Assignment(AssignmentId),
    /// A register entry (台账对象).
    Target(TargetId),
    /// A case (案件) or its charges.
    Case(CaseId),
    /// The present round of a case's rectification (整改).
    Rectification(CaseId),
    /// A fire point lead (火点线索).
    FirePoint(FirePointId),
    /// The result of an operation (操作结果).
    Operation(OperationId),
    /// A photo (照片), verified or refused.
    Photo(PhotoHash),
    /// A proposal (待复核事项).
    Proposal(ProposalId),
    /// A month of account (账期), or what was executed against it.
    Month(Month),
    /// A subsidy (补助).
    Subsidy(SubsidyId),
    /// A user (用户), but for assignments and passwords.
    User(UserId),
    /// A device (终端) or who uses it.
    Device(DeviceId),
}

impl Entity {
    /// Its kind as a pull names it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => entity::UNIT,
            Self::Grid(_) => entity::GRID,
            Self::Zone(_) => entity::ZONE,
            Self::Pack(_) => entity::PACK,
            Self::Assignment(_) => entity::ASSIGNMENT,
            Self::Target(_) => entity::TARGET,
            Self::Case(_) => entity::CASE,
            Self::Rectification(_) => entity::RECTIFICATION,
            Self::FirePoint(_) => entity::FIRE_POINT,
            Self::Operation(_) => entity::OPERATION,
            Self::Photo(_) => entity::PHOTO,
            Self::Proposal(_) => PROPOSAL,
            Self::Month(_) => MONTH,
            Self::Subsidy(_) => SUBSIDY,
            Self::User(_) => USER,
            Self::Device(_) => DEVICE,
        }
    }
}

/// Its id as a pull names it.
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(id) => id.fmt(f),
            Self::Grid(path) => path.fmt(f),
            Self::Zone(id) => id.fmt(f),
            Self::Pack(hash) => hash.fmt(f),
            Self::Assignment(id) => id.fmt(f),
            Self::Target(id) => id.fmt(f),
            Self::Case(id) => id.fmt(f),
            Self::Rectification(id) => id.fmt(f),
            Self::FirePoint(id) => id.fmt(f),
            Self::Operation(id) => id.fmt(f),
            Self::Photo(hash) => hash.fmt(f),
            Self::Proposal(id) => id.fmt(f),
            Self::Month(month) => month.fmt(f),
            Self::Subsidy(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
            Self::Device(id) => id.fmt(f),
        }
    }
}

/// One changed thing and who must hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// What changed.
    pub entity: Entity,
    /// The grid it was in before; absent when it is new or lies in no grid.
    pub grid_before: Option<GridPath>,
    /// The grid it is in now; absent when it is gone or lies in no grid.
    pub grid_after: Option<GridPath>,
    /// A user who hears of it whatever the grid.
    pub user: Option<UserId>,
    /// The unit that answered for a case until now: its office hears of it even where the case left it.
    pub unit_before: Option<UnitId>,
}

impl NewChange {
    /// The whole district hears of it: units, grids, zones, packs, months, subsidies; its offices of users and devices.
    #[must_use]
    pub const fn of_district(entity: Entity) -> Self {
        Self { entity, grid_before: None, grid_after: None, user: None, unit_before: None }
    }

    /// One user alone hears of it: own assignments, results of own operations, own photos.
    #[must_use]
    pub const fn of_user(entity: Entity, user: UserId) -> Self {
        Self { entity, grid_before: None, grid_after: None, user: Some(user), unit_before: None }
    }

    /// A target changed, appeared (`before` absent) or was removed (`after` absent).
    #[must_use]
    pub const fn of_target(target: TargetId, before: Option<GridPath>, after: Option<GridPath>) -> Self {
        Self {
            entity: Entity::Target(target),
            grid_before: before,
            grid_after: after,
            user: None,
            unit_before: None,
        }
    }

    /// A proposal about a case of this grid, or about a month, was made or ended.
    #[must_use]
    pub fn of_proposal(proposal: ProposalId, grid: Option<GridPath>) -> Self {
        Self {
            entity: Entity::Proposal(proposal),
            grid_before: grid.clone(),
            grid_after: grid,
            user: None,
            unit_before: None,
        }
    }

    /// A case changed and stayed in its grid; its author hears of it wherever he works now.
    #[must_use]
    pub fn of_case(case: CaseId, grid: GridPath, author: UserId) -> Self {
        Self {
            entity: Entity::Case(case),
            grid_before: Some(grid.clone()),
            grid_after: Some(grid),
            user: Some(author),
            unit_before: None,
        }
    }

    /// The same, told to the unit that answered for the case before, too.
    #[must_use]
    pub fn leaving(self, unit: UnitId) -> Self {
        Self { unit_before: Some(unit), ..self }
    }
}

/// Numbers the changes and writes them, all under one number, in the order given. Does nothing when there are none.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn record_changes(
    conn: &mut AsyncPgConnection,
    district: &RegionCode,
    changes: &[NewChange],
) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let grids = |grid: fn(&NewChange) -> Option<&GridPath>| -> Vec<Option<&str>> {
        changes.iter().map(|change| grid(change).map(GridPath::as_str)).collect()
    };
    statement(
        "WITH next AS (
             UPDATE districts SET change_number = change_number + 1 WHERE district = $1 RETURNING change_number
         ), written AS (
             INSERT INTO changes
                 (district, number, ordinal, change_id, entity, entity_id, grid_before, grid_after, user_id, unit_before)
             SELECT $1, next.change_number, c.ordinal, gen_random_uuid(),
                    c.entity, c.entity_id, c.grid_before, c.grid_after, c.user_id, c.unit_before
             FROM next, unnest($2, $3, $4, $5, $6, $7) WITH ORDINALITY
                 AS c (entity, entity_id, grid_before, grid_after, user_id, unit_before, ordinal)
         )
         SELECT pg_notify($8, $1 || ' ' || change_number) FROM next",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<Text>, _>(changes.iter().map(|change| change.entity.kind()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changes.iter().map(|change| change.entity.to_string()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(grids(|change| change.grid_before.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(grids(|change| change.grid_after.as_ref()))
    .bind::<Array<Nullable<SqlUuid>>, _>(
        changes.iter().map(|change| change.user.map(|user| user.0)).collect::<Vec<Option<Uuid>>>(),
    )
    .bind::<Array<Nullable<SqlUuid>>, _>(
        changes.iter().map(|change| change.unit_before.map(|unit| unit.0)).collect::<Vec<Option<Uuid>>>(),
    )
    .bind::<Text, _>(CHANGES_CHANNEL)
    .execute(conn)
    .await?;
    Ok(())
}
