//! Files that people open: spreadsheets, CSV, PDF, check codes and charts.
//!
//! Synchronous and free of the service: it knows rows, columns and shapes, and the domain's dates, months and money.
//! Who may see what is in a table is decided before it comes here. The same table gives the same bytes.
//!
//! ```
//! use mamagang_domain::money::Fen;
//! use mamagang_files::pdf::{About, Paper, Pdf};
//! use mamagang_files::table::{Column, Table, Value};
//! use mamagang_files::xlsx::Book;
//!
//! let columns = [Column::id("统一社会信用代码").required(), Column::money("本期实际抵减税额")];
//! let mut table = Table::new("减免税申报明细表", columns);
//! table.push([Value::text("91442000MAQQ000161"), Value::Money(Fen::new(650_000))]);
//! table.total([Value::text("合计"), Value::Money(Fen::new(650_000))]);
//!
//! let xlsx: Vec<u8> = Book::new("示例").sheet(&table)?.finish()?;
//! let csv: Vec<u8> = mamagang_files::csv::write(&table)?;
//! let mut pdf = Pdf::new(About::titled("示例"), Paper::A4);
//! pdf.heading("减免税申报明细表").table(&table);
//! let pdf: Vec<u8> = pdf.finish()?.bytes;
//! # assert!(xlsx.starts_with(b"PK") && csv.starts_with(b"\xef\xbb\xbf") && pdf.starts_with(b"%PDF"));
//! # Ok::<(), mamagang_files::FileError>(())
//! ```

pub mod certificate;
pub mod chart;
pub mod csv;
mod error;
pub mod import;
pub mod pdf;
pub mod qr;
pub mod shape;
pub mod statement;
pub mod table;
pub mod xlsx;

pub use error::FileError;
