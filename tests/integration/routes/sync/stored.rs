//! What the database holds after a push, for tests to look at.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use server::db::schema::{cases, charges, inspections, operations};
use sync_core::ids::{InspectionId, OperationId};
use tests::TestServer;

/// A case with its charges, by measure: amount in fen and state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub item: String,
    pub inspection_id: InspectionId,
    pub state: String,
    pub version: i32,
    pub flags: Vec<String>,
    pub charges: Vec<(String, Option<i64>, String)>,
}

/// The cases of a lineage.
pub async fn cases_of(server: &TestServer, lineage: InspectionId) -> Vec<Case> {
    let mut conn = server.connection().await;
    type Row = (uuid::Uuid, String, uuid::Uuid, String, i32, Vec<String>);
    let rows: Vec<Row> = cases::table
        .filter(cases::lineage.eq(lineage.0))
        .order(cases::item)
        .select((
            cases::case_id,
            cases::item,
            cases::inspection_id,
            cases::review_state,
            cases::version,
            cases::flags,
        ))
        .load(&mut conn)
        .await
        .unwrap();
    let mut found = Vec::new();
    for (id, item, inspection, state, version, flags) in rows {
        let charges = charges::table
            .filter(charges::case_id.eq(id))
            .order(charges::measure)
            .select((charges::measure, charges::amount_fen, charges::state))
            .load(&mut conn)
            .await
            .unwrap();
        let inspection_id = InspectionId(inspection);
        found.push(Case { item, inspection_id, state, version, flags, charges });
    }
    found
}

/// The flags of a stored inspection; `None` when it is not stored.
pub async fn flags_of(server: &TestServer, inspection: InspectionId) -> Option<Vec<String>> {
    inspections::table
        .filter(inspections::inspection_id.eq(inspection.0))
        .select(inspections::flags)
        .first(&mut server.connection().await)
        .await
        .optional()
        .unwrap()
}

/// The stored bytes and whether there is an outcome; `None` when nothing is stored.
pub async fn operation(server: &TestServer, id: OperationId) -> Option<(Vec<u8>, bool)> {
    operations::table
        .filter(operations::op_id.eq(id.0))
        .select((operations::bytes, operations::outcome.is_not_null()))
        .first(&mut server.connection().await)
        .await
        .optional()
        .unwrap()
}

/// How many charges there are in all.
pub async fn charge_count(server: &TestServer) -> i64 {
    charges::table.count().get_result(&mut server.connection().await).await.unwrap()
}
