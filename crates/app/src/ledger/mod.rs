//! The ledger's use cases: postings, settlements, amendments, recomputations, balances, entries.

mod balance;
mod batch;
mod chain;
mod checkpoint;
mod command;
mod entries;
mod entry;
mod export;
mod late_claim;
mod months;
mod refusal;
mod schedule;
mod scope;
mod settle_job;
mod watch;
mod work_time;
mod writer;

pub use balance::{EmployerBalance, EmployerBalanceQuery};
pub use chain::{ChainHead, VerifiedChain};
pub use checkpoint::{ChainReport, CheckpointAnchors, CheckpointProblem, LedgerFault};
pub use command::{
    AmendDeduction, CodeAmount, CodedLine, LateOverDeduction, LedgerReply, PostDeduction,
    RecomputeYear, SettleYear,
};
pub use entries::{EntryPage, ListedEntry};
pub use export::BundleSummary;
pub use late_claim::LateClaimQuery;
pub use schedule::{CodedRow, ReliefScheduleQuery};
pub use settle_job::{JobProgress, YearSettlements};
pub(crate) use watch::Feed;
pub use watch::{EntryWatch, WatchQuery, Watched};
pub use work_time::{WorkTimePage, WorkTimeQuery, WorkTimeRow};
pub(crate) use writer::LedgerWriter;
