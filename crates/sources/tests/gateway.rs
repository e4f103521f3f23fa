//! A gateway over a real connection: what is signed, tried again, kept, and left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::PersonCategory;
use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};
use mamagang_sources::{
    Answer, GatewayOptions, GatewaySource, HeaderNames, Question, SignedDigest, Signer,
    StatusSource, Unreachable, World,
};
use mamagang_testkit::{Asked, Register, Reply};
use tokio::net::TcpListener;

const LISTED: &str = r#"{"drawn_date": "2024-01-31",
    "poverty_statuses": [{"category": "LIFTED_FROM_POVERTY", "from_date": "2016-01-01"}]}"#;

fn listed() -> Reply {
    Reply::Full(200, LISTED.to_owned())
}

fn refused(status: u16) -> Reply {
    Reply::Full(status, String::new())
}

fn question(name: &str) -> Question {
    let document_type = DocumentType::ResidentIdCard;
    let day = CivilDate::parse("2024-02-01").expect("a day");
    let number = DocumentNumber::parse(document_type, "442000198903149982", day);
    Question {
        document_type,
        number: number.expect("a number"),
        name: PersonName::parse(name).expect("a name"),
        as_of_on: day,
    }
}

fn gateway(address: &str, change: impl FnOnce(&mut GatewayOptions)) -> GatewaySource {
    let mut options = GatewayOptions {
        categories: vec![PersonCategory::LiftedFromPoverty],
        pause: Duration::from_millis(1),
        parallel_max: 1,
        ..GatewayOptions::at("脱贫人口", address)
    };
    change(&mut options);
    let secret = b"0123456789abcdef".to_vec().into();
    let signer = Signer::new("app", secret, SignedDigest::Sha256, HeaderNames::default());
    let (millis, nonce) = (AtomicI64::new(1_706_745_600_000), AtomicUsize::new(0));
    let world = World {
        millis: Arc::new(move || millis.fetch_add(1, Ordering::Relaxed)),
        nonce: Arc::new(move || format!("n{}", nonce.fetch_add(1, Ordering::Relaxed))),
    };
    GatewaySource::new(options, signer, world)
}

