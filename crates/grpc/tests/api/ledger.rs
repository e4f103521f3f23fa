//! Decision out, deduction posted, balance read.

use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;

fn posting(number: u32, period: &str, vat_payable_fen: i64) -> v1::PostDeductionRequest {
    v1::PostDeductionRequest {
        request_id: request_id(number),
        employer_code: EMPLOYER.to_owned(),
        period: period.to_owned(),
        vat_payable_fen,
        ..Default::default()
    }
}

fn reason(status: &tonic::Status) -> String {
    status.get_details_error_info().expect("ErrorInfo").reason
}

#[tokio::test]
async fn a_hire_is_eligible_with_the_law_cited_in_the_callers_language() {
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let question = v1::CheckKeyGroupDeductionRequest {
        context: context(),
        employer_code: EMPLOYER.to_owned(),
        worker: worker(),
        from_month: "2023-01".to_owned(),
        through_month: "2023-12".to_owned(),
        as_of_time: None,
    };
    let answer = clients
        .eligibility
        .check_key_group_deduction(english(question))
        .await
        .expect("an answer");
    let decision = answer.into_inner().decision.expect("a decision");
    assert_eq!(
        (decision.outcome, decision.total_fen),
        (v1::Outcome::Eligible as i32, 650_000)
    );
    assert_eq!(
        (decision.start_month.as_str(), decision.months.len()),
        ("2023-03", 12)
    );
    assert!(decision.months.iter().all(|month| month.reason != 0));
    assert!(
        decision
            .reasons
            .iter()
            .all(|told| !told.message.is_empty() && !told.citations.is_empty())
    );
    assert!(
        decision
            .assumptions
            .iter()
            .all(|assumed| assumed.message.starts_with("Not settled"))
    );
    assert!(
        decision
            .evidence
            .iter()
            .all(|seen| seen.fact_id.contains('.') && seen.source == "hr-bureau")
    );
    let stored = v1::GetDecisionRequest {
        with_explanation: false,
        context: context(),
        decision_id: decision.decision_id.clone(),
    };
    let stored = clients
        .eligibility
        .get_decision(stored)
        .await
        .expect("stored")
        .into_inner();
    assert!(stored.digest_matches);
    assert_eq!(
        stored.method,
        "mamagang.v1.EligibilityService/CheckKeyGroupDeduction"
    );
}

#[tokio::test]
async fn a_period_is_posted_once_and_seen_in_balance_and_entries() {
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let preview = v1::PostDeductionRequest {
        validate_only: true,
        ..posting(2, "2023-12", 400_000)
    };
    let preview = clients
        .ledger
        .post_deduction(preview)
        .await
        .expect("a preview")
        .into_inner();
    assert_eq!((preview.entry_id.as_str(), preview.sequence), ("", 1));
    let first = clients
        .ledger
        .post_deduction(posting(2, "2023-12", 400_000))
        .await
        .expect("posted")
        .into_inner();
    let again = clients
        .ledger
        .post_deduction(posting(2, "2023-12", 400_000))
        .await
        .expect("the same")
        .into_inner();
    assert_eq!((first.sequence, &first), (1, &again));
    let taxes: Vec<(i32, i64)> = first
        .lines
        .iter()
        .map(|line| (line.tax, line.deducted_fen))
        .collect();
    assert_eq!(taxes, [(1, 400_000), (2, 28_000), (3, 12_000), (4, 8_000)]);
    let row = &first.lines[0].by_code[0];
    assert_eq!((row.code.as_str(), row.amount_fen), ("0001013613", 400_000));
    assert!(!row.code_name.is_empty());
    let balance = first.balance.expect("a balance");
    assert_eq!(
        (balance.accrued_fen, balance.remaining_fen),
        (650_000, 202_000)
    );
    let other = clients
        .ledger
        .post_deduction(posting(2, "2023-12", 400_001))
        .await
        .expect_err("another amount");
    assert_eq!(
        (other.code(), reason(&other).as_str()),
        (Code::AlreadyExists, "REQUEST_ID_REUSED")
    );
    let second = clients
        .ledger
        .post_deduction(posting(3, "2023-12", 400_000))
        .await
        .expect_err("posted before");
    assert_eq!(
        (second.code(), reason(&second).as_str()),
        (Code::FailedPrecondition, "PERIOD_ALREADY_POSTED")
    );
    let asked = v1::ListEntriesRequest {
        employer_code: EMPLOYER.to_owned(),
        ..Default::default()
    };
    let listed = clients
        .ledger
        .list_entries(asked)
        .await
        .expect("entries")
        .into_inner();
    let entry = &listed.entries[0];
    assert_eq!(
        (entry.kind, entry.period.as_str(), entry.hash.len()),
        (v1::EntryKind::Post as i32, "2023-12", 32)
    );
    assert_eq!(entry.legs.iter().map(|leg| leg.amount_fen).sum::<i64>(), 0);
    assert_eq!(entry.legs.iter().map(|leg| leg.months).sum::<i32>(), 0);
    assert_eq!(entry.request_id, request_id(2));
}

