//! Grams (字组): letters and pairs of neighbouring letters, so that two Chinese characters are found from an index.
//!
//! Invariant: what [`query_grams`] asks of a word is among the [`index_grams`] of every text that contains the word.
//! The reverse does not hold for words of three letters and more: their pairs may stand apart in a text.

use std::collections::BTreeSet;

/// The distance from a full-width form (Ａ, １) to its ASCII character.
const FULL_WIDTH_OFFSET: u32 = 0xFEE0;

/// What a text is found by: each letter and each pair of neighbours of its words, in lower case and half width.
///
/// ```
/// let grams = sync_core::grams::index_grams(["马村区", "GD-1"]);
/// assert!(grams.contains("马村") && grams.contains("gd") && !grams.contains("d1"));
/// ```
#[must_use]
pub fn index_grams<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let words = texts.into_iter().flat_map(words);
    words.flat_map(|word| word.iter().map(char::to_string).chain(pairs(&word)).collect::<Vec<_>>()).collect()
}

/// What a typed text asks for, all of which must be indexed: the pairs of each word, a single letter by itself.
/// Empty when nothing is asked for.
#[must_use]
pub fn query_grams(text: &str) -> BTreeSet<String> {
    let of_word = |word: Vec<char>| match word.as_slice() {
        [only] => vec![only.to_string()],
        letters => pairs(letters).collect(),
    };
    words(text).flat_map(of_word).collect()
}

/// The text in lower case and half width, as words are compared.
#[must_use]
pub fn folded(text: &str) -> String {
    text.chars().map(half_width).flat_map(char::to_lowercase).collect()
}

/// Runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = Vec<char>> {
    let folded: Vec<char> = folded(text).chars().collect();
    let words: Vec<Vec<char>> = folded
        .split(|c| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(<[char]>::to_vec)
        .collect();
    words.into_iter()
}

/// The pairs of neighbouring letters, in order.
pub(crate) fn pairs(letters: &[char]) -> impl Iterator<Item = String> {
    letters.windows(2).map(|pair| pair.iter().collect())
}

/// A full-width form as its ASCII character, any other as it is.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(c).checked_sub(FULL_WIDTH_OFFSET).and_then(char::from_u32).unwrap_or(c)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_found_by_two_characters_of_it_in_any_width_and_case() {
        let indexed = index_grams(["马村区东环路(A区)工地", "GD-2024-0013"]);
        for query in ["马村", "村", "东环路", "a区", "Ａ区", "gd 2024", "工地 马村"] {
            assert!(query_grams(query).is_subset(&indexed), "{query}");
        }
        for query in ["马区", "冯营", "区工"] {
            assert!(!query_grams(query).is_subset(&indexed), "{query}");
        }
        assert!(query_grams(" -( ").is_empty());
    }

    proptest! {
        #[test]
        fn every_part_of_a_text_is_found(before: String, middle: String, after: String) {
            let indexed = index_grams([format!("{before}{middle}{after}").as_str()]);
            prop_assert!(query_grams(&middle).is_subset(&indexed));
        }
    }
}
