//! The font that stamps are written with: a CJK font of the system, read once and kept by the caller.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ab_glyph::{Font as _, FontVec, GlyphId};

/// Where well-known Chinese fonts lie, with the face's number inside a collection.
const KNOWN_FONTS: [(&str, u32); 8] = [
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", 2),
    ("/System/Library/Fonts/Hiragino Sans GB.ttc", 0),
    ("C:\\Windows\\Fonts\\msyh.ttc", 0),
];

/// Characters a font must have to count as a Chinese one.
const PROBE: &str = "蓝天时间位置检查编号年月日0123456789";

/// A glyph for what the font lacks; every TrueType and OpenType font keeps it first.
const NOTDEF: GlyphId = GlyphId(0);

/// A loaded font with Chinese glyphs.
#[derive(Debug)]
pub struct Font {
    face: FontVec,
}

/// No usable Chinese font: the stamp stays pending until one is installed or configured.
#[derive(Debug, thiserror::Error)]
#[error("no font with Chinese glyphs among {searched:?}")]
pub struct NoFont {
    /// The files looked for, in order.
    pub searched: Vec<PathBuf>,
}

impl Font {
    /// The configured font if it is usable, otherwise the first usable one of the well-known places.
    ///
    /// # Errors
    /// [`NoFont`] when no file is there, none is a font, or none has Chinese glyphs.
    pub fn find(configured: Option<&Path>) -> Result<Self, NoFont> {
        Self::first_of(
            configured
                .map(|path| (path, 0))
                .into_iter()
                .chain(KNOWN_FONTS.iter().map(|(path, face)| (Path::new(path), *face))),
        )
    }

    fn first_of<'a>(candidates: impl Iterator<Item = (&'a Path, u32)>) -> Result<Self, NoFont> {
        let mut searched = Vec::new();
        for (path, face) in candidates {
            if let Some(font) = Self::load(path, face) {
                return Ok(font);
            }
            searched.push(path.to_owned());
        }
        Err(NoFont { searched })
    }

    fn load(path: &Path, face: u32) -> Option<Self> {
        let font = Self { face: FontVec::try_from_vec_and_index(std::fs::read(path).ok()?, face).ok()? };
        font.missing(PROBE).is_empty().then_some(font)
    }

    /// The characters of a text that the font has no glyph for: they would come out as boxes.
    pub fn missing(&self, text: &str) -> BTreeSet<char> {
        text.chars().filter(|c| self.face.glyph_id(*c) == NOTDEF).collect()
    }

    pub(super) fn face(&self) -> &FontVec {
        &self.face
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_of(paths: &[&Path]) -> Result<Font, NoFont> {
        Font::first_of(paths.iter().map(|path| (*path, 0)))
    }

    #[test]
    fn the_system_has_a_chinese_font() {
        let font = Font::find(None).expect("install fonts-wqy-microhei");
        assert!(font.missing("焦作市马村区九里山街道，扬尘治理。±8米 35.2648°").is_empty());
    }

    #[test]
    fn a_wrong_configured_font_gives_way_to_a_known_one() {
        assert!(Font::find(Some(Path::new("/nonexistent.ttf"))).is_ok());
    }

    #[test]
    fn a_file_that_is_absent_or_no_font_is_not_used_and_is_named() {
        let absent = Path::new("/nonexistent.ttf");
        let no_font = Path::new(env!("CARGO_MANIFEST_PATH"));
        let refused = first_of(&[absent, no_font]).unwrap_err();
        assert_eq!(refused.searched, [absent, no_font]);
    }

    #[test]
    fn characters_without_a_glyph_are_found() {
        let font = Font::find(None).unwrap();
        assert_eq!(font.missing("工地😀A\u{10FFFF}"), BTreeSet::from(['😀', '\u{10FFFF}']));
    }
}
