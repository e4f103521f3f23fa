//! The ledger's use cases: postings, settlements, amendments, recomputations, balances, entries.

mod balance;
mod batch;
mod command;
mod entries;
mod months;
mod writer;

pub use balance::{EmployerBalance, EmployerBalanceQuery};
pub use command::{
    AmendDeduction, CodeAmount, CodedLine, LedgerReply, PostDeduction, RecomputeYear, SettleYear,
};
pub use entries::{EntryPage, ListedEntry};
pub(crate) use writer::LedgerWriter;
