//! Another province and city as data alone: `tests/overlays/huaxia`, loaded as `--policies-dir` loads
//! a folder, changes float and per-time threshold without a line of code.

use mamagang_app::Caller;
use mamagang_domain::vat::{VatOutcome, VatQuestion};
use mamagang_testkit::{TestApp, context, date, repository};

use crate::city::{BAKERY, WANG, bakery_with_wang, check, record};

use crate::replay::sale;

#[tokio::test]
async fn a_fictitious_province_changes_float_and_threshold_by_its_files_alone() {
    let folder = repository().join("tests/overlays/huaxia");
    let policies = mamagang_policy::load_dir(&folder).expect("an edition that passes the lint");
    assert_eq!(policies.index().jurisdiction, "yangli");
    let test = TestApp::sqlite(date("2024-07-01")).await;
    record(&test, bakery_with_wang()).await;
    let test = test.restart(policies).await;
    let caller = Caller::developer();
    let question = check(WANG, BAKERY, "2023-01", "2023-12");
    let found = test
        .app
        .check_key_group(&caller, &context(), question, None)
        .await
        .expect("a decision");
    // 6,000 raised by a fifth, not by the three tenths of Guangdong.
    assert_eq!(found.decision.total_fen.yuan(), "7200.00");
    let cited = &found.decision.statutory.reasons[0].citations;
    let cites = |name: &str| {
        cited
            .iter()
            .any(|citation| citation.instrument.contains(name))
    };
    assert!(cites("华财税〔2019〕1号"), "{cited:?}");

    let sale = |fen: i64| VatQuestion {
        province_code: "990000".to_owned(),
        vat_inclusive: false,
        ..sale("2024-05-20", fen)
    };
    for (fen, outcome) in [(29_999, VatOutcome::Exempt), (30_000, VatOutcome::Taxable)] {
        let decided = test.app.check_vat_exemption(&caller, sale(fen)).await;
        assert_eq!(decided.expect("decided").decision.outcome, outcome, "{fen}");
    }
}
