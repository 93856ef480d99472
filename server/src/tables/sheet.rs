//! A sheet (表): typed columns over the rows of one type, with what people expect around them on paper.
//!
//! Invariants: the kind of a column and the type of its values cannot differ; sums are handed in by the caller, who has
//! them from where the figures come from, and are never computed a second time here.

use std::borrow::Cow;

use jiff::civil::Date;
use sync_core::money::Fen;
use sync_core::time::Instant;

use super::Language;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, and codes, whose leading zeros stay.
    Text,
    /// Money in yuan with two decimals; the header declares the unit.
    Yuan,
    /// Whole numbers.
    Integer,
    /// Days.
    Date,
    /// Date and time in the zone of record, to the second.
    Time,
}

/// One value of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'r> {
    /// Nothing.
    Blank,
    /// Text.
    Text(Cow<'r, str>),
    /// Money.
    Yuan(Fen),
    /// A whole number.
    Integer(i64),
    /// A day.
    Date(Date),
    /// An instant.
    Time(Instant),
}

impl<'r> Cell<'r> {
    /// As text: exact yuan, days and times as people write them; empty where it is blank.
    #[must_use]
    pub fn into_text(self) -> Cow<'r, str> {
        match self {
            Self::Blank => Cow::Borrowed(""),
            Self::Text(text) => text,
            Self::Yuan(fen) => Cow::Owned(fen.to_string()),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Date(date) => Cow::Owned(date.to_string()),
            Self::Time(instant) => Cow::Owned(instant.record_text()),
        }
    }
}

/// What stands under a column in the line of totals (合计).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// Money.
    Yuan(Fen),
    /// A count.
    Integer(i64),
}

/// A column of a sheet over rows `R`.
pub struct Column<'a, R> {
    zh: &'a str,
    en: &'a str,
    kind: ColumnKind,
    cell: Box<dyn for<'r> Fn(&'r R) -> Cell<'r> + Send + Sync + 'a>,
    total: Option<Total>,
}

impl<'a, R> Column<'a, R> {
    /// A column of text or codes.
    pub fn text<F>(zh: &'a str, en: &'a str, value: F) -> Self
    where
        F: for<'r> Fn(&'r R) -> Cow<'r, str> + Send + Sync + 'a,
    {
        Self::new(zh, en, ColumnKind::Text, move |row| Cell::Text(value(row)))
    }

    /// A column of money; the headers come without the unit, which is added.
    pub fn yuan<F>(zh: &'a str, en: &'a str, value: F) -> Self
    where
        F: Fn(&R) -> Option<Fen> + Send + Sync + 'a,
    {
        Self::new(zh, en, ColumnKind::Yuan, move |row| value(row).map_or(Cell::Blank, Cell::Yuan))
    }

    /// A column of whole numbers.
    pub fn integer<F>(zh: &'a str, en: &'a str, value: F) -> Self
    where
        F: Fn(&R) -> Option<i64> + Send + Sync + 'a,
    {
        Self::new(zh, en, ColumnKind::Integer, move |row| value(row).map_or(Cell::Blank, Cell::Integer))
    }

    /// A column of days.
    pub fn date<F>(zh: &'a str, en: &'a str, value: F) -> Self
    where
        F: Fn(&R) -> Option<Date> + Send + Sync + 'a,
    {
        Self::new(zh, en, ColumnKind::Date, move |row| value(row).map_or(Cell::Blank, Cell::Date))
    }

    /// A column of instants.
    pub fn time<F>(zh: &'a str, en: &'a str, value: F) -> Self
    where
        F: Fn(&R) -> Option<Instant> + Send + Sync + 'a,
    {
        Self::new(zh, en, ColumnKind::Time, move |row| value(row).map_or(Cell::Blank, Cell::Time))
    }

    fn new<F>(zh: &'a str, en: &'a str, kind: ColumnKind, cell: F) -> Self
    where
        F: for<'r> Fn(&'r R) -> Cell<'r> + Send + Sync + 'a,
    {
        Self { zh, en, kind, cell: Box::new(cell), total: None }
    }

    /// The same column with its total.
    #[must_use]
    pub fn with_total(mut self, total: Total) -> Self {
        self.total = Some(total);
        self
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// Its header, with the unit of money.
    #[must_use]
    pub fn header(&self, language: Language) -> Cow<'a, str> {
        let name = language.of(self.zh, self.en);
        match (self.kind, language) {
            (ColumnKind::Yuan, Language::Zh) => Cow::Owned(format!("{name}（元）")),
            (ColumnKind::Yuan, Language::En) => Cow::Owned(format!("{name} (yuan)")),
            _ => Cow::Borrowed(name),
        }
    }

    /// Its value in a row.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r R) -> Cell<'r> {
        (self.cell)(row)
    }
}

/// Who signs below a table that finance files (签章), in this order.
pub const SIGNATURES: SignatureLine =
    SignatureLine { zh: ["经办", "复核", "负责人"], en: ["Prepared by", "Checked by", "Approved by"] };

/// The signatures line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureLine {
    /// In Chinese.
    pub zh: [&'static str; 3],
    /// In English.
    pub en: [&'static str; 3],
}

/// A table ready to be written; its texts are in [`Self::language`] already where they are not in both.
pub struct Sheet<'a, R> {
    /// Of headers and fixed texts.
    pub language: Language,
    /// When it is made: printed below each page, and the file's own date.
    pub made_at: Instant,
    /// Title, such as 大气污染防治扣缴资金月度汇总表; also the name of the sheet's tab.
    pub title: String,
    /// Unit, month and the like, below the title.
    pub subtitle: String,
    /// Its columns, left to right.
    pub columns: Vec<Column<'a, R>>,
    /// Its rows, top to bottom.
    pub rows: &'a [R],
    /// The amount that is repeated in capital figures (大写) below the totals.
    pub in_words: Option<Fen>,
    /// Who signs.
    pub signatures: Option<SignatureLine>,
}

impl<R> Sheet<'_, R> {
    /// The line of totals: 合计 in the first column that has no total; `None` where no column has one.
    #[must_use]
    pub fn total_line(&self) -> Option<Vec<Cell<'static>>> {
        if self.columns.iter().all(|column| column.total.is_none()) {
            return None;
        }
        let mut label = Some(Cell::Text(Cow::Borrowed(self.language.of("合计", "Total"))));
        let cell = |column: &Column<'_, R>| match column.total {
            Some(Total::Yuan(fen)) => Cell::Yuan(fen),
            Some(Total::Integer(count)) => Cell::Integer(count),
            None => label.take().unwrap_or(Cell::Blank),
        };
        Some(self.columns.iter().map(cell).collect())
    }
}
