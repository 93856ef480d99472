use std::collections::HashSet;

use ::exif::{In, Reader, Tag};
use image::Rgb;
use sync_core::ids::PhotoHash;

use super::*;

fn facts(orientation: Orientation) -> SceneExif {
    SceneExif {
        taken_at: "2026-11-05T06:32:07Z".parse().unwrap(),
        point: Some(Point { lon: 113.241_512, lat: 35.264_803 }),
        orientation,
    }
}

fn read_exif(jpeg: &[u8]) -> ::exif::Exif {
    Reader::new().read_from_container(&mut std::io::Cursor::new(jpeg)).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for kind in SceneKind::ALL {
        let again = || scene(kind, 7, &facts(Orientation::Rotate90));
        assert!(again() == again(), "{kind:?}");
    }
}

#[test]
fn seeds_give_distinct_pictures_of_a_tablet_photos_size() {
    let mut pictures = HashSet::new();
    // Fifty of one kind, ten of each of the others.
    let seeds = |kind| if kind == SceneKind::StrawFire { 0..50 } else { 0..10 };
    for (kind, seed) in SceneKind::ALL.into_iter().flat_map(|kind| seeds(kind).map(move |seed| (kind, seed)))
    {
        let jpeg = scene(kind, seed, &facts(Orientation::NoTransforms));
        assert!(SIZE_BYTES.contains(&jpeg.len()), "{kind:?} {seed}: {} bytes", jpeg.len());
        pictures.insert(PhotoHash::of(&jpeg));
    }
    assert_eq!(pictures.len(), 100);
}

#[test]
fn exif_says_when_where_and_how_it_was_held() {
    let exif = read_exif(&scene(SceneKind::Street, 1, &facts(Orientation::Rotate270)));
    let shown = |tag| exif.get_field(tag, In::PRIMARY).unwrap().display_value().to_string();
    assert_eq!(exif.get_field(Tag::Orientation, In::PRIMARY).unwrap().value.get_uint(0), Some(8));
    assert_eq!(shown(Tag::DateTimeOriginal), "2026-11-05 14:32:07");
    assert_eq!(shown(Tag::OffsetTimeOriginal), "\"+08:00\"");
    assert_eq!(shown(Tag::GPSLatitude), "35 deg 15 min 53.2908 sec");
    assert_eq!(shown(Tag::GPSLongitude), "113 deg 14 min 29.4432 sec");
    assert_eq!((shown(Tag::GPSLatitudeRef), shown(Tag::GPSLongitudeRef)), ("N".to_owned(), "E".to_owned()));
}

#[test]
fn a_scene_without_a_point_has_no_gps_tags() {
    let exif = read_exif(&scene(
        SceneKind::Street,
        1,
        &SceneExif { point: None, ..facts(Orientation::NoTransforms) },
    ));
    assert!(exif.get_field(Tag::GPSLatitude, In::PRIMARY).is_none());
    assert!(exif.get_field(Tag::DateTimeOriginal, In::PRIMARY).is_some());
}

#[test]
fn the_server_reads_what_was_written_and_sees_every_orientation_upright() {
    let upright = |orientation| {
        let jpeg = scene(SceneKind::Truck, 3, &facts(orientation));
        let picture = server::photos::picture::Picture::open(&jpeg).unwrap();
        let exif = &picture.facts().exif;
        assert_eq!(exif.orientation, Some(orientation));
        assert_eq!(exif.taken_at.unwrap().instant(), Some(facts(orientation).taken_at));
        assert!(exif.position.unwrap().distance_metres(facts(orientation).point.unwrap()) < 0.01);
        let page = picture.thumbnail(server::photos::picture::ThumbnailSize::List).unwrap();
        image::load_from_memory(&page).unwrap().to_rgb8()
    };
    let plain = upright(Orientation::NoTransforms);
    for number in 2..=8 {
        let turned = upright(Orientation::from_exif(number).unwrap());
        assert_eq!(turned.dimensions(), plain.dimensions(), "orientation {number}");
        let apart = |(a, b): (&Rgb<u8>, &Rgb<u8>)| u64::from(a.0[1].abs_diff(b.0[1]));
        let difference: u64 = plain.pixels().zip(turned.pixels()).map(apart).sum();
        assert!(difference / u64::from(plain.width() * plain.height()) < 3, "orientation {number}");
    }
}
