//! From what was found to a decision that a reader can follow.

use std::sync::Arc;

use crate::fact::FactKind;
use crate::key_group::{EvidenceRef, MonthResult, accepted_caveat};
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::policy::{Citation, Dated};
use crate::reason::{Assumption, Outcome, Reason, ReasonCode};
use crate::timeline::{Held, Timeline};

use super::assess::{Assessment, assess};
use super::policy::SubsidyPolicy;
use super::training::{TrainingAssessment, TrainingResult, assess_trainings};
use super::{Evidence, Person, SubsidyKind};

/// The decision on a worker's subsidy at an employer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// ELIGIBLE if any month or training is, else REVIEW if any is, else INELIGIBLE.
    pub outcome: Outcome,
    /// Every month asked; none for training.
    pub months: Vec<MonthResult>,
    /// Every training at the employer, by completion; none for the other subsidies.
    pub trainings: Vec<TrainingResult>,
    /// The sum of what is ELIGIBLE.
    pub total_fen: Fen,
    /// The first month that counts, of this employer or of any that has claimed.
    pub start_month: Option<TaxMonth>,
    /// Months counted before the first one asked, over all employers.
    pub months_used: i32,
    /// Why, in order of precedence.
    pub reasons: Vec<Reason>,
    /// What must be known beside the answer but does not change it.
    pub caveats: Vec<Reason>,
    /// The defaults that another reading of the notice could have changed the answer by.
    pub assumptions: Vec<Assumption>,
    /// Kinds of fact that are missing.
    pub missing_facts: Vec<FactKind>,
    /// Records that the decision rests on.
    pub evidence: Vec<EvidenceRef>,
}

/// Decides the months from `from` to `through`, both included; for training every training at the
/// employer, whatever the months.
pub fn decide(
    policy: &SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    from: TaxMonth,
    through: TaxMonth,
) -> Decision {
    if kind == SubsidyKind::Training {
        return of_trainings(policy, evidence, assess_trainings(policy, evidence));
    }
    let assessment = assess(policy, kind, evidence, from, through);
    of_months(policy, kind, evidence, assessment)
}

fn of_months(
    policy: &SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    assessment: Assessment,
) -> Decision {
    let months: Vec<MonthResult> = assessment
        .months
        .iter()
        .map(|finding| MonthResult {
            month: finding.month,
            outcome: finding.code.outcome(),
            code: finding.code,
            amount_fen: finding.amount_fen,
        })
        .collect();
    let mut codes: Vec<ReasonCode> = months.iter().map(|month| month.code).collect();
    codes.sort_by_key(|code| code.precedence());
    codes.dedup();
    let writer = Writer { policy, kind };
    Decision {
        kind,
        outcome: Outcome::any(months.iter().map(|month| month.outcome)),
        total_fen: months.iter().map(|month| month.amount_fen).sum(),
        start_month: assessment.start_month,
        months_used: assessment.months_used,
        reasons: codes
            .iter()
            .map(|code| writer.of_months(*code, &assessment))
            .collect(),
        caveats: writer
            .first_claim(&assessment)
            .into_iter()
            .chain(accepted_caveat(accepted_months(&assessment)))
            .collect(),
        missing_facts: missing(evidence, &codes, assessment.engagements.is_empty()),
        evidence: match evidence.person {
            Person::Known(timeline) => month_refs(timeline, kind, evidence, &assessment),
            _ => Vec::new(),
        },
        assumptions: assessment.notes.finish(),
        months,
        trainings: Vec::new(),
    }
}

/// Months that count since a review took a condition as met.
fn accepted_months(assessment: &Assessment) -> impl Iterator<Item = TaxMonth> {
    let counted = assessment.months.iter().filter(|finding| {
        finding.resolution.is_some() && finding.code.outcome() == Outcome::Eligible
    });
    counted.map(|finding| finding.month)
}

