use std::sync::LazyLock;

use ab_glyph::GlyphId;
use image::{GenericImageView, ImageFormat};
use sync_core::{geo::Point, ids::PhotoHash};

use super::*;
use crate::photos::picture::{StampPosition, sample};

fn font() -> Font {
    Font::find(None).expect("install fonts-wqy-microhei")
}

fn text() -> StampText<'static> {
    static PHOTO: LazyLock<PhotoHash> = LazyLock::new(|| PhotoHash::of(b"a photo"));
    StampText {
        taken_at: "2026-11-05T06:32:07Z".parse().unwrap(),
        position: Some(StampPosition {
            point: Point { lon: 113.24151, lat: 35.2648 },
            accuracy_metres: Some(7.6),
        }),
        place: "九里山街道 春江花园二期建筑工地",
        inspector: "张建国",
        number: "MC-2026-11-0042",
        photo: &PHOTO,
    }
}

fn stamped(width: u32, height: u32, text: &StampText<'_>) -> DynamicImage {
    let picture = Picture::open(&sample::file(width, height, ImageFormat::Png)).unwrap();
    image::load_from_memory(&picture.stamp(text, &font()).unwrap()).unwrap()
}

/// Bright pixels of the band: ink, as the band darkens everything else.
fn ink(picture: &DynamicImage, columns: std::ops::Range<u32>, rows: std::ops::Range<u32>) -> usize {
    let grey = picture.to_luma8();
    columns
        .flat_map(|x| rows.clone().map(move |y| (x, y)))
        .filter(|(x, y)| grey.get_pixel(*x, *y).0[0] > 150)
        .count()
}

#[test]
fn the_stamp_darkens_only_the_foot_of_the_picture_and_writes_on_it() {
    let picture = stamped(1600, 1200, &text());
    assert_eq!(picture.dimensions(), (1600, 1200));
    let band = Band::of(1600, 1200);
    assert!(band.height_px * 5 <= 1200, "the band takes {} of 1200 px", band.height_px);
    let top = 1200 - band.height_px;
    let (plain, seen) = (sample::quarters(1600, 1200).to_rgb8(), picture.to_rgb8());
    for (x, y) in [(5, 5), (1500, 300), (20, top - 20), (1580, top - 20)] {
        let near =
            seen.get_pixel(x, y).0.iter().zip(plain.get_pixel(x, y).0).all(|(a, b)| a.abs_diff(b) < 24);
        assert!(near, "({x}, {y}) above the band is unchanged");
    }
    assert!(ink(&picture, 60..800, top..1200) > 4000, "the left half is written on");
    assert!(ink(&picture, 1000..1600, top..1200) > 3000, "the right half is written on");
}

#[test]
fn another_text_draws_other_pixels_and_the_same_text_the_same() {
    let one = stamped(1600, 1200, &text());
    assert_eq!(one, stamped(1600, 1200, &text()));
    assert_ne!(one, stamped(1600, 1200, &StampText { inspector: "李红梅", ..text() }));
}

#[test]
fn chinese_glyphs_are_one_em_wide_and_drawn_by_their_own_shapes() {
    let font = font();
    let drawn = |glyphs: &str| {
        let mut canvas = RgbImage::new(200, 60);
        let mut pen = Pen { canvas: &mut canvas, face: font.face() };
        pen.write(glyphs, 10.0, 45.0, 40.0, TEXT_COLOUR);
        (pen.width(glyphs, 40.0), canvas)
    };
    let (width, site) = drawn("工地扬尘");
    assert!((width - 160.0).abs() < 1.0, "four characters of 40 px are {width} px wide");
    assert_ne!(site, drawn("工地工地").1);
    let notdef = font.face().outline(GlyphId(0)).map(|outline| outline.bounds);
    for c in "工地扬尘".chars() {
        assert_ne!(font.face().glyph_id(c), GlyphId(0));
        let own = font.face().outline(font.face().glyph_id(c)).map(|outline| outline.bounds);
        assert!(own.is_some() && own != notdef, "{c} has a shape of its own");
    }
}

#[test]
fn a_character_without_a_glyph_is_a_failure_and_not_a_box() {
    let picture = Picture::open(&sample::jpeg(1600, 1200, None)).unwrap();
    match picture.stamp(&StampText { place: "工地😀", ..text() }, &font()) {
        Err(StampFailure::MissingGlyphs(missing)) => assert_eq!(missing, BTreeSet::from(['😀'])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_place_is_broken_once_and_then_cut_with_an_ellipsis() {
    let font = font();
    let mut canvas = RgbImage::new(1, 1);
    let pen = Pen { canvas: &mut canvas, face: font.face() };
    let place = "马村区九里山街道办事处春江花园二期南侧临时堆场";
    assert_eq!(pen.lines(place, 400.0, 30.0, 2), ["马村区九里山街道办事处春江", "花园二期南侧临时堆场"]);
    let cut = pen.lines(&place.repeat(1000), 400.0, 30.0, 2);
    assert_eq!(cut.len(), 2);
    assert!(cut[1].ends_with(ELLIPSIS) && pen.width(&cut[1], 30.0) <= 400.0, "{cut:?}");
    assert_eq!(pen.lines("短", 400.0, 30.0, 2), ["短"]);
}

#[test]
fn a_picture_too_small_for_its_stamp_gets_it_below() {
    for (width, height) in [(1, 1), (120, 90), (40, 2000), (3000, 60)] {
        let band = Band::of(width.max(MIN_WIDTH_PX), height);
        let picture = stamped(width, height, &text());
        let below = if band.height_px * MIN_PICTURE_PER_BAND > height { band.height_px } else { 0 };
        assert_eq!(picture.dimensions(), (width.max(MIN_WIDTH_PX), height + below), "{width}×{height}");
        let top = picture.height() - band.height_px;
        assert!(
            ink(&picture, 0..picture.width(), top..picture.height()) > 1500,
            "{width}×{height} is written on"
        );
    }
}
