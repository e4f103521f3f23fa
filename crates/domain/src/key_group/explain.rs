//! From an assessment to a decision that a tax officer can read: reasons, sources, evidence.

use std::sync::Arc;

use crate::fact::{FactKind, PersonCategory};
use crate::identifier::EmployerCode;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::policy::{Citation, Confidence, Dated, KeyGroupPolicy};
use crate::reason::{Assumption, Outcome, Reason, ReasonCode};
use crate::timeline::{Held, Timeline};

use super::hire::Hire;
use super::notice::{notice_code, notice_over};
use super::{Assessment, Evidence, Person};

/// One month of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthResult {
    /// The month.
    pub month: TaxMonth,
    /// Its outcome.
    pub outcome: Outcome,
    /// Why.
    pub code: ReasonCode,
    /// What it gives; zero unless ELIGIBLE.
    pub amount_fen: Fen,
}

/// One layer of a decision: the law's, or the notice's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerOutcome {
    /// The layer's outcome.
    pub outcome: Outcome,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// A record that the decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvidenceRef {
    /// The worker's revision under which it is stored.
    pub revision: u32,
    /// Its kind.
    pub kind: FactKind,
}

/// The decision on a worker at an employer over the months asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// That of the statutory layer.
    pub outcome: Outcome,
    /// The national conditions.
    pub statutory: LayerOutcome,
    /// Whether the post was filed under the notice.
    pub notice: LayerOutcome,
    /// The category under which the person counts.
    pub category: Option<PersonCategory>,
    /// s.
    pub start_month: Option<TaxMonth>,
    /// The last month that can be ELIGIBLE.
    pub term_end_month: Option<TaxMonth>,
    /// Every month asked.
    pub months: Vec<MonthResult>,
    /// Sum of the ELIGIBLE months.
    pub total_fen: Fen,
    /// What must be known beside the answer but does not change it.
    pub caveats: Vec<Reason>,
    /// Parameters that are not fully established and were leaned on.
    pub assumptions: Vec<Assumption>,
    /// Kinds of fact that are missing.
    pub missing_facts: Vec<FactKind>,
    /// Records that the decision rests on.
    pub evidence: Vec<EvidenceRef>,
}

/// Writes an assessment out.
pub fn explain(
    policy: &KeyGroupPolicy,
    evidence: &Evidence<'_>,
    assessment: &Assessment,
) -> Decision {
    let months: Vec<MonthResult> = assessment
        .months
        .iter()
        .map(|finding| MonthResult {
            month: finding.month,
            outcome: finding.outcome(),
            code: finding.code,
            amount_fen: finding.amount_fen,
        })
        .collect();
    let outcome = Outcome::any(months.iter().map(|month| month.outcome));
    let writer = Writer {
        policy,
        evidence,
        assessment,
    };
    let reasons = writer.reasons();
    Decision {
        outcome,
        statutory: LayerOutcome { outcome, reasons },
        notice: writer.notice(),
        category: assessment.category,
        start_month: assessment.start_month,
        term_end_month: assessment.term_end_month,
        total_fen: months.iter().map(|month| month.amount_fen).sum(),
        caveats: writer.caveats(),
        assumptions: writer.assumptions(),
        missing_facts: writer.missing_facts(),
        evidence: writer.evidence_refs(),
        months,
    }
}

/// Tells the months that count since a review took a condition as met.
pub(crate) fn accepted_caveat(mut months: impl Iterator<Item = TaxMonth>) -> Option<Reason> {
    let first = months.next()?;
    Some(Reason {
        code: ReasonCode::ReviewAccepted,
        citations: Vec::new(),
        facts: vec![
            ("months", (months.count() + 1).to_string()),
            ("from_month", first.to_string()),
        ],
    })
}

pub(super) struct Writer<'a> {
    pub(super) policy: &'a KeyGroupPolicy,
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) assessment: &'a Assessment,
}

