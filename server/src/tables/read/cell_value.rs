//! Cells as values: the parsers that imports name in their columns. They take cells that are not blank.
//!
//! Full-width digits, letters and blanks (１２３　) are what input methods leave behind: everything but free text
//! is read as if typed in half width.

use std::str::FromStr;

use calamine::{ExcelDateTime, ExcelDateTimeType};
use jiff::civil::{Date, DateTime, Time, date as day};
use sync_core::money::Fen;
use sync_core::text::check_required;
use sync_core::time::Instant;

use super::cell_fault::CellFault;
use super::grid::RawCell;
use super::read_xlsx::civil;

/// From here on a spreadsheet has rounded a whole number's last digits away: it keeps fifteen.
const DIGITS_LOST_FROM: f64 = 1e15;
/// Yuan beyond which an amount is not taken from a number: its fen would be rounded.
const AMOUNT_MAX_YUAN: f64 = 1e13;
/// What calculating in floats leaves behind an amount, at most; in yuan.
const ROUNDING_YUAN: f64 = 1e-6;
/// Days between which an unformatted number is read as the serial number of a day.
const SERIAL_FIRST: Date = day(1990, 1, 1);
const SERIAL_LAST: Date = day(2100, 12, 31);
/// A full-width character of U+FF01 to U+FF5E stands this far above its half-width one.
const WIDTH_OFFSET: u32 = 0xFEE0;

/// The text in half width.
pub(super) fn narrow(text: &str) -> String {
    let narrowed = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(c).checked_sub(WIDTH_OFFSET).and_then(char::from_u32).unwrap_or(c)
        }
        '\u{3000}' | '\u{A0}' => ' ',
        c => c,
    };
    text.chars().map(narrowed).collect()
}

/// Free text, trimmed.
///
/// # Errors
/// [`CellFault`] for what cannot be the text that was typed.
pub fn text<const MOST_CHARS: usize>(cell: &RawCell) -> Result<String, CellFault> {
    let text = match cell {
        RawCell::Text(text) => text.trim_matches(is_blank).to_owned(),
        RawCell::Number { value, .. } if value.abs() >= DIGITS_LOST_FROM => {
            return Err(CellFault::DigitsLost);
        }
        RawCell::Number { value, .. } => value.to_string(),
        RawCell::Flag(value) => value.to_string().to_uppercase(),
        RawCell::DateTime(_) => return Err(CellFault::MadeADate),
        RawCell::Blank => String::new(),
        RawCell::Error(error) => return Err(CellFault::ErrorValue(error.clone())),
    };
    check_required(&text, MOST_CHARS).map_err(CellFault::Text)?;
    Ok(text)
}

/// A code, in half width; leading zeros stay.
///
/// # Errors
/// As [`text()`].
pub fn code<const MOST_CHARS: usize>(cell: &RawCell) -> Result<String, CellFault> {
    text::<MOST_CHARS>(cell).map(|text| narrow(&text).trim().to_owned())
}

/// A code of a form of its own, such as a grid path.
///
/// # Errors
/// [`CellFault::BadForm`] and those of [`text()`].
pub fn parsed<T: FromStr>(cell: &RawCell) -> Result<T, CellFault> {
    half_width(cell)?.parse().map_err(|_| CellFault::BadForm)
}

/// A number.
///
/// # Errors
/// [`CellFault::NotANumber`].
pub fn number(cell: &RawCell) -> Result<f64, CellFault> {
    let found = match cell {
        RawCell::Number { value, .. } => Some(*value),
        RawCell::Text(text) => ungrouped(text).parse().ok(),
        _ => None,
    };
    found.filter(|value: &f64| value.is_finite()).ok_or(CellFault::NotANumber)
}

/// A whole number.
///
/// # Errors
/// [`CellFault::NotWhole`].
pub fn integer(cell: &RawCell) -> Result<i64, CellFault> {
    let digits = match cell {
        RawCell::Number { value, .. } if value.abs() < DIGITS_LOST_FROM => value.to_string(),
        RawCell::Text(text) => ungrouped(text),
        _ => return Err(CellFault::NotWhole),
    };
    digits.parse().map_err(|_| CellFault::NotWhole)
}

/// An amount in yuan: `1234.5`, `1,234.50`, `￥1234.50`, `1234.5元`.
///
/// # Errors
/// [`CellFault::NotAnAmount`], also for more than two decimals and for 万元.
pub fn yuan(cell: &RawCell) -> Result<Fen, CellFault> {
    let decimal = match cell {
        RawCell::Number { value, .. } if value.abs() < AMOUNT_MAX_YUAN => {
            let rounded = format!("{value:.2}");
            let off = rounded.parse().map_or(f64::INFINITY, |near: f64| (near - value).abs());
            if off > ROUNDING_YUAN {
                return Err(CellFault::NotAnAmount);
            }
            rounded
        }
        RawCell::Text(text) => {
            let text = ungrouped(text);
            let text = text.strip_prefix(['¥', '￥']).unwrap_or(&text);
            text.strip_suffix('元').unwrap_or(text).to_owned()
        }
        _ => return Err(CellFault::NotAnAmount),
    };
    fen(&decimal).ok_or(CellFault::NotAnAmount)
}

