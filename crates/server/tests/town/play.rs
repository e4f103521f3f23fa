//! The quarter: who does what on which day.

use std::collections::BTreeMap;

use mamagang_app::Caller;
use mamagang_app::supervision::{Dimension, FindingSelection, ScanFindings, StatisticsQuery};
use mamagang_proto::v1::{
    ApproveClaimRequest, CarerGroup, ClaimDecision, ClawBackClaimRequest, ContractKind,
    DecideFilingRequest, FiledPost, FilingDecision, FilingKind, Insurance, ListEntriesRequest,
    MarkClaimPaidRequest, PayUnit, ReportHireRequest, ReviewClaimRequest, SubmitClaimRequest,
    SubmitFilingRequest, SubsidyKind, TrainingPlan, TrainingStage,
};
use mamagang_testkit::date;

use crate::desk::{Desk, ListedClaim, ListedLine, Step, context};
use crate::people::{BAKERY, DISPATCH, EMPLOYERS, Employer, HOMECARE, Person, SHOP};
use crate::service::Service;

/// The day on which the filings are submitted.
pub(crate) const FIRST_DAY: &str = "2022-07-11";
const QUARTER: &str = "2022-Q3";
const LABOUR: &str = "劳动合同";
const SERVICE: &str = "劳务协议";
const PLAN: &str = "培训计划";
const INSURANCE: &str = "用人单位社会保险补贴";
const POST: &str = "用人单位岗位补贴";
const FLEXIBLE: &str = "灵活就业人员社保补贴";
const TRAINING: &str = "精准培训补贴";
const FUND: &str = "就业补助资金";
const TOWN_FUND: &str = "市级财政专项资金";

/// The bakery's: 陈一 is insured from July on, 陈二's July is missing at first, 陈三's child is grown.
const BAKERS: [Person; 3] = [Person(1), Person(2), Person(3)];
/// The dispatch unit's, whose months no subsidy of measures 3 and 4 covers.
const DISPATCHED: Person = Person(4);
/// The shop's, whose September turns out to be insured in part only.
const SHOP_HAND: Person = Person(5);
/// The homecare firm's, on service agreements; 陈七 did not pay for September.
const CARERS: [Person; 2] = [Person(6), Person(7)];

/// What the quarter came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The claims, without their ids.
    claims: Vec<ListedClaim>,
    /// Their lines.
    lines: Vec<ListedLine>,
    /// Why steps were refused.
    refused: Vec<String>,
    /// Claimed, paid and clawed back by measure, in fen.
    by_measure: BTreeMap<String, [i64; 3]>,
    /// Paid and clawed back by fund source, in fen.
    by_fund: BTreeMap<String, [i64; 2]>,
    /// Entries and what they come to by employer, in fen.
    ledger: BTreeMap<&'static str, (usize, i64)>,
    /// Findings by rule.
    findings: BTreeMap<String, usize>,
}

impl Told {
    /// The sums as the town's book-keeper has them.
    pub(crate) fn assert_sums(&self) {
        // 陈一 3 × 300, 陈二 2 × 300 and later 1 × 300, 陈五 3 × 300, of which one is taken back.
        assert_eq!(self.by_measure["3"], [270_000, 270_000, 30_000]);
        // 陈一 and 陈二 3 × 100 each; the shop's claim was turned down.
        assert_eq!(self.by_measure["4"], [60_000, 60_000, 0]);
        // 陈六 3 × 300, 陈七 2 × 300.
        assert_eq!(self.by_measure["5"], [150_000, 150_000, 0]);
        // 20 hours at 20, and 30 hours up to the most of 500.
        assert_eq!(self.by_measure["7"], [90_000, 90_000, 0]);
        let funds = BTreeMap::from([
            (FUND.to_owned(), [510_000, 30_000]),
            (TOWN_FUND.to_owned(), [60_000, 0]),
        ]);
        assert_eq!(self.by_fund, funds);
        let ledger = BTreeMap::from([
            (BAKERY.name, (4, 330_000)),
            (DISPATCH.name, (0, 0)),
            (SHOP.name, (2, 60_000)),
            (HOMECARE.name, (1, 150_000)),
        ]);
        assert_eq!(self.ledger, ledger);
        assert_eq!(self.refused, ["没有可以申领的月份"]);
        let states: Vec<(&str, &str)> = self
            .claims
            .iter()
            .map(|claim| (claim.subsidy.as_str(), claim.state.as_str()))
            .collect();
        assert_eq!(states.len(), 7, "{states:?}");
        assert!(states.contains(&(INSURANCE, "已追回")));
        assert!(states.contains(&(POST, "不予通过")));
        assert_eq!(self.lines.len(), 5 + 1 + 6 + 2 + 3 + 3 + 5);
        assert_eq!(self.findings["ClawBackDue"], 1);
        assert_eq!(self.findings["ExcludedEmployerKind"], 1);
    }
}

