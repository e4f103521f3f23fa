//! Parameters bound to the typed book that decisions read.

use std::collections::BTreeMap;
use std::sync::Arc;

use mamagang_domain::fact::{Insurance, PersonCategory};
use mamagang_domain::finding::FindingRule;
use mamagang_domain::money::{Ceiling, Fen, RateBp};
use mamagang_domain::policy::{
    Citation, CodeGroup, Dated, DatedValue, FilingPolicy, InsuranceSet, KeyGroupPolicy, PolicyBook,
    SupervisionPolicy, SurchargePolicy, VatPolicy,
};
use mamagang_domain::tax::TaxKind;
use serde::de::DeserializeOwned;

use crate::index::{Base, Index, Level};
use crate::load::Catalogue;
use crate::names;
use crate::parameter::{Bound, Parameter, ParameterValue, Unit, Value};
use crate::problem::{PolicyProblem, ProblemKind};
use crate::raw::word;

/// What a parameter that decisions read and the edition does not have is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// A problem.
    Refused,
    /// Law that is not encoded: an edition of before the parameter. Its own decisions never read it.
    NotEncoded,
}

impl Absent {
    /// A place that builds on the nation's parameters need not have what another city chose to
    /// grant: that is law not encoded there.
    pub(crate) const fn of(index: &Index) -> Self {
        match index.base {
            Some(Base::BuiltIn) => Self::NotEncoded,
            None => Self::Refused,
        }
    }
}

/// The book of a place. On failure every missing or unfit parameter is named.
pub(crate) fn bind(
    catalogue: &Catalogue,
    folder: &str,
    version: &str,
    absent: Absent,
) -> Result<PolicyBook, Vec<PolicyProblem>> {
    let mut binder = Binder {
        catalogue,
        folder,
        absent,
        problems: Vec::new(),
    };
    let book = PolicyBook {
        version: version.into(),
        key_group: binder.key_group(),
        surcharges: binder.surcharges(),
        vat: binder.vat(),
        filing: binder.filing(),
        subsidy: binder.subsidy(),
        inclusive: binder.inclusive(),
        supervision: binder.supervision(),
    };
    if binder.problems.is_empty() {
        Ok(book)
    } else {
        Err(binder.problems)
    }
}

/// Collects problems and goes on with empty parameters, so that one run names them all. The empty
/// ones never leave [`bind`].
pub(crate) struct Binder<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) folder: &'a str,
    absent: Absent,
    problems: Vec<PolicyProblem>,
}

pub(crate) type Read<T> = Result<T, (ProblemKind, String)>;

impl<'a> Binder<'a> {
    fn key_group(&mut self) -> KeyGroupPolicy {
        let category_covered = PersonCategory::ALL
            .into_iter()
            .map(|category| {
                let name = format!("key_group.category_covered.{}", category_name(category));
                (category, self.dated(&name, Unit::Boolean, boolean))
            })
            .collect();
        KeyGroupPolicy {
            category_covered,
            employer_kinds: self.dated("key_group.employer_kinds", Unit::Set, words),
            cit_leg_kinds: self.dated("key_group.cit_leg_kinds", Unit::Set, words),
            contract_months_min: self.dated("key_group.contract_months_min", Unit::Months, count),
            registration_months_min: self.dated(
                "key_group.registration_months_min",
                Unit::Months,
                count,
            ),
            required_insurances: self.dated("key_group.required_insurances", Unit::Set, insurances),
            payment_grace_months: self.dated("key_group.payment_grace_months", Unit::Months, count),
            term_months: self.dated("key_group.term_months", Unit::Months, count),
            person_months_max: self.dated("key_group.person_months_max", Unit::Months, count),
            quota_year_fen: self.dated(names::QUOTA_YEAR, Unit::Fen, amount),
            excluding_reliefs: self.dated("key_group.excluding_reliefs", Unit::Set, words),
            vat_leg: self.dated("key_group.vat_leg", Unit::Boolean, boolean),
            reduction_codes: self.reduction_codes(),
            person_term_counting: self.dated("key_group.person_term_counting", Unit::Code, text),
            second_hire_needs_own_spell: self.dated(
                "key_group.second_hire_needs_own_spell",
                Unit::Boolean,
                boolean,
            ),
            vat_filing_term_days: self.dated("key_group.vat_filing_term_days", Unit::Days, count),
            cit_settlement_due: self.dated("key_group.cit_settlement_due", Unit::Code, text),
            notice_post_kind: self.dated("key_group.notice_post_kind", Unit::Code, single_word),
            late_claim_years: self.dated("key_group.late_claim_years", Unit::Years, count),
            late_claim_needs_employment: self.dated(
                "key_group.late_claim_needs_employment",
                Unit::Boolean,
                boolean,
            ),
            late_surcharge_day_bp: self.dated("key_group.late_surcharge_day", Unit::Bp, rate),
        }
    }