/// Months of trainings that bring something and in which a review took a condition as met.
fn accepted_trainings<'a>(
    evidence: &'a Evidence<'_>,
    trainings: &'a [TrainingResult],
) -> impl Iterator<Item = TaxMonth> {
    let brought = trainings
        .iter()
        .filter(|it| it.outcome == Outcome::Eligible);
    let months = brought.filter_map(|it| it.completed_on).map(TaxMonth::of);
    months.filter(|month| {
        let Person::Known(timeline) = evidence.person else {
            return false;
        };
        let measure = SubsidyKind::Training.measure();
        let mut resolutions = timeline.resolutions.iter().map(|held| &held.body);
        resolutions.any(|settled| {
            settled.accepted
                && settled.measure == measure
                && settled.employer_code == *evidence.employer_code
                && (settled.from_month..=settled.through_month).contains(month)
        })
    })
}

fn of_trainings(
    policy: &SubsidyPolicy,
    evidence: &Evidence<'_>,
    assessment: TrainingAssessment,
) -> Decision {
    let trainings = assessment.trainings;
    let mut codes: Vec<ReasonCode> = match evidence.person {
        Person::Unknown => vec![ReasonCode::NoRecord],
        Person::NotMatched => vec![ReasonCode::NotMatched],
        Person::Known(_) if trainings.is_empty() => vec![ReasonCode::TrainingNotCompleted],
        Person::Known(_) => trainings.iter().map(|training| training.code).collect(),
    };
    codes.sort_by_key(|code| code.precedence());
    codes.dedup();
    let writer = Writer {
        policy,
        kind: SubsidyKind::Training,
    };
    let mut refs: Vec<EvidenceRef> = trainings
        .iter()
        .map(|training| EvidenceRef {
            revision: training.revision,
            kind: FactKind::TrainingRecord,
        })
        .collect();
    if let Person::Known(timeline) = evidence.person {
        refs.extend(all(timeline.child.as_slice(), FactKind::DependentChild));
    }
    refs.sort_unstable();
    Decision {
        kind: SubsidyKind::Training,
        outcome: Outcome::any(codes.iter().map(|code| code.outcome())),
        total_fen: trainings.iter().map(|training| training.amount_fen).sum(),
        start_month: None,
        months_used: 0,
        reasons: codes
            .iter()
            .map(|code| writer.of_trainings(*code, &trainings))
            .collect(),
        caveats: accepted_caveat(accepted_trainings(evidence, &trainings))
            .into_iter()
            .collect(),
        missing_facts: missing(evidence, &codes, false),
        evidence: refs,
        assumptions: assessment.notes.finish(),
        months: Vec::new(),
        trainings,
    }
}

pub(super) struct Writer<'a> {
    pub(super) policy: &'a SubsidyPolicy,
    pub(super) kind: SubsidyKind,
}

