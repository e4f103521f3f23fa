//! Reviews: the case behind a REVIEW, and what two persons' resolution changes.

use mamagang_app::eligibility::{
    CheckedDecision, KeyGroupCheck, PolicyChoice, ReplayQuestion, Verdict,
};
use mamagang_app::facts::{FactInput, FactItem, RetractFact, WorkerFactInput};
use mamagang_app::ledger::{EmployerBalanceQuery, RecomputeYear};
use mamagang_app::reviews::{ConfirmResolution, ProposeResolution, Review, ReviewSelection};
use mamagang_app::{AppResult, Caller, ErrorReason};
use mamagang_domain::fact::Contribution;
use mamagang_domain::ids::{CaseId, FactId, Subject};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_domain::review::ReviewState;
use mamagang_testkit::{TestApp, context, date, month, paid, write};

use crate::city::{
    BAKERY, LI, WANG, bakery_with_wang, check, code, contract, insured, item, post, record, who,
};
use crate::replay::sale;

pub(crate) fn second() -> Caller {
    Caller {
        subject: "reviewer".to_owned(),
        ..Caller::developer()
    }
}

/// A month of a person at the bakery, paid half a year late.
pub(crate) fn back_paid_by(person: (&str, &str), month: TaxMonth) -> FactItem {
    let late = Contribution {
        paid_on: month.plus(6).last_day(),
        ..paid(code(BAKERY), month)
    };
    item(FactInput::Worker(
        who(person),
        WorkerFactInput::Contribution(late),
    ))
}

fn back_paid(month: TaxMonth) -> FactItem {
    back_paid_by(WANG, month)
}

/// The bakery with 王芳, whose October and November of 2023 were paid late.
async fn late_autumn(test: &TestApp) {
    let mut items = bakery_with_wang();
    items.extend([back_paid(month("2023-10")), back_paid(month("2023-11"))]);
    record(test, items).await;
}

pub(crate) async fn ask(test: &TestApp, question: KeyGroupCheck) -> CheckedDecision {
    test.app
        .check_key_group(&Caller::developer(), &context(), question, None)
        .await
        .expect("a decision")
}

async fn year(test: &TestApp) -> CheckedDecision {
    ask(test, check(WANG, BAKERY, "2023-01", "2023-12")).await
}

pub(crate) async fn queue(test: &TestApp, states: Vec<ReviewState>) -> Vec<Review> {
    let selection = ReviewSelection {
        employer_code: None,
        states,
        reasons: Vec::new(),
        measures: Vec::new(),
        town_prefix: String::new(),
        opened_before: None,
        after: None,
        limit: 50,
    };
    let listed = test.app.list_reviews(&Caller::developer(), selection).await;
    listed.expect("a queue").0
}

pub(crate) async fn propose(
    test: &TestApp,
    number: u128,
    case_id: CaseId,
    accepted: bool,
    months: Option<(&str, &str)>,
) -> AppResult<Review> {
    let propose = ProposeResolution {
        request: write(number, "propose"),
        case_id,
        accepted,
        months: months.map(|(first, last)| (month(first), month(last))),
        reason: "缴费凭证已核对".to_owned(),
        evidence: vec!["缴费凭证 1 号".to_owned()],
    };
    test.app
        .propose_resolution(&Caller::developer(), propose)
        .await
}

pub(crate) async fn confirm(
    test: &TestApp,
    number: u128,
    caller: &Caller,
    case_id: CaseId,
    confirmed: bool,
) -> AppResult<Review> {
    let confirm = ConfirmResolution {
        request: write(number, "confirm"),
        case_id,
        confirmed,
        reason: "同意".to_owned(),
    };
    test.app.confirm_resolution(caller, confirm).await
}

async fn retract(test: &TestApp, number: u128, review: &Review) {
    let worker_id = review.worker_id.expect("a worker");
    let fact_id = FactId {
        subject: Subject::Worker(worker_id),
        revision: review.file.resolution_revision.expect("a fact"),
    };
    let retract = RetractFact {
        request: write(number, "retract"),
        fact_id,
        reason: "凭证有误".to_owned(),
    };
    let retracted = test.app.retract_fact(&Caller::developer(), retract).await;
    retracted.expect("retracted");
}

