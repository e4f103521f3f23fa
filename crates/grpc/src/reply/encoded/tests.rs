use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{FactKind, PersonCategory, Source};
use mamagang_domain::ids::{AuditId, CaseId, DecisionId, FactId, Subject, WorkerId};
use mamagang_domain::key_group::{Decision, EvidenceRef};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::Confidence;
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_proto::v1;
use mamagang_testkit::TestApp;
use prost::Message as _;
use uuid::Uuid;

use super::*;

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a date")
}

fn month(text: &str) -> TaxMonth {
    TaxMonth::parse(text).expect("a month")
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_a5c0_0000_7000_8000_0000_0000_0000 + number)
}

/// A decision about which nothing is known.
fn bare(outcome: Outcome) -> CheckedDecision {
    let layer = || LayerOutcome {
        outcome,
        reasons: Vec::new(),
    };
    CheckedDecision {
        decision_id: DecisionId {
            audit: AuditId(id(1)),
            item: None,
        },
        decision: Decision {
            outcome,
            statutory: layer(),
            notice: layer(),
            category: None,
            start_month: None,
            term_end_month: None,
            months: Vec::new(),
            total_fen: Fen::ZERO,
            caveats: Vec::new(),
            assumptions: Vec::new(),
            missing_facts: Vec::new(),
            evidence: Vec::new(),
        },
        evidence: Vec::new(),
        decided_at: 0,
        as_of: -1,
        policy_version: String::new(),
        rules_version: 0,
        review_case: None,
    }
}

fn cited(article: &str, quote: &str) -> Arc<Citation> {
    Arc::new(Citation {
        instrument: "财政部 税务总局公告2023年第15号".to_owned(),
        article: article.to_owned(),
        quote: quote.to_owned(),
        effective_on: date("2023-01-01"),
        confidence: Confidence::Recalled,
    })
}

fn reasons() -> Vec<Reason> {
    vec![
        Reason {
            code: ReasonCode::AllConditionsMet,
            citations: vec![
                cited("第二条", &"登记失业半年以上".repeat(20)),
                cited("", ""),
            ],
            // Not in order of name, and one of them twice.
            facts: vec![
                ("term_end_month", "2026-04".to_owned()),
                ("months", "8".to_owned()),
                ("from_month", String::new()),
                ("months", "9".to_owned()),
            ],
        },
        Reason::bare(ReasonCode::NotInForce),
    ]
}

/// A decision in which every field says something, the longest texts longer than 16 KiB.
fn whole() -> CheckedDecision {
    let mut checked = bare(Outcome::Eligible);
    checked.decision_id.item = Some(7);
    let decision = &mut checked.decision;
    decision.statutory.reasons = reasons();
    decision.notice.reasons = reasons();
    decision.notice.reasons.truncate(1);
    decision.category = Some(PersonCategory::RegisteredUnemployed);
    decision.start_month = Some(month("2023-05"));
    decision.term_end_month = Some(month("2026-04"));
    let results = [
        (Outcome::Eligible, ReasonCode::AllConditionsMet, 65_000),
        (Outcome::Ineligible, ReasonCode::NotInForce, 0),
        (Outcome::Review, ReasonCode::PolicyNotEncoded, 0),
    ];
    let months = (0..36).map(|index: i32| {
        let (outcome, code, fen) = results[usize::try_from(index % 3).expect("small")];
        MonthResult {
            month: month("2023-05").plus(index),
            outcome,
            code,
            amount_fen: Fen::new(fen),
        }
    });
    decision.months = months.collect();
    decision.total_fen = Fen::new(780_000);
    decision.caveats = vec![Reason {
        code: ReasonCode::EarlierMonthsUnclaimed,
        citations: Vec::new(),
        facts: vec![("months", "x".repeat(20_000))],
    }];
    decision.assumptions = [("key_group.registration_months", "6"), ("unknown", "")]
        .map(|(parameter, value)| Assumption {
            parameter: parameter.into(),
            value: value.to_owned(),
            confidence: Confidence::Unconfirmed,
        })
        .to_vec();
    decision.missing_facts = FactKind::ALL.to_vec();
    decision.evidence = vec![EvidenceRef {
        revision: 3,
        kind: FactKind::Contract,
    }];
    let evidence = FactKind::ALL.iter().zip(1..).map(|(kind, revision)| {
        let is_even = revision % 2 == 0;
        EvidenceView {
            fact_id: FactId {
                subject: Subject::Worker(WorkerId(id(2))),
                revision,
            },
            kind: *kind,
            source: Arc::new(Source {
                name: if is_even { "社保系统" } else { "" }.to_owned(),
                drawn_on: is_even.then(|| date("2024-01-31")),
            }),
        }
    });
    checked.evidence = evidence.collect();
    checked.decided_at = 1_706_745_600_123_456;
    checked.as_of = 1_706_745_600_000_000;
    checked.policy_version = "ab".repeat(32);
    checked.rules_version = 4;
    checked.review_case = Some(CaseId(id(3)));
    checked
}

#[tokio::test]
async fn the_bytes_are_those_of_the_message() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let decisions = [
        bare(Outcome::Review),
        bare(Outcome::Ineligible),
        bare(Outcome::Eligible),
        whole(),
    ];
    for language in [Language::Chinese, Language::English] {
        for checked in &decisions {
            let message = v1::CheckKeyGroupDeductionResponse {
                decision: Some(crate::reply::decision::decision(
                    &test.app, checked, language,
                )),
            };
            let encoded = check_answer(&test.app, checked, language);
            let read = v1::CheckKeyGroupDeductionResponse::decode(&*encoded);
            assert_eq!(read.expect("a message"), message);
            assert_eq!(encoded, message.encode_to_vec());
        }
    }
}