impl Writer<'_> {
    fn of_months(&self, code: ReasonCode, assessment: &Assessment) -> Reason {
        let of_code = || {
            assessment
                .months
                .iter()
                .filter(move |found| found.code == code)
        };
        let mut facts = vec![("months", of_code().count().to_string())];
        let mut citations: Vec<Arc<Citation>> = Vec::new();
        for finding in of_code() {
            for citation in self.citations(code, finding.month) {
                if !citations.contains(&citation) {
                    citations.push(citation);
                }
            }
        }
        if let Some(first) = of_code().next() {
            facts.push(("from_month", first.month.to_string()));
            if let Some(index) = first.engagement {
                let hired = assessment.engagements[index].start_on;
                facts.push(("hired_on", hired.to_string()));
            }
            if first.amount_fen > Fen::ZERO {
                facts.push(("month_yuan", first.amount_fen.yuan()));
            }
        }
        if matches!(
            code,
            ReasonCode::AllConditionsMet | ReasonCode::SubsidyMonthsExhausted
        ) {
            facts.push(("months_used", assessment.months_used.to_string()));
        }
        Reason {
            code,
            citations,
            facts,
        }
    }

    fn of_trainings(&self, code: ReasonCode, trainings: &[TrainingResult]) -> Reason {
        let of_code: Vec<&TrainingResult> = trainings
            .iter()
            .filter(|training| training.code == code)
            .collect();
        let mut facts = vec![("trainings", of_code.len().to_string())];
        let hours: i64 = of_code.iter().map(|it| i64::from(it.class_hours)).sum();
        let amount: Fen = of_code.iter().map(|it| it.amount_fen).sum();
        let mut citations: Vec<Arc<Citation>> = Vec::new();
        if !of_code.is_empty() {
            facts.push(("class_hours", hours.to_string()));
        }
        if amount > Fen::ZERO {
            facts.push(("amount_yuan", amount.yuan()));
        }
        for completed_on in of_code.iter().filter_map(|it| it.completed_on) {
            for citation in self.citations(code, TaxMonth::of(completed_on)) {
                if !citations.contains(&citation) {
                    citations.push(citation);
                }
            }
        }
        Reason {
            code,
            citations,
            facts,
        }
    }

    /// The parameters that a reason rests on, as their sources in the month that matters.
    pub(super) fn citations(&self, code: ReasonCode, month: TaxMonth) -> Vec<Arc<Citation>> {
        let policy = self.policy;
        let kind = &self.kind;
        let found = match code {
            ReasonCode::EmployerKindNotCovered => vec![of(policy.employer_kinds.get(kind), month)],
            ReasonCode::IndividualBusinessUnconfirmed => {
                vec![of(policy.individual_business.get(kind), month)]
            }
            ReasonCode::ContractTooShort => vec![of(Some(&policy.contract_months_min), month)],
            ReasonCode::OutsideTrialPeriod => vec![first(&policy.trial_open)],
            ReasonCode::NoRecord | ReasonCode::DependentChildEnded => {
                vec![of(Some(&policy.child_age_years), month)]
            }
            ReasonCode::PostNotFiled
            | ReasonCode::FilingKindMismatch
            | ReasonCode::TrainingPlanNotFiled => vec![of(policy.filing_kind.get(kind), month)],
            ReasonCode::FilingNotAccepted | ReasonCode::FilingDateMissing => {
                vec![of(Some(&policy.filing_accepted_by), month)]
            }
            ReasonCode::FlexibleRegistrationMissing => {
                vec![of(Some(&policy.registration_days), month)]
            }
            ReasonCode::InsuranceNotPaid => vec![of(policy.required_insurances.get(kind), month)],
            ReasonCode::LateInsuranceNotCounted => vec![of(Some(&policy.back_paid_counts), month)],
            ReasonCode::SubsidyMonthsExhausted => vec![
                of(Some(&policy.months_max), month),
                of(Some(&policy.month_counting), month),
            ],
            ReasonCode::TrainingMostReached => {
                vec![of(Some(&policy.training_person_max_fen), month)]
            }
            ReasonCode::AllConditionsMet => vec![
                of(policy.amount_fen.get(kind), month),
                of(policy.filing_kind.get(kind), month),
                of(policy.required_insurances.get(kind), month),
            ],
            ReasonCode::PolicyNotEncoded => vec![last(policy.amount_fen.get(kind))],
            _ => vec![of(policy.amount_fen.get(kind), month)],
        };
        found.into_iter().flatten().collect()
    }

    fn first_claim(&self, assessment: &Assessment) -> Option<Reason> {
        let both = || {
            assessment
                .months
                .iter()
                .filter(|found| found.first_claim_wins)
        };
        let first = both().next()?;
        let other = match self.kind {
            SubsidyKind::EmployerInsurance => SubsidyKind::FlexibleInsurance,
            _ => SubsidyKind::EmployerInsurance,
        };
        let rule = self
            .policy
            .stacking_of(self.kind, super::Benefit::Subsidy(other));
        Some(Reason {
            code: ReasonCode::FirstClaimWins,
            citations: of(rule, first.month).into_iter().collect(),
            facts: vec![
                ("months", both().count().to_string()),
                ("from_month", first.month.to_string()),
            ],
        })
    }
}

