//! Search terms of the register: what is indexed of a name and a code, and how a typed text becomes an index query.
//!
//! A name is indexed as the bigrams of its letters in order (and its last letter alone), so that two Chinese
//! characters are one index term, three and more are a phrase of overlapping terms, and one is the head of a term.
//! A code is indexed as each of its tails that begins a part, found by its head. Pinyin initials (拼音首字母) are
//! indexed as the bigrams of **every** pair of neighbouring readings (多音字), which is complete and grows with the
//! length of the name, not with the product of its readings. Longer initials are therefore candidates, and
//! [`Terms::match_word`] has the last word on them.

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti;

use crate::grams::{half_width, pairs};

/// What search knows of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    letters: Vec<char>,
    /// For each letter the initials of its readings, in alphabetical order.
    initials: Vec<Vec<char>>,
    code_tails: Vec<String>,
}

impl Terms {
    /// The terms of a name and a register number.
    pub(super) fn new(name: &str, code: Option<&str>) -> Self {
        let letters: Vec<char> = fold(name).collect();
        let initials = letters.iter().copied().map(initials_of).collect();
        Self { letters, initials, code_tails: code.map(code_tails).unwrap_or_default() }
    }

    /// The text of the index column `name`.
    pub(super) fn name_column(&self) -> String {
        let last = self.letters.last().map(char::to_string);
        pairs(&self.letters).chain(last).collect::<Vec<_>>().join(" ")
    }

    /// The text of the index column `code`.
    pub(super) fn code_column(&self) -> String {
        self.code_tails.join(" ")
    }

    /// The text of the index column `initials`.
    pub(super) fn initials_column(&self) -> String {
        let mut terms = BTreeSet::new();
        for (place, here) in self.initials.iter().enumerate() {
            let after = self.initials.get(place + 1).map(Vec::as_slice).unwrap_or_default();
            for a in here {
                terms.extend(after.iter().map(|b| format!("{a}{b}")));
                if after.is_empty() {
                    terms.insert(a.to_string());
                }
            }
        }
        terms.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// Whether every word of the query is in the name, at the head of a part of the code, or in the initials.
    pub(super) fn matches(&self, query: &Query) -> bool {
        query.words.iter().all(|word| self.match_word(word))
    }

    fn match_word(&self, word: &[char]) -> bool {
        let text: String = word.iter().collect();
        self.letters.windows(word.len()).any(|part| part == word)
            || self.code_tails.iter().any(|tail| tail.starts_with(&text))
            || self
                .initials
                .windows(word.len())
                .any(|part| part.iter().zip(word).all(|(readings, letter)| readings.contains(letter)))
    }
}

/// A typed text: words that must all match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    words: Vec<Vec<char>>,
}

impl Query {
    /// Splits a typed text at white space and drops what is neither letter nor digit.
    pub(super) fn new(text: &str) -> Self {
        let words = text.split_whitespace().map(|word| fold(word).collect::<Vec<_>>());
        Self { words: words.filter(|word| !word.is_empty()).collect() }
    }

    /// Whether nothing is asked for, which every target matches.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The index query: an FTS5 expression of quoted terms of letters and digits only.
    pub(super) fn expression(&self) -> String {
        self.words.iter().map(|word| word_expression(word)).collect::<Vec<_>>().join(" AND ")
    }
}

fn word_expression(word: &[char]) -> String {
    let text: String = word.iter().collect();
    let terms: Vec<String> = pairs(word).collect();
    let name = match terms.as_slice() {
        [] => format!("name : \"{text}\" *"),
        terms => format!("name : \"{}\"", terms.join(" ")),
    };
    let code = format!("code : \"{text}\" *");
    if !word.iter().all(char::is_ascii) {
        return format!("({name} OR {code})");
    }
    let initials = match terms.as_slice() {
        [] => format!("initials : \"{text}\" *"),
        terms => terms.iter().map(|term| format!("initials : \"{term}\"")).collect::<Vec<_>>().join(" AND "),
    };
    format!("({name} OR {code} OR ({initials}))")
}

/// Letters and digits in lower case, full-width forms as ASCII; all else is dropped.
fn fold(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(half_width).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

fn code_tails(code: &str) -> Vec<String> {
    let parts: Vec<String> = code
        .split(|c: char| !half_width(c).is_alphanumeric())
        .map(|part| fold(part).collect::<String>())
        .filter(|part| !part.is_empty())
        .collect();
    (0..parts.len()).filter_map(|from| parts.get(from..)).map(<[String]>::concat).collect()
}

/// A letter or digit of ASCII is its own initial; a Chinese character has those of its readings.
fn initials_of(letter: char) -> Vec<char> {
    if letter.is_ascii() {
        return vec![letter];
    }
    let readings = letter.to_pinyin_multi().into_iter().flatten();
    let initials: BTreeSet<char> =
        readings.filter_map(|reading| reading.plain().chars().next()).filter(char::is_ascii).collect();
    initials.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(name: &str, code: Option<&str>, query: &str) -> bool {
        Terms::new(name, code).matches(&Query::new(query))
    }

    #[test]
    fn a_name_is_found_by_any_part_of_it_in_any_width_and_case() {
        for query in ["马", "马村", "村区", "东环路A区", "a区", "Ａ区 马村", "东环路（Ａ区"]
        {
            assert!(matches("马村区东环路(A区)工地", None, query), "{query}");
        }
        assert!(!matches("马村区东环路(A区)工地", None, "马区"));
        assert!(!matches("马村区东环路(A区)工地", None, "马村 冯营"));
    }

    #[test]
    fn initials_follow_every_reading_of_every_character() {
        // 长 is cháng or zhǎng, 重 chóng or zhòng, 行 háng or xíng.
        for query in ["cqyh", "zqyh", "cqyx", "czcqyx", "czz"] {
            assert!(matches("重庆银行", None, query) == "cqyh zqyh cqyx".contains(query), "{query}");
        }
        assert!(matches("长治路三号工地", None, "zzlshgd"));
        assert!(matches("长治路3号工地", None, "l3hgd"));
        assert!(!matches("长治路三号工地", None, "czlgd"));
    }

    #[test]
    fn a_code_is_found_by_the_head_of_any_of_its_parts() {
        for query in ["GD", "gd-2024", "gd2024", "2024-00", "0013"] {
            assert!(matches("工地", Some("GD-2024-0013"), query), "{query}");
        }
        assert!(!matches("工地", Some("GD-2024-0013"), "013"));
    }

    #[test]
    fn an_index_query_holds_only_letters_and_digits_between_quotes() {
        assert!(Query::new(" \"*- ").is_empty());
        assert_eq!(Query::new("马村").expression(), "(name : \"马村\" OR code : \"马村\" *)");
        assert_eq!(
            Query::new("m\" OR c").expression(),
            "(name : \"m\" * OR code : \"m\" * OR (initials : \"m\" *)) AND (name : \"or\" OR code : \"or\" * OR \
             (initials : \"or\")) AND (name : \"c\" * OR code : \"c\" * OR (initials : \"c\" *))"
        );
    }

    #[test]
    fn the_index_holds_pairs_of_neighbouring_letters_in_order() {
        let terms = Terms::new("马村区", Some("A-1"));
        assert_eq!(terms.name_column(), "马村 村区 区");
        assert_eq!(terms.code_column(), "a1 1");
        assert_eq!(terms.initials_column(), "co cq mc o q");
    }
}