/// Plays it.
pub(crate) async fn play<D: Desk>(desk: &mut D, service: &Service) -> Told {
    let clock = &service.test.clock;
    found(desk).await;
    clock.move_to(date("2022-07-13"));
    let filings = accept(desk).await;
    clock.move_to(date("2022-10-08"));
    employ(desk, &filings).await;
    clock.move_to(date("2022-10-10"));
    let refused = claim(desk).await;
    review(desk).await;
    clock.move_to(date("2022-10-20"));
    pay(desk).await;
    clock.move_to(date("2022-11-15"));
    let partly = [Insurance::Pension, Insurance::Medical];
    let corrected = SHOP_HAND.contribution(Some(&SHOP), "2022-09", &partly);
    done(desk, "clerk", vec![Step::Fact(corrected)]).await;
    let findings = findings(service).await;
    clock.move_to(date("2022-11-20"));
    claw_back(desk).await;
    tell(desk, service, refused, findings).await
}

/// Steps of which none is refused.
async fn done<D: Desk>(desk: &mut D, who: &'static str, steps: Vec<Step>) {
    let refused = desk.take(who, steps).await;
    assert!(refused.is_empty(), "{refused:?}");
}

async fn found<D: Desk>(desk: &mut D) {
    let profiles = EMPLOYERS.map(|employer| Step::Fact(employer.profile()));
    done(desk, "clerk", profiles.to_vec()).await;
    let people = (1..=7).map(|number| {
        let until = if number == 3 {
            "2022-06-30"
        } else {
            "2029-08-31"
        };
        Step::Fact(Person(number).child(until))
    });
    done(desk, "clerk", people.collect()).await;
    let labour = [BAKERY, DISPATCH, SHOP].map(|it| filing(&it, FilingKind::LabourContract));
    let mut filings = labour.to_vec();
    filings.push(filing(&HOMECARE, FilingKind::Service));
    filings.push(plan(&BAKERY));
    done(desk, "clerk", filings).await;
}

fn filing(employer: &Employer, kind: FilingKind) -> Step {
    let post = FiledPost {
        post_key: "P1".to_owned(),
        title: "妈妈岗".to_owned(),
        count: 5,
        weekly_hours: 30,
        working_hours: "9:00–15:00".to_owned(),
        pay_min_fen: 2_050,
        pay_max_fen: 2_500,
        pay_unit: PayUnit::Hour.into(),
        town_code: employer.town.to_owned(),
        filled: 0,
        vacancies: 0,
    };
    Step::File(SubmitFilingRequest {
        employer_code: employer.code(),
        kind: kind.into(),
        town_code: employer.town.to_owned(),
        guideline_version: "2022".to_owned(),
        posts: vec![post],
        ..SubmitFilingRequest::default()
    })
}

fn plan(employer: &Employer) -> Step {
    let plan = TrainingPlan {
        title: "烘焙技能".to_owned(),
        stage: TrainingStage::OnPost.into(),
        class_hours: 30,
        headcount: 5,
        provider: String::new(),
    };
    Step::File(SubmitFilingRequest {
        employer_code: employer.code(),
        kind: FilingKind::TrainingPlan.into(),
        town_code: employer.town.to_owned(),
        training_plan: Some(plan),
        ..SubmitFilingRequest::default()
    })
}

type Filings = BTreeMap<(String, String), String>;

