//! What can happen to a ledger, for random histories.

use proptest::prelude::*;
use proptest::sample::select;

use crate::city::{BAKERY, LAUNDRY, LI, WANG, ZHANG};

pub(crate) const EMPLOYERS: [&str; 2] = [BAKERY, LAUNDRY];
pub(crate) const WORKERS: [(&str, &str); 3] = [WANG, LI, ZHANG];
pub(crate) const YEARS: [i32; 2] = [2023, 2024];

/// The worker who comes from the unemployment register; the others were lifted from poverty. A
/// registration serves one hire, so this one is only ever hired by the first employer, in the first
/// month: which hire a registration serves is for the law cases.
pub(crate) const UNEMPLOYED: usize = 2;

/// One thing that happens. Months are counted from 2023-01.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A contract, or another one in its place.
    Hire {
        worker: usize,
        employer: usize,
        start: i32,
        lasts: Option<i32>,
    },
    /// The contract is taken back.
    Unhire {
        worker: usize,
        employer: usize,
    },
    /// Insured for some months.
    Insure {
        worker: usize,
        employer: usize,
        from: i32,
        count: i32,
    },
    /// An insurance month is taken back.
    Uninsure {
        worker: usize,
        employer: usize,
        month: i32,
    },
    Post {
        employer: usize,
        month: i32,
        vat_fen: i64,
        projected: bool,
    },
    Amend {
        employer: usize,
        month: i32,
        vat_fen: i64,
        /// Another release than the period was filed with.
        projected: Option<bool>,
    },
    Settle {
        employer: usize,
        year: usize,
        cit_fen: i64,
    },
    Recompute {
        employer: usize,
        year: usize,
    },
    /// The last call that wrote, again.
    Again,
}

fn any_amount() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(0), 4 => 0..150_000i64, 2 => 0..3_000_000i64]
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let who = || (0..WORKERS.len(), 0..EMPLOYERS.len());
    prop_oneof![
        4 => (who(), 0..20i32, proptest::option::weighted(0.4, 0..18i32)).prop_map(
            |((worker, employer), start, lasts)| match worker {
                UNEMPLOYED => Step::Hire { worker, employer: 0, start: 0, lasts },
                _ => Step::Hire { worker, employer, start, lasts },
            }
        ),
        1 => who().prop_map(|(worker, employer)| Step::Unhire { worker, employer }),
        6 => (who(), 0..24i32, 1..14i32).prop_map(
            |((worker, employer), from, count)| Step::Insure { worker, employer, from, count }
        ),
        2 => (who(), 0..24i32).prop_map(
            |((worker, employer), month)| Step::Uninsure { worker, employer, month }
        ),
        8 => (0..EMPLOYERS.len(), 0..24i32, any_amount(), any::<bool>()).prop_map(
            |(employer, month, vat_fen, projected)| Step::Post { employer, month, vat_fen, projected }
        ),
        5 => (0..EMPLOYERS.len(), 0..24i32, any_amount(), any::<Option<bool>>()).prop_map(
            |(employer, month, vat_fen, projected)| Step::Amend { employer, month, vat_fen, projected }
        ),
        1 => (0..EMPLOYERS.len(), 0..YEARS.len(), any_amount()).prop_map(
            |(employer, year, cit_fen)| Step::Settle { employer, year, cit_fen }
        ),
        3 => (0..EMPLOYERS.len(), 0..YEARS.len()).prop_map(
            |(employer, year)| Step::Recompute { employer, year }
        ),
        1 => select(vec![Step::Again]),
    ]
}
