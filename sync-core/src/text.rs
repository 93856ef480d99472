//! Text from people and other machines: one place that says what is acceptable.
//!
//! A NUL kills PostgreSQL text columns and has blocked whole outboxes in other products; a megabyte of text in a
//! name is an accident or an attack. Lone surrogates cannot reach here: JSON decoding refuses them first.

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// It contains U+0000.
    #[error("contains a NUL character")]
    Nul,
    /// It has more characters than its field takes.
    #[error("has {found} characters, at most {most} fit")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters that fit.
        most: usize,
    },
    /// It is empty or blank where something must stand.
    #[error("is empty")]
    Empty,
}

/// Checks a text that may be empty.
///
/// # Errors
/// [`TextFault::Nul`] or [`TextFault::TooLong`].
pub fn check_text(text: &str, most_chars: usize) -> Result<(), TextFault> {
    if text.contains('\0') {
        return Err(TextFault::Nul);
    }
    let found = text.chars().count();
    if found > most_chars {
        return Err(TextFault::TooLong { found, most: most_chars });
    }
    Ok(())
}

/// Checks a text that must not be blank.
///
/// # Errors
/// Any [`TextFault`].
pub fn check_required(text: &str, most_chars: usize) -> Result<(), TextFault> {
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    check_text(text, most_chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(check_text("马村区", 3), Ok(()));
        assert_eq!(check_text("马村区", 2), Err(TextFault::TooLong { found: 3, most: 2 }));
        assert_eq!(check_text("a\0", 9), Err(TextFault::Nul));
        assert_eq!(check_required(" \t", 9), Err(TextFault::Empty));
    }
}
