//! Text that a spreadsheet program would run as a formula, made inert and back (CSV injection, CWE-1236).
//!
//! Invariant: [`unguarded`] of [`guarded`] is the text itself, so an export reads back as it was.

use std::borrow::Cow;

/// What makes a text inert: programs show the rest as it stands.
const GUARD: char = '\'';

/// What a formula begins with, in half and full width; tab and line ends are skipped before one.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The text, with the guard before it where it begins as a formula does.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if needs_guard(text) { Cow::Owned(format!("{GUARD}{text}")) } else { Cow::Borrowed(text) }
}

/// The text without the guard that [`guarded`] gave it.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix(GUARD).filter(|rest| needs_guard(rest)).unwrap_or(text)
}

/// Also where guards stand before the formula already: else such a text would lose one of them on its way back.
fn needs_guard(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(STARTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whatever_begins_as_a_formula_is_made_inert_and_nothing_else() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1"] {
            assert_eq!(guarded(bad), format!("'{bad}"));
        }
        for good in ["东街道 =1", "", "'quoted'", "0.5", "(-1)"] {
            assert_eq!(guarded(good), good);
        }
    }

    proptest! {
        #[test]
        fn a_guarded_text_comes_back_as_it_was(text in "['=+@a\t＝-]{0,4}") {
            let guarded = guarded(&text);
            prop_assert_eq!(unguarded(&guarded), text.as_str());
            prop_assert!(!guarded.starts_with(STARTS));
        }
    }
}