#[tokio::test]
async fn a_year_is_settled_amended_and_recomputed() {
    let mut clients = clients().await;
    record_all(&mut clients).await;
    clients
        .ledger
        .post_deduction(posting(2, "2023-12", 400_000))
        .await
        .expect("posted");
    let settling = v1::SettleYearRequest {
        request_id: request_id(3),
        employer_code: EMPLOYER.to_owned(),
        tax_year: 2023,
        cit_payable_fen: 100_000,
        validate_only: false,
    };
    let settled = clients
        .ledger
        .settle_year(settling)
        .await
        .expect("settled")
        .into_inner();
    assert_eq!((settled.sequence, settled.forfeited_fen), (2, 102_000));
    assert_eq!(settled.cit_line.expect("a line").deducted_fen, 100_000);
    let amending = v1::AmendDeductionRequest {
        request_id: request_id(4),
        employer_code: EMPLOYER.to_owned(),
        period: "2023-12".to_owned(),
        vat_payable_fen: 300_000,
        reason: "申报有误".to_owned(),
        ..Default::default()
    };
    let amended = clients
        .ledger
        .amend_deduction(amending)
        .await
        .expect("amended")
        .into_inner();
    assert_eq!(
        (amended.sequence, amended.reversed_entry_id.as_str()),
        (4, "91442000MAQQ000161-1")
    );
    let asked = v1::ListEntriesRequest {
        employer_code: EMPLOYER.to_owned(),
        tax_year: 2023,
        ..Default::default()
    };
    let listed = clients
        .ledger
        .list_entries(asked)
        .await
        .expect("entries")
        .into_inner();
    let reversal = &listed.entries[2];
    assert_eq!(
        (reversal.kind, reversal.lines[0].deducted_fen),
        (v1::EntryKind::Reversal as i32, -400_000)
    );
    assert_eq!(listed.entries[3].reason, "申报有误");
    let recomputing = v1::RecomputeYearRequest {
        request_id: request_id(5),
        employer_code: EMPLOYER.to_owned(),
        tax_year: 2023,
        surcharge_through_date: String::new(),
        validate_only: false,
    };
    let recomputed = clients
        .ledger
        .recompute_year(recomputing)
        .await
        .expect("recomputed")
        .into_inner();
    assert_eq!(
        (
            recomputed.entry_id.as_str(),
            recomputed.sequence,
            recomputed.changes.len()
        ),
        ("", 4, 0)
    );
    let term = v1::GetWorkerTermRequest {
        context: context(),
        worker: worker(),
        as_of_time: None,
    };
    let term = clients
        .ledger
        .get_worker_term(term)
        .await
        .expect("a term")
        .into_inner();
    assert_eq!(
        (
            term.months_counted,
            term.months_left,
            term.first_month.as_str()
        ),
        (10, 26, "2023-03")
    );
}

#[tokio::test]
async fn an_unknown_employer_is_not_found_and_a_sale_is_tested() {
    let mut clients = clients().await;
    let asked = v1::GetEmployerBalanceRequest {
        employer_code: EMPLOYER.to_owned(),
        tax_year: 2023,
        ..Default::default()
    };
    let status = clients
        .ledger
        .get_employer_balance(english(asked))
        .await
        .expect_err("unknown");
    assert_eq!(
        (status.code(), status.message()),
        (Code::NotFound, "The employer is not known")
    );
    let sale = v1::CheckVatExemptionRequest {
        province_code: "440000".to_owned(),
        party: v1::Party::NaturalPerson as i32,
        obligation_date: "2023-02-05".to_owned(),
        amount_fen: 50_500,
        vat_inclusive: true,
        umct_rate_bp: 700,
        ..Default::default()
    };
    let answer = clients
        .eligibility
        .check_vat_exemption(sale)
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(
        (answer.outcome, answer.vat_fen),
        (v1::VatOutcome::Taxable as i32, 500)
    );
    assert_eq!(
        (answer.regime.as_str(), answer.threshold_fen),
        ("R2", Some(50_000))
    );
}
