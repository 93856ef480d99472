//! The reckoning: what was acknowledged against what the database and the photo store hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sync_core::ids::{OperationId, PhotoHash};
use tokio_postgres::NoTls;

use crate::load::Acknowledged;
use crate::victims::Victims;

/// Where the server keeps original photos, below its data.
const ORIGINALS: &str = "photos/objects";

/// Everything that is missing, altered or there twice.
pub fn faults(victims: &Victims, acknowledged: &Acknowledged) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut faults = runtime.block_on(in_database(&victims.database_url(), acknowledged));
    let originals = files_below(&victims.data().join(ORIGINALS));
    for photo in &acknowledged.photos {
        let whole = originals.iter().any(|file| {
            file.file_name().is_some_and(|name| name == photo.as_str())
                && std::fs::read(file).is_ok_and(|bytes| PhotoHash::of(&bytes) == *photo)
        });
        if !whole {
            faults.push(format!("photo {photo} was acknowledged and is not in the store"));
        }
    }
    faults
}

async fn in_database(url: &str, acknowledged: &Acknowledged) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let texts = async |sql: &str| -> Vec<String> {
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let mut faults = Vec::new();
    let applied: BTreeSet<OperationId> = texts(
        "SELECT op_id::text FROM operations WHERE sha256 = sha256(bytes) AND outcome ->> 'outcome' = 'applied'",
    )
    .await
    .iter()
    .map(|id| id.parse().unwrap())
    .collect();
    let lost = acknowledged.operations.difference(&applied);
    faults.extend(lost.map(|id| format!("operation {id} was acknowledged and is not applied")));
    let verified: BTreeSet<String> =
        texts("SELECT sha256 FROM photos WHERE state = 'verified'").await.into_iter().collect();
    let lost = acknowledged.photos.iter().filter(|photo| !verified.contains(photo.as_str()));
    faults.extend(lost.map(|photo| format!("photo {photo} was acknowledged and is not verified")));
    let decisions: Vec<Value> =
        texts("SELECT json_build_array(decision_no, request_id)::text FROM decisions")
            .await
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
    let lost = acknowledged
        .decisions
        .iter()
        .filter(|(number, request)| !decisions.contains(&serde_json::json!([number, request])));
    faults.extend(lost.map(|(number, _)| format!("decision {number} was acknowledged and is not there")));
    let twice = texts(
        "SELECT 'charge ' || charge_id || ' is posted ' || count(*) || ' times' FROM ledger_entries
         WHERE kind = 'deduction' GROUP BY charge_id HAVING count(*) > 1
         UNION ALL
         SELECT 'charge ' || c.charge_id || ' is ' || c.state || ' and stands at ' || coalesce(sum(e.amount_fen), 0)
         FROM charges AS c LEFT JOIN ledger_entries AS e USING (district, charge_id)
         GROUP BY c.district, c.charge_id, c.state, c.amount_fen
         HAVING coalesce(sum(e.amount_fen), 0) <> CASE c.state WHEN 'posted' THEN c.amount_fen ELSE 0 END
         UNION ALL
         SELECT 'decisions have gaps' FROM decisions HAVING count(*) <> coalesce(max(decision_no), 0)
         UNION ALL
         SELECT 'entries have gaps' FROM ledger_entries HAVING count(*) <> coalesce(max(entry_no), 0)",
    );
    faults.extend(twice.await);
    faults
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}