/// Exact fen of a decimal number of yuan.
fn fen(decimal: &str) -> Option<Fen> {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(part) || part.len() > 2 {
        return None;
    }
    format!("{sign}{whole}{part:0<2}").parse().ok().map(Fen::new)
}

/// A day: a cell formatted as one, its serial number, `2024-10-05`, `2024/10/5`, `2024.10.5`, `20241005`,
/// `2024年10月5日`.
///
/// # Errors
/// [`CellFault::NotADate`], also for a day with a time.
pub fn date(cell: &RawCell) -> Result<Date, CellFault> {
    let found = match cell {
        RawCell::DateTime(value) => Some(*value),
        RawCell::Number { value, epoch_1904 } => {
            serial(*value, *epoch_1904).or_else(|| written(&value.to_string()))
        }
        RawCell::Text(text) => written(&narrow(text)),
        _ => None,
    };
    let at_midnight = found.filter(|value| value.time() == Time::midnight() && value.year() >= 1900);
    at_midnight.map(DateTime::date).ok_or(CellFault::NotADate)
}

/// A day and a time in the zone of record, as [`date()`] with `08:30` or `08:30:15` behind it.
///
/// # Errors
/// [`CellFault::NotATime`].
pub fn time(cell: &RawCell) -> Result<Instant, CellFault> {
    let found = match cell {
        RawCell::DateTime(value) => Some(*value),
        RawCell::Number { value, epoch_1904 } => serial(*value, *epoch_1904),
        RawCell::Text(text) => written(&narrow(text)),
        _ => None,
    };
    let dated = found.filter(|value| value.year() >= 1900).ok_or(CellFault::NotATime)?;
    Instant::at_record(dated).map_err(|_| CellFault::NotATime)
}

/// Yes or no: `是`, `否`, `有`, `无`, `yes`, `no`, `true`, `false`, `1`, `0`.
///
/// # Errors
/// [`CellFault::NotAFlag`].
pub fn flag(cell: &RawCell) -> Result<bool, CellFault> {
    if let RawCell::Flag(value) = cell {
        return Ok(*value);
    }
    match half_width(cell)?.to_lowercase().as_str() {
        "是" | "有" | "yes" | "true" | "1" => Ok(true),
        "否" | "无" | "no" | "false" | "0" => Ok(false),
        _ => Err(CellFault::NotAFlag),
    }
}

/// One of a column's values, by its names.
#[derive(Debug, Clone, Copy)]
pub struct Choice<T> {
    /// Its name in Chinese.
    pub zh: &'static str,
    /// Its code, which is its name in English too.
    pub code: &'static str,
    /// What it stands for.
    pub value: T,
}

/// One of these.
///
/// # Errors
/// [`CellFault::NotOneOf`] with their Chinese names.
pub fn choice<T: Copy>(cell: &RawCell, choices: &[Choice<T>]) -> Result<T, CellFault> {
    let found = half_width(cell)?;
    let chosen = choices.iter().find(|choice| choice.zh == found || choice.code.eq_ignore_ascii_case(&found));
    chosen
        .map(|choice| choice.value)
        .ok_or_else(|| CellFault::NotOneOf(choices.iter().map(|choice| choice.zh.to_owned()).collect()))
}

/// Any cell that can be a code, of any length: the caller's own form bounds it.
fn half_width(cell: &RawCell) -> Result<String, CellFault> {
    code::<{ usize::MAX }>(cell)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}')
}

/// Digits without blanks around them and commas between them.
fn ungrouped(text: &str) -> String {
    narrow(text).trim_matches(is_blank).replace(',', "")
}

/// What a serial number without a date format stands for, where that is in living memory.
fn serial(value: f64, epoch_1904: bool) -> Option<DateTime> {
    civil(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, epoch_1904))
        .filter(|found| (SERIAL_FIRST..=SERIAL_LAST).contains(&found.date()))
}

/// A day as people write it, with or without a time behind it.
fn written(text: &str) -> Option<DateTime> {
    let text = text.trim_matches(is_blank);
    let (days, clock) = match text.split_once([' ', 'T', '日']) {
        Some((days, clock)) => (days, clock.trim_matches(is_blank)),
        None => (text, ""),
    };
    let date = written_date(days)?;
    Some(date.to_datetime(if clock.is_empty() { Time::midnight() } else { written_time(clock)? }))
}

fn written_date(text: &str) -> Option<Date> {
    let (year, month, day) = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        (text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        let separators = ['-', '/', '.', '年', '月'];
        let (year, rest) = text.split_once(separators)?;
        let (month, day) = rest.split_once(separators)?;
        (year, month, day)
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(digits(year)?, digits(month)?, digits(day)?).ok()
}

fn written_time(text: &str) -> Option<Time> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "0"));
    Time::new(digits(hour)?, digits(minute)?, digits(second)?, 0).ok()
}