impl Writer<'_> {
    /// One reason for each code found, in order of precedence, with the months it concerns.
    fn reasons(&self) -> Vec<Reason> {
        let mut codes: Vec<ReasonCode> = Vec::new();
        for finding in &self.assessment.months {
            if !codes.contains(&finding.code) {
                codes.push(finding.code);
            }
        }
        codes.sort_by_key(|code| code.precedence());
        codes.into_iter().map(|code| self.reason(code)).collect()
    }

    fn reason(&self, code: ReasonCode) -> Reason {
        let of_code = || {
            self.assessment
                .months
                .iter()
                .filter(move |finding| finding.code == code)
        };
        let first = of_code().next();
        let hire = first
            .and_then(|finding| finding.hire)
            .map(|index| &self.assessment.hires[index]);
        let month = first.map(|finding| finding.month);
        let mut facts = vec![("months", of_code().count().to_string())];
        if let Some(month) = month {
            facts.push(("from_month", month.to_string()));
        }
        if let Some(hire) = hire {
            facts.push(("hired_on", hire.start_on.to_string()));
            facts.extend(
                hire.start_month
                    .map(|start| ("start_month", start.to_string())),
            );
            facts.extend(
                hire.category
                    .from_on
                    .map(|from| ("status_from", from.to_string())),
            );
            facts.extend(hire.category.to_on.map(|to| ("status_to", to.to_string())));
        }
        facts.extend(
            self.assessment
                .term_end_month
                .map(|end| ("term_end_month", end.to_string())),
        );
        if let Some(finding) = first.filter(|finding| finding.amount_fen > Fen::ZERO) {
            facts.push(("month_yuan", finding.amount_fen.yuan()));
        }
        Reason {
            code,
            citations: self.all_citations(code),
            facts,
        }
    }

    /// The sources behind every month of a reason, each once: a term that crosses instruments cites
    /// them all.
    fn all_citations(&self, code: ReasonCode) -> Vec<Arc<Citation>> {
        let mut all: Vec<Arc<Citation>> = Vec::new();
        for finding in self
            .assessment
            .months
            .iter()
            .filter(|finding| finding.code == code)
        {
            let hire = finding.hire.map(|index| &self.assessment.hires[index]);
            for citation in self
                .citations(code, finding.month, hire)
                .into_iter()
                .flatten()
            {
                if !all.contains(citation) {
                    all.push(Arc::clone(citation));
                }
            }
        }
        all
    }

    /// The parameters that a reason rests on, as their sources on the day that matters.
    pub(super) fn citations(
        &self,
        code: ReasonCode,
        month: TaxMonth,
        hire: Option<&Hire>,
    ) -> [Option<&Arc<Citation>>; 4] {
        let policy = self.policy;
        let source = Source { month, hire };
        let category = hire.and_then(|hire| hire.category.category);
        let coverage = category.and_then(|category| policy.category_covered.get(&category));
        let coverage = coverage.and_then(|dated| source.at_hire(dated));
        let one = |citation| [citation, None, None, None];
        let two = |first, second| [first, second, None, None];
        match code {
            ReasonCode::PolicyNotEncoded => {
                one(policy.term_months.last().map(|value| &value.citation))
            }
            ReasonCode::EmployerNotEnterprise => one(source.of_month(&policy.employer_kinds)),
            ReasonCode::ContractKindNotCovered
            | ReasonCode::PartTime
            | ReasonCode::ContractTooShort => one(source.at_hire(&policy.contract_months_min)),
            ReasonCode::SpellTooShort
            | ReasonCode::SpellBroken
            | ReasonCode::CertificateNoteMissing
            | ReasonCode::ConflictingEvidence => {
                two(coverage, source.at_hire(&policy.registration_months_min))
            }
            ReasonCode::InsuranceNotPaid => one(source.of_month(&policy.required_insurances)),
            ReasonCode::BackPaidInsurance => one(source.of_month(&policy.payment_grace_months)),
            ReasonCode::OtherEmploymentReliefClaimed => {
                one(source.of_month(&policy.excluding_reliefs))
            }
            ReasonCode::TermCountUnconfirmed => two(
                source.of_month(&policy.person_term_counting),
                source.of_month(&policy.person_months_max),
            ),
            // A second hire whose spells an earlier one has used.
            ReasonCode::NoRecord if category == Some(PersonCategory::RegisteredUnemployed) => two(
                source.at_hire(&policy.second_hire_needs_own_spell),
                coverage,
            ),
            ReasonCode::TermExhausted | ReasonCode::MonthBookedElsewhere => two(
                source.of_month(&policy.term_months),
                source.of_month(&policy.person_months_max),
            ),
            ReasonCode::AllConditionsMet => [
                coverage,
                source.of_month(&policy.quota_year_fen),
                source.of_month(&policy.required_insurances),
                source.of_month(&policy.term_months),
            ],
            ReasonCode::NotInForce => one(source.of_month(&policy.term_months)),
            _ => one(coverage.or_else(|| {
                let any = policy.category_covered.values().next()?;
                source.of_month(any)
            })),
        }
    }

    fn notice(&self) -> LayerOutcome {
        let evidence = self.evidence;
        let codes: Vec<ReasonCode> = self
            .assessment
            .months
            .iter()
            .map(|finding| {
                notice_code(
                    self.policy,
                    &self.assessment.hires,
                    evidence.employer_code,
                    evidence.filings,
                    finding.month,
                )
            })
            .collect();
        let mut told: Vec<ReasonCode> = Vec::new();
        for code in &codes {
            if !told.contains(code) {
                told.push(*code);
            }
        }
        told.sort_by_key(|code| code.precedence());
        LayerOutcome {
            outcome: notice_over(&codes),
            reasons: told
                .into_iter()
                .map(|code| self.notice_reason(code))
                .collect(),
        }
    }

    fn notice_reason(&self, code: ReasonCode) -> Reason {
        let last = self
            .assessment
            .months
            .last()
            .map(|finding| finding.month.last_day());
        let asked = last.and_then(|day| self.policy.notice_post_kind.on(day));
        let citations = asked
            .map(|value| value.citation.clone())
            .into_iter()
            .collect();
        Reason {
            citations,
            ..Reason::bare(code)
        }
    }

    fn caveats(&self) -> Vec<Reason> {
        let mut caveats = Vec::new();
        let unclaimed = self.evidence.unclaimed_elsewhere;
        if unclaimed != 0 {
            caveats.push(Reason {
                code: ReasonCode::EarlierMonthsUnclaimed,
                citations: Vec::new(),
                facts: vec![("months", unclaimed.to_string())],
            });
        }
        let months = self.assessment.months.iter();
        let accepted = months.filter(|finding| {
            finding.resolution.is_some() && finding.outcome() == Outcome::Eligible
        });
        caveats.extend(accepted_caveat(accepted.map(|finding| finding.month)));
        caveats
    }

    fn assumptions(&self) -> Vec<Assumption> {
        let mut out = Vec::new();
        let mut add = |assumption: Option<Assumption>| {
            if let Some(assumption) = assumption.filter(|found| !out.contains(found)) {
                out.push(assumption);
            }
        };
        for finding in &self.assessment.months {
            let Some(hire) = finding.hire.map(|index| &self.assessment.hires[index]) else {
                continue;
            };
            if hire.category.category == Some(PersonCategory::RegisteredUnemployed) {
                add(assumed(&self.policy.registration_months_min, hire));
            }
            match finding.code {
                // What was paid after its month is in time, or late, by a term that is not
                // established.
                ReasonCode::BackPaidInsurance => {
                    add(assumed(&self.policy.payment_grace_months, hire))
                }
                ReasonCode::AllConditionsMet if self.is_paid_after(finding.month) => {
                    add(assumed(&self.policy.payment_grace_months, hire))
                }
                ReasonCode::TermCountUnconfirmed => {
                    add(assumed(&self.policy.person_term_counting, hire))
                }
                ReasonCode::NoRecord if hire.category.category.is_some() => {
                    add(assumed(&self.policy.second_hire_needs_own_spell, hire));
                }
                _ => {}
            }
        }
        out
    }

    /// Whether the insurance of a month was paid after the month.
    fn is_paid_after(&self, month: TaxMonth) -> bool {
        let Person::Known(timeline) = self.evidence.person else {
            return false;
        };
        let rows = timeline.contributions_of(self.evidence.employer_code);
        rows.iter()
            .any(|held| held.body.month == month && held.body.paid_on > month.last_day())
    }

    fn missing_facts(&self) -> Vec<FactKind> {
        let has = |code: ReasonCode| {
            self.assessment
                .months
                .iter()
                .any(|finding| finding.code == code)
        };
        let mut missing = Vec::new();
        match self.evidence.person {
            Person::Unknown | Person::NotMatched => missing.push(FactKind::WorkerProfile),
            Person::Known(_) => {
                if has(ReasonCode::NoRecord) {
                    missing.extend([FactKind::UnemploymentSpell, FactKind::PovertyStatus]);
                }
                if has(ReasonCode::CertificateNoteMissing) {
                    missing.push(FactKind::EmploymentCertificate);
                }
                if self.assessment.hires.is_empty() {
                    missing.push(FactKind::Contract);
                }
                if has(ReasonCode::InsuranceNotPaid) {
                    missing.push(FactKind::Contribution);
                }
            }
        }
        missing
    }

    fn evidence_refs(&self) -> Vec<EvidenceRef> {
        let Person::Known(timeline) = self.evidence.person else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut judged: Vec<usize> = self
            .assessment
            .months
            .iter()
            .filter_map(|finding| finding.hire)
            .collect();
        judged.dedup();
        for hire in judged
            .into_iter()
            .map(|index| &self.assessment.hires[index])
        {
            out.extend(hire.contract_revisions.iter().map(|revision| EvidenceRef {
                revision: *revision,
                kind: FactKind::Contract,
            }));
            out.extend(status_refs(hire));
        }
        out.extend(self.deciding_refs(timeline));
        out.extend(contribution_refs(
            timeline,
            self.evidence.employer_code,
            self.assessment,
        ));
        out.sort_unstable();
        out.dedup();
        out
    }
}