async fn accept<D: Desk>(desk: &mut D) -> Filings {
    let filings = desk.filings().await;
    assert_eq!(filings.len(), 5);
    let decisions = filings.values().map(|id| {
        Step::Decide(DecideFilingRequest {
            filing_id: id.clone(),
            decision: FilingDecision::Accept.into(),
            ..DecideFilingRequest::default()
        })
    });
    done(desk, "reviewer", decisions.collect()).await;
    filings
}

/// Everybody's employer, kind of contract and filing.
fn engagements(filings: &Filings) -> Vec<(Person, Employer, ContractKind, String)> {
    let of = |employer: &Employer, kind: &str| filings[&(employer.code(), kind.to_owned())].clone();
    let labour = [
        (BAKERS[0], BAKERY),
        (BAKERS[1], BAKERY),
        (BAKERS[2], BAKERY),
        (DISPATCHED, DISPATCH),
        (SHOP_HAND, SHOP),
    ];
    let labour = labour.into_iter().map(|(person, employer)| {
        let filing = of(&employer, LABOUR);
        (person, employer, ContractKind::LabourContract, filing)
    });
    let services = CARERS.into_iter().map(|person| {
        let filing = of(&HOMECARE, SERVICE);
        (person, HOMECARE, ContractKind::ServiceAgreement, filing)
    });
    labour.chain(services).collect()
}

async fn employ<D: Desk>(desk: &mut D, filings: &Filings) {
    let engaged = engagements(filings);
    let year = ("2022-07-18", "2023-07-17");
    let contracts = engaged.iter().map(|(person, employer, kind, filing)| {
        Step::Fact(person.contract(employer, *kind, year, filing))
    });
    done(desk, "clerk", contracts.collect()).await;
    let mut insured = Vec::new();
    for (person, employer, kind, _) in &engaged {
        for month in ["2022-07", "2022-08", "2022-09"] {
            let is_missing = matches!((person.0, month), (2, "2022-07") | (7, "2022-09"));
            let payer = (*kind == ContractKind::LabourContract).then_some(employer);
            if !is_missing {
                insured.push(Step::Fact(person.insured(payer, month)));
            }
        }
    }
    done(desk, "clerk", insured).await;
    let registered = CARERS.map(|person| Step::Fact(person.flexible("2022-07-18")));
    done(desk, "clerk", registered.to_vec()).await;
    let plan = &filings[&(BAKERY.code(), PLAN.to_owned())];
    let trained = [(BAKERS[0], 20), (BAKERS[1], 30)];
    let trained = trained.map(|(person, hours)| Step::Fact(person.trained(&BAKERY, plan, hours)));
    done(desk, "clerk", trained.to_vec()).await;
    let hires = engaged.iter().map(|(person, _, _, filing)| {
        Step::Hire(ReportHireRequest {
            context: Some(context()),
            filing_id: filing.clone(),
            post_key: "P1".to_owned(),
            worker: person.worker(),
            contract_id: format!("HT-{}", person.0),
            hired_date: "2022-07-18".to_owned(),
            carer_group: CarerGroup::Mother.into(),
            registered_date: "2022-08-01".to_owned(),
            ..ReportHireRequest::default()
        })
    });
    done(desk, "clerk", hires.collect()).await;
}

fn submission(employer: &Employer, kind: SubsidyKind) -> SubmitClaimRequest {
    SubmitClaimRequest {
        employer_code: employer.code(),
        kind: kind.into(),
        quarter: QUARTER.to_owned(),
        ..SubmitClaimRequest::default()
    }
}

async fn claim<D: Desk>(desk: &mut D) -> Vec<String> {
    let asked = [
        (BAKERY, SubsidyKind::EmployerInsurance),
        (BAKERY, SubsidyKind::Post),
        (BAKERY, SubsidyKind::Training),
        // Refused: measure 3 excludes dispatch units.
        (DISPATCH, SubsidyKind::EmployerInsurance),
        (SHOP, SubsidyKind::EmployerInsurance),
        (SHOP, SubsidyKind::Post),
        (HOMECARE, SubsidyKind::FlexibleInsurance),
    ];
    let asked = asked.map(|(employer, kind)| Step::Claim(submission(&employer, kind)));
    desk.take("clerk", asked.to_vec()).await
}