    fn supervision(&mut self) -> SupervisionPolicy {
        let rules = FindingRule::ALL.into_iter().map(|rule| {
            let name = format!("supervision.rules.{}", rule.name());
            (rule, self.dated(&name, Unit::Boolean, boolean))
        });
        SupervisionPolicy {
            rules: rules.collect(),
            excluded_employer_kinds: self.dated(
                "supervision.excluded_employer_kinds",
                Unit::Set,
                words,
            ),
            working_age_max_years: self.dated(
                "supervision.working_age_max_years",
                Unit::Years,
                count,
            ),
        }
    }

    fn filing(&mut self) -> FilingPolicy {
        FilingPolicy {
            employment_registration_days: self.dated(
                "filing.employment_registration_days",
                Unit::Days,
                count,
            ),
            end_registration_days: self.dated("filing.end_registration_days", Unit::Days, count),
        }
    }

    fn surcharges(&mut self) -> SurchargePolicy {
        SurchargePolicy {
            edu_rate_bp: self.dated("surcharges.edu_rate", Unit::Bp, rate),
            ledu_rate_bp: self.dated("surcharges.ledu_rate", Unit::Bp, rate),
            edu_exempt_month: self.dated("surcharges.edu_exempt_month", Unit::Fen, ceiling),
            edu_exempt_quarter: self.dated("surcharges.edu_exempt_quarter", Unit::Fen, ceiling),
            half_rate_bp: self.dated("surcharges.half_rate", Unit::Bp, rate),
            umct_rates_bp: self.dated("surcharges.umct_rates", Unit::Bp, rates),
        }
    }

    fn vat(&mut self) -> VatPolicy {
        VatPolicy {
            regime: self.dated("vat.regime", Unit::Code, text),
            levy_rate_bp: self.dated("vat.levy_rate", Unit::Bp, rate),
            small_scale_month: self.dated("vat.small_scale_month", Unit::Fen, ceiling_if_any),
            small_scale_quarter: self.dated("vat.small_scale_quarter", Unit::Fen, ceiling_if_any),
            natural_person_day: self.natural_person_day(),
            platform_month: self.dated("vat.platform_month", Unit::Fen, ceiling_if_any),
            platform_scope: self.dated("vat.platform_scope", Unit::Code, single_word),
            natural_person_withholding: self.dated(
                "vat.natural_person_withholding",
                Unit::Boolean,
                boolean,
            ),
            waived_rate_bp: self.dated("vat.waived_rate", Unit::Bp, rate),
        }
    }

    /// Every code needs its file, also the ones that are not known: their value is `null`, and
    /// they are left out of the map so that forms write them empty.
    fn reduction_codes(&mut self) -> BTreeMap<(TaxKind, CodeGroup), Dated<String>> {
        let mut codes = BTreeMap::new();
        for tax in TaxKind::ALL {
            for group in CodeGroup::ALL {
                let name = format!(
                    "{}{}_{}",
                    names::REDUCTION_CODES,
                    tax_name(tax),
                    group_name(group)
                );
                let known_or_not = self.dated(&name, Unit::Code, text_if_any);
                let known: Vec<DatedValue<String>> = known_or_not
                    .values()
                    .iter()
                    .filter_map(|value| {
                        let code = value.value.clone()?;
                        Some(DatedValue {
                            from: value.from,
                            to: value.to,
                            value: code,
                            citation: value.citation.clone(),
                        })
                    })
                    .collect();
                if !known.is_empty() {
                    codes.insert((tax, group), Dated::new(name, known));
                }
            }
        }
        codes
    }

