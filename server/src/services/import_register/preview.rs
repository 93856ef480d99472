//! What every row of a file would do.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use sha2::{Digest, Sha256};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::geojson::{OUTLINE, is_geojson, read_features};
use crate::problem::ApiError;
use crate::registers::{Claim, FileShape, Planned, Presence, Register};
use crate::tables::read::{CellFault, FAULTS_MAX, FaultReport, Heading, ReadRows, RowFault, read_table};
use crate::tables::{Column, Language};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// A new entry.
    New,
    /// An entry changes.
    Changed,
    /// The register says the same already.
    Unchanged,
    /// The row cannot be imported.
    Faulty,
}

/// A field that changes, as the table would show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldChange {
    /// The column's name in Chinese.
    pub column: String,
    /// The same in English.
    pub column_en: String,
    /// What stands in the register, in Chinese.
    pub old: String,
    /// The same in English.
    pub old_en: String,
    /// What the file has, in Chinese.
    pub new: String,
    /// The same in English.
    pub new_en: String,
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportedRow {
    /// Its number as the spreadsheet shows it; of a map, the number of the feature.
    pub row: u32,
    /// What becomes of it.
    pub state: RowState,
    /// What it is about, where that could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// What is wrong with it; of all rows together, the first thousand faults are named and the rest counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultReport>,
}

/// How many rows do what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowCounts {
    /// New entries.
    pub new: usize,
    /// Changed entries.
    pub changed: usize,
    /// Rows that the register says already.
    pub unchanged: usize,
    /// Rows that cannot be imported.
    pub faulty: usize,
}

/// What a file does, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportAnswer {
    /// SHA-256 over the file, over what every row does and over all that is written of it: the run names it.
    pub digest: String,
    /// Whether it was done.
    pub applied: bool,
    /// How many rows do what.
    pub counts: RowCounts,
    /// How many faults there are.
    pub fault_count: usize,
    /// Every row, in the order of the file.
    pub rows: Vec<ImportedRow>,
}

/// A file's rows, before it is known what stands in the register.
#[derive(Debug)]
pub struct ReadFile<L> {
    numbers: Vec<u32>,
    read: ReadRows<L>,
    shape: FileShape,
    /// Keys of the rows that could be read, each once.
    pub keys: Vec<String>,
}

/// What a file would do, for people and for the run.
#[derive(Debug)]
pub struct Preview<L> {
    pub answer: ImportAnswer,
    pub planned: Vec<Planned<L>>,
}

/// Reads a file: a map where it is JSON, else a table.
///
/// # Errors
/// Those of the file as a whole.
pub fn read_file<R: Register>(register: &R, file: &[u8]) -> Result<ReadFile<R::Line>, ApiError> {
    let headings = register.headings();
    let (table, outlines) = if is_geojson(file) {
        if R::OUTLINES == Presence::Never {
            return Err(
                ApiError::new(ProblemKind::UnsupportedMediaType).detail("this register has no outlines")
            );
        }
        let features = read_features(file, &headings)?;
        (features.table, Some(features.outlines))
    } else {
        (read_table(file, &headings)?, None)
    };
    let present = headings.iter().filter(|heading| table.has(**heading));
    let shape = FileShape {
        columns: present.map(|heading| heading.zh.to_owned()).collect(),
        outlines: outlines.is_some(),
    };
    let read = table.read_rows(|row| {
        let outline = outlines.as_ref().map(|all| all.get(&row.number()).cloned().unwrap_or(Ok(None)));
        register.read(row, outline)
    });
    let keys: HashSet<String> = read.rows.iter().map(|(_, line)| register.key(line)).collect();
    let numbers = table.rows.iter().map(|row| row.number).collect();
    Ok(ReadFile { numbers, read, shape, keys: keys.into_iter().collect() })
}

