//! Outside sources: one that dies in the middle of a batch decides nothing.

use std::sync::Arc;
use std::time::Duration;

use mamagang_app::authorise::{Role, Roles};
use mamagang_app::{AppResult, Caller};
use mamagang_domain::fact::PersonCategory;
use mamagang_grpc::{Authenticator, DeveloperAuthenticator};
use mamagang_proto::v1::{
    self, BatchVerifyWorkerStatusRequest, ReasonCode, SourceState, VerifyWorkerStatusRequest,
    VerifyWorkerStatusResponse, WorkerRef, WorkerStatusCheck, fact, worker_ref,
    worker_status_check_result,
};
use mamagang_sources::{
    GatewayOptions, GatewaySource, HeaderNames, SignedDigest, Signer, Sources, World,
};
use mamagang_testkit::{Asked, Register, Reply, TestApp, date};

use crate::harness::{LI, Service, WANG, context, fact, lifted, worker};

const BATCH: usize = 30;
/// The register dies over the question after so many.
const ANSWERED: usize = 11;

/// A person of a numbered day in 1990, with the check character of GB 11643.
fn resident(number: usize) -> String {
    let digits = format!("4420001990{:02}{:02}001", 1 + number / 28, 1 + number % 28);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let values = digits.bytes().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = values
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = char::from(b"10X98765432"[sum as usize % 11]);
    format!("{digits}{check}")
}

/// What is known of the persons of the batch, in turn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// On record and in the register.
    Both,
    /// On record, and gone from the register.
    RecordOnly,
    /// On record until 2020, and in the register still.
    Prolonged,
    /// In the register alone.
    RegisterOnly,
    /// Nowhere.
    Nowhere,
}

impl Known {
    fn of(number: usize) -> Self {
        [
            Self::Both,
            Self::RecordOnly,
            Self::Prolonged,
            Self::RegisterOnly,
            Self::Nowhere,
        ][number % 5]
    }

    /// The answer where the register could be asked.
    const fn expected(self) -> (v1::Outcome, ReasonCode) {
        match self {
            Self::Both | Self::Prolonged | Self::RegisterOnly => {
                (v1::Outcome::Eligible, ReasonCode::AllConditionsMet)
            }
            Self::RecordOnly => (v1::Outcome::Review, ReasonCode::ConflictingEvidence),
            Self::Nowhere => (v1::Outcome::Review, ReasonCode::NoRecord),
        }
    }
}

fn recorded(number: usize) -> Option<v1::Fact> {
    let resident = resident(number);
    let status = |to_date: &str| {
        let mut status = lifted((&resident, "王芳"));
        if let Some(fact::Kind::PovertyStatus(kind)) = &mut status.kind {
            kind.to_date = to_date.to_owned();
        }
        fact(&format!("p{number}"), status.kind.expect("a status"))
    };
    match Known::of(number) {
        Known::Both | Known::RecordOnly => Some(status("")),
        Known::Prolonged => Some(status("2020-12-31")),
        Known::RegisterOnly | Known::Nowhere => None,
    }
}

