//! Seeded scenes (现场照片): pictures of what an inspector meets, drawn by program, as real JPEG files with EXIF.
//!
//! Invariants:
//! - The same kind, seed and EXIF give the same bytes; another seed gives another picture.
//! - [`WIDTH_PX`] × [`HEIGHT_PX`] when looked at, [`SIZE_BYTES`] long. With an orientation other than upright the
//!   stored pixels are turned, as a tablet held on its side stores them.
//!
//! Must not: look like a photograph of a real place or person, or read a clock.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: drawing turns between floats and pixels, and a failure here is a failed test"
)]

mod canvas;
mod exif;
mod parts;
mod places;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView, RgbImage};
use plain_jpeg::encode_rgb;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sync_core::geo::Point;
use sync_core::time::Instant;

use canvas::Canvas;

/// Width of the upright picture in pixels.
pub const WIDTH_PX: u32 = 1600;
/// Height of the upright picture in pixels.
pub const HEIGHT_PX: u32 = 1200;
/// How long every file is, in bytes.
pub const SIZE_BYTES: std::ops::RangeInclusive<usize> = 150_000..=300_000;

/// Width of a small picture in pixels.
pub const SMALL_WIDTH_PX: u32 = 480;
/// Height of a small picture in pixels.
pub const SMALL_HEIGHT_PX: u32 = 360;
/// How many small scenes of each kind there are.
pub const SMALL_SCENES: u64 = 12;

const JPEG_QUALITY: u8 = 80;

/// What a scene shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SceneKind {
    /// A construction site (工地): a shell of floors, a tower crane, hoarding, dust.
    ConstructionSite,
    /// An open stockpile (堆场): heaps, partly under a green net.
    Stockpile,
    /// A straw fire (秸秆焚烧) with smoke on a stubble field.
    StrawFire,
    /// A kitchen fume purifier (油烟净化器) on a wall.
    FumeDevice,
    /// A muck truck (渣土车) with a full bed.
    Truck,
    /// A street (道路) of a town.
    Street,
}

impl SceneKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::ConstructionSite,
        Self::Stockpile,
        Self::StrawFire,
        Self::FumeDevice,
        Self::Truck,
        Self::Street,
    ];

    /// The random stream of the kind: one seed draws unlike scenes of unlike kinds.
    fn stream(self) -> u64 {
        match self {
            Self::ConstructionSite => 1,
            Self::Stockpile => 2,
            Self::StrawFire => 3,
            Self::FumeDevice => 4,
            Self::Truck => 5,
            Self::Street => 6,
        }
    }
}

/// What the file's EXIF says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneExif {
    /// When the picture was taken; written as Beijing time with its offset.
    pub taken_at: Instant,
    /// Where the camera was; without it the file has no GPS tags.
    pub point: Option<Point>,
    /// How the tablet was held.
    pub orientation: Orientation,
}

/// A JPEG of the scene.
///
/// # Panics
/// When the drawing cannot be encoded, which is a defect of this module.
pub fn scene(kind: SceneKind, seed: u64, exif: &SceneExif) -> Vec<u8> {
    let mut stored = DynamicImage::from(draw(kind, seed));
    stored.apply_orientation(inverse(exif.orientation));
    encode(&stored, Some(exif))
}

/// Small scenes by kind and number, as files without EXIF.
type Drawn = HashMap<(SceneKind, u64), Arc<Vec<u8>>>;

/// One of [`SMALL_SCENES`] scenes of the kind, upright and of [`SMALL_WIDTH_PX`] × [`SMALL_HEIGHT_PX`], as a tablet sends
/// them over a slow network. Drawn once and then kept, so that hundreds cost little; each EXIF makes a file of its own.
///
/// # Panics
/// As [`scene`].
pub fn small_scene(kind: SceneKind, seed: u64, taken_at: Instant, point: Option<Point>) -> Vec<u8> {
    static DRAWN: LazyLock<Mutex<Drawn>> = LazyLock::new(Mutex::default);
    let number = seed % SMALL_SCENES;
    let known = DRAWN.lock().expect("drawing does not fail").get(&(kind, number)).cloned();
    let jpeg = known.unwrap_or_else(|| {
        let large = draw(kind, number);
        let sampled = |x, y| *large.get_pixel(x * WIDTH_PX / SMALL_WIDTH_PX, y * HEIGHT_PX / SMALL_HEIGHT_PX);
        let small = RgbImage::from_fn(SMALL_WIDTH_PX, SMALL_HEIGHT_PX, sampled);
        let jpeg = Arc::new(encode(&small.into(), None));
        DRAWN.lock().expect("drawing does not fail").insert((kind, number), jpeg.clone());
        jpeg
    });
    exif::put_into(&jpeg, &SceneExif { taken_at, point, orientation: Orientation::NoTransforms })
}

fn draw(kind: SceneKind, seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(kind.stream());
    let mut canvas = Canvas::new(&mut rng);
    places::draw(kind, &mut canvas, &mut rng);
    canvas.into_image()
}

fn encode(stored: &DynamicImage, exif: Option<&SceneExif>) -> Vec<u8> {
    let (width, height) = stored.dimensions();
    let side = |pixels: u32| u16::try_from(pixels).expect("a scene is smaller than a JPEG may be");
    let exif = exif.map(exif::tiff);
    encode_rgb(stored.as_bytes(), (side(width), side(height)), JPEG_QUALITY, exif.as_deref())
        .expect("a scene encodes, and EXIF fits a segment")
}

/// The turn that an orientation undoes.
fn inverse(orientation: Orientation) -> Orientation {
    match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        own_inverse => own_inverse,
    }
}
