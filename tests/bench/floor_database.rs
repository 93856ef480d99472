//! The floor under a push: PostgreSQL writing every row that the push wrote, and nothing else.
//!
//! The rows of finished pushes are read back in PostgreSQL's own binary form and written to tables of the same shape
//! (columns, indexes, checks; no foreign keys) in a schema of its own, one transaction a push, with the updates of the
//! device's row and of the district's counter, whose lock is held to the commit. One row goes by a prepared statement,
//! more by COPY: whichever is the faster.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::{BufMut, BytesMut};
use futures::future::try_join_all;
use futures::{SinkExt, pin_mut};
use sync_core::ids::{DeviceId, OperationId};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};

/// What a push writes, with how its rows are found from the operation's id.
const TABLES: [(&str, &str); 6] = [
    ("operations", "SELECT t.*, t.op_id::text AS owner FROM operations t WHERE t.op_id = ANY ($1::text[]::uuid[])"),
    ("inspections", "SELECT t.*, t.op_id::text AS owner FROM inspections t WHERE t.op_id = ANY ($1::text[]::uuid[])"),
    (
        "inspection_photos",
        "SELECT t.*, i.op_id::text AS owner FROM inspection_photos t
         JOIN inspections i USING (district, inspection_id) WHERE i.op_id = ANY ($1::text[]::uuid[])",
    ),
    (
        "cases",
        "SELECT t.*, i.op_id::text AS owner FROM cases t
         JOIN inspections i USING (district, inspection_id) WHERE i.op_id = ANY ($1::text[]::uuid[])",
    ),
    (
        "charges",
        "SELECT t.*, i.op_id::text AS owner FROM charges t JOIN cases c USING (district, case_id)
         JOIN inspections i USING (district, inspection_id) WHERE i.op_id = ANY ($1::text[]::uuid[])",
    ),
    (
        "changes",
        "SELECT t.*, i.op_id::text AS owner FROM changes t
         JOIN (SELECT op_id, 'operation' AS entity, op_id::text AS entity_id FROM inspections WHERE op_id = ANY ($1::text[]::uuid[])
               UNION ALL
               SELECT i.op_id, 'case', c.case_id::text FROM cases c
               JOIN inspections i USING (district, inspection_id) WHERE i.op_id = ANY ($1::text[]::uuid[])) AS i
           ON (t.entity, t.entity_id) = (i.entity, i.entity_id)",
    ),
];

/// The header of PostgreSQL's binary COPY format: signature, flags, length of the extension.
const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Its end.
const COPY_TRAILER: i16 = -1;

