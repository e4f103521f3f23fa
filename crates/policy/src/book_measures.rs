//! The parameters of the subsidies and of the inclusive preferences, bound to their types.

use std::collections::BTreeMap;

use mamagang_domain::inclusive::{InclusivePolicy, RefundClass};
use mamagang_domain::money::Fen;
use mamagang_domain::policy::Dated;
use mamagang_domain::subsidy::{STACKING, SubsidyKind, SubsidyPolicy};
use serde::de::DeserializeOwned;

use crate::book::{
    Binder, Read, amount, boolean, ceiling, count, insurances, rate, single_word, words, wrong,
};
use crate::names;
use crate::parameter::{Bound, ParameterValue, Unit, Value};

type Reader<T> = fn(&ParameterValue) -> Read<T>;

impl Binder<'_> {
    /// A place need not subsidise: where neither it nor a place above it sets any of these
    /// parameters, all are empty and its decisions POLICY_NOT_ENCODED. Where one is set, all are
    /// asked for.
    pub(crate) fn subsidy(&mut self) -> SubsidyPolicy {
        let kinds = |kinds: &[SubsidyKind]| kinds.to_vec();
        let all = kinds(&SubsidyKind::ALL);
        let monthly = kinds(&SubsidyKind::ALL[..3]);
        SubsidyPolicy {
            trial_open: self.of_subsidy("trial_open", Unit::Boolean, boolean),
            trial_tests: self.of_subsidy("trial_tests", Unit::Set, words),
            trial_runs_on: self.of_subsidy("trial_runs_on", Unit::Boolean, boolean),
            amount_fen: self.by_kind("amount", &all, Unit::Fen, amount),
            months_max: self.of_subsidy("months_max", Unit::Months, count),
            month_counting: self.word_of_subsidy("month_counting"),
            contract_months_min: self.of_subsidy("contract_months_min", Unit::Months, count),
            filing_kind: self.by_kind("filing_kind", &all, Unit::Code, single_word),
            filing_accepted_by: self.word_of_subsidy("filing_accepted_by"),
            employer_kinds: self.by_kind("employer_kinds", &all, Unit::Set, words),
            individual_business: self.by_kind("individual_business", &all, Unit::Code, single_word),
            required_insurances: self.by_kind(
                "required_insurances",
                &monthly,
                Unit::Set,
                insurances,
            ),
            partial_month_counts: self.of_subsidy("partial_month_counts", Unit::Boolean, boolean),
            payment_grace_months: self.of_subsidy("payment_grace_months", Unit::Months, count),
            back_paid_counts: self.of_subsidy("back_paid_counts", Unit::Boolean, boolean),
            child_age_years: self.of_subsidy("child_age_years", Unit::Years, count),
            worker_tested: self.word_of_subsidy("worker_tested"),
            registration_days: self.word_of_subsidy("registration_days"),
            training_person_max_fen: self.of_subsidy("training_person_max", Unit::Fen, amount),
            training_cap_scope: self.word_of_subsidy("training_cap_scope"),
            claim_window_months: self.of_subsidy("claim_window_months", Unit::Months, count),
            claim_cycle: self.word_of_subsidy("claim_cycle"),
            stacking: STACKING
                .into_iter()
                .map(|(kind, other, name)| {
                    let name = format!("stacking.{name}");
                    (
                        (kind, other),
                        self.of_subsidy(&name, Unit::Boolean, boolean),
                    )
                })
                .collect(),
        }
    }

    fn of_subsidy<T>(&mut self, name: &str, unit: Unit, read: Reader<T>) -> Dated<T> {
        let name = format!("{}{name}", names::SUBSIDY);
        if self.subsidises() {
            self.dated(&name, unit, read)
        } else {
            Dated::new(name, Vec::new())
        }
    }

    fn word_of_subsidy<T: DeserializeOwned>(&mut self, name: &str) -> Dated<T> {
        self.of_subsidy(name, Unit::Code, single_word)
    }

    fn by_kind<T>(
        &mut self,
        name: &str,
        kinds: &[SubsidyKind],
        unit: Unit,
        read: Reader<T>,
    ) -> BTreeMap<SubsidyKind, Dated<T>> {
        let dated = kinds.iter().map(|kind| {
            let name = format!("{name}.{}", kind_name(*kind));
            (*kind, self.of_subsidy(&name, unit, read))
        });
        dated.collect()
    }

    /// Whether the place, or one that it lies in, sets a parameter of the subsidies.
    fn subsidises(&self) -> bool {
        let chain = self.catalogue.index.chain(self.folder);
        self.catalogue.parameters.iter().any(|parameter| {
            parameter.name.starts_with(names::SUBSIDY)
                && chain.iter().any(|scope| scope.folder == parameter.folder)
        })
    }

    pub(crate) fn inclusive(&mut self) -> InclusivePolicy {
        InclusivePolicy {
            income_max: self.dated("inclusive.income_max", Unit::Fen, ceiling),
            staff_max: self.dated("inclusive.staff_max", Unit::People, count),
            assets_max: self.dated("inclusive.assets_max", Unit::Fen, ceiling),
            first_tier_fen: self.dated("inclusive.first_tier", Unit::Fen, amount_if_any),
            first_tier_bp: self.dated("inclusive.first_tier_rate", Unit::Bp, rate),
            second_tier_bp: self.dated("inclusive.second_tier_rate", Unit::Bp, rate),
            standard_bp: self.dated("inclusive.standard_rate", Unit::Bp, rate),
            refund_basis: self.by_class("refund_basis", Unit::Code, single_word),
            refund_share_bp: self.by_class("refund_share", Unit::Bp, rate),
            refund_tier_fen: self.dated("inclusive.refund_tier", Unit::Fen, amount_if_any),
            refund_above_tier_bp: self.dated("inclusive.refund_above_tier", Unit::Bp, rate),
            refund_increment_min_fen: self.dated(
                "inclusive.refund_increment_min",
                Unit::Fen,
                amount,
            ),
            refund_months_min: self.dated("inclusive.refund_months_min", Unit::Months, count),
        }
    }

    fn by_class<T>(
        &mut self,
        name: &str,
        unit: Unit,
        read: Reader<T>,
    ) -> BTreeMap<RefundClass, Dated<T>> {
        let dated = RefundClass::ALL.into_iter().map(|class| {
            let name = format!("inclusive.{name}.{}", class_name(class));
            (class, self.dated(&name, unit, read))
        });
        dated.collect()
    }
}

fn amount_if_any(value: &ParameterValue) -> Read<Option<Fen>> {
    match (&value.value, value.bound) {
        (Value::Nothing, Bound::None) => Ok(None),
        (Value::Integer(_), _) => amount(value).map(Some),
        _ => wrong(value, "an amount, or none"),
    }
}

const fn kind_name(kind: SubsidyKind) -> &'static str {
    match kind {
        SubsidyKind::EmployerInsurance => "employer_insurance",
        SubsidyKind::Post => "post",
        SubsidyKind::FlexibleInsurance => "flexible_insurance",
        SubsidyKind::Training => "training",
    }
}

const fn class_name(class: RefundClass) -> &'static str {
    match class {
        RefundClass::SmallOrMicro => "small_or_micro",
        RefundClass::NamedIndustry => "named_industry",
        RefundClass::RealEstate => "real_estate",
        RefundClass::Other => "other",
    }
}
