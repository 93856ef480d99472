//! The difference of two pack versions (政策包差异): what was added, removed and changed, key by key.
//!
//! Invariant: the sources are compared, not what this build reads of them, so nothing that a version says is left out.
//! Entries with codes (items, kinds, duties …) are compared by code, whatever their order; so are the facts and
//! questions within them.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::{Table, Value};
use utoipa::ToSchema;

use crate::problem::ApiError;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryDifference {
    /// Only the later version has it.
    Added,
    /// Only the earlier version has it.
    Removed,
    /// Both have it, and say different things.
    Changed,
}

/// One key of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyDifference {
    /// The key's path in the entry, such as `amount` or `questions.hoarding.zh`.
    pub key: String,
    /// What the earlier version says.
    pub from: Option<String>,
    /// What the later version says.
    pub to: Option<String>,
}

/// An entry that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackEntryDifference {
    /// The part of the pack: `items`, `kinds`, `coverage`, `document` …
    pub part: String,
    /// The entry's code, where the part has several.
    pub code: Option<String>,
    /// Its name in Chinese, where it has one.
    pub zh: Option<String>,
    /// What became of it.
    pub change: EntryDifference,
    /// The keys that differ; of an entry that was added or removed, all.
    pub keys: Vec<KeyDifference>,
}

/// The difference of two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackDifference {
    /// The earlier version, as asked.
    pub from: String,
    /// The later version, as asked.
    pub to: String,
    /// What differs, by part and code.
    pub entries: Vec<PackEntryDifference>,
}

/// Part and code of an entry.
type EntryKey = (String, Option<String>);
/// Keys of an entry, by path.
type Keys = BTreeMap<String, String>;

/// Compares two sources, by part and code.
///
/// # Errors
/// An internal error where a stored source is not TOML.
pub fn compare_packs(from: &str, to: &str) -> Result<Vec<PackEntryDifference>, ApiError> {
    let (from, to) = (entries(from)?, entries(to)?);
    let all: std::collections::BTreeSet<&EntryKey> = from.keys().chain(to.keys()).collect();
    let empty = Keys::new();
    let mut differences = Vec::new();
    for key in all {
        let change = match (from.get(key), to.get(key)) {
            (None, _) => EntryDifference::Added,
            (_, None) => EntryDifference::Removed,
            (Some(before), Some(after)) if before == after => continue,
            _ => EntryDifference::Changed,
        };
        let (before, after) = (from.get(key).unwrap_or(&empty), to.get(key).unwrap_or(&empty));
        differences.push(PackEntryDifference {
            part: key.0.clone(),
            code: key.1.clone(),
            zh: after.get("zh").or_else(|| before.get("zh")).cloned(),
            change,
            keys: key_differences(before, after),
        });
    }
    Ok(differences)
}

fn key_differences(before: &Keys, after: &Keys) -> Vec<KeyDifference> {
    let all: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| KeyDifference {
            key: key.clone(),
            from: before.get(key).cloned(),
            to: after.get(key).cloned(),
        })
        .collect()
}

fn entries(source: &str) -> Result<BTreeMap<EntryKey, Keys>, ApiError> {
    let tree: Table = source.parse().map_err(|error: toml::de::Error| ApiError::internal(error))?;
    let mut entries = BTreeMap::new();
    for (part, value) in &tree {
        match value {
            Value::Array(elements) => {
                for (code, element) in coded(elements) {
                    let mut keys = Keys::new();
                    flatten("", element, &mut keys);
                    entries.insert((part.clone(), Some(code)), keys);
                }
            }
            value => {
                let mut keys = Keys::new();
                flatten("", value, &mut keys);
                entries.insert((part.clone(), None), keys);
            }
        }
    }
    Ok(entries)
}

/// Elements by their codes, else by their numbers.
fn coded(elements: &[Value]) -> impl Iterator<Item = (String, &Value)> {
    elements.iter().zip(1..).map(|(element, number)| {
        let code = element.get("code").and_then(Value::as_str);
        (code.map_or_else(|| format!("#{number}"), str::to_owned), element)
    })
}

fn flatten(path: &str, value: &Value, keys: &mut Keys) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| flatten(&below(key), value, keys)),
        Value::Array(elements) if elements.iter().any(Value::is_table) => {
            coded(elements).for_each(|(code, element)| flatten(&below(&code), element, keys));
        }
        Value::String(text) => {
            keys.insert(path.to_owned(), text.clone());
        }
        value => {
            keys.insert(path.to_owned(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_by_entry_and_key_whatever_their_order() {
        let from = "id = 'x'\n[clauses]\na = { section = '一' }\n[[items]]\ncode = 'dust'\nzh = '扬尘'\namount = 1\n\
                    [[items]]\ncode = 'old'\nzh = '旧'\n[[kinds]]\ncode = 'site'\nquestions = [{ code = 'q', zh = '问' }]\n";
        let to = "id = 'x'\n[clauses]\na = { section = '二' }\n[[items]]\ncode = 'new'\nzh = '新'\n\
                  [[items]]\ncode = 'dust'\nzh = '扬尘'\namount = 2\n\
                  [[kinds]]\ncode = 'site'\nquestions = [{ code = 'p', zh = '新问' }, { code = 'q', zh = '问' }]\n";
        let found = compare_packs(from, to).unwrap();
        let lines: Vec<String> = found
            .iter()
            .flat_map(|entry| entry.keys.iter().map(move |key| (entry, key)))
            .map(|(entry, key)| {
                let side = |text: &Option<String>| text.clone().unwrap_or_default();
                let code = entry.code.clone().unwrap_or_default();
                format!(
                    "{} {code} {:?} {}: {} > {}",
                    entry.part,
                    entry.change,
                    key.key,
                    side(&key.from),
                    side(&key.to)
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "clauses  Changed a.section: 一 > 二",
                "items dust Changed amount: 1 > 2",
                "items new Added code:  > new",
                "items new Added zh:  > 新",
                "items old Removed code: old > ",
                "items old Removed zh: 旧 > ",
                "kinds site Changed questions.p.code:  > p",
                "kinds site Changed questions.p.zh:  > 新问",
            ]
        );
        assert_eq!(compare_packs(from, from).unwrap(), []);
    }
}