    /// The thresholds of all provinces, since a payer may sit in another one. The place's own
    /// province must have one.
    fn natural_person_day(&mut self) -> BTreeMap<String, Dated<Option<Ceiling>>> {
        let catalogue = self.catalogue;
        let mut days = BTreeMap::new();
        for scope in catalogue
            .index
            .scopes
            .iter()
            .filter(|scope| scope.level == Level::Province)
        {
            if let Some(parameter) = catalogue.own(&scope.folder, names::NATURAL_PERSON_DAY) {
                days.insert(
                    scope.code.clone(),
                    self.read(parameter, Unit::Fen, ceiling_if_any),
                );
            }
        }
        let chain = catalogue.index.chain(self.folder);
        let province = chain.iter().find(|scope| scope.level == Level::Province);
        if let Some(province) = province.filter(|scope| !days.contains_key(&scope.code)) {
            self.missing(&province.folder, names::NATURAL_PERSON_DAY);
        }
        days
    }

    /// The typed values of the parameter that holds in the place.
    pub(crate) fn dated<T>(
        &mut self,
        name: &str,
        unit: Unit,
        read: fn(&ParameterValue) -> Read<T>,
    ) -> Dated<T> {
        match self.catalogue.effective(self.folder, name) {
            Some(parameter) => self.read(parameter, unit, read),
            None => {
                self.missing("national", name);
                Dated::new(name, Vec::new())
            }
        }
    }

    fn read<T>(
        &mut self,
        parameter: &Parameter,
        unit: Unit,
        read: fn(&ParameterValue) -> Read<T>,
    ) -> Dated<T> {
        if parameter.unit != unit {
            let message = format!(
                "{} is read in {unit}, not in {}",
                parameter.name, parameter.unit
            );
            self.problems.push(PolicyProblem::new(
                &parameter.file,
                "unit",
                ProblemKind::WrongType,
                message,
            ));
            return Dated::new(parameter.name.as_str(), Vec::new());
        }
        let mut values = Vec::with_capacity(parameter.values.len());
        for (position, value) in parameter.values.iter().enumerate() {
            match read(value) {
                Ok(typed) => values.push(DatedValue {
                    from: value.effective_from,
                    to: value.effective_to,
                    value: typed,
                    citation: citation(value),
                }),
                Err((kind, message)) => {
                    let field = format!("values[{position}].value");
                    self.problems
                        .push(PolicyProblem::new(&parameter.file, field, kind, message));
                }
            }
        }
        Dated::new(parameter.name.as_str(), values)
    }

    fn missing(&mut self, folder: &str, name: &str) {
        if self.absent == Absent::NotEncoded {
            return;
        }
        let file = format!("{folder}/{}.yaml", name.replace('.', "/"));
        let message = format!(
            "{name} is read by decisions in {} and has no value",
            self.folder
        );
        self.problems
            .push(PolicyProblem::new(file, "-", ProblemKind::Missing, message));
    }
}

fn citation(value: &ParameterValue) -> Arc<Citation> {
    Arc::new(Citation {
        instrument: value.instrument.clone(),
        article: value.article.clone(),
        quote: value.quote.clone(),
        effective_on: value.effective_from,
        confidence: value.confidence,
    })
}

const fn category_name(category: PersonCategory) -> &'static str {
    match category {
        PersonCategory::LiftedFromPoverty => "lifted_from_poverty",
        PersonCategory::PovertyMonitored => "poverty_monitored",
        PersonCategory::RegisteredUnemployed => "registered_unemployed",
    }
}