fn of<T>(dated: Option<&Dated<T>>, month: TaxMonth) -> Option<Arc<Citation>> {
    let value = dated?.on(month.last_day())?;
    Some(value.citation.clone())
}

fn first<T>(dated: &Dated<T>) -> Option<Arc<Citation>> {
    dated.values().first().map(|value| value.citation.clone())
}

fn last<T>(dated: Option<&Dated<T>>) -> Option<Arc<Citation>> {
    dated?.last().map(|value| value.citation.clone())
}

fn missing(evidence: &Evidence<'_>, codes: &[ReasonCode], no_contract: bool) -> Vec<FactKind> {
    let Person::Known(timeline) = evidence.person else {
        return vec![FactKind::WorkerProfile];
    };
    let asked = [
        (no_contract, FactKind::Contract),
        (
            codes.contains(&ReasonCode::NoRecord) && timeline.child.is_none(),
            FactKind::DependentChild,
        ),
        (
            codes.contains(&ReasonCode::FlexibleRegistrationMissing),
            FactKind::FlexibleRegistration,
        ),
        (
            codes.contains(&ReasonCode::InsuranceNotPaid),
            FactKind::Contribution,
        ),
        (
            codes.contains(&ReasonCode::TrainingNotCompleted),
            FactKind::TrainingRecord,
        ),
    ];
    let wanted = asked.into_iter().filter(|(is_missing, _)| *is_missing);
    wanted.map(|(_, kind)| kind).collect()
}

fn all<T>(list: &[Held<T>], kind: FactKind) -> impl Iterator<Item = EvidenceRef> + '_ {
    list.iter().map(move |held| EvidenceRef {
        revision: held.revision,
        kind,
    })
}

fn month_refs(
    timeline: &Timeline,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    assessment: &Assessment,
) -> Vec<EvidenceRef> {
    let (Some(first), Some(last)) = (assessment.months.first(), assessment.months.last()) else {
        return Vec::new();
    };
    let mut refs: Vec<EvidenceRef> = Vec::new();
    let judged = assessment
        .months
        .iter()
        .filter_map(|found| found.engagement);
    for index in judged {
        let revisions = &assessment.engagements[index].contract_revisions;
        refs.extend(revisions.iter().map(|revision| EvidenceRef {
            revision: *revision,
            kind: FactKind::Contract,
        }));
    }
    let rows = match kind {
        SubsidyKind::FlexibleInsurance => timeline.individual_contributions(),
        _ => timeline.contributions_of(evidence.employer_code),
    };
    let asked = rows
        .iter()
        .filter(|held| (first.month..=last.month).contains(&held.body.month));
    refs.extend(asked.map(|held| EvidenceRef {
        revision: held.revision,
        kind: FactKind::Contribution,
    }));
    refs.extend(all(timeline.child.as_slice(), FactKind::DependentChild));
    let settled = assessment
        .months
        .iter()
        .filter_map(|found| found.resolution);
    refs.extend(settled.map(|revision| EvidenceRef {
        revision,
        kind: FactKind::ReviewResolution,
    }));
    if kind == SubsidyKind::FlexibleInsurance {
        refs.extend(all(&timeline.flexible, FactKind::FlexibleRegistration));
    }
    let is_refused =
        |found: &super::assess::MonthFinding| found.code == ReasonCode::OtherSubsidyClaimed;
    if assessment.months.iter().any(is_refused) {
        refs.extend(all(&timeline.reliefs, FactKind::OtherRelief));
    }
    refs.sort_unstable();
    refs.dedup();
    refs
}
