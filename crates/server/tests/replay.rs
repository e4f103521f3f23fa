//! Ten thousand decisions of every measure in the sample city, answered over gRPC, come out the same
//! after a restart, after new facts and under changed policies.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use mamagang_app::App;
use mamagang_domain::month::TaxMonth;
use mamagang_grpc::{DeveloperAuthenticator, Grpc};
use mamagang_proto::v1;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_server::demo::Sample;
use mamagang_testkit::{SteadyIds, TestApp, changed_policies, date, repository};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Channel;

const DECISIONS_MIN: usize = 10_000;
/// Of them, those on measures 3, 4, 5 and 7, on measure 9, and on measure 10.
const SUBSIDIES: usize = 1_200;
const SALES: usize = 1_200;
const PREFERENCES: usize = 600;
/// Questions of one batch call.
const BATCH: usize = 100;
/// Replays that are asked for at once.
const AT_ONCE: usize = 64;

struct Service {
    channel: Channel,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Service {
    async fn start(app: Arc<App>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let grpc = Grpc::new(
            app,
            Arc::new(DeveloperAuthenticator),
            Arc::new(SteadyIds::default()),
        );
        let task = tokio::spawn(async move {
            let stopped = async move {
                // The sender is dropped where a test fails, and that stops the service as well.
                let _ = stopped.await;
            };
            let served = mamagang_grpc::serve(listener, grpc, stopped).await;
            served.expect("served");
        });
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect().await.expect("a connection");
        Self {
            channel,
            stop,
            task,
        }
    }

    async fn stop(self) {
        drop((self.stop, self.channel));
        self.task.await.expect("drained");
    }

    async fn record(&self, facts: &[v1::Fact]) {
        for chunk in facts.chunks(1_000) {
            let request = v1::RecordFactsRequest {
                request_id: request_id(&chunk[0].row_key),
                facts: chunk.to_vec(),
            };
            let recorded = RegistryServiceClient::new(self.channel.clone())
                .record_facts(request)
                .await
                .expect("recorded");
            for result in recorded.into_inner().results {
                assert!(result.error.is_none(), "{result:?}");
            }
        }
    }

    async fn check(&self, checks: &[v1::KeyGroupCheck]) -> Vec<Told> {
        let mut decisions = Vec::new();
        for chunk in checks.chunks(BATCH) {
            let request = v1::BatchCheckKeyGroupDeductionRequest {
                context: context(),
                checks: chunk.to_vec(),
                as_of_time: None,
            };
            let answer = EligibilityServiceClient::new(self.channel.clone())
                .batch_check_key_group_deduction(request)
                .await
                .expect("answered");
            decisions.extend(answer.into_inner().results.into_iter().map(decision_of));
        }
        decisions
    }

    /// A subsidy of each kind in turn, for every worker whom the sample asks about.
    async fn check_subsidies(&self, checks: &[v1::KeyGroupCheck]) -> Vec<Told> {
        use v1::SubsidyKind::{EmployerInsurance, FlexibleInsurance, Post, Training};
        let kinds = [EmployerInsurance, Post, FlexibleInsurance, Training];
        let asked = stream::iter(checks.iter().zip(kinds.into_iter().cycle()));
        let told = asked
            .map(|(check, kind)| async move {
                let request = v1::CheckSubsidyRequest {
                    context: context(),
                    kind: kind.into(),
                    employer_code: check.employer_code.clone(),
                    worker: check.worker.clone(),
                    from_month: check.from_month.clone(),
                    through_month: check.through_month.clone(),
                };
                let mut eligibility = EligibilityServiceClient::new(self.channel.clone());
                let answer = eligibility.check_subsidy(request).await?.into_inner();
                let decision = answer.decision.expect("a decision");
                Ok::<_, tonic::Status>(Told::Decision(Box::new(decision)))
            })
            .buffered(AT_ONCE);
        told.try_collect().await.expect("answered")
    }

    /// Sales of every month and around every threshold.
    async fn check_vat(&self, count: usize) -> Vec<Told> {
        let asked = (0..count).map(|number| {
            let month = TaxMonth::parse("2021-04").expect("a month");
            let month = month.plus(i32::try_from(number % 80).expect("a number"));
            let thresholds = [50_000, 100_000, 10_000_000, 15_000_000];
            let amount = thresholds[number % thresholds.len()] - 2 + number as i64 % 5;
            v1::CheckVatExemptionRequest {
                province_code: "440000".to_owned(),
                party: v1::Party::NaturalPerson.into(),
                obligation_date: month.last_day().to_string(),
                amount_fen: amount,
                vat_inclusive: number % 3 == 0,
                platform_sales_month_fen: if number % 7 == 0 { amount } else { 0 },
                umct_rate_bp: 700,
                ..v1::CheckVatExemptionRequest::default()
            }
        });
        let told = stream::iter(asked)
            .map(|request| async move {
                let mut eligibility = EligibilityServiceClient::new(self.channel.clone());
                let answer = eligibility.check_vat_exemption(request).await?.into_inner();
                Ok::<_, tonic::Status>(Told::Vat(Box::new(answer)))
            })
            .buffered(AT_ONCE);
        told.try_collect().await.expect("answered")
    }

    /// Incomes around the limit of each year.
    async fn check_preferences(&self, count: usize) -> Vec<Told> {
        let asked = (0..count as i64).map(|number| v1::CheckInclusivePreferencesRequest {
            tax_year: 2022 + i32::try_from(number % 6).expect("a year"),
            taxable_income_fen: Some(300_000_000 - 20 + number % 40),
            staff_count: Some(290 + i32::try_from(number % 20).expect("a number")),
            total_assets_fen: Some(1_000_000_000),
            vat_payer: v1::VatPayer::General.into(),
            surcharges_due_fen: Some(10_000 + number),
            ..v1::CheckInclusivePreferencesRequest::default()
        });
        let told = stream::iter(asked)
            .map(|request| async move {
                let mut eligibility = EligibilityServiceClient::new(self.channel.clone());
                let answer = eligibility.check_inclusive_preferences(request).await?;
                let answer = answer.into_inner();
                Ok::<_, tonic::Status>(Told::Preferences(Box::new(answer)))
            })
            .buffered(AT_ONCE);
        told.try_collect().await.expect("answered")
    }

    async fn replay(
        &self,
        decision: &Told,
        policy_version: &str,
    ) -> Result<v1::ReplayDecisionResponse, tonic::Status> {
        let request = v1::ReplayDecisionRequest {
            context: context(),
            decision_id: decision.id().to_owned(),
            policy_version: policy_version.to_owned(),
            current_facts: false,
        };
        let replayed = EligibilityServiceClient::new(self.channel.clone())
            .replay_decision(request)
            .await?;
        Ok(replayed.into_inner())
    }

    async fn replay_all(
        &self,
        decisions: &[Told],
        policy_version: &str,
    ) -> HashMap<v1::ReplayVerdict, usize> {
        let replays = stream::iter(decisions)
            .map(|decision| async move {
                let replayed = self.replay(decision, policy_version).await?;
                if replayed.verdict() == v1::ReplayVerdict::Identical {
                    decision.assert_same(&replayed);
                }
                Ok::<_, tonic::Status>(v1::ReplayVerdict::try_from(replayed.verdict))
            })
            .buffer_unordered(AT_ONCE);
        let verdicts: Vec<_> = replays.try_collect().await.expect("replayed");
        let mut counts = HashMap::new();
        for verdict in verdicts {
            *counts.entry(verdict.expect("a verdict")).or_default() += 1;
        }
        counts
    }
}

/// A request id made of a text.
fn request_id(text: &str) -> String {
    let mut bytes = [0x40; 16];
    for (byte, letter) in bytes.iter_mut().skip(9).zip(text.bytes()) {
        *byte = letter;
    }
    uuid::Uuid::from_bytes(bytes).to_string()
}

/// An answer of any measure.
enum Told {
    Decision(Box<v1::Decision>),
    Vat(Box<v1::CheckVatExemptionResponse>),
    Preferences(Box<v1::CheckInclusivePreferencesResponse>),
}

impl Told {
    fn id(&self) -> &str {
        match self {
            Self::Decision(decision) => &decision.decision_id,
            Self::Vat(answer) => &answer.decision_id,
            Self::Preferences(answer) => &answer.decision_id,
        }
    }

