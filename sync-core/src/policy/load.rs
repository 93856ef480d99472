//! Loads a pack: TOML to content to a checked [`PolicyPack`], with every error at its line.
//!
//! Form errors stop serde at the first one, so items and kinds are then tried one by one to report as many as can
//! be told at once. Errors of meaning are found by `validate` and located by their path in the source.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error as TomlError};

use super::fault::{PackError, PackErrors, PackFault};
use super::item::Item;
use super::kind::Kind;
use super::pack::{PackContent, PolicyPack, SourceLine};
use super::validate::faults_of;
use crate::ids::PackHash;

impl PolicyPack {
    /// Loads and checks a pack. `file` only names the source in errors.
    ///
    /// # Errors
    /// Everything found wrong, each with file, line and reason.
    ///
    /// ```
    /// use sync_core::policy::{PolicyPack, builtin_packs};
    /// for builtin in builtin_packs() {
    ///     assert!(PolicyPack::load(builtin.source, builtin.file).is_ok());
    /// }
    /// assert!(PolicyPack::load("id = \"x\"", "x.toml").unwrap_err().to_string().starts_with("x.toml:1: "));
    /// ```
    pub fn load(source: &str, file: &str) -> Result<Self, PackErrors> {
        let (tree, syntax) = DeTable::parse_recoverable(source);
        if !syntax.is_empty() {
            let at = |e: &TomlError| (start(e), String::new(), PackFault::Syntax(e.message().to_owned()));
            return Err(located(source, file, syntax.iter().map(at).collect()));
        }
        let content = match PackContent::deserialize(toml::Deserializer::from(tree.clone())) {
            Ok(content) => content,
            Err(first) => {
                let mut errors = form_errors::<Item>(&tree, "items");
                errors.extend(form_errors::<Kind>(&tree, "kinds"));
                errors.push(form_error(&first));
                return Err(located(source, file, errors));
            }
        };
        let faults = faults_of(&content);
        if faults.is_empty() {
            let line = line_of(source, position(&tree, "document.effective"));
            let dates_at = SourceLine { file: file.to_owned(), line };
            return Ok(Self::new(PackHash::of(source.as_bytes()), content, dates_at));
        }
        let errors = faults.into_iter().map(|(path, fault)| (position(&tree, &path), path, fault)).collect();
        Err(located(source, file, errors))
    }
}

/// Byte offset, path of the key, and fault.
type Offset = (usize, String, PackFault);

fn start(error: &TomlError) -> usize {
    error.span().map_or(0, |span| span.start)
}

fn form_error(error: &TomlError) -> Offset {
    (start(error), String::new(), PackFault::Form(error.message().to_owned()))
}

/// The form errors of each element of one array of tables.
fn form_errors<T: DeserializeOwned>(tree: &Spanned<DeTable<'_>>, key: &str) -> Vec<Offset> {
    let element_error = |(index, element): (usize, &Spanned<DeValue<'_>>)| {
        let error = T::deserialize(toml::de::ValueDeserializer::from(element.clone())).err()?;
        Some((
            error.span().unwrap_or_else(|| element.span()).start,
            format!("{key}.{index}"),
            PackFault::Form(error.message().to_owned()),
        ))
    };
    entry(tree.get_ref(), key)
        .and_then(|value| value.get_ref().as_array())
        .map(|elements| elements.iter().enumerate().filter_map(element_error).collect())
        .unwrap_or_default()
}

fn entry<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}

/// Where a path such as `items.3.clause` stands in the source: its value, or the deepest part that exists.
fn position(tree: &Spanned<DeTable<'_>>, path: &str) -> usize {
    let mut parts = path.split('.');
    let Some(mut value) = parts.next().and_then(|key| entry(tree.get_ref(), key)) else { return 0 };
    for part in parts {
        let next = match value.get_ref() {
            DeValue::Table(table) => entry(table, part),
            DeValue::Array(array) => part.parse().ok().and_then(|index: usize| array.get(index)),
            _ => None,
        };
        let Some(next) = next else { break };
        value = next;
    }
    value.span().start
}

/// Offsets to lines, in line order and without repeats.
fn located(source: &str, file: &str, mut errors: Vec<Offset>) -> PackErrors {
    // The error that ended reading has no path; where an element's own says the same, that one stays.
    errors.sort_by(|(at, path, _), (other, other_path, _)| at.cmp(other).then(other_path.cmp(path)));
    errors.dedup_by(|(at, _, fault), (kept_at, _, kept)| at == kept_at && fault == kept);
    let error = |(offset, path, fault)| {
        let at = SourceLine { file: file.to_owned(), line: line_of(source, offset) };
        PackError { at, path, fault }
    };
    PackErrors(errors.into_iter().map(error).collect())
}

fn line_of(source: &str, offset: usize) -> usize {
    source.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
