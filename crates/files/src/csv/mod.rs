//! CSV: out in UTF-8 with BOM and CRLF, as spreadsheet programs want Chinese text; in by BOM, then strict UTF-8, then
//! GB 18030.

mod encoding;
mod read;
mod write;

pub use encoding::{Decoded, Encoding, detect};
pub use read::{Reader, Record};
pub use write::{Writer, guarded, unguarded, write};
