//! What a register must say of itself so that files of it can be read, previewed, applied and written.

use std::collections::HashSet;

use sync_core::geo::Polygon;
use sync_core::ids::UnitId;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use super::unit_names::UnitNames;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::geojson::Outline;
use crate::problem::ApiError;
use crate::tables::read::{CellFault, Faulty, Field, Heading, RowReader};
use crate::tables::{Column, Language};

/// Which entries of a register.
#[derive(Debug, Clone, Copy)]
pub enum Entries<'a> {
    /// All that an export shows.
    All,
    /// Those of these keys, whatever became of them.
    Keys(&'a [String]),
}

/// What a file has, beside its rows.
#[derive(Debug, Clone, Default)]
pub struct FileShape {
    /// Chinese names of the columns that it has.
    pub columns: HashSet<String>,
    /// Whether its rows come with outlines.
    pub outlines: bool,
}

/// A row that will be written.
#[derive(Debug, Clone)]
pub struct Planned<L> {
    /// Its number in the file.
    pub row: u32,
    /// The entry as it stands; `None` for a new one.
    pub before: Option<L>,
    /// The entry as it shall be.
    pub after: L,
}

/// Reads the unit that a cell names.
///
/// # Errors
/// [`Faulty`], with the fault recorded.
pub(super) fn read_unit(
    row: &mut RowReader<'_>,
    field: &Field<String>,
    units: &UnitNames,
) -> Result<UnitId, Faulty> {
    let name = row.read(field)?;
    units.id(&name).ok_or_else(|| row.refuse(field.heading, CellFault::Refused(ProblemKind::UnitUnknown)))
}

/// A fault under a heading.
pub type HeadedFault = (String, CellFault);

/// What a row says of something that other rows of its file may name too: they must say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The column that a contradiction is named by.
    pub heading: Heading<'static>,
    /// Of what.
    pub subject: String,
    /// What is said.
    pub value: String,
}

/// A register: what it knows of the district is in the value, loaded before the file is read.
pub trait Register: Send + Sync + 'static {
    /// An entry. Two entries are the same where all columns and the outline say the same.
    type Line: Clone + Send + Sync + 'static;

    /// Its title, in Chinese and English.
    const TITLE: (&'static str, &'static str);
    /// The column that a repeated row is named by.
    const KEY: Heading<'static>;
    /// Whether its entries have outlines, and its files may be GeoJSON.
    const OUTLINES: Presence;

    /// The columns that a file must or may have.
    fn headings(&self) -> Vec<Heading<'_>>;

    /// The same columns as they are written.
    fn columns(&self, language: Language) -> Vec<Column<'_, Self::Line>>;

    /// Reads a row.
    ///
    /// # Errors
    /// [`Faulty`], with the faults recorded.
    fn read(&self, row: &mut RowReader<'_>, outline: Option<Outline>) -> Result<Self::Line, Faulty>;

    /// The entry's outline.
    fn outline<'l>(&self, _line: &'l Self::Line) -> Option<&'l Polygon> {
        None
    }

    /// By what a row and an entry are known to be the same.
    fn key(&self, line: &Self::Line) -> String;

    /// Gives the row what no file says, such as ids, and what this one does not say.
    fn complete(&self, line: &mut Self::Line, before: Option<&Self::Line>, shape: &FileShape);

    /// What is wrong with a completed row beside its own cells; `keys` are those of all rows of the file.
    fn faults(
        &self,
        line: &Self::Line,
        before: Option<&Self::Line>,
        keys: &HashSet<String>,
    ) -> Vec<HeadedFault>;

    /// What the row says that no other row of the file may contradict.
    fn claims(&self, _line: &Self::Line) -> Vec<Claim> {
        Vec::new()
    }

    /// What the register adds to a row when it is written and no column shows: the preview stands for it too.
    fn added(&self, _line: &Self::Line) -> Option<serde_json::Value> {
        None
    }

    /// Entries by their keys.
    fn entries(
        &self,
        connection: &mut Connection,
        which: Entries<'_>,
    ) -> impl Future<Output = Result<Vec<Self::Line>, ApiError>> + Send;

    /// Writes rows over what they were planned on, and answers with what devices must hear.
    fn write(
        &self,
        connection: &mut Connection,
        rows: &[Planned<Self::Line>],
        now: Instant,
    ) -> impl Future<Output = Result<Vec<NewChange>, ApiError>> + Send;
}

/// Whether entries of a register have outlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They have none.
    Never,
    /// They may have one; a table without outlines leaves them.
    Perhaps,
    /// They must have one.
    Always,
}
