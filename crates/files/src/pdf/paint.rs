//! From shapes to PDF.

use std::collections::BTreeSet;

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::text::KrillaGlyph;
use krilla::{Document, SerializeSettings};

use super::font::face;
use super::page::Paper;
use super::{About, Finished};
use crate::FileError;
use crate::shape::{Anchor, Ink, Shape};

/// Writes the pages. Nothing in the file depends on when or where it was written.
pub(super) fn paint(
    about: &About,
    paper: Paper,
    pages: &[Vec<Shape>],
) -> Result<Finished, FileError> {
    let mut document = Document::new_with(SerializeSettings::default());
    document.set_metadata(
        Metadata::new()
            .title(about.title.clone())
            .language("zh-CN".to_owned())
            .creator("mamagang".to_owned()),
    );
    let (width, height) = paper.size();
    let settings = PageSettings::from_wh(points(width), points(height))
        .ok_or_else(|| FileError::Pdf("paper".to_owned()))?;
    let mut missing = BTreeSet::new();
    for shapes in pages {
        let mut page = document.start_page_with(settings.clone());
        let mut surface = page.surface();
        for shape in shapes {
            draw(&mut surface, shape, &mut missing);
        }
        surface.finish();
        page.finish();
    }
    let bytes = document
        .finish()
        .map_err(|error| FileError::Pdf(format!("{error:?}")))?;
    Ok(Finished {
        bytes,
        pages: pages.len(),
        missing,
    })
}

fn draw(surface: &mut Surface<'_>, shape: &Shape, missing: &mut BTreeSet<char>) {
    match shape {
        Shape::Rect {
            left,
            top,
            width,
            height,
            ink,
        } => {
            let rect =
                Rect::from_xywh(points(*left), points(*top), points(*width), points(*height));
            let path = rect.and_then(|rect| {
                let mut builder = PathBuilder::new();
                builder.push_rect(rect);
                builder.finish()
            });
            if let Some(path) = path {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(*ink)));
                surface.draw_path(&path);
            }
        }
        Shape::Line {
            from,
            to,
            width,
            ink,
        } => {
            let mut builder = PathBuilder::new();
            builder.move_to(points(from.0), points(from.1));
            builder.line_to(points(to.0), points(to.1));
            if let Some(path) = builder.finish() {
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke {
                    paint: color(*ink).into(),
                    width: points(*width),
                    ..Stroke::default()
                }));
                surface.draw_path(&path);
            }
        }
        Shape::Text {
            at,
            size,
            anchor,
            ink,
            text,
        } => {
            let width = face().width(text, *size);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - width / 2,
                Anchor::End => at.0 - width,
            };
            surface.set_stroke(None);
            surface.set_fill(Some(fill(*ink)));
            let glyphs = glyphs(text, missing);
            let start = Point::from_xy(points(left), points(at.1));
            surface.draw_glyphs(
                start,
                &glyphs,
                face().font.clone(),
                text,
                points(*size),
                false,
            );
        }
    }
}

fn glyphs(text: &str, missing: &mut BTreeSet<char>) -> Vec<KrillaGlyph> {
    let glyph_of = |(offset, character): (usize, char)| {
        let glyph = face().glyph(character);
        if glyph.is_unknown {
            missing.insert(character);
        }
        KrillaGlyph {
            glyph_id: glyph.id,
            text_range: offset..offset + character.len_utf8(),
            x_advance: points(glyph.advance),
            x_offset: 0.0,
            y_offset: 0.0,
            y_advance: 0.0,
            location: None,
        }
    };
    text.char_indices().map(glyph_of).collect()
}

fn fill(ink: Ink) -> Fill {
    Fill {
        paint: color(ink).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

fn color(Ink(red, green, blue): Ink) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

/// Thousandths as the library wants them.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "places on paper, not amounts; a page has under a million thousandths"
)]
fn points(thousandths: i32) -> f32 {
    thousandths as f32 / 1_000.0
}
