//! The unified social credit code (统一社会信用代码, GB 32100-2015): 17 characters and a check character.

/// The characters of a code; the place of each is its value.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Different characters: the modulus of the check.
const CHARACTERS: usize = 31;

/// What the value of each of the first 17 characters is multiplied with: powers of 3, modulo 31 (GB 32100-2015, 5.5).
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// The check character of the first 17; none where they are others, or not 17.
#[must_use]
pub fn credit_check(body: &str) -> Option<char> {
    let values: Vec<usize> = body
        .chars()
        .map(|character| ALPHABET.chars().position(|known| known == character))
        .collect::<Option<_>>()?;
    let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value.saturating_mul(weight)).sum();
    let check = CHARACTERS.saturating_sub(sum % CHARACTERS) % CHARACTERS;
    ALPHABET.chars().nth(check).filter(|_| values.len() == WEIGHTS.len())
}

/// Whether a text is a code whose check character is right.
#[must_use]
pub fn is_credit_code(text: &str) -> bool {
    let mut characters = text.chars();
    let check = characters.next_back();
    check.is_some() && check == credit_check(characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_is_checked() {
        assert!(is_credit_code("91350100M000100Y43"), "the standard's own example");
        assert!(!is_credit_code("91350100M000100Y44"));
        assert!(!is_credit_code("93150100M000100Y43"), "two characters in the wrong order");
    }

    #[test]
    fn other_texts_are_no_codes() {
        for text in
            ["", "9", "91350100M000100Y4", "91350100M000100Y433", "91350100I000100Y43", "９1350100M000100Y43"]
        {
            assert!(!is_credit_code(text), "{text}");
        }
    }
}
