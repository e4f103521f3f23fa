//! Why a file could not be read or written.

/// Why a file could not be read or written. The message names the place, never what a cell holds.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading or writing failed below.
    #[error("the file cannot be read or written")]
    Io(#[from] std::io::Error),
    /// The bytes are no spreadsheet of the kind that the file's name promises.
    #[error("not a readable spreadsheet: {0}")]
    Spreadsheet(String),
    /// The spreadsheet has no sheet with the name, or none at all.
    #[error("no sheet {0}")]
    NoSheet(String),
    /// The text is neither UTF-8 nor GB 18030.
    #[error("neither UTF-8 nor GB 18030 text")]
    Encoding,
    /// The text is no CSV.
    #[error("not readable as CSV: {0}")]
    Csv(String),
    /// More than a limit allows.
    #[error("more than {max} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        max: u64,
    },
    /// A spreadsheet could not be written.
    #[error("the spreadsheet cannot be written: {0}")]
    Writing(String),
    /// A PDF could not be written.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
    /// Too long for a QR code.
    #[error("{0} bytes do not fit into a QR code")]
    QrTooLong(usize),
}

impl From<rust_xlsxwriter::XlsxError> for FileError {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        Self::Writing(error.to_string())
    }
}

impl From<::csv::Error> for FileError {
    fn from(error: ::csv::Error) -> Self {
        // The library's own text names the place; its kind may be an IO error below.
        match error.into_kind() {
            ::csv::ErrorKind::Io(error) => Self::Io(error),
            other => Self::Csv(format!("{other:?}")),
        }
    }
}
