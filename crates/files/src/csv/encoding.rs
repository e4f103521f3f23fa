//! Which encoding a file has, and its text as UTF-8.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::FileError;

/// Bytes that are read or decoded at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// How text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without BOM.
    Utf8,
    /// UTF-16, little end first, by its BOM: what some spreadsheet programs save as "Unicode text".
    Utf16Le,
    /// UTF-16, big end first, by its BOM.
    Utf16Be,
    /// GB 18030, which holds GBK and GB 2312.
    Gb18030,
}

impl Encoding {
    const fn library(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gb18030 => GB18030,
        }
    }
}

/// Finds the encoding by BOM, then by whether the whole text is UTF-8, then by whether it is GB 18030. Reads the source
/// to its end at most twice in chunks, and leaves it at its start.
///
/// The whole is looked at and not its beginning: the first Chinese name may stand in the last row.
pub fn detect(source: &mut (impl Read + Seek)) -> Result<Encoding, FileError> {
    source.seek(SeekFrom::Start(0))?;
    let mut start = [0_u8; 3];
    let length = read_full(source, &mut start)?;
    source.seek(SeekFrom::Start(0))?;
    match &start[..length] {
        [0xEF, 0xBB, 0xBF] => return Ok(Encoding::Utf8),
        [0xFF, 0xFE, ..] => return Ok(Encoding::Utf16Le),
        [0xFE, 0xFF, ..] => return Ok(Encoding::Utf16Be),
        _ => {}
    }
    for encoding in [Encoding::Utf8, Encoding::Gb18030] {
        let is_it = is_all(encoding, source)?;
        source.seek(SeekFrom::Start(0))?;
        if is_it {
            return Ok(encoding);
        }
    }
    Err(FileError::Encoding)
}

fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..])? {
            0 => break,
            length => filled += length,
        }
    }
    Ok(filled)
}

fn is_all(encoding: Encoding, source: &mut impl Read) -> Result<bool, FileError> {
    match io::copy(&mut Decoded::new(encoding, source), &mut io::sink()) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The text of a source as UTF-8, without its BOM. A byte that is wrong in the encoding is an error of the kind
/// `InvalidData`, never a replacement character.
pub struct Decoded<R> {
    source: R,
    decoder: Decoder,
    input: Vec<u8>,
    input_at: usize,
    is_ended: bool,
    output: Vec<u8>,
    output_at: usize,
    is_finished: bool,
}

impl<R: Read> Decoded<R> {
    /// Decodes the source.
    pub fn new(encoding: Encoding, source: R) -> Self {
        Self {
            source,
            decoder: encoding.library().new_decoder_with_bom_removal(),
            input: Vec::new(),
            input_at: 0,
            is_ended: false,
            output: Vec::new(),
            output_at: 0,
            is_finished: false,
        }
    }

    /// Decodes until there is output or the end.
    fn fill(&mut self) -> io::Result<()> {
        while self.output_at == self.output.len() && !self.is_finished {
            if self.input_at == self.input.len() && !self.is_ended {
                self.input.resize(CHUNK_BYTES, 0);
                let length = self.source.read(&mut self.input)?;
                self.input.truncate(length);
                self.input_at = 0;
                self.is_ended = length == 0;
            }
            self.output.resize(CHUNK_BYTES, 0);
            self.output_at = 0;
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.input[self.input_at..],
                &mut self.output,
                self.is_ended,
            );
            self.output.truncate(written);
            self.input_at += read;
            match result {
                DecoderResult::InputEmpty => self.is_finished = self.is_ended,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let available = &self.output[self.output_at..];
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.output_at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// 王小·明, with a character outside the basic plane.
    const TEXT: &str = "姓名,号码\r\n王小·明𠮷,1\r\n";

    fn decoded(bytes: &[u8]) -> Result<(Encoding, String), FileError> {
        let mut source = Cursor::new(bytes);
        let encoding = detect(&mut source)?;
        let mut text = String::new();
        Decoded::new(encoding, source).read_to_string(&mut text)?;
        Ok((encoding, text))
    }

    #[test]
    fn utf_8_is_read_with_and_without_bom() {
        let with_bom = [b"\xef\xbb\xbf".as_slice(), TEXT.as_bytes()].concat();
        for bytes in [with_bom.as_slice(), TEXT.as_bytes()] {
            assert_eq!(decoded(bytes).unwrap(), (Encoding::Utf8, TEXT.to_owned()));
        }
    }

    #[test]
    fn gb_18030_is_read_where_the_text_is_no_utf_8() {
        let (bytes, _, is_lossy) = GB18030.encode(TEXT);
        assert!(!is_lossy);
        assert_eq!(
            decoded(&bytes).unwrap(),
            (Encoding::Gb18030, TEXT.to_owned())
        );
    }

    #[test]
    fn the_first_chinese_character_may_stand_behind_a_megabyte() {
        let text = format!("{}王", "1,2\r\n".repeat(250_000));
        let (bytes, _, _) = GB18030.encode(&text);
        assert_eq!(decoded(&bytes).unwrap(), (Encoding::Gb18030, text));
    }

    #[test]
    fn utf_16_is_read_by_its_bom() {
        let units: Vec<u16> = std::iter::once(0xFEFF).chain(TEXT.encode_utf16()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(
            decoded(&little).unwrap(),
            (Encoding::Utf16Le, TEXT.to_owned())
        );
        assert_eq!(decoded(&big).unwrap(), (Encoding::Utf16Be, TEXT.to_owned()));
    }

    #[test]
    fn bytes_that_are_neither_are_refused_and_never_replaced() {
        assert!(matches!(decoded(b"a\xff\xff"), Err(FileError::Encoding)));
        assert!(matches!(
            decoded(b"\xef\xbb\xbfa\xff"),
            Err(FileError::Io(_))
        ));
    }

    #[test]
    fn an_empty_file_is_empty_utf_8() {
        assert_eq!(decoded(b"").unwrap(), (Encoding::Utf8, String::new()));
    }
}