const fn tax_name(tax: TaxKind) -> &'static str {
    match tax {
        TaxKind::Vat => "vat",
        TaxKind::Umct => "umct",
        TaxKind::Edu => "edu",
        TaxKind::Ledu => "ledu",
        TaxKind::Cit => "cit",
    }
}

const fn group_name(group: CodeGroup) -> &'static str {
    match group {
        CodeGroup::Poverty => "poverty",
        CodeGroup::Unemployment => "unemployment",
    }
}

pub(crate) fn wrong<T>(value: &ParameterValue, expected: &str) -> Read<T> {
    Err((
        ProblemKind::WrongType,
        format!("{} is not {expected}", value.value),
    ))
}

pub(crate) fn boolean(value: &ParameterValue) -> Read<bool> {
    match value.value {
        Value::Boolean(value) => Ok(value),
        _ => wrong(value, "true or false"),
    }
}

pub(crate) fn count(value: &ParameterValue) -> Read<i32> {
    match value.value {
        Value::Integer(count) => {
            i32::try_from(count).or_else(|_| wrong(value, "a small whole number"))
        }
        _ => wrong(value, "a whole number"),
    }
}

pub(crate) fn rate(value: &ParameterValue) -> Read<RateBp> {
    count(value).map(RateBp::new)
}

fn rates(value: &ParameterValue) -> Read<Vec<i32>> {
    match &value.value {
        Value::Integers(rates) => rates
            .iter()
            .map(|rate| i32::try_from(*rate).or_else(|_| wrong(value, "a list of rates")))
            .collect(),
        _ => wrong(value, "a list of rates"),
    }
}

pub(crate) fn amount(value: &ParameterValue) -> Read<Fen> {
    match value.value {
        Value::Integer(fen) if value.bound == Bound::None => Ok(Fen::new(fen)),
        Value::Integer(_) => Err((
            ProblemKind::WrongBound,
            "an amount that is not a ceiling has no bound".into(),
        )),
        _ => wrong(value, "an amount"),
    }
}

fn ceiling_if_any(value: &ParameterValue) -> Read<Option<Ceiling>> {
    match (&value.value, value.bound) {
        (Value::Nothing, Bound::None) => Ok(None),
        (Value::Integer(fen), Bound::Inclusive) => Ok(Some(Ceiling {
            fen: Fen::new(*fen),
            inclusive: true,
        })),
        (Value::Integer(fen), Bound::Exclusive) => Ok(Some(Ceiling {
            fen: Fen::new(*fen),
            inclusive: false,
        })),
        (Value::Integer(_), Bound::None) | (Value::Nothing, _) => Err((
            ProblemKind::WrongBound,
            "a ceiling is inclusive or exclusive, and without one the bound is none".into(),
        )),
        _ => wrong(value, "an amount"),
    }
}

pub(crate) fn ceiling(value: &ParameterValue) -> Read<Ceiling> {
    ceiling_if_any(value)?.map_or_else(|| wrong(value, "an amount"), Ok)
}

pub(crate) fn text_if_any(value: &ParameterValue) -> Read<Option<String>> {
    match &value.value {
        Value::Nothing => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        _ => wrong(value, "a word or digits in quotes"),
    }
}

fn text(value: &ParameterValue) -> Read<String> {
    text_if_any(value)?.map_or_else(|| wrong(value, "a word"), Ok)
}

fn unknown(message: String) -> (ProblemKind, String) {
    (ProblemKind::UnknownWord, message)
}

pub(crate) fn words<T: DeserializeOwned>(value: &ParameterValue) -> Read<Vec<T>> {
    match &value.value {
        Value::Texts(texts) => texts
            .iter()
            .map(|text| word(text).map_err(unknown))
            .collect(),
        _ => wrong(value, "a list of words"),
    }
}

pub(crate) fn single_word<T: DeserializeOwned>(value: &ParameterValue) -> Read<T> {
    word(&text(value)?).map_err(unknown)
}

pub(crate) fn insurances(value: &ParameterValue) -> Read<InsuranceSet> {
    words::<Insurance>(value).map(InsuranceSet::of)
}
