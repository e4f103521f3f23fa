//! The ledger's use cases: postings, settlements, amendments, recomputations, balances, entries.

mod balance;
mod batch;
mod chain;
mod command;
mod entries;
mod entry;
mod late_claim;
mod months;
mod schedule;
mod settle_job;
mod work_time;
mod writer;

pub use balance::{EmployerBalance, EmployerBalanceQuery};
pub use chain::{ChainHead, VerifiedChain};
pub use command::{
    AmendDeduction, CodeAmount, CodedLine, LedgerReply, PostDeduction, RecomputeYear, SettleYear,
};
pub use entries::{EntryPage, ListedEntry};
pub use late_claim::LateClaimQuery;
pub use schedule::{CodedRow, ReliefScheduleQuery};
pub use settle_job::{JobProgress, YearSettlements};
pub use work_time::{WorkTimePage, WorkTimeQuery, WorkTimeRow};
pub(crate) use writer::LedgerWriter;
