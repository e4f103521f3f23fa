//! What the law and the employer's record say of a month, looked up once for as long as it stays.

use crate::date::CivilDate;
use crate::fact::ReliefCode;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::policy::{Dated, InsuranceSet, KeyGroupPolicy};
use crate::reason::ReasonCode;
use crate::timeline::EmployerRecord;

use super::hire::Hire;

/// The values for a month under a hire, and for every month near it that has the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'p> {
    hire: Option<usize>,
    /// Months between these have these values, both included.
    first: TaxMonth,
    last: TaxMonth,
    /// What stands against the employer, whoever the person is.
    pub(super) employer_code: Option<ReasonCode>,
    /// What stands against the hire because the law of its start is not encoded.
    pub(super) unencoded_start: Option<ReasonCode>,
    pub(super) required_insurances: Option<InsuranceSet>,
    pub(super) payment_grace_months: Option<i32>,
    pub(super) term_months: Option<i32>,
    pub(super) person_months_max: Option<i32>,
    pub(super) excluding_reliefs: Option<&'p [ReliefCode]>,
    /// What one month of a hire gives.
    pub(super) month_amount: Fen,
}

impl<'p> Terms<'p> {
    /// Before anything was looked up: the values of no month.
    pub(super) const OF_NO_MONTH: Self = Self {
        hire: None,
        first: TaxMonth::of(CivilDate::MAX),
        last: TaxMonth::of(CivilDate::MIN),
        employer_code: None,
        unencoded_start: None,
        required_insurances: None,
        payment_grace_months: None,
        term_months: None,
        person_months_max: None,
        excluding_reliefs: None,
        month_amount: Fen::ZERO,
    };

    /// Looks everything up for a month under the hire at `index`.
    pub(super) fn of(
        policy: &'p KeyGroupPolicy,
        employer: &EmployerRecord,
        month: TaxMonth,
        index: Option<usize>,
        hire: Option<&Hire>,
    ) -> Self {
        let mut look = Look::new(month, hire);
        let profile = employer.profile_on(look.day);
        look.narrow(employer.profile_span(look.day));
        let employer_code = match look.up(&policy.employer_kinds) {
            None => Some(ReasonCode::PolicyNotEncoded),
            Some(kinds) => {
                let covered = profile.is_some_and(|profile| kinds.contains(&profile.kind));
                (!covered).then_some(ReasonCode::EmployerNotEnterprise)
            }
        };
        // The policy lint refuses a quota that twelve does not divide.
        let quota = look.up(&policy.quota_year_fen);
        Self {
            hire: index,
            employer_code,
            unencoded_start: hire.and_then(|hire| unencoded_start(policy, hire)),
            required_insurances: look.up(&policy.required_insurances).copied(),
            payment_grace_months: look.up(&policy.payment_grace_months).copied(),
            term_months: look.up(&policy.term_months).copied(),
            person_months_max: look.up(&policy.person_months_max).copied(),
            excluding_reliefs: look.up(&policy.excluding_reliefs).map(Vec::as_slice),
            month_amount: quota.map_or(Fen::ZERO, |quota| Fen::new(quota.get() / 12)),
            first: look.first_month(),
            last: look.last_month(),
        }
    }

    /// Whether these are the values of a month under the hire at `index`.
    #[inline]
    pub(super) fn hold(&self, month: TaxMonth, index: Option<usize>) -> bool {
        self.hire == index && self.first <= month && month <= self.last
    }
}

/// New hires end with the policy: a term has to have started by then.
pub(super) fn unencoded_start(policy: &KeyGroupPolicy, hire: &Hire) -> Option<ReasonCode> {
    let start = hire.start_month?;
    let covered = policy.term_months.on(start.first_day()).is_some()
        || policy.term_months.on(start.last_day()).is_some();
    (!covered).then_some(ReasonCode::PolicyNotEncoded)
}

/// Looks values up as [`super::assess::in_force`] does, and notes how far they reach.
struct Look {
    day: CivilDate,
    hired_on: Option<CivilDate>,
    first: CivilDate,
    last: CivilDate,
}

impl Look {
    fn new(month: TaxMonth, hire: Option<&Hire>) -> Self {
        let mut look = Self {
            day: month.last_day(),
            hired_on: None,
            first: CivilDate::MIN,
            last: CivilDate::MAX,
        };
        if let Some(hire) = hire {
            // From the month of the hire on, its date may stand in for the month.
            let begins = TaxMonth::of(hire.start_on).first_day();
            if begins <= look.day {
                look.hired_on = Some(hire.start_on);
                look.first = begins;
            } else {
                look.last = begins.plus_days(-1);
            }
        }
        look
    }

    /// The first month whose last day is no earlier than the first day.
    fn first_month(&self) -> TaxMonth {
        TaxMonth::of(self.first)
    }

    /// The last month whose last day is no later than the last day.
    fn last_month(&self) -> TaxMonth {
        let month = TaxMonth::of(self.last);
        match month.last_day() <= self.last {
            true => month,
            false => month.plus(-1),
        }
    }