/// The ids of claims in a state, with employer and subsidy, in order of submission.
async fn in_state<D: Desk>(desk: &mut D, state: &str) -> Vec<(String, String, String)> {
    let claims = desk.claims().await;
    let found = claims.into_iter().filter(|claim| claim.state == state);
    found
        .map(|claim| (claim.id, claim.employer, claim.subsidy))
        .collect()
}

async fn review<D: Desk>(desk: &mut D) {
    // 陈二's July is missing: the post subsidy goes back, the insurance subsidy passes as it is.
    let mut returned = String::new();
    let mut verdicts = Vec::new();
    for (id, employer, subsidy) in in_state(desk, "已申领").await {
        let goes_back = employer == BAKERY.code() && subsidy == POST;
        if goes_back {
            returned.clone_from(&id);
        }
        verdicts.push(Step::Review(verdict(&id, goes_back)));
    }
    done(desk, "clerk2", verdicts).await;
    let july = BAKERS[1].insured(Some(&BAKERY), "2022-07");
    done(desk, "clerk", vec![Step::Fact(july)]).await;
    let again = SubmitClaimRequest {
        claim_id: returned,
        ..submission(&BAKERY, SubsidyKind::Post)
    };
    // The quarter's rest, which the first claim left out.
    let rest = SubmitClaimRequest {
        request_id: "补充申领".to_owned(),
        ..submission(&BAKERY, SubsidyKind::EmployerInsurance)
    };
    done(desk, "clerk", vec![Step::Claim(again), Step::Claim(rest)]).await;
    let open = in_state(desk, "已申领").await;
    assert_eq!(open.len(), 2);
    // The returned claim was reviewed before: its second review is a step of its own.
    let verdicts = open.iter().map(|(id, ..)| {
        Step::Review(ReviewClaimRequest {
            reason: "复核补正材料".to_owned(),
            ..verdict(id, false)
        })
    });
    done(desk, "clerk2", verdicts.collect()).await;
    let reviewed = in_state(desk, "初审通过").await;
    assert_eq!(reviewed.len(), 7);
    let verdicts = reviewed.iter().map(|(id, employer, subsidy)| {
        let is_refused = *employer == SHOP.code() && subsidy == POST;
        let (decision, reason) = match is_refused {
            true => (ClaimDecision::Reject, "岗位材料不实"),
            false => (ClaimDecision::Pass, ""),
        };
        Step::Approve(ApproveClaimRequest {
            claim_id: id.clone(),
            decision: decision.into(),
            reason: reason.to_owned(),
            ..ApproveClaimRequest::default()
        })
    });
    done(desk, "reviewer", verdicts.collect()).await;
}

fn verdict(claim_id: &str, goes_back: bool) -> ReviewClaimRequest {
    let (decision, reason) = match goes_back {
        true => (ClaimDecision::Return, "七月参保记录待补"),
        false => (ClaimDecision::Pass, ""),
    };
    ReviewClaimRequest {
        claim_id: claim_id.to_owned(),
        decision: decision.into(),
        reason: reason.to_owned(),
        ..ReviewClaimRequest::default()
    }
}

async fn pay<D: Desk>(desk: &mut D) {
    let approved = in_state(desk, "复审通过").await;
    assert_eq!(approved.len(), 6);
    let payments = (1..).zip(&approved).map(|(number, (id, _, subsidy))| {
        Step::Pay(MarkClaimPaidRequest {
            claim_id: id.clone(),
            paid_date: "2022-10-20".to_owned(),
            payment_reference: format!("ZF2022-{number:03}"),
            fund_source: if subsidy == POST { TOWN_FUND } else { FUND }.to_owned(),
            ..MarkClaimPaidRequest::default()
        })
    });
    done(desk, "reviewer", payments.collect()).await;
}

async fn claw_back<D: Desk>(desk: &mut D) {
    let paid = in_state(desk, "已拨付").await;
    let of_shop = paid
        .into_iter()
        .find(|(_, employer, _)| *employer == SHOP.code());
    let (id, _, subsidy) = of_shop.expect("the shop's claim");
    assert_eq!(subsidy, INSURANCE);
    let step = Step::ClawBack(ClawBackClaimRequest {
        claim_id: id,
        reason: "九月参保记录更正".to_owned(),
        ..ClawBackClaimRequest::default()
    });
    done(desk, "reviewer", vec![step]).await;
}

