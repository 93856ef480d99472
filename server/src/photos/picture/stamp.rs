//! The stamped copy (水印): the upright picture with a translucent band at its foot that says when, where, by
//! whom and for which record it was taken.
//!
//! A stamp is drawn whole or not at all: a character without a glyph is a failure, never a box. The band covers
//! at most a third of the picture; where it would cover more it is put below the picture instead.

use std::collections::BTreeSet;

use ab_glyph::{Font as _, FontVec, PxScaleFont, ScaleFont, point};
use image::{DynamicImage, Rgb, RgbImage, imageops};

use super::limits::STAMP_QUALITY;
use super::opened::encode_jpeg;
use super::stamp_text::Entry;
use super::{EncodeFailure, Font, Picture, StampText};

/// Narrowest stamped copy in pixels; a narrower picture is set on a wider ground so that the text fits.
const MIN_WIDTH_PX: u32 = 800;
/// Ems that the band's text is wide, and ems that a picture is high, at most: they set the size of the text.
const TEXT_WIDTH_EMS: u32 = 52;
const PICTURE_HEIGHT_EMS: u32 = 36;
/// The band covers at most one part in so many of the picture's height.
const MIN_PICTURE_PER_BAND: u32 = 3;

/// What the band leaves of the picture's brightness, of 256.
const BAND_KEEPS: u16 = 92;
const TEXT_COLOUR: Rgb<u8> = Rgb([255, 255, 255]);
const ACCENT_COLOUR: Rgb<u8> = Rgb([255, 205, 70]);
const TITLE: &str = "蓝天 · 现场检查";
const ELLIPSIS: char = '…';

/// Why no stamped copy was made.
#[derive(Debug, thiserror::Error)]
pub enum StampFailure {
    /// The font has no glyph for some characters of the text.
    #[error("the font has no glyphs for {0:?}")]
    MissingGlyphs(BTreeSet<char>),
    /// The copy could not be written.
    #[error(transparent)]
    Encode(#[from] EncodeFailure),
}

impl Picture {
    /// A JPEG of the whole upright picture with its stamp.
    ///
    /// # Errors
    /// [`StampFailure`]; the caller leaves the stamp pending.
    pub fn stamp(&self, text: &StampText<'_>, font: &Font) -> Result<Vec<u8>, StampFailure> {
        let stamped = draw_stamp(self.upright(), text, font)?;
        Ok(encode_jpeg(&DynamicImage::from(stamped), STAMP_QUALITY)?)
    }
}

/// Distances of the band in pixels, all from the size of the text.
struct Band {
    em: f32,
    margin: f32,
    heading_height: f32,
    row_height: f32,
    height_px: u32,
}

impl Band {
    /// For a picture of this size; three rows below the heading.
    fn of(width: u32, height: u32) -> Self {
        let smallest = MIN_WIDTH_PX / TEXT_WIDTH_EMS;
        let em = pixels((width / TEXT_WIDTH_EMS).min(height / PICTURE_HEIGHT_EMS).max(smallest));
        let (margin, heading_height, row_height) = (em * 0.8, em * 1.9, em * 1.45);
        let height = 2.0 * margin + heading_height + 3.0 * row_height;
        Self {
            em,
            margin,
            heading_height,
            row_height,
            height_px: u32::try_from(truncated(height)).unwrap_or(0),
        }
    }
}

fn draw_stamp(upright: &DynamicImage, text: &StampText<'_>, font: &Font) -> Result<RgbImage, StampFailure> {
    let heading = text.heading();
    let (left, right) = (text.place_entries(), text.record_entries());
    let shown = left.iter().chain(&right).flat_map(|entry| [entry.label, entry.text.as_str()]);
    let shown: String = shown.chain([TITLE, heading.as_str()]).chain(["…"]).collect();
    let missing = font.missing(&shown);
    if !missing.is_empty() {
        return Err(StampFailure::MissingGlyphs(missing));
    }

    let (mut canvas, band) = canvas(upright);
    let top_px = canvas.height() - band.height_px;
    for row in canvas.rows_mut().skip(usize::try_from(top_px).unwrap_or(usize::MAX)) {
        for Rgb(channels) in row {
            *channels = channels.map(|channel| scaled(channel, BAND_KEEPS));
        }
    }

    let top = pixels(top_px) + band.margin;
    let bar = Rect {
        left: band.margin,
        top,
        width: band.em * 0.2,
        height: pixels(band.height_px) - 2.0 * band.margin,
    };
    bar.fill(&mut canvas);
    let mut pen = Pen { canvas: &mut canvas, face: font.face() };

    let start = band.margin * 1.8;
    let width = pixels(pen.canvas.width()).min(band.em * pixels(TEXT_WIDTH_EMS)) - start - band.margin;
    pen.write(&heading, start, top + band.heading_height * 0.7, band.em * 1.6, TEXT_COLOUR);
    let title_size = band.em * 1.1;
    let title_left = pixels(pen.canvas.width()) - band.margin - pen.width(TITLE, title_size);
    pen.write(TITLE, title_left, top + band.heading_height * 0.7, title_size, ACCENT_COLOUR);

    let gap = band.em * 1.5;
    let right_width = width * 0.42;
    let left_width = width - right_width - gap;
    let first_row = top + band.heading_height + band.row_height * 0.75;
    pen.column(&left, start, first_row, left_width, &band);
    pen.column(&right, start + left_width + gap, first_row, right_width, &band);
    Ok(canvas)
}

/// The picture on a ground that is wide enough for the text, and longer by the band where the band would cover
/// too much.
fn canvas(upright: &DynamicImage) -> (RgbImage, Band) {
    let (width, height) = (upright.width().max(MIN_WIDTH_PX), upright.height());
    let band = Band::of(width, height);
    let below = band.height_px * MIN_PICTURE_PER_BAND > height;
    if !below && width == upright.width() {
        return (upright.to_rgb8(), band);
    }
    let mut canvas = RgbImage::new(width, if below { height + band.height_px } else { height });
    imageops::replace(&mut canvas, &upright.to_rgb8(), i64::from((width - upright.width()) / 2), 0);
    (canvas, band)
}

struct Rect {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Rect {
    fn fill(&self, canvas: &mut RgbImage) {
        let span = |from: f32, length: f32| truncated(from)..truncated(from + length);
        for y in span(self.top, self.height) {
            for x in span(self.left, self.width) {
                blend(canvas, x, y, ACCENT_COLOUR, 1.0);
            }
        }
    }
}

/// Writes text onto a canvas. Sizes are pixels per em, positions the baseline's start.
struct Pen<'a> {
    canvas: &'a mut RgbImage,
    face: &'a FontVec,
}

impl Pen<'_> {
    fn scaled(&self, size: f32) -> PxScaleFont<&FontVec> {
        // The font's scale counts its line height, not its em.
        let per_em = self.face.units_per_em().map_or(1.0, |units| self.face.height_unscaled() / units);
        self.face.as_scaled(size * per_em)
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        let font = self.scaled(size);
        text.chars().map(|c| font.h_advance(font.glyph_id(c))).sum()
    }

