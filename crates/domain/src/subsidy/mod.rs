//! Measures 3, 4, 5 and 7 of 中府函〔2022〕226号: the subsidies for insurance, posts and training
//! (fact: sections 1 and 6).

mod kind;

pub use kind::{ClaimedMonth, SubsidyKind};
