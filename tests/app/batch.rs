//! Many postings and many balances in one call, on every engine.

use mamagang_app::ledger::EmployerBalanceQuery;
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_testkit::{TestApp, date};

use crate::city::{
    BAKERY, LAUNDRY, LI, bakery_with_wang, code, contract, employer, insured, lifted, post, record,
};

fn of(employer_code: &str) -> EmployerBalanceQuery {
    EmployerBalanceQuery {
        employer_code: code(employer_code),
        tax_year: TaxYear::new(2023).expect("a year"),
        through: None,
        as_of: None,
    }
}

#[tokio::test]
async fn each_posting_of_a_batch_stands_for_itself() {
    for test in TestApp::each(date("2024-02-01")).await {
        let mut items = bakery_with_wang();
        items.extend([
            employer(LAUNDRY, EmployerKind::Company),
            lifted(LI),
            contract(LI, LAUNDRY, "C2", "2023-01-01"),
        ]);
        items.extend(insured(LI, LAUNDRY, "2023-01", "2023-12"));
        record(&test, items).await;
        let caller = Caller::developer();
        let postings = vec![
            post(1, BAKERY, "2023-01", 100_000),
            post(2, BAKERY, "2023-01", 100_000),
            post(3, LAUNDRY, "2023-01", 30_000),
            post(4, BAKERY, "2023-02", 10_000),
        ];
        let results = test.app.post_deductions(&caller, postings.clone()).await;
        let results = results.expect("permitted");
        let told: Vec<_> = results
            .iter()
            .map(|result| match result {
                Ok(reply) => Ok(reply.entry_id.expect("stored").to_string()),
                Err(error) => Err(error.reason),
            })
            .collect();
        assert_eq!(
            told,
            [
                Ok(format!("{BAKERY}-1")),
                Err(ErrorReason::PeriodAlreadyPosted),
                Ok(format!("{LAUNDRY}-1")),
                Ok(format!("{BAKERY}-2")),
            ]
        );
        // The same batch again: the first answers, and the refusal anew.
        let again = test.app.post_deductions(&caller, postings).await;
        let again = again.expect("permitted");
        for (first, second) in results.into_iter().zip(again) {
            assert_eq!(first.ok(), second.ok());
        }
        // A posting of a batch and a single one are the same request.
        let single = test
            .app
            .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
            .await
            .expect("the first answer");
        assert_eq!(single.entry_id.expect("stored").sequence, 1);
    }
}

/// Two batches run beside each other where the engine can: an employer's postings are never in both.
#[tokio::test]
async fn an_employers_postings_of_one_call_are_booked_in_their_order() {
    for test in TestApp::each(date("2024-02-01")).await {
        let mut items = bakery_with_wang();
        items.extend([
            employer(LAUNDRY, EmployerKind::Company),
            lifted(LI),
            contract(LI, LAUNDRY, "C2", "2023-01-01"),
        ]);
        items.extend(insured(LI, LAUNDRY, "2023-01", "2023-12"));
        record(&test, items).await;
        // A period that is posted after a later one is refused.
        let postings: Vec<_> = (1..=12_u8)
            .flat_map(|month| [(month, BAKERY), (month, LAUNDRY)])
            .zip(1..)
            .map(|((month, employer), id)| post(id, employer, &format!("2023-{month:02}"), 100))
            .collect();
        let results = test
            .app
            .post_deductions(&Caller::developer(), postings)
            .await
            .expect("permitted");
        let told: Vec<_> = results
            .into_iter()
            .map(|result| result.expect("posted").entry_id.expect("stored").sequence)
            .collect();
        let expected: Vec<u32> = (1..=12).flat_map(|sequence| [sequence, sequence]).collect();
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn balances_are_read_together_and_an_unknown_employer_leaves_the_others_alone() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        let caller = Caller::developer();
        let posted = test
            .app
            .post_deduction(&caller, post(1, BAKERY, "2023-03", 100_000))
            .await
            .expect("posted");
        let queries = [of(BAKERY), of(LAUNDRY), of(BAKERY)];
        let (found, as_of) = test
            .app
            .employer_balances(&caller, &queries, None)
            .await
            .expect("balances");
        let told: Vec<_> = found
            .iter()
            .map(|balance| balance.as_ref().map_err(|error| error.reason))
            .collect();
        assert_eq!(told[0], Ok(&posted.balance));
        assert_eq!(told[1], Err(ErrorReason::EmployerNotFound));
        assert_eq!(told[2], told[0]);
        assert_eq!(
            found[0].as_ref().expect("a balance").unbooked_accrual_fen,
            Fen::new(9 * 65_000)
        );
        let (then, _) = test
            .app
            .employer_balances(&caller, &queries, Some(as_of))
            .await
            .expect("balances");
        assert_eq!(then[0].as_ref().ok(), found[0].as_ref().ok());
    }
}
