//! What a stamp (水印) says: the words, apart from how they are drawn.

use jiff::civil::Weekday;
use sync_core::{geo::Point, ids::PhotoHash, time::Instant};

/// Hexadecimal digits of the photo's hash that a stamp shows.
const HASH_DIGITS: usize = 16;

/// The facts a stamp shows, as the inspection recorded them.
#[derive(Debug, Clone)]
pub struct StampText<'a> {
    /// When the photo was taken.
    pub taken_at: Instant,
    /// Where it was taken, if the device had a fix.
    pub position: Option<StampPosition>,
    /// The target's name or the spot's address (地点).
    pub place: &'a str,
    /// Name of the inspector (检查人).
    pub inspector: &'a str,
    /// Number of the case or inspection (编号).
    pub number: &'a str,
    /// Hash of the untouched original, of which the stamp shows the beginning (校验).
    pub photo: &'a PhotoHash,
}

/// Where the photo was taken, as the device had it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StampPosition {
    /// The point, WGS-84.
    pub point: Point,
    /// Radius of the fix's uncertainty in metres, where the platform says it.
    pub accuracy_metres: Option<f64>,
}

/// One labelled entry of a stamp.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) label: &'static str,
    pub(super) text: String,
}

impl StampText<'_> {
    /// The heading: the time in the zone of record, with the day of the week.
    pub(super) fn heading(&self) -> String {
        let day = match self.taken_at.record_date().weekday() {
            Weekday::Monday => "一",
            Weekday::Tuesday => "二",
            Weekday::Wednesday => "三",
            Weekday::Thursday => "四",
            Weekday::Friday => "五",
            Weekday::Saturday => "六",
            Weekday::Sunday => "日",
        };
        format!("{}  星期{day}", self.taken_at.record_text())
    }

    /// Where: the left column.
    pub(super) fn place_entries(&self) -> [Entry; 2] {
        let position = self.position.map_or_else(|| "未定位".to_owned(), |position| position.to_chinese());
        [entry("位置", &position), entry("地点", self.place)]
    }

    /// Who and what: the right column.
    pub(super) fn record_entries(&self) -> [Entry; 3] {
        let hash: String = self.photo.as_str().chars().take(HASH_DIGITS).collect();
        [
            entry("检查", self.inspector),
            entry("编号", self.number),
            entry("校验", &format!("SHA-256 {hash}…")),
        ]
    }
}

impl StampPosition {
    fn to_chinese(self) -> String {
        let Point { lon, lat } = self.point;
        let east_west = if lon < 0.0 { "西经" } else { "东经" };
        let north_south = if lat < 0.0 { "南纬" } else { "北纬" };
        let mut text = format!("{east_west}{:.5}° {north_south}{:.5}°", lon.abs(), lat.abs());
        if let Some(accuracy_metres) = self.accuracy_metres {
            text.push_str(&format!(" ±{accuracy_metres:.0}米"));
        }
        text
    }
}

/// Control characters have no glyph and no meaning on paper: they become spaces, as do line breaks.
fn entry(label: &'static str, text: &str) -> Entry {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    Entry { label, text: if text.is_empty() { "—".to_owned() } else { text.to_owned() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash() -> PhotoHash {
        PhotoHash::of(b"a photo")
    }

    fn text(photo: &PhotoHash) -> StampText<'_> {
        StampText {
            taken_at: "2026-11-30T16:00:07Z".parse().unwrap(),
            position: Some(StampPosition {
                point: Point { lon: 113.24151, lat: 35.2648 },
                accuracy_metres: Some(7.6),
            }),
            place: "九里山街道\n3 号工地",
            inspector: "张三",
            number: "",
            photo,
        }
    }

    #[test]
    fn the_time_is_beijing_time_across_the_month_boundary() {
        assert_eq!(text(&hash()).heading(), "2026-12-01 00:00:07  星期二");
    }

    #[test]
    fn entries_name_their_facts_in_chinese() {
        let [position, place] = text(&hash()).place_entries();
        assert_eq!((position.label, position.text.as_str()), ("位置", "东经113.24151° 北纬35.26480° ±8米"));
        assert_eq!((place.label, place.text.as_str()), ("地点", "九里山街道 3 号工地"));
        let [inspector, number, check] = text(&hash()).record_entries();
        assert_eq!(inspector.text, "张三");
        assert_eq!(number.text, "—", "an empty fact is shown as empty, not left out");
        assert_eq!(check.text, format!("SHA-256 {:.16}…", hash().as_str()));
    }

    #[test]
    fn a_photo_without_a_fix_says_so() {
        let [position, _] = StampText { position: None, ..text(&hash()) }.place_entries();
        assert_eq!(position.text, "未定位");
    }
}
