//! What amended returns of a past year would recover.

use mamagang_app::Caller;
use mamagang_app::ledger::{AmendDeduction, LateClaimQuery};
use mamagang_domain::ledger::{Amendment, LateClaim};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxPeriod, TaxYear};
use mamagang_domain::reason::ReasonCode;
use mamagang_domain::tax::TaxKind;
use mamagang_testkit::{TestApp, changed_policies, date, write};

use crate::city::{BAKERY, LI, bakery_with_wang, code, contract, insured, lifted, post, record};

async fn claim(test: &TestApp, on: &str) -> LateClaim {
    let query = LateClaimQuery {
        employer_code: code(BAKERY),
        tax_year: TaxYear::new(2023).expect("a year"),
        claimed_on: date(on),
    };
    let found = test.app.late_claim(&Caller::developer(), query).await;
    found.expect("an estimate")
}

fn of_tax(claim: &LateClaim, tax: TaxKind) -> Fen {
    let recovered = claim.periods.iter().flat_map(|period| &period.recovered);
    recovered
        .filter(|(known, _)| *known == tax)
        .map(|(_, amount)| *amount)
        .sum()
}

/// 王芳 was deducted in 2023 with a VAT of 10,000 in December: 7,800 of it. 李敏, hired in July, was
/// recorded afterwards: six months, 3,900, come on top: 2,200 of VAT, then the surcharges.
#[tokio::test]
async fn months_learnt_later_recover_what_was_paid_in_time() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        let caller = Caller::developer();
        let posted = test
            .app
            .post_deduction(&caller, post(1, BAKERY, "2023-12", 1_000_000));
        posted.await.expect("posted");
        let nothing = claim(&test, "2024-06-01").await;
        assert_eq!(
            (nothing.recovered_fen, nothing.claimable.len()),
            (Fen::ZERO, 0)
        );

        let mut facts = vec![lifted(LI), contract(LI, BAKERY, "C2", "2023-07-01")];
        facts.extend(insured(LI, BAKERY, "2023-07", "2023-12"));
        record(&test, facts).await;
        let found = claim(&test, "2024-06-01").await;
        assert_eq!((found.claimable.len(), found.left.len()), (6, 0));
        // VAT 2,200; UMCT 700, EDU 300, LEDU 200 of the 1,700 that are left.
        let yuan = |tax| of_tax(&found, tax).yuan();
        assert_eq!(
            [TaxKind::Vat, TaxKind::Umct, TaxKind::Edu, TaxKind::Ledu].map(yuan),
            ["2200.00", "700.00", "300.00", "200.00"]
        );
        assert_eq!(found.recovered_fen.yuan(), "3400.00");
        assert_eq!(found.unused_fen.yuan(), "500.00");
        assert_eq!(found.citations.len(), 2);
    }
}

/// Three years from the end of the filing term: 2024-01-15 for December 2023.
#[tokio::test]
async fn after_three_years_nothing_comes_back() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let posted = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-12", 1_000_000));
    posted.await.expect("posted");
    let mut facts = vec![lifted(LI), contract(LI, BAKERY, "C2", "2023-07-01")];
    facts.extend(insured(LI, BAKERY, "2023-07", "2023-12"));
    record(&test, facts).await;
    let last = claim(&test, "2027-01-15").await;
    assert_eq!(last.periods[0].until_on, date("2027-01-15"));
    assert_eq!(last.recovered_fen.yuan(), "3400.00");
    let late = claim(&test, "2027-01-16").await;
    assert!(late.periods[0].is_barred);
    assert_eq!((late.recovered_fen, late.claimable.len()), (Fen::ZERO, 6));
}

/// Not for a person who has already left when the claim is made.
#[tokio::test]
async fn months_of_a_person_who_has_left_are_barred() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let posted = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-12", 1_000_000));
    posted.await.expect("posted");
    let mut facts = vec![
        lifted(LI),
        crate::city::contract_until(LI, BAKERY, "C2", "2022-07-01", "2024-05-31"),
    ];
    facts.extend(insured(LI, BAKERY, "2023-07", "2023-12"));
    record(&test, facts).await;
    let inside = claim(&test, "2024-05-31").await;
    assert_eq!((inside.claimable.len(), inside.left.len()), (6, 0));
    let outside = claim(&test, "2024-06-01").await;
    assert_eq!((outside.claimable.len(), outside.left.len()), (0, 6));
    assert_eq!(outside.recovered_fen, Fen::ZERO);
}

/// 李敏 left on 2024-05-31 and was never claimed. An amended return claims her months while she is
/// there, and after that only under a policy that does not ask for it.
#[tokio::test]
async fn an_amended_return_claims_a_leavers_months_only_where_the_policy_says_so() {
    const FILE: &str = "national/key_group/late_claim_needs_employment.yaml";
    let no_bar = || changed_policies(FILE, "value: true", "value: false");
    for (today, policies, months) in [
        ("2024-05-31", None, 18),
        ("2024-06-01", None, 12),
        ("2024-06-01", Some(no_bar()), 18),
    ] {
        let mut test = TestApp::sqlite(date("2024-02-01")).await;
        record(&test, bakery_with_wang()).await;
        let caller = Caller::developer();
        let posted = test
            .app
            .post_deduction(&caller, post(1, BAKERY, "2023-12", 1_000_000));
        posted.await.expect("posted");
        let mut facts = vec![
            lifted(LI),
            crate::city::contract_until(LI, BAKERY, "C2", "2022-07-01", "2024-05-31"),
        ];
        facts.extend(insured(LI, BAKERY, "2023-07", "2023-12"));
        record(&test, facts).await;
        if let Some(policies) = policies {
            test = test.restart(policies).await;
        }
        test.clock.move_to(date(today));
        let amending = AmendDeduction {
            request: write(2, "2"),
            validate_only: false,
            employer_code: code(BAKERY),
            amendment: Amendment {
                period: TaxPeriod::parse("2023-12").expect("a period"),
                vat_payable_fen: Fen::new(1_000_000),
                sales_fen: None,
                release: None,
                reason: "补享".to_owned(),
            },
        };
        let amended = test.app.amend_deduction(&caller, amending).await;
        let amended = amended.expect("amended");
        assert_eq!(amended.balance.booked.months_counted, months, "{today}");
        let is_told = amended
            .caveats
            .iter()
            .any(|caveat| caveat.code == ReasonCode::LateClaimBarred);
        assert_eq!(is_told, months == 12, "{today}");
    }
}
