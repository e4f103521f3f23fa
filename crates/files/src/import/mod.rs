//! Files of facts and of steps: what a kind's columns are, the templates that people fill in, reading them back in whatever shape
//! they come, and giving the wrong rows back in the same file.

mod cell;
mod give_back;
mod header;
mod kind;
mod kinds;
mod reader;
mod steps;

pub use cell::Filled;
pub use give_back::{GivenBack, give_back};
pub use header::HeaderError;
pub use kind::{Choice, Field, Form, Kind};
pub use kinds::{KINDS, of_name};
pub use reader::{Fault, Import, ImportError, Layout, Options, Record, Row};
pub use steps::STEPS;

/// The header of the column with what is wrong in a row; ignored when the file comes again.
pub const REASON_HEADER: &str = "错误原因";
