//! Many employers claim the same person-months at the same instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use mamagang_app::Caller;
use mamagang_app::facts::FactItem;
use mamagang_app::workers::{WorkerTerm, WorkerTermQuery};
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::money::Fen;
use mamagang_domain::reason::ReasonCode;
use mamagang_testkit::{TestApp, context, date};

use crate::city::{
    LI, WANG, ZHANG, contract, employer, insured, lifted, numbered_employer, post, record, who,
};

const EMPLOYERS: usize = 64;
const MONTHS: i32 = 3;
const PEOPLE: [(&str, &str); 3] = [WANG, LI, ZHANG];

/// Employers who all employ and insure the same persons in the same months.
fn crowd() -> (Vec<String>, Vec<FactItem>) {
    let employers: Vec<String> = (0..EMPLOYERS).map(numbered_employer).collect();
    let mut items: Vec<FactItem> = PEOPLE.map(lifted).into();
    for (number, employer_code) in employers.iter().enumerate() {
        items.push(employer(employer_code, EmployerKind::Company));
        for (place, person) in PEOPLE.into_iter().enumerate() {
            let id = format!("C{number}-{place}");
            items.push(contract(person, employer_code, &id, "2023-01-01"));
            items.extend(insured(person, employer_code, "2023-01", "2023-03"));
        }
    }
    (employers, items)
}

async fn term(test: &TestApp, person: (&str, &str)) -> WorkerTerm {
    let query = WorkerTermQuery {
        context: context(),
        who: who(person),
        as_of: None,
    };
    let term = test.app.worker_term(&Caller::developer(), query).await;
    term.expect("a term")
}

#[tokio::test]
async fn each_month_is_counted_once_and_the_losers_are_told_whom_to_ask() {
    for test in TestApp::each(date("2024-02-01")).await {
        let (employers, items) = crowd();
        for some in items.chunks(500) {
            record(&test, some.to_vec()).await;
        }
        let mut calls = tokio::task::JoinSet::new();
        for (number, employer_code) in (1..).zip(&employers) {
            let app = Arc::clone(&test.app);
            let posting = post(number, employer_code, "2023-03", 50_000);
            calls.spawn(async move { app.post_deduction(&Caller::developer(), posting).await });
        }
        let mut replies = Vec::new();
        while let Some(done) = calls.join_next().await {
            replies.push(done.expect("no panic").expect("posted"));
        }
        assert_eq!(replies.len(), EMPLOYERS);

        // Each person-month stands in one ledger, and what they give is exact.
        let counted: i32 = replies
            .iter()
            .map(|reply| reply.balance.booked.months_counted)
            .sum();
        let all = MONTHS * i32::try_from(PEOPLE.len()).expect("few");
        assert_eq!(counted, all);
        let accrued: Fen = replies
            .iter()
            .map(|reply| reply.balance.booked.accrued_fen)
            .sum();
        assert_eq!(accrued, Fen::new(i64::from(all) * 65_000));
        for person in PEOPLE {
            let term = term(&test, person).await;
            assert_eq!(
                (term.months_counted, term.months_left),
                (MONTHS, 36 - MONTHS)
            );
        }
        let mut taken = BTreeMap::new();
        for reply in &replies {
            for change in &reply.accruals {
                assert!(change.booked);
                let key = (change.worker_id, change.month);
                let other = taken.insert(key, reply.balance.employer_code);
                assert_eq!(other, None, "booked twice");
            }
            let booked = reply.balance.booked;
            let deducted: Fen = booked.deducted_fen.into_iter().sum();
            assert_eq!(booked.accrued_fen, deducted + booked.remaining_fen);
        }

        // Who came too late is told how many months and of whom, and no other employer's name.
        for reply in &replies {
            let missing = all - reply.balance.booked.months_counted;
            let told = reply
                .caveats
                .iter()
                .find(|caveat| caveat.code == ReasonCode::MonthBookedElsewhere);
            let Some(told) = told else {
                assert_eq!(missing, 0);
                continue;
            };
            let fact = |name: &str| {
                let found = told.facts.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            assert_eq!(fact("months"), missing.to_string());
            assert!(!fact("worker_ids").is_empty());
            let text = format!("{told:?}");
            assert!(employers.iter().all(|code| !text.contains(code)), "{text}");
        }
        let report = test.app.rebuild_and_compare().await.expect("a report");
        assert_eq!(report.differences, Vec::<String>::new());
        assert_eq!(report.person_months, u64::try_from(all).expect("few"));
    }
}

#[tokio::test]
async fn a_third_employer_in_a_row_takes_up_the_rest_of_the_term() {
    for test in TestApp::each(date("2026-02-01")).await {
        let employers: Vec<String> = (0..3).map(numbered_employer).collect();
        let mut items = vec![lifted(WANG)];
        for employer_code in &employers {
            items.push(employer(employer_code, EmployerKind::Company));
        }
        let spans = [
            ("2023-01-01", "2023-01", "2023-10"),
            ("2024-01-01", "2024-01", "2024-12"),
            ("2025-01-01", "2025-01", "2025-12"),
        ];
        for (employer_code, (start, from, through)) in employers.iter().zip(spans) {
            items.push(contract(WANG, employer_code, "C", start));
            items.extend(insured(WANG, employer_code, from, through));
        }
        record(&test, items).await;
        let caller = Caller::developer();
        for (number, (employer_code, period)) in
            (1..).zip(employers.iter().zip(["2023-12", "2024-12", "2025-12"]))
        {
            let posting = post(number, employer_code, period, 10_000_000);
            test.app
                .post_deduction(&caller, posting)
                .await
                .expect("posted");
        }
        let term = term(&test, WANG).await;
        let months: Vec<i32> = term.by_employer.iter().map(|part| part.months).collect();
        let mut sorted = months.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [10, 12, 12]);
        // The gap of two months makes no difference while both counts are inside.
        assert_eq!((term.months_counted, term.months_left), (34, 2));
    }
}