    /// Whether the quota of measure 8 has a part in it.
    fn rests_on_the_quota(&self) -> bool {
        matches!(self, Self::Decision(decision) if decision.statutory.is_some() && decision.total_fen > 0)
    }

    fn assert_same(&self, replayed: &v1::ReplayDecisionResponse) {
        match self {
            Self::Decision(decision) => {
                let again = replayed.decision.as_ref().expect("a decision");
                assert_eq!(again.months, decision.months);
                assert_eq!(again.trainings, decision.trainings);
                assert_eq!(again.reasons, decision.reasons);
                assert_eq!(again.evidence, decision.evidence);
            }
            Self::Vat(answer) => assert_eq!(replayed.vat.as_ref(), Some(answer.as_ref())),
            Self::Preferences(answer) => {
                let again = replayed.preferences.as_ref().expect("answers");
                assert_eq!(again.results, answer.results);
            }
        }
    }
}

fn decision_of(result: v1::KeyGroupCheckResult) -> Told {
    match result.result {
        Some(v1::key_group_check_result::Result::Decision(decision)) => {
            Told::Decision(Box::new(decision))
        }
        other => panic!("{other:?}"),
    }
}

fn context() -> Option<v1::AccessContext> {
    Some(v1::AccessContext {
        purpose: "复核".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "R-1".to_owned(),
        operator: "张三".to_owned(),
    })
}

/// The sample's questions, each over many spans of months.
fn questions(sample: &Sample) -> Vec<v1::KeyGroupCheck> {
    let month = |text: &str| TaxMonth::parse(text).expect("a month");
    let mut all = Vec::new();
    for shift in 0.. {
        if all.len() >= DECISIONS_MIN - SUBSIDIES - SALES - PREFERENCES {
            break;
        }
        all.extend(sample.checks.iter().map(|check| {
            let from = month(&check.from_month).plus(shift % 12);
            let through = month(&check.through_month).plus(shift / 12);
            v1::KeyGroupCheck {
                from_month: from.to_string(),
                through_month: through.max(from).to_string(),
                ..check.clone()
            }
        }));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_decisions_replay_identically_after_a_restart_and_a_change_of_policy() {
    let sample = Sample::load(Some(&repository().join("examples/zhongshan-2023"))).expect("a city");
    let test = TestApp::sqlite(date("2024-07-01")).await;
    let service = Service::start(test.app.clone()).await;
    // The last contributions come after the questions.
    let is_late = |fact: &&v1::Fact| matches!(&fact.kind, Some(Kind::Contribution(paid)) if paid.month == "2023-11");
    let (late, early): (Vec<_>, Vec<_>) = sample.facts.iter().partition(is_late);
    let owned = |facts: Vec<&v1::Fact>| facts.into_iter().cloned().collect::<Vec<_>>();
    service.record(&owned(early)).await;

    // Half is asked before anything is booked, half after.
    let questions = questions(&sample);
    let (before, after) = questions.split_at(questions.len() / 2);
    let mut decisions = service.check(before).await;
    for (number, declaration) in sample.declarations.iter().enumerate() {
        let request = v1::PostDeductionRequest {
            request_id: uuid::Uuid::from_u128(1_000 + number as u128).to_string(),
            ..declaration.clone()
        };
        let mut ledger = LedgerServiceClient::new(service.channel.clone());
        ledger.post_deduction(request).await.expect("posted");
    }
    decisions.extend(service.check(after).await);
    decisions.extend(service.check_subsidies(&questions[..SUBSIDIES]).await);
    decisions.extend(service.check_vat(SALES).await);
    decisions.extend(service.check_preferences(PREFERENCES).await);
    assert!(decisions.len() >= DECISIONS_MIN, "{}", decisions.len());
    service.record(&owned(late)).await;
    service.stop().await;

    let test = test
        .restart(changed_policies(
            "guangdong/key_group/quota_year.yaml",
            "value: 780000",
            "value: 702000",
        ))
        .await;
    let service = Service::start(test.app.clone()).await;
    let verdicts = service.replay_all(&decisions, "").await;
    let all = HashMap::from([(v1::ReplayVerdict::Identical, decisions.len())]);
    assert_eq!(verdicts, all);

    // Under the policies in use those with an eligible month give less, and the others the same.
    let sample: Vec<Told> = decisions.into_iter().step_by(20).collect();
    let differing = sample.iter().filter(|told| told.rests_on_the_quota());
    let differing = differing.count();
    let verdicts = service.replay_all(&sample, "current").await;
    let told = |verdict: v1::ReplayVerdict| verdicts.get(&verdict).copied().unwrap_or_default();
    assert_eq!(told(v1::ReplayVerdict::PolicyDiffers), differing);
    assert_eq!(told(v1::ReplayVerdict::Identical), sample.len() - differing);
    assert!(differing > 0);
    service.stop().await;
}