    fn write(&mut self, text: &str, left: f32, baseline: f32, size: f32, colour: Rgb<u8>) {
        let mut x = left;
        for c in text.chars() {
            let font = self.scaled(size);
            let glyph = font.glyph_id(c).with_scale_and_position(font.scale(), point(x, baseline));
            x += font.h_advance(glyph.id);
            if let Some(outline) = self.face.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                let (left, top) = (truncated(corner.x), truncated(corner.y));
                outline.draw(|x, y, cover| {
                    blend(self.canvas, left + i64::from(x), top + i64::from(y), colour, cover)
                });
            }
        }
    }

    /// Labelled entries one below the other; the last one may take the rows that are left of three.
    fn column(&mut self, entries: &[Entry], left: f32, first_row: f32, width: f32, band: &Band) {
        let indent = band.em * 2.6;
        let mut baseline = first_row;
        for (entry, rows_after) in entries.iter().zip((0..entries.len()).rev()) {
            self.write(entry.label, left, baseline, band.em, ACCENT_COLOUR);
            let rows = if rows_after == 0 { 1 + 3usize.saturating_sub(entries.len()) } else { 1 };
            for line in self.lines(&entry.text, width - indent, band.em, rows) {
                self.write(&line, left + indent, baseline, band.em, TEXT_COLOUR);
                baseline += band.row_height;
            }
        }
    }

    /// Breaks a text into at most so many lines; what does not fit ends in an ellipsis.
    fn lines(&self, text: &str, width: f32, size: f32, most: usize) -> Vec<String> {
        let font = self.scaled(size);
        let advance = |c| font.h_advance(font.glyph_id(c));
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut used = 0.0;
        for c in text.chars() {
            if used + advance(c) > width {
                if lines.len() + 1 == most {
                    while used + advance(ELLIPSIS) > width
                        && let Some(last) = line.pop()
                    {
                        used -= advance(last);
                    }
                    line.push(ELLIPSIS);
                    break;
                }
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            used += advance(c);
            line.push(c);
        }
        lines.push(line);
        lines
    }
}

/// Lays a colour over a pixel by its cover, 0 to 1; outside the canvas nothing happens.
fn blend(canvas: &mut RgbImage, x: i64, y: i64, colour: Rgb<u8>, cover: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    let Some(Rgb(channels)) = canvas.get_pixel_mut_checked(x, y) else { return };
    let cover = u16::try_from(truncated(cover * 256.0)).unwrap_or(0).min(256);
    for (channel, ink) in channels.iter_mut().zip(colour.0) {
        *channel = scaled(*channel, 256 - cover).saturating_add(scaled(ink, cover));
    }
}

/// A channel times `parts` of 256.
fn scaled(channel: u8, parts: u16) -> u8 {
    u8::try_from(u32::from(channel) * u32::from(parts) / 256).unwrap_or(u8::MAX)
}

/// Pixels as the measure of drawing; no picture or band is longer than 65,535.
fn pixels(count: u32) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[expect(
    clippy::as_conversions,
    reason = "std has no other conversion from float to integer; `as` saturates"
)]
fn truncated(value: f32) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests;
