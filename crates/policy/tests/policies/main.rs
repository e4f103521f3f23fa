//! The repository's policies and the checks that guard them.

mod diff;
mod edition;
mod law;
mod lint;
mod report;
mod version;
