//! `cargo xtask schema`: the server's `schema.rs`, written from a database that the migrations were run on.
//!
//! Columns come in the order of the tables, tables in the order of their names. It writes no `joinable!`:
//! keys are composite here, district first, and joins say all of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::Database;
use crate::error::Error;
use crate::install;
use crate::run::output;

const MIGRATIONS: &str = "migrations";
const SCHEMA: &str = "server/src/db/schema.rs";
const HEADER: &str = "// @generated from the migrated database by `cargo xtask schema`; do not edit.\n";

/// The database that is migrated for this, and dropped again.
const SCRATCH: &str = "lantian_schema";

/// PostgreSQL's names of types and diesel's.
const SQL_TYPES: [(&str, &str); 15] = [
    ("bool", "Bool"),
    ("bytea", "Bytea"),
    ("date", "Date"),
    ("float8", "Float8"),
    ("inet", "Inet"),
    ("int2", "Int2"),
    ("int4", "Int4"),
    ("int8", "Int8"),
    ("interval", "Interval"),
    ("jsonb", "Jsonb"),
    ("numeric", "Numeric"),
    ("text", "Text"),
    ("time", "Time"),
    ("timestamptz", "Timestamptz"),
    ("uuid", "Uuid"),
];

/// Names that a column may have and a Rust field may not.
const KEYWORDS: [&str; 13] =
    ["as", "box", "enum", "final", "fn", "for", "in", "match", "move", "ref", "static", "type", "where"];

/// One row a column: table, column, type, nullable, place in the primary key from 1 or 0.
const COLUMNS: &str = "
select table_.relname, column_.attname, type_.typname, not column_.attnotnull,
       coalesce(array_position(key_.conkey, column_.attnum), 0)
from pg_class table_
join pg_attribute column_ on column_.attrelid = table_.oid and column_.attnum > 0 and not column_.attisdropped
join pg_type type_ on type_.oid = column_.atttypid
left join pg_constraint key_ on key_.conrelid = table_.oid and key_.contype = 'p'
where table_.relnamespace = 'public'::regnamespace and table_.relkind in ('r', 'p')
  and not table_.relispartition
order by table_.relname collate \"C\", column_.attnum;
";

/// Whatever a migration can make and its reverse can forget.
const OBJECTS: &str = "
select 'relation ' || relname from pg_class where relnamespace = 'public'::regnamespace
union all select 'type ' || typname from pg_type where typnamespace = 'public'::regnamespace
union all select 'function ' || proname from pg_proc where pronamespace = 'public'::regnamespace
union all select 'schema ' || nspname from pg_namespace
          where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')
union all select 'extension ' || extname from pg_extension where extname <> 'plpgsql'
order by 1;
";

/// What to do with the result.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Compare with the checked-in file instead of writing it.
    #[arg(long)]
    check: bool,
}

/// A column as the database describes it.
#[derive(Debug)]
struct Column {
    name: String,
    sql_type: &'static str,
    array: bool,
    nullable: bool,
    /// From 1; 0 outside of the primary key.
    key_place: usize,
}

/// Writes the schema, or checks it.
///
/// # Errors
/// [`Error::NotReverted`], [`Error::SchemaDiffers`], and what the migrations do wrong.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    install::rust_components()?;
    let database = Database::open(install::postgres()?)?;
    if arguments.check {
        return check(&database);
    }
    let schema = generate(&database)?;
    std::fs::write(SCHEMA, schema).map_err(Error::io("write", SCHEMA.as_ref()))
}

/// Checks that the migrations revert and that the checked-in schema is theirs.
///
/// # Errors
/// [`Error::NotReverted`], [`Error::SchemaDiffers`], and what the migrations do wrong.
pub fn check(database: &Database) -> Result<(), Error> {
    let generated = generate(database)?;
    let written = std::fs::read_to_string(SCHEMA).map_err(Error::io("read", SCHEMA.as_ref()))?;
    if generated == written {
        return Ok(());
    }
    let same = generated.lines().zip(written.lines()).take_while(|(a, b)| a == b).count();
    Err(Error::SchemaDiffers { path: SCHEMA.into(), line: same + 1 })
}

/// Runs every migration up, describes the tables, and runs every migration down.
fn generate(database: &Database) -> Result<String, Error> {
    let drop = format!("drop database if exists {SCRATCH} with (force);\n");
    database.run(None, &format!("{drop}create database {SCRATCH} template template0;\n"))?;
    let described = describe(database);
    database.run(None, &drop)?;
    let formatted = render(&described?)?;
    output(Command::new("rustfmt").args(["--edition", "2024"]), &formatted)
}

fn describe(database: &Database) -> Result<Vec<Vec<String>>, Error> {
    let migrations = migrations()?;
    for migration in &migrations {
        apply(database, &migration.join("up.sql"))?;
    }
    let columns = database.run(Some(SCRATCH), COLUMNS)?;
    for migration in migrations.iter().rev() {
        apply(database, &migration.join("down.sql"))?;
    }
    let left: Vec<String> = database.run(Some(SCRATCH), OBJECTS)?.concat();
    if left.is_empty() { Ok(columns) } else { Err(Error::NotReverted { left }) }
}

