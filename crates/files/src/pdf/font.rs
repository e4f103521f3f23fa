//! The font that PDFs embed, and the widths of its characters.

use std::sync::LazyLock;

use krilla::text::{Font, GlyphId};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

/// A subset of Noto Sans CJK SC under the Open Font License; `font/subset.py` says which and made it.
const BYTES: &[u8] = include_bytes!("../../font/NotoSansCJKsc-Subset.otf");
/// Stands for a character that the font does not have (GB/T 15834 has no sign for it; printers use the geta mark).
const UNKNOWN: char = '〓';

/// The font.
pub(super) struct Face {
    reference: FontRef<'static>,
    /// For the PDF.
    pub(super) font: Font,
    unknown: Glyph,
    /// Widths of ASCII, which is most of a table.
    ascii: [Glyph; 128],
}

/// A character's glyph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    /// Its number in the font.
    pub(super) id: GlyphId,
    /// Its width, in thousandths of the em.
    pub(super) advance: i32,
    /// Whether it stands for a character that the font lacks.
    pub(super) is_unknown: bool,
}

static FACE: LazyLock<Face> = LazyLock::new(|| {
    let reference = FontRef::new(BYTES).expect("the font is part of the program");
    let font = Font::new(BYTES.into(), 0).expect("the font is part of the program");
    let unknown = lookup(&reference, UNKNOWN).map_or(
        Glyph {
            id: GlyphId::new(0),
            advance: 1_000,
            is_unknown: true,
        },
        |glyph| Glyph {
            is_unknown: true,
            ..glyph
        },
    );
    let ascii = std::array::from_fn(|code| {
        let character = u8::try_from(code).map_or(UNKNOWN, char::from);
        lookup(&reference, character).unwrap_or(unknown)
    });
    Face {
        reference,
        font,
        unknown,
        ascii,
    }
});

/// The font of all PDFs.
pub(super) fn face() -> &'static Face {
    &FACE
}

impl Face {
    /// A character's glyph, or the sign for one that the font lacks.
    pub(super) fn glyph(&self, character: char) -> Glyph {
        let known = usize::try_from(u32::from(character))
            .ok()
            .and_then(|code| self.ascii.get(code));
        known
            .copied()
            .or_else(|| lookup(&self.reference, character))
            .unwrap_or(self.unknown)
    }

    /// The width of a text, in the unit of `size`.
    pub(super) fn width(&self, text: &str, size: i32) -> i32 {
        let advances: i64 = text
            .chars()
            .map(|character| i64::from(self.glyph(character).advance))
            .sum();
        i32::try_from(advances * i64::from(size) / 1_000).unwrap_or(i32::MAX)
    }
}

fn lookup(reference: &FontRef<'_>, character: char) -> Option<Glyph> {
    let id = reference.charmap().map(character)?;
    // The font has 1,000 units an em, so its widths are whole numbers.
    let metrics = reference.glyph_metrics(Size::unscaled(), LocationRef::default());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a glyph is a few thousand units wide at most"
    )]
    let advance = metrics.advance_width(id)? as i32;
    Some(Glyph {
        id: GlyphId::new(id.to_u32()),
        advance,
        is_unknown: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_an_em_wide_and_digits_are_equally_wide() {
        let face = face();
        assert_eq!(face.width("妈妈岗", 9_000), 27_000);
        let widths: Vec<i32> = ('0'..='9').map(|digit| face.glyph(digit).advance).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
    }

    #[test]
    fn rare_characters_of_names_and_traditional_ones_are_there() {
        for character in "䶮𬘓镕堃喆昇淼闫·（）〔〕〇臺灣陳黃嘉靜①".chars() {
            assert!(!face().glyph(character).is_unknown, "{character}");
        }
    }

    #[test]
    fn a_character_that_the_font_lacks_is_told() {
        assert!(face().glyph('😀').is_unknown);
        assert!(face().glyph('\n').is_unknown);
    }
}
