//! Policy text into typed, checked and dated parameters with their sources.
//!
//! The files of `policies/` are compiled into the binary. The build script runs the same lint as
//! [`load_embedded`] and fails the build on a problem, so an embedded edition always loads; a
//! folder given at run time ([`load_dir`]) may not, and then every problem is reported at once.
//!
//! A decision reads the [`PolicyBook`](mamagang_domain::policy::PolicyBook) of [`Policies`]; the
//! parameters themselves serve lists, reports and answers about the law.

mod book;
mod book_measures;
mod canonical;
mod diff;
mod embedded;
mod index;
pub mod law_cases;
mod limits;
mod lint;
mod load;
mod names;
mod parameter;
mod policies;
mod problem;
mod raw;
mod report;
mod version;

pub use diff::{Aspect, Change, ChangedCase, Shown, changed_cases, diff, diff_report};
pub use index::{Base, Index, Level, Scope};
pub use lint::lint;
pub use load::Catalogue;
pub use parameter::{Bound, Limit, LimitKind, Parameter, ParameterValue, Unit, Value};
pub use policies::{OpenPoint, Policies, load_dir, load_embedded};
pub use problem::{PolicyProblem, ProblemKind};
pub use report::{Language, report};