/// The folders of the migrations in the order that diesel runs them in.
fn migrations() -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(MIGRATIONS).map_err(Error::io("list", MIGRATIONS.as_ref()))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Runs one file in a transaction, as diesel does.
fn apply(database: &Database, file: &Path) -> Result<(), Error> {
    println!("    {}", file.display());
    let sql = std::fs::read_to_string(file).map_err(Error::io("read", file))?;
    database.run(Some(SCRATCH), &format!("begin;\n{sql}\n;commit;\n")).map(drop)
}

/// The rows of [`COLUMNS`] as Rust, not yet formatted.
fn render(rows: &[Vec<String>]) -> Result<String, Error> {
    let mut schema = HEADER.to_owned();
    let mut tables: Vec<&str> = Vec::new();
    for table_rows in rows.chunk_by(|a, b| a.first() == b.first()) {
        let Some(table) = table_rows.first().and_then(|row| row.first()) else { continue };
        let columns = table_rows.iter().map(|row| column(row)).collect::<Result<Vec<_>, _>>()?;
        schema.push_str(&render_table(table, &columns)?);
        tables.push(table);
    }
    // Writing to a string does not fail.
    let _ = writeln!(schema, "\ndiesel::allow_tables_to_appear_in_same_query!({},);", tables.join(","));
    Ok(schema)
}

fn column(row: &[String]) -> Result<Column, Error> {
    let field = |index: usize| row.get(index).map(String::as_str).unwrap_or_default();
    let (element, array) = match field(2).strip_prefix('_') {
        Some(element) => (element, true),
        None => (field(2), false),
    };
    let known = SQL_TYPES.iter().find(|(name, _)| *name == element);
    let (_, sql_type) = known.ok_or_else(|| Error::UnknownType {
        table: field(0).to_owned(),
        column: field(1).to_owned(),
        sql_type: field(2).to_owned(),
    })?;
    let key_place = field(4).parse().unwrap_or_default();
    Ok(Column { name: field(1).to_owned(), sql_type, array, nullable: field(3) == "t", key_place })
}

fn render_table(table: &str, columns: &[Column]) -> Result<String, Error> {
    let mut key: Vec<&Column> = columns.iter().filter(|column| column.key_place > 0).collect();
    if key.is_empty() {
        return Err(Error::NoPrimaryKey { table: table.to_owned() });
    }
    key.sort_by_key(|column| column.key_place);
    let key: Vec<String> = key.iter().map(|column| rust_name(table, &column.name)).collect();
    let mut text = format!("\ndiesel::table! {{\n    {table} ({}) {{\n", key.join(", "));
    for Column { name, sql_type, array, nullable, .. } in columns {
        let mut rust_type = (*sql_type).to_owned();
        if *array {
            rust_type = format!("Array<{rust_type}>");
        }
        if *nullable {
            rust_type = format!("Nullable<{rust_type}>");
        }
        let rust_name = rust_name(table, name);
        if rust_name != *name {
            let _ = writeln!(text, "        #[sql_name = \"{name}\"]");
        }
        let _ = writeln!(text, "        {rust_name} -> {rust_type},");
    }
    text.push_str("    }\n}\n");
    Ok(text)
}

/// A column's name, with `_` after it where Rust or diesel needs the name itself.
fn rust_name(table: &str, column: &str) -> String {
    if column == table || KEYWORDS.contains(&column) { format!("{column}_") } else { column.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Error, render};

    fn row(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_table_is_written_with_its_key_in_order_and_its_types_and_names() {
        let rows = [
            row("charge amount_fen int8 f 0"),
            row("charge case_id uuid f 2"),
            row("charge district text f 1"),
            row("charge flags _text t 0"),
            row("charge type text f 0"),
        ];
        let schema = render(&rows).unwrap();
        assert_eq!(
            schema,
            "// @generated from the migrated database by `cargo xtask schema`; do not edit.\n\
             \ndiesel::table! {\n    charge (district, case_id) {\n        amount_fen -> Int8,\n        \
             case_id -> Uuid,\n        district -> Text,\n        flags -> Nullable<Array<Text>>,\n        \
             #[sql_name = \"type\"]\n        type_ -> Text,\n    }\n}\n\
             \ndiesel::allow_tables_to_appear_in_same_query!(charge,);\n"
        );
    }

    #[test]
    fn what_diesel_cannot_describe_is_refused_by_name() {
        let unknown = render(&[row("photos area polygon f 1")]);
        assert!(
            matches!(&unknown, Err(Error::UnknownType { column, .. }) if column == "area"),
            "{unknown:?}"
        );
        let keyless = render(&[row("photos sha256 bytea f 0")]);
        assert!(matches!(&keyless, Err(Error::NoPrimaryKey { table }) if table == "photos"), "{keyless:?}");
    }
}