/// What the register says of a person.
fn says(asked: &Asked) -> Reply {
    let number = (0..BATCH).find(|number| asked.body.contains(&resident(*number)));
    let is_listed = number.is_none_or(|number| {
        matches!(
            Known::of(number),
            Known::Both | Known::Prolonged | Known::RegisterOnly
        )
    });
    let status = r#"{"category": "LIFTED_FROM_POVERTY", "from_date": "2016-01-01"}"#;
    let statuses = if is_listed { status } else { "" };
    Reply::Full(
        200,
        format!(r#"{{"drawn_date": "2024-02-01", "poverty_statuses": [{statuses}]}}"#),
    )
}

fn gateway(address: &str) -> Sources {
    let options = GatewayOptions {
        categories: vec![PersonCategory::LiftedFromPoverty],
        pause: Duration::from_millis(1),
        parallel_max: 4,
        ..GatewayOptions::at("脱贫人口登记册", address)
    };
    let secret = b"0123456789abcdef".to_vec().into();
    let signer = Signer::new(
        "mamagang",
        secret,
        SignedDigest::Sm3,
        HeaderNames::default(),
    );
    let world = World {
        millis: Arc::new(|| 1_706_745_600_000),
        nonce: Arc::new(|| "n".to_owned()),
    };
    Sources::new(vec![Arc::new(GatewaySource::new(options, signer, world))])
}

async fn service(register: &Register, authenticator: Arc<dyn Authenticator>) -> Service {
    let test = TestApp::with_sources(date("2024-02-01"), gateway(&register.address)).await;
    Service::start_on(test, authenticator).await
}

fn batch() -> BatchVerifyWorkerStatusRequest {
    let check = |number: usize| WorkerStatusCheck {
        row_key: number.to_string(),
        worker: worker((&resident(number), "王芳")),
        as_of_date: "2024-02-01".to_owned(),
    };
    BatchVerifyWorkerStatusRequest {
        context: context(),
        checks: (0..BATCH).map(check).collect(),
    }
}

/// The answers, by row.
async fn ask(service: &Service) -> Vec<VerifyWorkerStatusResponse> {
    let mut client = service.verification();
    let answered = client.batch_verify_worker_status(batch()).await;
    let results = answered.expect("answers").into_inner().results;
    let answers = results.into_iter().enumerate().map(|(number, result)| {
        assert_eq!(result.row_key, number.to_string());
        match result.result {
            Some(worker_status_check_result::Result::Answer(answer)) => answer,
            other => panic!("{number}: {other:?}"),
        }
    });
    answers.collect()
}

fn codes(answer: &VerifyWorkerStatusResponse) -> Vec<ReasonCode> {
    answer.reasons.iter().map(|reason| reason.code()).collect()
}

#[tokio::test]
async fn a_source_that_dies_in_the_middle_of_a_batch_decides_nothing_about_the_rest() {
    let register = Register::start(|before, asked| match before {
        0..ANSWERED => says(asked),
        ANSWERED => Reply::Half(r#"{"drawn_date": "2024-02-01"}"#.to_owned()),
        _ => Reply::Death,
    })
    .await;
    let service = service(&register, Arc::new(DeveloperAuthenticator)).await;
    service
        .record(1, (0..BATCH).filter_map(recorded).collect())
        .await;

    let answers = ask(&service).await;
    let mut asked = 0;
    for (number, answer) in answers.iter().enumerate() {
        let [source] = answer.source_answers.as_slice() else {
            panic!("{number}: {answer:?}");
        };
        assert_eq!(source.source, "脱贫人口登记册");
        if source.state() == SourceState::Answered {
            asked += 1;
            assert_eq!(source.source_date, "2024-02-01");
            let (outcome, code) = Known::of(number).expected();
            assert_eq!(
                (answer.outcome(), codes(answer)),
                (outcome, vec![code]),
                "{number}"
            );
        } else {
            // Neither the yes of the record nor a no: nobody knows.
            assert_eq!(answer.outcome(), v1::Outcome::Review, "{number}");
            assert!(
                codes(answer).contains(&ReasonCode::SourceUnreachable),
                "{number}"
            );
            assert_eq!(source.source_date, "");
        }
    }
    assert_eq!(asked, ANSWERED);

    // The others are known from the answers alone, and asked again they are still not decided.
    let again = ask(&service).await;
    let answered = |answers: &[VerifyWorkerStatusResponse]| -> Vec<usize> {
        let states = answers
            .iter()
            .map(|answer| answer.source_answers[0].state());
        let places = states
            .enumerate()
            .filter(|(_, state)| *state == SourceState::Answered);
        places.map(|(number, _)| number).collect()
    };
    assert_eq!(answered(&again), answered(&answers), "answers are kept");
}

#[tokio::test]
async fn while_the_source_lives_everybody_is_decided_and_the_source_is_named() {
    let register = Register::start(|_, asked| says(asked)).await;
    let service = service(&register, Arc::new(DeveloperAuthenticator)).await;
    service
        .record(1, (0..BATCH).filter_map(recorded).collect())
        .await;
    for (number, answer) in ask(&service).await.iter().enumerate() {
        let (outcome, code) = Known::of(number).expected();
        assert_eq!(
            (answer.outcome(), codes(answer)),
            (outcome, vec![code]),
            "{number}"
        );
        if outcome == v1::Outcome::Eligible {
            assert_eq!(answer.source, "脱贫人口登记册", "{number}");
        }
    }
}

#[tokio::test]
async fn a_person_named_by_our_id_is_asked_about_and_one_under_another_name_is_not() {
    let register = Register::start(|_, asked| says(asked)).await;
    let service = service(&register, Arc::new(DeveloperAuthenticator)).await;
    let stored = service.record(1, vec![lifted(WANG)]).await;
    let (worker_id, _) = stored[0].fact_id.split_once('.').expect("a worker's fact");
    let by_id = WorkerRef {
        r#ref: Some(worker_ref::Ref::WorkerId(worker_id.to_owned())),
    };
    for (person, states) in [
        (Some(by_id), vec![SourceState::Answered]),
        (worker((WANG.0, "王方")), Vec::new()),
    ] {
        let request = VerifyWorkerStatusRequest {
            context: context(),
            worker: person,
            as_of_date: "2024-02-01".to_owned(),
        };
        let answer = service.verification().verify_worker_status(request).await;
        let answer = answer.expect("an answer").into_inner();
        let found: Vec<SourceState> = answer.source_answers.iter().map(|it| it.state()).collect();
        assert_eq!(found, states);
    }
    assert_eq!(register.asked().len(), 1);
    assert!(register.asked()[0].body.contains(WANG.0));
}

/// A clerk of one town.
#[derive(Debug)]
struct TownClerk;

impl Authenticator for TownClerk {
    fn authenticate(&self, _: &http::request::Parts) -> AppResult<Caller> {
        Ok(Caller {
            roles: Roles::of(Role::HrClerk),
            region_codes: vec!["442000101".to_owned()],
            ..Caller::developer()
        })
    }
}

#[tokio::test]
async fn who_reaches_one_town_learns_nothing_about_strangers_from_a_source() {
    let register = Register::start(|_, asked| says(asked)).await;
    let service = service(&register, Arc::new(TownClerk)).await;
    let request = VerifyWorkerStatusRequest {
        context: context(),
        worker: worker(LI),
        as_of_date: "2024-02-01".to_owned(),
    };
    let answer = service.verification().verify_worker_status(request).await;
    let answer = answer.expect("an answer").into_inner();
    assert_eq!(codes(&answer), [ReasonCode::NoRecord]);
    assert_eq!(answer.source_answers, []);
    assert_eq!(register.asked().len(), 0);
}
