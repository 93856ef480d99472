//! The rows of a scope (范围内的数据) read from the tables themselves, not from the change log: for snapshots, and to check
//! what devices hold. What a cursor would miss shows here.
//!
//! Invariants: kind by kind, in the order of ids, a bounded set at a time; a row is what a pull would send, to the byte.
//! Read in one transaction that sees one state of the database.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::{GridPath, RegionCode};
use sync_core::wire::pull::{Change, ChangeKind, entity};

use super::pull_changes::Touched;
use super::pull_rows::rows_now;
use super::scope::Scope;
use crate::db::Connection;
use crate::db::statement::statement;
use crate::problem::ApiError;

/// Rows in a set.
const SET_ROWS: usize = 2000;
/// Before every id.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// One kind of row: where its ids begin, and the statement of the next ones. `$1` district, `$2` the id before, `$3` how
/// many, `$4` user, `$5` grids.
struct Kind {
    entity: &'static str,
    before_all: &'static str,
    next_ids: &'static str,
}

const KINDS: [Kind; 11] = [
    Kind {
        entity: entity::UNIT,
        before_all: NIL,
        next_ids: "SELECT unit_id::text AS id FROM units
                   WHERE district = $1 AND unit_id > $2::uuid ORDER BY unit_id LIMIT $3",
    },
    Kind {
        entity: entity::GRID,
        before_all: "",
        next_ids: "SELECT path AS id FROM grids WHERE district = $1 AND path > $2 ORDER BY path LIMIT $3",
    },
    Kind {
        entity: entity::ZONE,
        before_all: NIL,
        next_ids: "SELECT zone_id::text AS id FROM zones
                   WHERE district = $1 AND zone_id > $2::uuid ORDER BY zone_id LIMIT $3",
    },
    Kind {
        entity: entity::PACK,
        before_all: "",
        next_ids: "SELECT hash AS id FROM pack_adoptions
                   WHERE district = $1 AND hash > $2 ORDER BY hash LIMIT $3",
    },
    Kind {
        entity: entity::ASSIGNMENT,
        before_all: NIL,
        next_ids: "SELECT assignment_id::text AS id FROM assignments
                   WHERE district = $1 AND user_id = $4 AND assignment_id > $2::uuid
                   ORDER BY assignment_id LIMIT $3",
    },
    Kind {
        entity: entity::TARGET,
        before_all: NIL,
        next_ids: "SELECT target_id::text AS id FROM targets AS t
                   WHERE district = $1 AND target_id > $2::uuid AND deleted_at IS NULL
                     AND EXISTS (SELECT 1 FROM unnest($5) AS own (grid)
                                 WHERE starts_with(t.grid || '/', own.grid || '/'))
                   ORDER BY target_id LIMIT $3",
    },
    Kind {
        entity: entity::CASE,
        before_all: NIL,
        next_ids: "SELECT case_id::text AS id FROM cases AS t
                   WHERE district = $1 AND case_id > $2::uuid
                     AND (author = $4 OR EXISTS (SELECT 1 FROM unnest($5) AS own (grid)
                                                 WHERE starts_with(t.grid || '/', own.grid || '/')))
                   ORDER BY case_id LIMIT $3",
    },
    Kind {
        entity: entity::RECTIFICATION,
        before_all: NIL,
        next_ids: "SELECT case_id::text AS id FROM cases AS t
                   WHERE district = $1 AND case_id > $2::uuid
                     AND (author = $4 OR EXISTS (SELECT 1 FROM unnest($5) AS own (grid)
                                                 WHERE starts_with(t.grid || '/', own.grid || '/')))
                     AND EXISTS (SELECT 1 FROM rectifications AS r
                                 WHERE r.district = t.district AND r.case_id = t.case_id)
                   ORDER BY case_id LIMIT $3",
    },
    Kind {
        entity: entity::FIRE_POINT,
        before_all: NIL,
        next_ids: "SELECT fire_point_id::text AS id FROM fire_points AS t
                   WHERE district = $1 AND fire_point_id > $2::uuid
                     AND EXISTS (SELECT 1 FROM unnest($5) AS own (grid)
                                 WHERE starts_with(t.grid || '/', own.grid || '/'))
                   ORDER BY fire_point_id LIMIT $3",
    },
    Kind {
        entity: entity::OPERATION,
        before_all: NIL,
        next_ids: "SELECT op_id::text AS id FROM operations
                   WHERE district = $1 AND user_id = $4 AND op_id > $2::uuid ORDER BY op_id LIMIT $3",
    },
    // Who is told of a photo, only the change log knows.
    Kind {
        entity: entity::PHOTO,
        before_all: "",
        next_ids: "SELECT DISTINCT entity_id AS id FROM changes
                   WHERE district = $1 AND entity = 'photo' AND user_id = $4 AND entity_id > $2
                   ORDER BY entity_id LIMIT $3",
    },
];

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Reads the rows of a scope, set by set.
pub(super) struct ScopeRows<'a> {
    district: &'a RegionCode,
    scope: &'a Scope,
    kinds: std::slice::Iter<'static, Kind>,
    /// The kind that is being read, and the last id of it.
    at: Option<(&'static Kind, String)>,
}

impl<'a> ScopeRows<'a> {
    pub(super) fn new(district: &'a RegionCode, scope: &'a Scope) -> Self {
        Self { district, scope, kinds: KINDS.iter(), at: None }
    }

    /// The next set, which may be empty; `None` at the end.
    pub(super) async fn next(&mut self, conn: &mut Connection) -> Result<Option<Vec<Change>>, ApiError> {
        let (kind, after) = match self.at.take() {
            Some(at) => at,
            None => match self.kinds.next() {
                Some(kind) => (kind, kind.before_all.to_owned()),
                None => return Ok(None),
            },
        };
        let ids: Vec<Id> = statement(kind.next_ids)
            .bind::<Text, _>(self.district.as_str())
            .bind::<Text, _>(after)
            .bind::<BigInt, _>(i64::try_from(SET_ROWS).unwrap_or(i64::MAX))
            .bind::<SqlUuid, _>(self.scope.user.0)
            .bind::<Array<Text>, _>(self.scope.grids.iter().map(GridPath::as_str).collect::<Vec<_>>())
            .load(conn)
            .await?;
        if ids.len() == SET_ROWS
            && let Some(last) = ids.last()
        {
            self.at = Some((kind, last.id.clone()));
        }
        let touched: Vec<Touched> = ids.into_iter().map(|id| (kind.entity.to_owned(), id.id)).collect();
        let mut changes = rows_now(conn, self.district, self.scope, &touched).await?;
        changes.retain(|change| change.change == ChangeKind::Upsert);
        Ok(Some(changes))
    }
}
