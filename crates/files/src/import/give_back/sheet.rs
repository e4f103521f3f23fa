//! xlsx: every part of the package is copied as it is, but for the sheet, which is copied event by event with a cell more
//! in the rows that have a reason.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use quick_xml::events::{BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::reason_of;
use crate::FileError;
use crate::import::reader::Layout;
use crate::xlsx::cell_name;

pub(super) fn write(
    layout: &Layout,
    reasons: &BTreeMap<u64, String>,
    target: &Path,
) -> Result<(), FileError> {
    let mut package = ZipArchive::new(BufReader::new(File::open(&layout.path)?)).map_err(wrong)?;
    let part = sheet_part(&mut package, &layout.sheet)?;
    let mut copy = ZipWriter::new(BufWriter::new(File::create(target)?));
    for index in 0..package.len() {
        let raw = package.by_index_raw(index).map_err(wrong)?;
        if raw.name().map_err(wrong)? != part.as_str() {
            copy.raw_copy_file(raw).map_err(wrong)?;
            continue;
        }
        drop(raw);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true);
        copy.start_file(&part, options).map_err(wrong)?;
        let source = BufReader::new(package.by_index(index).map_err(wrong)?);
        Annotation {
            layout,
            reasons,
            row: 0,
            column: 0,
            is_told: true,
        }
        .copy(source, &mut copy)?;
    }
    copy.finish().map_err(wrong)?.flush()?;
    Ok(())
}

fn wrong(error: impl std::fmt::Display) -> FileError {
    FileError::Spreadsheet(error.to_string())
}

/// The name of the sheet's part in the package: the workbook names a relation, the relation a part.
fn sheet_part<R: Read + Seek>(
    package: &mut ZipArchive<R>,
    sheet: &str,
) -> Result<String, FileError> {
    let mut relation = None;
    each_element(package, "xl/workbook.xml", |element| {
        if element.local_name().as_ref() == "sheet"
            && attribute(element, "name").as_deref() == Some(sheet)
        {
            relation = attribute(element, "r:id");
        }
    })?;
    let mut part = None;
    each_element(package, "xl/_rels/workbook.xml.rels", |element| {
        if relation.is_some() && attribute(element, "Id") == relation {
            part = attribute(element, "Target");
        }
    })?;
    let part = part.ok_or_else(|| FileError::NoSheet(sheet.to_owned()))?;
    Ok(part
        .strip_prefix('/')
        .map_or_else(|| format!("xl/{part}"), ToOwned::to_owned))
}

fn each_element<R: Read + Seek>(
    package: &mut ZipArchive<R>,
    part: &str,
    mut each: impl FnMut(&BytesStart<'_>),
) -> Result<(), FileError> {
    let mut reader = Reader::from_reader(BufReader::new(package.by_name(part).map_err(wrong)?));
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(wrong)? {
            Event::Start(element) | Event::Empty(element) => each(&element),
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// A sheet that is being copied.
struct Annotation<'a> {
    layout: &'a Layout,
    reasons: &'a BTreeMap<u64, String>,
    /// The row that is open, from 1.
    row: u64,
    /// The column of the next cell, where it does not name itself.
    column: usize,
    /// Whether the row's reason is written, or it has none.
    is_told: bool,
}

impl Annotation<'_> {
    fn copy(mut self, source: impl BufRead, target: &mut impl Write) -> Result<(), FileError> {
        let mut reader = Reader::from_reader(source);
        let mut writer = Writer::new(target);
        let mut buffer = Vec::new();
        loop {
            let event = reader.read_event_into(&mut buffer).map_err(wrong)?;
            match event {
                Event::Eof => return Ok(()),
                // It may be wrong with a column more, and nobody needs it.
                Event::Empty(element) if is(&element, "dimension") => {}
                Event::Start(element) if is(&element, "row") => {
                    self.open(&element);
                    writer.write_event(Event::Start(without_spans(&element)))?;
                }
                Event::Start(element) if is(&element, "c") => {
                    let column = self.column_of(&element);
                    self.tell_before(Some(column), &mut writer)?;
                    if self.is_reason(column) {
                        let mut inner = Vec::new();
                        let end = element.to_end().into_owned();
                        reader
                            .read_to_end_into(end.name(), &mut inner)
                            .map_err(wrong)?;
                    } else {
                        writer.write_event(Event::Start(element))?;
                    }
                }
                Event::Empty(element) if is(&element, "c") => {
                    let column = self.column_of(&element);
                    self.tell_before(Some(column), &mut writer)?;
                    if !self.is_reason(column) {
                        writer.write_event(Event::Empty(element))?;
                    }
                }
                Event::End(element) if element.local_name().as_ref() == "row" => {
                    self.tell_before(None, &mut writer)?;
                    writer.write_event(Event::End(element))?;
                }
                Event::Empty(element) if is(&element, "row") => {
                    self.open(&element);
                    writer.write_event(Event::Empty(element))?;
                }
                other => writer.write_event(other)?,
            }
            buffer.clear();
        }
    }

    fn open(&mut self, row: &BytesStart<'_>) {
        let told = attribute(row, "r").and_then(|number| number.parse().ok());
        self.row = told.unwrap_or(self.row + 1);
        self.column = 0;
        self.is_told = reason_of(self.layout, self.reasons, self.row).is_none();
    }

    /// A cell's column: it names itself, or stands behind the one before it.
    fn column_of(&mut self, cell: &BytesStart<'_>) -> usize {
        let column = attribute(cell, "r")
            .and_then(|name| column_of(&name))
            .unwrap_or(self.column);
        self.column = column + 1;
        column
    }

    /// A cell of an earlier time's reasons; those of title rows are no reasons.
    fn is_reason(&self, column: usize) -> bool {
        self.row >= self.layout.header_row && column == self.layout.reason_column
    }

    /// Writes the row's reason unless cells before it are still to come. `None` stands for the row's end.
    fn tell_before(
        &mut self,
        column: Option<usize>,
        writer: &mut Writer<&mut impl Write>,
    ) -> Result<(), FileError> {
        if self.is_told || column.is_some_and(|column| column < self.layout.reason_column) {
            return Ok(());
        }
        self.is_told = true;
        let reason = reason_of(self.layout, self.reasons, self.row).unwrap_or_default();
        let name = cell_name(
            self.layout.reason_column,
            u32::try_from(self.row).unwrap_or(u32::MAX),
        );
        let cell = writer
            .create_element("c")
            .with_attributes([("r", name.as_str()), ("t", "inlineStr")]);
        cell.write_inner_content(|writer| {
            writer.create_element("is").write_inner_content(|writer| {
                writer
                    .create_element("t")
                    .with_attribute(("xml:space", "preserve"))
                    .write_text_content(BytesText::new(&printable(reason)))?;
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    }
}

fn is(element: &BytesStart<'_>, name: &str) -> bool {
    element.local_name().as_ref() == name
}

/// XML has no place for most control characters.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

/// The row without its optional hint of the columns it spans, which may be wrong with a column more.
fn without_spans(row: &BytesStart<'_>) -> BytesStart<'static> {
    let mut kept = BytesStart::new(row.name().as_ref().to_owned());
    for attribute in row.attributes().flatten() {
        if attribute.key.as_ref() != "spans" {
            kept.push_attribute(attribute);
        }
    }
    kept
}

/// The column of a cell's name such as `AB12`, from 0.
fn column_of(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_uppercase);
    let number = letters.fold(0_usize, |number, letter| {
        number * 26 + usize::from(letter - b'A') + 1
    });
    number.checked_sub(1)
}
