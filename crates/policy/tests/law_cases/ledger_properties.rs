//! What holds for any sequence of postings, corrections and changes of facts. The desk itself
//! checks after each entry that the year is balanced.

use mamagang_domain::fact::EmployerKind;
use mamagang_domain::ids::RequestId;
use mamagang_domain::ledger::{
    Amendment, Available, ByGroup, Declaration, Entry, EntryBody, Genesis, PeriodTaxes, Release,
    YearState, allocate,
};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{TaxMonth, TaxPeriod, TaxYear};
use mamagang_domain::policy::CodeGroup;
use proptest::prelude::*;
use proptest::sample::select;

use mamagang_policy::law_cases::desk::{Desk, WorkerFacts};
use mamagang_policy::law_cases::words::Employer;
use mamagang_policy::law_cases::world::{book, day, profile};

/// One thing that happens in a year.
#[derive(Clone, Debug)]
enum Step {
    /// The next period, after skipping some.
    Post {
        skip: i32,
        vat_fen: i64,
        sales_fen: Option<i64>,
        release: Release,
    },
    Amend {
        period: i32,
        vat_fen: i64,
        release: Option<Release>,
    },
    Facts(Vec<WorkerFacts>),
    Recompute,
    Settle {
        cit_payable_fen: i64,
    },
}

fn any_release() -> impl Strategy<Value = Release> {
    select(Release::ALL.to_vec())
}

fn any_amount() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 0..200_000i64, 0..5_000_000i64]
}

/// Workers with one run of months each inside 2023.
fn any_workers() -> impl Strategy<Value = Vec<WorkerFacts>> {
    let worker =
        (select(CodeGroup::ALL.to_vec()), 0..12i32, 0..12i32).prop_map(|(group, first, length)| {
            let january = TaxMonth::new(2023, 1).expect("a month");
            let last = (first + length).min(11);
            WorkerFacts {
                group,
                months: january.plus(first).through(january.plus(last)).collect(),
            }
        });
    proptest::collection::vec(worker, 0..6)
}

fn any_step() -> impl Strategy<Value = Step> {
    let sales = proptest::option::of(any_amount().prop_map(|amount| amount * 10));
    prop_oneof![
        6 => (0..2, any_amount(), sales, any_release()).prop_map(
            |(skip, vat_fen, sales_fen, release)| Step::Post { skip, vat_fen, sales_fen, release }
        ),
        3 => (0..12, any_amount(), proptest::option::of(any_release())).prop_map(
            |(period, vat_fen, release)| Step::Amend { period, vat_fen, release }
        ),
        3 => any_workers().prop_map(Step::Facts),
        2 => Just(Step::Recompute),
        1 => any_amount().prop_map(|cit_payable_fen| Step::Settle { cit_payable_fen }),
    ]
}

/// What is still to come in the year: the number of the next period, from 0.
struct Year {
    desk: Desk,
    next: i32,
}

impl Year {
    fn period(&self, ordinal: i32) -> TaxPeriod {
        TaxPeriod::month(self.desk.tax_year.first_month().plus(ordinal))
    }

    /// Takes a step; refusals leave the year as it was.
    fn take(&mut self, step: &Step) {
        let today = day("2030-01-01");
        let before = self.desk.state.clone();
        let result = match step {
            Step::Facts(facts) => {
                self.desk.facts = facts.clone();
                return;
            }
            Step::Post {
                skip,
                vat_fen,
                sales_fen,
                release,
            } => {
                self.next += skip;
                if self.next > 11 {
                    return;
                }
                let declared = Declaration {
                    period: self.period(self.next),
                    vat_payable_fen: Fen::new(*vat_fen),
                    sales_fen: sales_fen.map(Fen::new),
                    release: *release,
                    return_number: String::new(),
                    declared_at: None,
                };
                self.next += 1;
                self.desk.post(&declared, today)
            }
            Step::Amend {
                period,
                vat_fen,
                release,
            } => {
                let amendment = Amendment {
                    period: self.period(*period),
                    vat_payable_fen: Fen::new(*vat_fen),
                    sales_fen: None,
                    release: *release,
                    reason: "corrected return".to_owned(),
                };
                self.desk.amend(&amendment, today)
            }
            Step::Recompute => self.desk.recompute(today),
            Step::Settle { cit_payable_fen } => self.desk.settle(Fen::new(*cit_payable_fen), today),
        };
        if result.is_err() {
            assert_eq!(self.desk.state, before, "a refusal changes nothing");
        }
    }
}

