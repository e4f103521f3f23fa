//! A gateway that is asked person by person, over HTTP with signed requests.

mod breaker;
mod kept;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::{Either, select};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use mamagang_domain::fact::PersonCategory;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

pub use breaker::Breaker;

use crate::sign::Signer;
use crate::source::{Answer, Question, StatusSource, Unreachable};
use kept::{Kept, KeptAnswers};
use wire::{Told, asked, read};

/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How a gateway is asked.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// Its name in answers and logs.
    pub name: String,
    /// The categories that it keeps the register of.
    pub categories: Vec<PersonCategory>,
    /// `host:port`. TLS towards the gateway is the business of a proxy beside the service.
    pub address: String,
    /// The path that is asked.
    pub path: String,
    /// How long one try may take.
    pub timeout: Duration,
    /// How long all questions of a call may take.
    pub call_timeout: Duration,
    /// Tries of one question, the first among them.
    pub tries_max: u32,
    /// Wait before the second try; twice as long before each further one.
    pub pause: Duration,
    /// Failures in a row after which it is left alone.
    pub failures_max: u32,
    /// For how long.
    pub rest: Duration,
    /// For how long an answer may be given again.
    pub kept_for: Duration,
    /// Questions of one call that are asked at the same time.
    pub parallel_max: usize,
}

impl GatewayOptions {
    /// The usual settings of a gateway at an address.
    pub fn at(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            categories: PersonCategory::ALL.to_vec(),
            address: address.into(),
            path: "/status".to_owned(),
            timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(10),
            tries_max: 2,
            pause: Duration::from_millis(200),
            failures_max: 5,
            rest: Duration::from_secs(30),
            kept_for: Duration::from_secs(600),
            parallel_max: 8,
        }
    }
}

/// What a gateway needs of the world: the time that requests are signed with, in milliseconds since
/// 1970, and nonces that are used once.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub millis: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// A new nonce.
    pub nonce: Arc<dyn Fn() -> String + Send + Sync>,
}

/// A gateway.
pub struct GatewaySource {
    options: GatewayOptions,
    signer: Signer,
    world: World,
    breaker: Breaker,
    kept: KeptAnswers,
}

impl std::fmt::Debug for GatewaySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewaySource")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A try that failed.
struct Failure {
    why: Unreachable,
    /// Whether another try may end better.
    may_differ: bool,
}

impl Failure {
    const NO_ANSWER: Self = Self {
        why: Unreachable::NoAnswer,
        may_differ: true,
    };
    const BAD_ANSWER: Self = Self {
        why: Unreachable::BadAnswer,
        may_differ: false,
    };
}

/// A question under way. Dropped before what became of it is noted, its caller has gone away.
struct Sent<'a> {
    breaker: &'a Breaker,
    at: Instant,
    is_noted: bool,
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.is_noted {
            self.breaker.abandoned(self.at, Instant::now());
        }
    }
}

impl GatewaySource {
    /// A gateway.
    pub fn new(options: GatewayOptions, signer: Signer, world: World) -> Self {
        Self {
            breaker: Breaker::new(options.failures_max, options.rest),
            kept: KeptAnswers::new(options.kept_for),
            options,
            signer,
            world,
        }
    }

    async fn answer(&self, question: &Question, until: Instant) -> Answer {
        let key = (question.person(), question.as_of_on);
        if let Some((kept, age)) = self.kept.get(&key) {
            return known(kept, age);
        }
        let mut why = Unreachable::NoTime;
        for try_number in 0..self.options.tries_max.max(1) {
            if try_number > 0 {
                let doubled = 1_u32 << (try_number - 1).min(16);
                sleep(self.options.pause.saturating_mul(doubled)).await;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let sent_at = Instant::now();
            if !self.breaker.allows(sent_at) {
                return Answer::Unreachable(Unreachable::Resting);
            }
            let mut sent = Sent {
                breaker: &self.breaker,
                at: sent_at,
                is_noted: false,
            };
            let asked = timeout(self.options.timeout.min(left), self.send(question)).await;
            sent.is_noted = true;
            match asked.unwrap_or(Err(Failure::NO_ANSWER)) {
                Ok(told) => {
                    self.breaker.succeeded();
                    let kept = Arc::new(told);
                    self.kept.put(key, kept.clone());
                    return known(kept, Duration::ZERO);
                }
                Err(failure) => {
                    self.breaker.failed(Instant::now());
                    why = failure.why;
                    if !failure.may_differ {
                        break;
                    }
                }
            }
        }
        Answer::Unreachable(why)
    }

    /// One request on a connection of its own.
    async fn send(&self, question: &Question) -> Result<Told, Failure> {
        let options = &self.options;
        let body = asked(question);
        let nonce = (self.world.nonce)();
        let millis = (self.world.millis)();
        let headers = self.signer.headers(millis, &nonce, &options.path, &body);
        let mut request = Request::post(&options.path)
            .header(http::header::HOST, &options.address)
            .header(http::header::CONNECTION, "close")
            .header(http::header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|_| Failure::BAD_ANSWER)?;
        let stream = TcpStream::connect(&options.address).await;
        let stream = stream.map_err(|_| Failure::NO_ANSWER)?;
        let connected = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = connected.map_err(|_| Failure::NO_ANSWER)?;
        let exchange = Box::pin(async move {
            let answer = sender.send_request(request).await;
            let answer = answer.map_err(|_| Failure::NO_ANSWER)?;
            if answer.status() != StatusCode::OK {
                return Err(Failure {
                    why: Unreachable::BadAnswer,
                    may_differ: answer.status().is_server_error(),
                });
            }
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
            let body = body.collect().await.map_err(|_| Failure::NO_ANSWER)?;
            Ok(body.to_bytes())
        });
        let told = match select(exchange, Box::pin(connection)).await {
            Either::Left((told, _)) => told,
            // The connection is at its end; what came over it is still to be read.
            Either::Right((_, exchange)) => exchange.await,
        }?;
        read(&told).ok_or(Failure::BAD_ANSWER)
    }
}

fn known(kept: Kept, age: Duration) -> Answer {
    Answer::Known {
        records: kept.records.clone(),
        drawn_on: kept.drawn_on,
        age_seconds: age.as_secs(),
    }
}

#[async_trait]
impl StatusSource for GatewaySource {
    fn name(&self) -> &str {
        &self.options.name
    }

    fn categories(&self) -> &[PersonCategory] {
        &self.options.categories
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Answer> {
        let until = Instant::now() + self.options.call_timeout;
        let asked: Vec<_> = questions
            .iter()
            .map(|question| self.answer(question, until))
            .collect();
        futures::stream::iter(asked)
            .buffered(self.options.parallel_max.max(1))
            .collect()
            .await
    }
}