impl Writer<'_> {
    /// Records that a refusal or a review rests on beside contract, status and insurance.
    fn deciding_refs(&self, timeline: &Timeline) -> Vec<EvidenceRef> {
        fn all<T>(list: &[Held<T>], kind: FactKind) -> impl Iterator<Item = EvidenceRef> + '_ {
            list.iter().map(move |held| EvidenceRef {
                revision: held.revision,
                kind,
            })
        }
        let has = |code: ReasonCode| {
            self.assessment
                .months
                .iter()
                .any(|finding| finding.code == code)
        };
        let mut out: Vec<EvidenceRef> = all(&timeline.prior_uses, FactKind::PriorTermUse).collect();
        let months = self.assessment.months.iter();
        out.extend(
            months
                .filter_map(|finding| finding.resolution)
                .map(|revision| EvidenceRef {
                    revision,
                    kind: FactKind::ReviewResolution,
                }),
        );
        if has(ReasonCode::OtherEmploymentReliefClaimed) {
            out.extend(all(&timeline.reliefs, FactKind::OtherRelief));
        }
        if has(ReasonCode::SpellBroken) {
            out.extend(all(&timeline.flexible, FactKind::FlexibleRegistration));
        }
        if has(ReasonCode::ConflictingEvidence) {
            let hires = &self.assessment.hires;
            let inside = timeline.contributions.iter().filter(|held| {
                held.body.employer.is_some()
                    && hires.iter().any(|hire| {
                        let from = hire.category.from_on;
                        held.body.month < TaxMonth::of(hire.start_on)
                            && from.is_some_and(|from| held.body.month.first_day() >= from)
                    })
            });
            out.extend(inside.map(|held| EvidenceRef {
                revision: held.revision,
                kind: FactKind::Contribution,
            }));
        }
        out
    }
}