pub(crate) fn outcome_of(checked: &CheckedDecision, of: &str) -> (Outcome, ReasonCode) {
    let mut months = checked.decision.months.iter();
    let found = months.find(|found| found.month == month(of));
    let found = found.expect("a month");
    (found.outcome, found.code)
}

const OPEN: (Outcome, ReasonCode) = (Outcome::Review, ReasonCode::BackPaidInsurance);
pub(crate) const MET: (Outcome, ReasonCode) = (Outcome::Eligible, ReasonCode::AllConditionsMet);

#[tokio::test]
async fn a_question_has_one_case_however_often_it_is_asked() {
    for test in TestApp::each(date("2024-07-01")).await {
        late_autumn(&test).await;
        let first = year(&test).await;
        let case_id = first.review_case.expect("a case");
        let again = ask(&test, check(WANG, BAKERY, "2023-11", "2023-12")).await;
        assert_eq!(again.review_case, Some(case_id));
        let other = ask(&test, check(WANG, BAKERY, "2023-01", "2023-09")).await;
        assert_eq!(other.review_case, None, "nothing is left to a person");
        test.clock.advance_days(3);
        let cases = queue(&test, Vec::new()).await;
        assert_eq!(cases.len(), 1);
        let case = &cases[0];
        assert_eq!((case.case_id, case.file.measure), (case_id, 8));
        assert_eq!(case.file.reason(), Some(ReasonCode::BackPaidInsurance));
        let months = (case.file.from_month, case.file.through_month);
        assert_eq!(months, (Some(month("2023-10")), Some(month("2023-11"))));
        assert_eq!(case.file.decision_id, first.decision_id.to_string());
        assert_eq!(case.town_code, "442000001");
        let stored = test
            .app
            .get_decision(&Caller::developer(), &context(), first.decision_id)
            .await
            .expect("stored");
        let Some(mamagang_app::eligibility::Answer::KeyGroup(again)) = stored.answer else {
            panic!("another answer");
        };
        assert_eq!(again.review_case, Some(case_id));
        // A person whom nobody knows has a case of his own.
        let stranger = ask(&test, check(LI, BAKERY, "2023-01", "2023-01")).await;
        assert_ne!(stranger.review_case.expect("a case"), case_id);
        assert_eq!(queue(&test, vec![ReviewState::Open]).await.len(), 2);
    }
}