/// A value in PostgreSQL's binary form, whatever its type.
#[derive(Debug, Clone)]
struct Raw(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(bytes) => {
                out.put_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A table's rows of one push.
struct TableRows {
    table: &'static str,
    rows: Vec<Vec<Raw>>,
}

/// What is known of a push when it was answered.
pub struct Pushed {
    /// Who sent it.
    pub device: DeviceId,
    /// What it held.
    pub operations: Vec<OperationId>,
}

/// What one push wrote.
struct Push {
    device: String,
    tables: Vec<TableRows>,
}

/// The floor, ready to write the rows of pushes.
pub struct Floor {
    url: String,
    pushes: Vec<Push>,
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Floor {
    /// Reads the rows that these pushes wrote, and makes empty tables for them.
    pub async fn of(url: &str, pushes: &[Pushed]) -> Result<Self> {
        let client = connect(url).await?;
        client.batch_execute("DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor").await?;
        for table in TABLES.map(|(table, _)| table).into_iter().chain(["districts", "devices"]) {
            client
                .batch_execute(&format!("CREATE TABLE floor.{table} (LIKE public.{table} INCLUDING ALL)"))
                .await?;
        }
        client
            .batch_execute(
                "INSERT INTO floor.districts SELECT * FROM districts; INSERT INTO floor.devices SELECT * FROM devices",
            )
            .await?;
        let push_of: BTreeMap<_, _> = pushes
            .iter()
            .enumerate()
            .flat_map(|(number, push)| {
                push.operations.iter().map(move |operation| (operation.to_string(), number))
            })
            .collect();
        let operations: Vec<_> = push_of.keys().cloned().collect();
        let mut written: Vec<Push> =
            pushes.iter().map(|push| Push { device: push.device.to_string(), tables: Vec::new() }).collect();
        for (table, query) in TABLES {
            for row in client.query(query, &[&operations]).await? {
                let owner = row.len().saturating_sub(1);
                let push = push_of.get(row.try_get::<_, &str>(owner)?).context("a row of no push")?;
                let rows = &mut written.get_mut(*push).context("no such push")?.tables;
                let values = values_of(&row, owner)?;
                match rows.iter_mut().find(|rows| rows.table == table) {
                    Some(rows) => rows.rows.push(values),
                    None => rows.push(TableRows { table, rows: vec![values] }),
                }
            }
        }
        Ok(Self { url: url.to_owned(), pushes: written })
    }

    /// Rows of all pushes together.
    pub fn rows(&self) -> usize {
        self.pushes.iter().flat_map(|push| &push.tables).map(|table| table.rows.len()).sum()
    }

    /// Writes each push once in its transaction, over this many connections at once. Says how long it took.
    pub async fn write(&self, connections: usize) -> Result<Duration> {
        let writers = try_join_all((0..connections).map(|_| Writer::connect(&self.url))).await?;
        let began = Instant::now();
        let share = self.pushes.len().div_ceil(connections.max(1)).max(1);
        try_join_all(writers.into_iter().zip(self.pushes.chunks(share)).map(
            |(mut writer, pushes)| async move {
                for push in pushes {
                    writer.write(push).await?;
                }
                Ok::<_, anyhow::Error>(())
            },
        ))
        .await?;
        Ok(began.elapsed())
    }
}

fn values_of(row: &Row, columns: usize) -> Result<Vec<Raw>> {
    (0..columns).map(|column| Ok(row.try_get(column)?)).collect()
}

/// One connection with its prepared statements.
struct Writer {
    client: Client,
    inserts: BTreeMap<&'static str, Statement>,
    copies: BTreeMap<&'static str, Statement>,
    count: Statement,
    seen: Statement,
}

impl Writer {
    async fn connect(url: &str) -> Result<Self> {
        let client = connect(url).await?;
        let (mut inserts, mut copies) = (BTreeMap::new(), BTreeMap::new());
        for (table, _) in TABLES {
            let columns = client.prepare(&format!("SELECT * FROM floor.{table}")).await?.columns().len();
            let places: Vec<_> = (1..=columns).map(|place| format!("${place}")).collect();
            let insert = format!("INSERT INTO floor.{table} VALUES ({})", places.join(", "));
            inserts.insert(table, client.prepare(&insert).await?);
            copies.insert(table, client.prepare(&format!("COPY floor.{table} FROM STDIN BINARY")).await?);
        }
        let count = client.prepare("UPDATE floor.districts SET change_number = change_number + 1").await?;
        let seen = client
            .prepare("UPDATE floor.devices SET last_seen_at = now() WHERE device_id = $1::text::uuid")
            .await?;
        Ok(Self { client, inserts, copies, count, seen })
    }

    async fn write(&mut self, push: &Push) -> Result<()> {
        let transaction = self.client.transaction().await?;
        transaction.execute(&self.seen, &[&push.device]).await?;
        for TableRows { table, rows } in &push.tables {
            if *table == "changes" {
                transaction.execute(&self.count, &[]).await?;
            }
            match rows.as_slice() {
                [row] => {
                    let insert = self.inserts.get(table).context("no statement")?;
                    let values: Vec<&(dyn ToSql + Sync)> =
                        row.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                    transaction.execute(insert, &values).await?;
                }
                rows => {
                    let sink = transaction.copy_in(self.copies.get(table).context("no statement")?).await?;
                    pin_mut!(sink);
                    sink.send(copied(rows)?).await?;
                    sink.finish().await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Rows in PostgreSQL's binary COPY format.
fn copied(rows: &[Vec<Raw>]) -> Result<bytes::Bytes> {
    let mut out = BytesMut::new();
    out.put_slice(COPY_HEADER);
    for row in rows {
        out.put_i16(i16::try_from(row.len())?);
        for Raw(value) in row {
            match value {
                Some(bytes) => {
                    out.put_i32(i32::try_from(bytes.len())?);
                    out.put_slice(bytes);
                }
                None => out.put_i32(-1),
            }
        }
    }
    out.put_i16(COPY_TRAILER);
    Ok(out.freeze())
}
