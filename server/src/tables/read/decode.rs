//! The text of a CSV file: UTF-8, or GB18030 (of which GBK and GB 2312 are parts), what spreadsheet programs here save.
//!
//! Invariant: a file in one encoding is never read in the other. GB18030 accepts most UTF-8, as other characters; so a
//! file that is not UTF-8 as a whole is looked at line by line before it is taken for GB18030.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::TableFault;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// From here on (in the order of code points) characters take three bytes of UTF-8, as all Chinese ones do; a
/// line of GB18030 that is UTF-8 by chance has only shorter ones in practice.
const THREE_BYTES: char = '\u{800}';

/// How a line can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// ASCII, or by chance as both.
    Either,
    Utf8,
    Gb18030,
    Neither,
}

/// Decodes a file, without its BOM.
///
/// # Errors
/// [`TableFault::Undecodable`] or [`TableFault::MixedEncodings`].
pub(super) fn decode(file: &[u8]) -> Result<Cow<'_, str>, TableFault> {
    let (text, marked) = file.strip_prefix(BOM).map_or((file, false), |text| (text, true));
    if let Ok(text) = std::str::from_utf8(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut first = if marked { Reading::Utf8 } else { Reading::Either };
    let mut differs = None;
    // Neither encoding has the line feed inside another character.
    for (line, row) in text.split(|byte| *byte == b'\n').zip(1_u32..) {
        match (reading(line), first) {
            (Reading::Neither, _) => return Err(TableFault::Undecodable { row }),
            (Reading::Either, _) => {}
            (found, Reading::Either) => first = found,
            (found, first) if found != first => differs = differs.or(Some(row)),
            _ => {}
        }
    }
    if let Some(row) = differs {
        return Err(TableFault::MixedEncodings { row });
    }
    GB18030
        .decode_without_bom_handling_and_without_replacement(text)
        .ok_or(TableFault::Undecodable { row: 1 })
}

fn reading(line: &[u8]) -> Reading {
    match std::str::from_utf8(line) {
        Ok(text) if text.chars().any(|c| c >= THREE_BYTES) => Reading::Utf8,
        Ok(_) => Reading::Either,
        Err(_) if GB18030.decode_without_bom_handling_and_without_replacement(line).is_some() => {
            Reading::Gb18030
        }
        Err(_) => Reading::Neither,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbk(text: &str) -> Vec<u8> {
        encoding_rs::GBK.encode(text).0.into_owned()
    }

    #[test]
    fn utf_8_with_and_without_bom_and_gb18030_read_as_the_same_text() {
        let text = "名称,编码\r\n马村区,001\r\n";
        assert_eq!(decode(text.as_bytes()).unwrap(), text);
        assert_eq!(decode(format!("\u{FEFF}{text}").as_bytes()).unwrap(), text);
        assert_eq!(decode(&gbk(text)).unwrap(), text);
        let rare = "𠮷家,㐂\n";
        assert_eq!(decode(&GB18030.encode(rare).0).unwrap(), rare);
    }

    #[test]
    fn a_gbk_line_that_happens_to_be_utf_8_does_not_make_the_file_mixed() {
        // 通 is CD A8 in GBK, which is also one Greek letter in UTF-8.
        assert_eq!(std::str::from_utf8(&gbk("通")), Ok("\u{368}"));
        assert_eq!(decode(&gbk("名称\n通\n马村区\n")).unwrap(), "名称\n通\n马村区\n");
    }

    #[test]
    fn a_file_of_both_encodings_is_refused_at_the_line_that_differs() {
        let mut file = "名称\n1\n马村区\n".as_bytes().to_vec();
        file.extend(gbk("解放区\n"));
        assert_eq!(decode(&file), Err(TableFault::MixedEncodings { row: 4 }));
        let mut file = gbk("名称\n马村区\n");
        file.extend("解放区\n".as_bytes());
        assert_eq!(decode(&file), Err(TableFault::MixedEncodings { row: 3 }));
        let mut file = BOM.to_vec();
        file.extend(gbk("名称\n"));
        assert_eq!(decode(&file), Err(TableFault::MixedEncodings { row: 1 }));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_at_their_line() {
        assert_eq!(decode(b"a\nb\n\xFF\xFF\n"), Err(TableFault::Undecodable { row: 3 }));
        let cut_short = "名称\n马村".as_bytes().split_last().unwrap().1;
        assert_eq!(decode(cut_short), Err(TableFault::Undecodable { row: 2 }));
    }
}