async fn one(gateway: &GatewaySource, name: &str) -> Answer {
    let mut answers = gateway.ask(&[question(name)]).await;
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn is_known(answer: &Answer) -> bool {
    matches!(answer, Answer::Known { records, .. } if records.len() == 1)
}

#[tokio::test]
async fn a_question_is_signed_over_what_is_sent_and_names_the_person_in_the_body_alone() {
    let register = Register::start(|_, _| listed()).await;
    let gateway = gateway(&register.address, |options| {
        options.path = "/v1/poverty".into()
    });
    assert!(is_known(&one(&gateway, "王芳").await));
    let asked = register.asked();
    let Asked {
        path,
        headers,
        body,
    } = &asked[0];
    assert_eq!(path, "/v1/poverty");
    assert_eq!(headers["x-tif-paasid"], "app");
    assert_eq!(headers["x-tif-timestamp"], "1706745600000");
    assert_eq!(headers["x-tif-nonce"], "n0");
    let secret = b"0123456789abcdef".to_vec().into();
    let signer = Signer::new("app", secret, SignedDigest::Sha256, HeaderNames::default());
    let signature = signer.signature(1_706_745_600_000, "n0", path, body.as_bytes());
    assert_eq!(headers["x-tif-signature"], signature);
    assert!(
        body.contains("442000198903149982") && body.contains("王芳"),
        "{body}"
    );
    assert!(
        !headers
            .values()
            .any(|value| value.contains("442000198903149982"))
    );
}

#[tokio::test]
async fn an_answer_is_given_again_with_its_age_and_asked_anew_when_too_old() {
    let register = Register::start(|_, _| listed()).await;
    let kept = gateway(&register.address, |_| {});
    let first = one(&kept, "王芳").await;
    assert!(matches!(first, Answer::Known { age_seconds: 0, .. }));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let Answer::Known { age_seconds, .. } = one(&kept, "王芳").await else {
        panic!("it was answered before");
    };
    assert!(age_seconds >= 1);
    assert_eq!(register.asked().len(), 1);
    // Another name is another person.
    one(&kept, "王方").await;
    assert_eq!(register.asked().len(), 2);

    let forgetful = gateway(&register.address, |options| {
        options.kept_for = Duration::ZERO
    });
    one(&forgetful, "王芳").await;
    one(&forgetful, "王芳").await;
    assert_eq!(register.asked().len(), 4);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_will_not_is_not() {
    // A server error and half an answer pass; a refusal and nonsense do not.
    type Script = fn(usize) -> Reply;
    let cases: [(Script, usize, Result<(), Unreachable>); 5] = [
        (
            |at| if at == 0 { refused(503) } else { listed() },
            2,
            Ok(()),
        ),
        (
            |at| {
                if at == 0 {
                    Reply::Half(LISTED.to_owned())
                } else {
                    listed()
                }
            },
            2,
            Ok(()),
        ),
        (|_| refused(503), 2, Err(Unreachable::BadAnswer)),
        (|_| refused(401), 1, Err(Unreachable::BadAnswer)),
        (
            |_| Reply::Full(200, "{}".to_owned()),
            1,
            Err(Unreachable::BadAnswer),
        ),
    ];
    for (number, (script, tries, expected)) in cases.into_iter().enumerate() {
        let register = Register::start(move |at, _| script(at)).await;
        let answer = one(&gateway(&register.address, |_| {}), "王芳").await;
        match expected {
            Ok(()) => assert!(is_known(&answer), "{number}: {answer:?}"),
            Err(why) => assert_eq!(answer, Answer::Unreachable(why), "{number}"),
        }
        assert_eq!(register.asked().len(), tries, "{number}");
    }
}

#[tokio::test]
async fn silence_is_waited_for_no_longer_than_a_try_and_a_call_may_take() {
    let register = Register::start(|_, _| Reply::Silence).await;
    let gateway = gateway(&register.address, |options| {
        options.timeout = Duration::from_millis(50);
        options.call_timeout = Duration::from_millis(120);
        options.tries_max = 1;
        options.failures_max = 1_000;
    });
    let names = ["王一", "王二", "王三", "王四", "王五", "王六"];
    let questions = names.map(question);
    let before = tokio::time::Instant::now();
    let answers = gateway.ask(&questions).await;
    let took = before.elapsed();
    let no_answer = Answer::Unreachable(Unreachable::NoAnswer);
    assert_eq!(answers[0], no_answer);
    assert_eq!(answers[5], Answer::Unreachable(Unreachable::NoTime));
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(register.asked().len() < names.len());
}

#[tokio::test]
async fn a_gateway_that_fails_is_left_alone_and_comes_back_after_its_rest() {
    let register = Register::start(|at, _| if at < 3 { refused(500) } else { listed() }).await;
    let gateway = gateway(&register.address, |options| {
        options.tries_max = 1;
        options.failures_max = 3;
        options.rest = Duration::from_millis(200);
    });
    let questions = ["王一", "王二", "王三", "王四", "王五"].map(question);
    let answers = gateway.ask(&questions).await;
    let resting = Answer::Unreachable(Unreachable::Resting);
    assert_eq!(answers[3..], [resting.clone(), resting]);
    assert_eq!(register.asked().len(), 3, "nobody is asked while it rests");
    tokio::time::sleep(Duration::from_millis(250)).await;
    let answers = gateway.ask(&questions).await;
    assert!(answers.iter().all(is_known), "{answers:?}");
}

#[tokio::test]
async fn a_caller_who_leaves_the_first_question_after_a_rest_does_not_prolong_it() {
    let replies = |at| match at {
        0 => refused(500),
        1 => Reply::Silence,
        _ => listed(),
    };
    let register = Register::start(move |at, _| replies(at)).await;
    let rest = Duration::from_millis(1_500);
    let gateway = gateway(&register.address, |options| {
        options.tries_max = 1;
        options.failures_max = 1;
        options.rest = rest;
        options.timeout = Duration::from_secs(30);
        options.call_timeout = Duration::from_secs(30);
    });
    one(&gateway, "王一").await;
    tokio::time::sleep(rest).await;
    let left = async {
        while register.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        answer = one(&gateway, "王二") => panic!("{answer:?}"),
        () = left => {}
    }
    let answer = one(&gateway, "王三").await;
    assert!(is_known(&answer), "{answer:?}");
}

#[tokio::test]
async fn nobody_at_the_address_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let answer = one(&gateway(&address, |_| {}), "王芳").await;
    assert_eq!(answer, Answer::Unreachable(Unreachable::NoAnswer));
}