/// What supervision finds, by rule.
async fn findings(service: &Service) -> BTreeMap<String, usize> {
    let (app, caller) = (&service.test.app, Caller::developer());
    let scan = ScanFindings {
        after: None,
        limit: 100,
    };
    app.scan_findings(&caller, scan).await.expect("scanned");
    let selection = FindingSelection {
        employer_code: None,
        states: Vec::new(),
        rules: Vec::new(),
        town_prefix: String::new(),
        after: None,
        limit: 100,
    };
    let listed = app.list_findings(&caller, selection).await.expect("a list");
    let mut by_rule = BTreeMap::new();
    for finding in listed.0 {
        *by_rule
            .entry(format!("{:?}", finding.file.rule))
            .or_default() += 1;
    }
    by_rule
}

async fn tell<D: Desk>(
    desk: &mut D,
    service: &Service,
    refused: Vec<String>,
    findings: BTreeMap<String, usize>,
) -> Told {
    let mut claims = desk.claims().await;
    claims.iter_mut().for_each(|claim| claim.id.clear());
    claims.sort();
    let mut lines = desk.lines().await;
    lines.sort();
    let mut by_measure = BTreeMap::new();
    let mut by_fund = BTreeMap::new();
    for row in statistics(service, Dimension::Measure).await {
        let sums = [row.1, row.2, row.3];
        if sums != [0; 3] {
            by_measure.insert(row.0, sums);
        }
    }
    for row in statistics(service, Dimension::FundSource).await {
        if row.2 != 0 {
            by_fund.insert(row.0, [row.2, row.3]);
        }
    }
    let report = service.test.app.rebuild_and_compare().await;
    let report = report.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
    Told {
        claims,
        lines,
        refused,
        by_measure,
        by_fund,
        ledger: ledger(service).await,
        findings,
    }
}

/// Claimed, paid and clawed back, in fen, by a dimension.
async fn statistics(service: &Service, by: Dimension) -> Vec<(String, i64, i64, i64)> {
    let query = StatisticsQuery {
        from: date("2022-07-01"),
        through: date("2022-12-31"),
        town_prefix: "442000".to_owned(),
        by: vec![by],
    };
    let caller = Caller::developer();
    let told = service.test.app.statistics(&caller, query).await;
    let rows = told.expect("statistics").rows.into_iter();
    rows.map(|row| {
        let key = row.keys[0].clone();
        let (claimed, paid) = (row.claimed_fen.get(), row.paid_fen.get());
        (key, claimed, paid, row.clawed_back_fen.get())
    })
    .collect()
}

/// Entries of each employer, and what they come to; every entry is balanced.
async fn ledger(service: &Service) -> BTreeMap<&'static str, (usize, i64)> {
    let connection = service.connection("officer").await;
    let mut sums = BTreeMap::new();
    for employer in EMPLOYERS {
        let request = ListEntriesRequest {
            employer_code: employer.code(),
            ..ListEntriesRequest::default()
        };
        let listed = connection.ledger().list_entries(request).await;
        let entries = listed.expect("a list").into_inner().entries;
        let mut sum = 0;
        for entry in &entries {
            assert_eq!(entry.legs.iter().map(|leg| leg.amount_fen).sum::<i64>(), 0);
            let of_fund = entry.legs.iter().find(|leg| leg.account == "SUBSIDY_FUND");
            sum -= of_fund.map_or(0, |leg| leg.amount_fen);
        }
        sums.insert(employer.name, (entries.len(), sum));
    }
    sums
}

/// The subsidies in Chinese, as files spell them.
pub(crate) const fn subsidy_word(kind: SubsidyKind) -> &'static str {
    match kind {
        SubsidyKind::EmployerInsurance => INSURANCE,
        SubsidyKind::Post => POST,
        SubsidyKind::FlexibleInsurance => FLEXIBLE,
        SubsidyKind::Training => TRAINING,
        SubsidyKind::Unspecified => "",
    }
}

/// The kinds of filing likewise.
pub(crate) const fn filing_word(kind: FilingKind) -> &'static str {
    match kind {
        FilingKind::LabourContract => LABOUR,
        FilingKind::Service => SERVICE,
        FilingKind::TrainingPlan => PLAN,
        FilingKind::Unspecified => "",
    }
}