/// Compares a file with what stands in the register.
///
/// # Errors
/// None that JSON of these rows can have.
pub fn preview<R: Register>(
    register: &R,
    file: &[u8],
    read: ReadFile<R::Line>,
    entries: Vec<R::Line>,
) -> Result<Preview<R::Line>, ApiError> {
    let ReadFile { numbers, read, shape, keys } = read;
    let entries: HashMap<String, R::Line> =
        entries.into_iter().map(|entry| (register.key(&entry), entry)).collect();
    let keys: HashSet<String> = keys.into_iter().collect();
    let columns = register.columns(Language::Zh);
    let columns_en = register.columns(Language::En);
    let headings = register.headings();
    let mut faults =
        Faults { count: read.fault_count, by_row: BTreeMap::new(), kept: 0, headings: &headings };
    for fault in read.faults {
        faults.keep(&fault);
    }
    let mut known: HashMap<u32, ImportedRow> = HashMap::with_capacity(read.rows.len());
    let mut planned = Vec::new();
    let mut first_rows: HashMap<String, u32> = HashMap::with_capacity(read.rows.len());
    let mut claimed: HashMap<(&str, String), (u32, String)> = HashMap::new();
    for (row, mut line) in read.rows {
        let key = register.key(&line);
        let before = entries.get(&key);
        register.complete(&mut line, before, &shape);
        let mut found = register.faults(&line, before, &keys);
        let first = *first_rows.entry(key.clone()).or_insert(row);
        if first != row {
            found.push((R::KEY.zh.to_owned(), CellFault::Repeated { first }));
        }
        for Claim { heading, subject, value } in register.claims(&line) {
            let (first, said) = claimed.entry((heading.zh, subject)).or_insert_with(|| (row, value.clone()));
            if *said != value {
                found.push((heading.zh.to_owned(), CellFault::Contradicts { first: *first }));
            }
        }
        let mut shown =
            ImportedRow { row, state: RowState::Faulty, key: Some(key), changes: vec![], faults: vec![] };
        if found.is_empty() {
            shown.changes = before
                .map(|before| changes(register, [columns.as_slice(), columns_en.as_slice()], before, &line))
                .unwrap_or_default();
            shown.state = match before {
                None => RowState::New,
                Some(_) if shown.changes.is_empty() => RowState::Unchanged,
                Some(_) => RowState::Changed,
            };
            if shown.state != RowState::Unchanged {
                planned.push(Planned { row, before: before.cloned(), after: line });
            }
        }
        for (column, fault) in found {
            faults.add(&RowFault { row, column, fault });
        }
        known.insert(row, shown);
    }
    let rows: Vec<ImportedRow> = numbers
        .into_iter()
        .map(|row| {
            let unread =
                ImportedRow { row, state: RowState::Faulty, key: None, changes: vec![], faults: vec![] };
            let shown = known.remove(&row).unwrap_or(unread);
            ImportedRow { faults: faults.by_row.remove(&row).unwrap_or_default(), ..shown }
        })
        .collect();
    let answer = ImportAnswer {
        digest: digest(register, file, &rows, &columns, &planned).map_err(ApiError::internal)?,
        applied: false,
        counts: count(&rows),
        fault_count: faults.count,
        rows,
    };
    Ok(Preview { answer, planned })
}

/// Faults by row, the first [`FAULTS_MAX`] of them.
struct Faults<'h> {
    count: usize,
    by_row: BTreeMap<u32, Vec<FaultReport>>,
    kept: usize,
    headings: &'h [Heading<'h>],
}

impl Faults<'_> {
    fn add(&mut self, fault: &RowFault) {
        self.count = self.count.saturating_add(1);
        self.keep(fault);
    }

    fn keep(&mut self, fault: &RowFault) {
        if self.kept < FAULTS_MAX {
            self.kept = self.kept.saturating_add(1);
            let named = self.headings.iter().chain([&OUTLINE]).find(|heading| heading.zh == fault.column);
            let column_en = named.map(|heading| heading.en.to_owned());
            self.by_row.entry(fault.row).or_default().push(FaultReport { column_en, ..fault.report() });
        }
    }
}

fn changes<R: Register>(
    register: &R,
    [columns, columns_en]: [&[Column<'_, R::Line>]; 2],
    before: &R::Line,
    after: &R::Line,
) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for (column, english) in columns.iter().zip(columns_en) {
        let (old, new) = (column.cell(before).into_text(), column.cell(after).into_text());
        if old.trim() != new.trim() {
            changes.push(FieldChange {
                column: column.header(Language::Zh).into_owned(),
                column_en: english.header(Language::En).into_owned(),
                old: old.into_owned(),
                old_en: english.cell(before).into_text().into_owned(),
                new: new.into_owned(),
                new_en: english.cell(after).into_text().into_owned(),
            });
        }
    }
    let (old, new) = (register.outline(before), register.outline(after));
    if old != new {
        let shown = |outline: Option<&sync_core::geo::Polygon>, points: &str| {
            let count = outline.map(|outline| outline.0.iter().map(Vec::len).sum::<usize>());
            count.map(|count| format!("{count} {points}")).unwrap_or_default()
        };
        changes.push(FieldChange {
            column: OUTLINE.zh.to_owned(),
            column_en: OUTLINE.en.to_owned(),
            old: shown(old, "个点"),
            old_en: shown(old, "points"),
            new: shown(new, "个点"),
            new_en: shown(new, "points"),
        });
    }
    changes
}

fn count(rows: &[ImportedRow]) -> RowCounts {
    let of = |state: RowState| rows.iter().filter(|row| row.state == state).count();
    RowCounts {
        new: of(RowState::New),
        changed: of(RowState::Changed),
        unchanged: of(RowState::Unchanged),
        faulty: of(RowState::Faulty),
    }
}

/// Over the file, over what is shown of it, and over all that its rows would write, completed from the register.
fn digest<R: Register>(
    register: &R,
    file: &[u8],
    rows: &[ImportedRow],
    columns: &[Column<'_, R::Line>],
    planned: &[Planned<R::Line>],
) -> serde_json::Result<String> {
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(file));
    hash.update(serde_json::to_vec(rows)?);
    for Planned { row, after, .. } in planned {
        let cells: Vec<_> = columns.iter().map(|column| column.cell(after).into_text()).collect();
        hash.update(serde_json::to_vec(&(row, cells, register.added(after)))?);
    }
    Ok(hex::encode(hash.finalize()))
}