fn any_year() -> impl Strategy<Value = Year> {
    (any_workers(), select(vec![100, 500, 700]), any::<bool>()).prop_map(
        |(workers, umct_bp, half_rate)| {
            let mut profile = profile(EmployerKind::Company, day("2010-01-01"));
            profile.umct_rate_bp = RateBp::new(umct_bp);
            profile.half_rate_surcharges = half_rate;
            let mut desk = Desk::new(book(), profile, TaxYear::new(2023).expect("a year"));
            desk.facts = workers;
            Year { desk, next: 0 }
        },
    )
}

impl std::fmt::Debug for Year {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.desk.profile, self.desk.facts)
    }
}

proptest! {
    #[test]
    fn a_year_is_balanced_after_every_step(
        mut year in any_year(),
        steps in proptest::collection::vec(any_step(), 1..25),
    ) {
        for step in &steps {
            year.take(step);
        }
    }

    #[test]
    fn replaying_the_entries_gives_the_same_year_and_they_are_thawed_as_they_were_frozen(
        mut year in any_year(),
        steps in proptest::collection::vec(any_step(), 1..25),
    ) {
        for step in &steps {
            year.take(step);
        }
        let mut replayed = YearState::default();
        let mut hash = Genesis::hash(&Employer::Us.code());
        for (sequence, draft) in (1..).zip(&year.desk.drafts) {
            let body = EntryBody {
                employer_code: Employer::Us.code(),
                sequence,
                recorded_at: i64::from(sequence) * 1_000_000,
                actor: "tax-bureau".to_owned(),
                request_id: RequestId::from_slice(&[7; 16]).expect("sixteen bytes"),
                policy_version: book().version.to_string(),
                rules_version: 1,
                decision_id: None,
                draft: draft.clone(),
            };
            let entry = Entry::chain(body, hash);
            let thawed = EntryBody::thaw(&entry.frozen);
            prop_assert_eq!(thawed.as_ref(), Ok(&entry.body));
            replayed.apply(&entry.body);
            hash = entry.hash;
        }
        prop_assert_eq!(replayed, year.desk.state);
    }

    #[test]
    fn recomputing_twice_changes_nothing_the_second_time(
        mut year in any_year(),
        steps in proptest::collection::vec(any_step(), 1..15),
    ) {
        for step in &steps {
            year.take(step);
        }
        let today = day("2030-01-01");
        let first = year.desk.recompute(today).expect("a recomputed year");
        let second = year.desk.recompute(today).expect("a recomputed year");
        prop_assert!(second.drafts.is_empty(), "{:?} then {:?}", first.drafts, second.drafts);
    }

    #[test]
    fn the_allocation_takes_the_taxes_in_order_and_never_more_than_there_is(
        vat_fen in any_amount(),
        sales_fen in proptest::option::of(any_amount()),
        released in (-100_000..3_000_000i64, -100_000..3_000_000i64),
        used in (0..2_000_000i64, 0..2_000_000i64),
        half_rate in any::<bool>(),
    ) {
        let mut profile = profile(EmployerKind::Company, day("2010-01-01"));
        profile.half_rate_surcharges = half_rate;
        let january = TaxPeriod::month(TaxMonth::new(2023, 1).expect("a month"));
        let (vat, sales) = (Fen::new(vat_fen), sales_fen.map(Fen::new));
        let taxes = PeriodTaxes::new(&book(), &profile, january, vat, sales).expect("encoded");
        let by_group = |(poverty, unemployment): (i64, i64)| ByGroup {
            poverty: Fen::new(poverty),
            unemployment: Fen::new(unemployment),
        };
        let (released, used) = (by_group(released), by_group(used));
        let available = Available::new(released, used);
        let left = (released.total() - used.total()).or_zero();
        prop_assert_eq!(available.total(), left);

        let lines = allocate(&taxes, available);
        let due: Fen = lines.iter().map(|line| line.due_fen).sum();
        let taken = lines.iter().fold(ByGroup::ZERO, |sum, line| sum.plus(line.deducted));
        prop_assert_eq!(taken.total(), due.min(left));
        for group in CodeGroup::ALL {
            prop_assert!(taken.get(group) <= available.by_group().get(group));
        }
        for pair in lines.windows(2) {
            let is_full = pair[0].deducted.total() == pair[0].due_fen;
            prop_assert!(is_full || pair[1].deducted == ByGroup::ZERO);
        }
        for line in &lines {
            let parts = line.deducted.total() + line.halved_fen + line.paid_fen;
            prop_assert_eq!(line.due_fen, parts);
            let half_of_the_rest = line.paid_fen - line.halved_fen;
            let is_halved = half_rate && line.tax != mamagang_domain::tax::TaxKind::Vat;
            if is_halved {
                prop_assert!([Fen::ZERO, Fen::new(1)].contains(&half_of_the_rest));
            } else {
                prop_assert_eq!(line.halved_fen, Fen::ZERO);
            }
        }
    }
}
