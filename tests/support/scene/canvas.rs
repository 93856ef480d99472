//! The drawing ground of a scene: spans of grained colour copied row by row, so that thousands of pictures are
//! drawn quickly even without optimisation, and soft puffs blended over them.

use image::RgbImage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{HEIGHT_PX, WIDTH_PX};

/// A colour: red, green, blue.
pub(super) type Colour = [u8; 3];
/// A corner of a polygon in pixels, right and down.
pub(super) type Corner = (f32, f32);

const WIDTH: usize = WIDTH_PX as usize;
const HEIGHT: usize = HEIGHT_PX as usize;
/// Pixels of grain beyond one row, so that every row starts at another place of it.
const GRAIN_SLACK: usize = 512;
const CHANNELS: usize = 3;

/// A colour with its grain, long enough to copy a row from at any start.
pub(super) struct Paint(Vec<u8>);

/// The picture being drawn. Everything outside it is cut off.
pub(super) struct Canvas {
    pixels: Vec<u8>,
    grain: Vec<i16>,
    /// Where the row's grain starts.
    starts: Vec<usize>,
}

impl Canvas {
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            pixels: vec![0; WIDTH * HEIGHT * CHANNELS],
            grain: (0..WIDTH + GRAIN_SLACK)
                .map(|_| rng.random_range(-64..=64) + rng.random_range(-64..=64))
                .collect(),
            starts: (0..HEIGHT).map(|_| rng.random_range(0..GRAIN_SLACK)).collect(),
        }
    }

    pub(super) fn into_image(self) -> RgbImage {
        RgbImage::from_raw(WIDTH_PX, HEIGHT_PX, self.pixels).expect("the buffer has the picture's size")
    }

    /// A colour whose brightness varies by up to `grain` steps.
    pub(super) fn paint(&self, colour: Colour, grain: i16) -> Paint {
        let shades = self.grain.iter().map(|noise| noise * grain / 128);
        Paint(shades.flat_map(|shade| colour.map(|c| (i16::from(c) + shade).clamp(0, 255) as u8)).collect())
    }

    fn span(&mut self, y: usize, from: f32, to: f32, paint: &Paint) {
        let limit = |x: f32| (x.round().max(0.0) as usize).min(WIDTH);
        let (from, to) = (limit(from), limit(to));
        if from < to && y < HEIGHT {
            let start = (self.starts[y] + from) * CHANNELS;
            let length = (to - from) * CHANNELS;
            let at = (y * WIDTH + from) * CHANNELS;
            self.pixels[at..at + length].copy_from_slice(&paint.0[start..start + length]);
        }
    }

    fn rows(top: f32, bottom: f32) -> std::ops::Range<usize> {
        let limit = |y: f32| (y.round().max(0.0) as usize).min(HEIGHT);
        limit(top)..limit(bottom)
    }

    /// A rectangle between two corners.
    pub(super) fn rect(&mut self, (left, top): Corner, (right, bottom): Corner, paint: &Paint) {
        for y in Self::rows(top, bottom) {
            self.span(y, left, right, paint);
        }
    }

    /// An ellipse by its middle and its half axes.
    pub(super) fn ellipse(&mut self, (x, y): Corner, (across, down): Corner, paint: &Paint) {
        for row in Self::rows(y - down, y + down) {
            let height = (row as f32 + 0.5 - y) / down;
            let half = across * (1.0 - height * height).max(0.0).sqrt();
            self.span(row, x - half, x + half, paint);
        }
    }

    /// A closed polygon, filled by the even-odd rule.
    pub(super) fn polygon(&mut self, corners: &[Corner], paint: &Paint) {
        let top = corners.iter().map(|corner| corner.1).fold(f32::MAX, f32::min);
        let bottom = corners.iter().map(|corner| corner.1).fold(f32::MIN, f32::max);
        let mut crossings = Vec::new();
        for row in Self::rows(top, bottom) {
            let y = row as f32 + 0.5;
            crossings.clear();
            for (a, b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
                if (a.1 <= y) != (b.1 <= y) {
                    crossings.push(a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                self.span(row, pair[0], pair[1], paint);
            }
        }
    }

    /// A straight line of some thickness.
    pub(super) fn line(&mut self, from: Corner, to: Corner, thick: f32, paint: &Paint) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let (nx, ny) = (-dy / length * thick / 2.0, dx / length * thick / 2.0);
        let corners = [
            (from.0 + nx, from.1 + ny),
            (to.0 + nx, to.1 + ny),
            (to.0 - nx, to.1 - ny),
            (from.0 - nx, from.1 - ny),
        ];
        self.polygon(&corners, paint);
    }

    /// A downward gradient over the rows from `top` to `bottom`, across the whole picture.
    pub(super) fn gradient(&mut self, top: f32, bottom: f32, upper: Colour, lower: Colour, grain: i16) {
        const ROWS_PER_SHADE: usize = 8;
        let rows = Self::rows(top, bottom);
        for row in rows.clone().step_by(ROWS_PER_SHADE) {
            let share = (row - rows.start) as f32 / rows.len() as f32;
            let paint = self.paint(mix(upper, lower, share), grain);
            for y in row..(row + ROWS_PER_SHADE).min(rows.end) {
                self.span(y, 0.0, WIDTH as f32, &paint);
            }
        }
    }

    /// A soft round cloud: thickest in the middle (`density` of 256), nothing at its edge. The one loop over
    /// pixels here, so it is written without iterators, which cost a call each where little is optimised.
    pub(super) fn puff(&mut self, (x, y): Corner, radius: f32, colour: Colour, density: i32) {
        let reach = (radius * radius) as i32;
        // Nearness to the middle is counted in parts of 64, by a multiplication for every pixel.
        let per_reach = (64 << 16) / reach;
        let (middle_x, middle_y) = (x as i32, y as i32);
        let [red, green, blue] = colour.map(i32::from);
        for row in Self::rows(y - radius, y + radius) {
            let dy = row as i32 - middle_y;
            let half = f32::max((reach - dy * dy) as f32, 0.0).sqrt() as i32;
            let (from, to) = ((middle_x - half).max(0), (middle_x + half).min(WIDTH as i32));
            if from >= to {
                continue;
            }
            let at = (row * WIDTH + from as usize) * CHANNELS;
            let row = &mut self.pixels[at..at + (to - from) as usize * CHANNELS];
            let (mut x, mut at) = (from - middle_x, 0);
            while at + 2 < row.len() {
                let near = ((reach - dy * dy - x * x) * per_reach) >> 16;
                let cover = (near * near * density) >> 12;
                let (r, g, b) = (i32::from(row[at]), i32::from(row[at + 1]), i32::from(row[at + 2]));
                row[at] = (r + (((red - r) * cover) >> 8)) as u8;
                row[at + 1] = (g + (((green - g) * cover) >> 8)) as u8;
                row[at + 2] = (b + (((blue - b) * cover) >> 8)) as u8;
                (x, at) = (x + 1, at + CHANNELS);
            }
        }
    }
}

/// A colour between two, `share` of the way from the first.
pub(super) fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    std::array::from_fn(|i| (f32::from(from[i]) + (f32::from(to[i]) - f32::from(from[i])) * share) as u8)
}

/// A colour with its brightness scaled.
pub(super) fn shade(colour: Colour, by: f32) -> Colour {
    colour.map(|c| (f32::from(c) * by) as u8)
}