    #[inline]
    fn narrow(&mut self, (first, last): (CivilDate, CivilDate)) {
        self.first = self.first.max(first);
        self.last = self.last.min(last);
    }

    fn up<'p, T>(&mut self, dated: &'p Dated<T>) -> Option<&'p T> {
        let (on_month, span) = dated.on_with_span(self.day);
        self.narrow(span);
        let value = on_month.or_else(|| dated.on(self.hired_on?));
        value.map(|value| &value.value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::key_group::{CategoryFinding, OfContracts};
    use crate::policy::{Citation, Confidence, DatedValue};

    fn day(text: &str) -> CivilDate {
        CivilDate::parse(text).expect("a day")
    }

    fn dated<T>(values: impl IntoIterator<Item = (&'static str, &'static str, T)>) -> Dated<T> {
        let values = values.into_iter().map(|(from, to, value)| DatedValue {
            from: day(from),
            to: Some(day(to)),
            value,
            citation: Arc::new(Citation {
                instrument: String::new(),
                article: String::new(),
                quote: String::new(),
                effective_on: day(from),
                confidence: Confidence::Recalled,
            }),
        });
        Dated::new("key_group.any", values.collect())
    }

    /// A law of which only the length of the term is encoded.
    fn policy(term_months: Dated<i32>) -> KeyGroupPolicy {
        KeyGroupPolicy {
            category_covered: BTreeMap::new(),
            employer_kinds: dated([]),
            cit_leg_kinds: dated([]),
            contract_months_min: dated([]),
            registration_months_min: dated([]),
            required_insurances: dated([]),
            payment_grace_months: dated([]),
            term_months,
            person_months_max: dated([]),
            quota_year_fen: dated([]),
            excluding_reliefs: dated([]),
            vat_leg: dated([]),
            reduction_codes: BTreeMap::new(),
            person_term_counting: dated([]),
            second_hire_needs_own_spell: dated([]),
            vat_filing_term_days: dated([]),
            cit_settlement_due: dated([]),
            notice_post_kind: dated([]),
            late_claim_years: dated([]),
            late_claim_needs_employment: dated([]),
            late_surcharge_day_bp: dated([]),
        }
    }

    #[test]
    fn values_hold_for_one_hire_from_their_first_day_to_their_last() {
        let policy = policy(dated([
            ("2019-01-01", "2021-12-31", 36),
            ("2022-01-01", "2022-12-31", 24),
        ]));
        let employer = EmployerRecord::default();
        let month = TaxMonth::parse("2021-06").expect("a month");
        let terms = Terms::of(&policy, &employer, month, Some(1), None);
        assert_eq!(terms.term_months, Some(36));
        let holds =
            |month: &str, index| terms.hold(TaxMonth::parse(month).expect("a month"), index);
        assert!(holds("2019-01", Some(1)) && holds("2021-12", Some(1)));
        assert!(!holds("2018-12", Some(1)) && !holds("2022-01", Some(1)));
        assert!(!holds("2021-06", Some(0)) && !holds("2021-06", None));
    }

    /// A month takes the values of its last day.
    #[test]
    fn values_that_end_inside_a_month_hold_to_the_month_before() {
        let policy = policy(dated([
            ("2019-01-31", "2021-12-30", 36),
            ("2021-12-31", "9999-12-31", 24),
        ]));
        let employer = EmployerRecord::default();
        let month = |text: &str| TaxMonth::parse(text).expect("a month");
        let terms = Terms::of(&policy, &employer, month("2021-06"), None, None);
        assert_eq!(terms.term_months, Some(36));
        assert!(terms.hold(month("2019-01"), None) && terms.hold(month("2021-11"), None));
        assert!(!terms.hold(month("2018-12"), None) && !terms.hold(month("2021-12"), None));
        let terms = Terms::of(&policy, &employer, month("2021-12"), None, None);
        assert_eq!(terms.term_months, Some(24));
        assert!(terms.hold(month("2021-12"), None) && terms.hold(month("9999-12"), None));
        assert!(!terms.hold(month("2021-11"), None));
    }

    /// New hires end with the law, which may end inside a month.
    #[test]
    fn a_term_may_start_in_a_month_of_which_the_law_covers_a_day() {
        let policy = policy(dated([("2019-01-15", "2027-12-15", 36)]));
        for (start, code) in [
            ("2018-12", Some(ReasonCode::PolicyNotEncoded)),
            ("2019-01", None),
            ("2027-12", None),
            ("2028-01", Some(ReasonCode::PolicyNotEncoded)),
        ] {
            let start_month = TaxMonth::parse(start).expect("a month");
            let hire = Hire {
                start_on: start_month.first_day(),
                last_on: None,
                spans: OfContracts::from([(start_month, None)]),
                signed_month: start_month,
                contract_revisions: OfContracts::from([1]),
                filing_ids: OfContracts::from([String::new()]),
                contract_code: None,
                category: CategoryFinding::NONE,
                start_month: Some(start_month),
            };
            assert_eq!(unencoded_start(&policy, &hire), code, "{start}");
        }
    }
}