fn status_refs(hire: &Hire) -> impl Iterator<Item = EvidenceRef> {
    let kind = match hire.category.category {
        Some(PersonCategory::RegisteredUnemployed) => FactKind::UnemploymentSpell,
        _ => FactKind::PovertyStatus,
    };
    let record = hire
        .category
        .record
        .map(|revision| EvidenceRef { revision, kind });
    let certificate = hire.category.certificate.map(|revision| EvidenceRef {
        revision,
        kind: FactKind::EmploymentCertificate,
    });
    record.into_iter().chain(certificate)
}

fn contribution_refs(
    timeline: &Timeline,
    employer: &EmployerCode,
    assessment: &Assessment,
) -> Vec<EvidenceRef> {
    let (Some(first), Some(last)) = (assessment.months.first(), assessment.months.last()) else {
        return Vec::new();
    };
    timeline
        .contributions_of(employer)
        .iter()
        .filter(|held| (first.month..=last.month).contains(&held.body.month))
        .map(|held| EvidenceRef {
            revision: held.revision,
            kind: FactKind::Contribution,
        })
        .collect()
}

/// A parameter whose value is not established by the text itself.
fn assumed<T: std::fmt::Display>(dated: &Dated<T>, hire: &Hire) -> Option<Assumption> {
    let value = dated.on(hire.start_on)?;
    (value.confidence() >= Confidence::Derived).then(|| Assumption {
        parameter: dated.name.clone(),
        value: value.value.to_string(),
        confidence: value.confidence(),
    })
}

/// The days on which a reason looks values up.
struct Source<'a> {
    month: TaxMonth,
    hire: Option<&'a Hire>,
}

impl Source<'_> {
    fn at_hire<'p, T>(&self, dated: &'p Dated<T>) -> Option<&'p Arc<Citation>> {
        let day = self
            .hire
            .map_or(self.month.last_day(), |hire| hire.start_on);
        dated.on(day).map(|value| &value.citation)
    }

    fn of_month<'p, T>(&self, dated: &'p Dated<T>) -> Option<&'p Arc<Citation>> {
        dated
            .on(self.month.last_day())
            .map(|value| &value.citation)
            .or_else(|| self.at_hire(dated))
    }
}