#[tokio::test]
async fn a_resolution_changes_what_it_settles_and_nothing_else() {
    for test in TestApp::each(date("2024-07-01")).await {
        late_autumn(&test).await;
        let before = year(&test).await;
        let case_id = before.review_case.expect("a case");
        let october = Some(("2023-10", "2023-10"));
        let proposed = propose(&test, 1, case_id, true, october).await;
        assert_eq!(
            proposed.expect("proposed").state,
            ReviewState::Proposed as u8
        );
        let error = confirm(&test, 2, &Caller::developer(), case_id, true).await;
        let error = error.expect_err("the same person");
        assert_eq!(error.reason, ErrorReason::SecondPersonRequired);
        assert_eq!(outcome_of(&year(&test).await, "2023-10"), OPEN, "not yet");
        let resolved = confirm(&test, 3, &second(), case_id, true).await;
        let resolved = resolved.expect("confirmed");
        assert_eq!(resolved.state, ReviewState::Resolved as u8);
        assert_eq!(resolved.file.confirmed_by, "reviewer");

        let after = year(&test).await;
        assert_eq!(outcome_of(&after, "2023-10"), MET);
        assert_eq!(outcome_of(&after, "2023-11"), OPEN);
        let caveat = &after.decision.caveats[0];
        assert_eq!(caveat.code, ReasonCode::ReviewAccepted);
        assert_eq!(after.decision.total_fen.yuan(), "7150.00");
        // What is left open is the next case of the question.
        let next = after.review_case.expect("a case");
        assert_ne!(next, case_id);
        let open = queue(&test, vec![ReviewState::Open]).await;
        assert_eq!(open.len(), 1);
        assert_eq!(
            (open[0].case_id, open[0].file.from_month),
            (next, Some(month("2023-11")))
        );

        // What was decided before stays as it was.
        let mut question = ReplayQuestion {
            decision_id: before.decision_id,
            policy: PolicyChoice::OfThen,
            current_facts: false,
        };
        let replay = |question| {
            let caller = Caller::developer();
            let app = test.app.clone();
            async move { app.replay_decision(&caller, &context(), question).await }
        };
        let then = replay(question.clone()).await.expect("replayed");
        assert_eq!(then.verdict, Verdict::Identical);
        question.current_facts = true;
        let now = replay(question).await.expect("replayed");
        assert_eq!(now.verdict, Verdict::FactsDiffer);

        // Taken back, the month is open again, and so is its case.
        retract(&test, 4, &resolved).await;
        let back = year(&test).await;
        assert_eq!(outcome_of(&back, "2023-10"), OPEN);
        assert_eq!(back.review_case, Some(case_id));
        let open = queue(&test, vec![ReviewState::Open]).await;
        assert!(open.iter().any(|case| case.case_id == case_id));
        let report = test.app.rebuild_and_compare().await.expect("a report");
        assert_eq!(report.differences, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_refused_condition_refuses_the_months() {
    let test = TestApp::sqlite(date("2024-07-01")).await;
    late_autumn(&test).await;
    let case_id = year(&test).await.review_case.expect("a case");
    propose(&test, 1, case_id, false, None)
        .await
        .expect("proposed");
    confirm(&test, 2, &second(), case_id, true)
        .await
        .expect("confirmed");
    let after = year(&test).await;
    let refused = (Outcome::Ineligible, ReasonCode::ReviewRefused);
    assert_eq!(outcome_of(&after, "2023-10"), refused);
    assert_eq!(outcome_of(&after, "2023-11"), refused);
    assert_eq!(outcome_of(&after, "2023-12"), MET);
    assert_eq!(after.review_case, None);
}

#[tokio::test]
async fn steps_out_of_order_are_refused_by_name() {
    let test = TestApp::sqlite(date("2024-07-01")).await;
    late_autumn(&test).await;
    let case_id = year(&test).await.review_case.expect("a case");
    let refusal = |result: AppResult<Review>| {
        let error = result.expect_err("out of order");
        assert_eq!(error.reason, ErrorReason::TransitionNotAllowed);
        let refusal = error.metadata.iter().find(|(name, _)| *name == "refusal");
        refusal.expect("a refusal").1.clone()
    };
    assert_eq!(
        refusal(confirm(&test, 1, &second(), case_id, true).await),
        "NOT_PROPOSED"
    );
    propose(&test, 2, case_id, true, None)
        .await
        .expect("proposed");
    assert_eq!(
        refusal(propose(&test, 3, case_id, true, None).await),
        "ALREADY_PROPOSED"
    );
    // Sent back, it is open again; then it is proposed and confirmed.
    let back = confirm(&test, 4, &second(), case_id, false)
        .await
        .expect("sent back");
    assert_eq!(
        (back.state, back.file.proposal),
        (ReviewState::Open as u8, None)
    );
    propose(&test, 5, case_id, true, None)
        .await
        .expect("proposed");
    confirm(&test, 6, &second(), case_id, true)
        .await
        .expect("confirmed");
    assert_eq!(
        refusal(propose(&test, 7, case_id, true, None).await),
        "ENDED"
    );
    assert_eq!(
        refusal(confirm(&test, 8, &second(), case_id, true).await),
        "ENDED"
    );
    let (_, steps) = test
        .app
        .get_review(&Caller::developer(), &context(), case_id)
        .await
        .expect("a case");
    let states: Vec<u8> = steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [1, 2, 1, 2, 3]);
}

#[tokio::test]
async fn no_judgement_stands_in_for_a_record_or_the_law() {
    let test = TestApp::sqlite(date("2024-07-01")).await;
    let mut items = bakery_with_wang();
    items.push(contract(LI, BAKERY, "C2", "2023-01-01"));
    items.extend(insured(LI, BAKERY, "2023-01", "2023-12"));
    record(&test, items).await;
    let asked = ask(&test, check(LI, BAKERY, "2023-01", "2023-12")).await;
    assert_eq!(
        outcome_of(&asked, "2023-05"),
        (Outcome::Review, ReasonCode::NoRecord)
    );
    let case_id = asked.review_case.expect("a case");
    let error = propose(&test, 1, case_id, true, None).await;
    let error = error.expect_err("no record");
    assert_eq!(error.reason, ErrorReason::ReviewNotAcceptable);
    propose(&test, 2, case_id, false, None)
        .await
        .expect("proposed");

    // A question of law is the same whatever the sum, and is closed without a fact.
    let sale = |fen: i64| sale("2026-11-15", fen);
    let caller = Caller::developer();
    let one = test.app.check_vat_exemption(&caller, sale(500_000)).await;
    let one = one.expect("decided").review_case.expect("a case");
    let other = test.app.check_vat_exemption(&caller, sale(900_000)).await;
    assert_eq!(other.expect("decided").review_case, Some(one));
    propose(&test, 3, one, false, None).await.expect("proposed");
    let closed = confirm(&test, 4, &second(), one, true)
        .await
        .expect("closed");
    assert_eq!(closed.file.resolution_revision, None);
    let again = test.app.check_vat_exemption(&caller, sale(500_000)).await;
    assert_eq!(again.expect("decided").review_case, Some(one));
    let law = queue(&test, vec![ReviewState::Resolved]).await;
    assert_eq!(law.len(), 1, "it stays closed");
}

/// Months under review are booked once the review is confirmed and the year is recomputed, and
/// taken back when the resolution is.
#[tokio::test]
async fn months_under_review_are_released_or_voided_by_a_recomputation() {
    for test in TestApp::each(date("2024-07-01")).await {
        late_autumn(&test).await;
        let caller = Caller::developer();
        let posting = post(1, BAKERY, "2023-12", 2_000_000);
        test.app
            .post_deduction(&caller, posting)
            .await
            .expect("posted");
        let query = || EmployerBalanceQuery {
            employer_code: code(BAKERY),
            tax_year: TaxYear::new(2023).expect("a year"),
            through: None,
            as_of: None,
        };
        let balance = async || {
            let read = test.app.employer_balance(&caller, query()).await;
            read.expect("a balance").0
        };
        let recompute = async |number: u128| {
            let call = RecomputeYear {
                request: write(number, "recompute"),
                validate_only: false,
                employer_code: code(BAKERY),
                tax_year: TaxYear::new(2023).expect("a year"),
                surcharge_through: None,
            };
            let reply = test.app.recompute_year(&caller, call).await;
            reply.expect("recomputed").balance.booked
        };
        let before = balance().await;
        assert_eq!(before.booked.accrued_fen, Fen::new(10 * 65_000));
        assert_eq!(before.months_under_review, 2);
        let case_id = year(&test).await.review_case.expect("a case");
        let october = Some(("2023-10", "2023-10"));
        propose(&test, 2, case_id, true, october)
            .await
            .expect("proposed");
        let resolved = confirm(&test, 3, &second(), case_id, true).await;
        let resolved = resolved.expect("confirmed");
        let booked = recompute(4).await;
        assert_eq!(booked.accrued_fen, Fen::new(11 * 65_000));
        assert_eq!(balance().await.months_under_review, 1);
        // The other month is refused: it is under review no longer, and gives nothing.
        let next = year(&test).await.review_case.expect("a case");
        propose(&test, 5, next, false, None)
            .await
            .expect("proposed");
        confirm(&test, 6, &second(), next, true)
            .await
            .expect("confirmed");
        let booked = recompute(7).await;
        assert_eq!(booked.accrued_fen, Fen::new(11 * 65_000));
        assert_eq!(balance().await.months_under_review, 0);
        retract(&test, 8, &resolved).await;
        let booked = recompute(9).await;
        assert_eq!(booked.accrued_fen, Fen::new(10 * 65_000));
        assert_eq!(balance().await.months_under_review, 1);
    }
}