/// A number of digits only: no sign, no blanks.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(text: &str) -> RawCell {
        RawCell::Text(text.to_owned())
    }

    fn numeric(value: f64) -> RawCell {
        RawCell::Number { value, epoch_1904: false }
    }

    #[test]
    fn codes_keep_their_zeros_and_lose_their_width() {
        assert_eq!(code::<64>(&typed("　００７００１ ")), Ok("007001".to_owned()));
        assert_eq!(code::<64>(&numeric(410_804.0)), Ok("410804".to_owned()));
        assert_eq!(code::<64>(&numeric(914_108_000_000_000_000.0)), Err(CellFault::DigitsLost));
        assert_eq!(code::<64>(&RawCell::DateTime(day(2024, 3, 5).at(0, 0, 0, 0))), Err(CellFault::MadeADate));
    }

    #[test]
    fn texts_keep_their_width_and_are_bounded() {
        assert_eq!(text::<8>(&typed("\u{FEFF} 东街道（南） \n")), Ok("东街道（南）".to_owned()));
        assert!(matches!(text::<2>(&typed("马村区")), Err(CellFault::Text(_))));
        assert!(matches!(text::<2>(&typed("a\0")), Err(CellFault::Text(_))));
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        for (cell, fen) in [
            (typed("1,234.50"), 123_450),
            (typed("￥１００，０００元"), 10_000_000),
            (typed("-0.05"), -5),
            (typed("¥7"), 700),
            (numeric(0.1 + 0.2), 30),
            (numeric(-12_345.05), -1_234_505),
        ] {
            assert_eq!(yuan(&cell), Ok(Fen::new(fen)), "{cell:?}");
        }
        for bad in [
            typed("10万元"),
            typed("1.005"),
            typed("1e3"),
            typed("--1"),
            typed("."),
            numeric(0.005),
            numeric(1e14),
        ] {
            assert_eq!(yuan(&bad), Err(CellFault::NotAnAmount), "{bad:?}");
        }
    }

    #[test]
    fn days_are_read_as_people_and_spreadsheets_write_them() {
        let national_day = day(2024, 10, 5);
        for cell in [
            typed("2024-10-05"),
            typed("2024/10/5"),
            typed("２０２４．１０．５"),
            typed("20241005"),
            typed("2024年10月5日"),
            typed("2024-10-05 00:00:00"),
            numeric(45_570.0),
            numeric(20_241_005.0),
            RawCell::Number { value: 44_108.0, epoch_1904: true },
            RawCell::DateTime(national_day.at(0, 0, 0, 0)),
        ] {
            assert_eq!(date(&cell), Ok(national_day), "{cell:?}");
        }
        for bad in
            ["2024-13-01", "24-10-05", "2024-10", "+024-10-05", "2024-10-05 08:30", "明天", "2024-02-30"]
        {
            assert_eq!(date(&typed(bad)), Err(CellFault::NotADate), "{bad}");
        }
        assert_eq!(date(&numeric(7.0)), Err(CellFault::NotADate));
    }

    #[test]
    fn times_are_of_the_zone_of_record() {
        let half_past_eight: Instant = "2024-10-05T00:30:00Z".parse().unwrap();
        for cell in [
            typed("2024-10-05 08:30"),
            typed("2024年10月5日 8:30:00"),
            typed("2024-10-05T08:30"),
            numeric(45_570.354_166_666_7),
        ] {
            assert_eq!(time(&cell), Ok(half_past_eight), "{cell:?}");
        }
        // A time of day alone is a day of 1899 to a spreadsheet.
        assert_eq!(time(&RawCell::DateTime(day(1899, 12, 31).at(8, 30, 0, 0))), Err(CellFault::NotATime));
        assert_eq!(time(&typed("08:30")), Err(CellFault::NotATime));
    }

    #[test]
    fn flags_choices_numbers_and_codes_name_what_they_are_not() {
        assert_eq!(flag(&typed("是")), Ok(true));
        assert_eq!(flag(&RawCell::Flag(false)), Ok(false));
        assert_eq!(flag(&typed("也许")), Err(CellFault::NotAFlag));
        let choices = [Choice { zh: "街道办事处", code: "street_office", value: 1 }];
        assert_eq!(choice(&typed("Street_Office"), &choices), Ok(1));
        assert_eq!(choice(&typed("局"), &choices), Err(CellFault::NotOneOf(vec!["街道办事处".to_owned()])));
        assert_eq!(number(&typed(" １１３．２５ ")), Ok(113.25));
        assert_eq!(number(&typed("NaN")), Err(CellFault::NotANumber));
        assert_eq!(integer(&numeric(2.5)), Err(CellFault::NotWhole));
        assert_eq!(parsed::<sync_core::ids::GridPath>(&typed("41/x")), Err(CellFault::BadForm));
    }

    proptest! {
        #[test]
        fn an_amount_that_we_write_reads_back(fen in any::<i64>()) {
            let amount = Fen::new(fen);
            prop_assert_eq!(yuan(&typed(&amount.to_string())), Ok(amount));
            if fen.unsigned_abs() < 1_000_000_000_000_000 {
                prop_assert_eq!(yuan(&numeric(amount.to_string().parse().unwrap())), Ok(amount));
            }
        }
    }
}
