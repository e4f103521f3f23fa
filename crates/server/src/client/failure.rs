//! What went wrong, as the service told it.

use std::fmt::Write as _;
use std::io;

use mamagang_proto::google::rpc::{
    self, BadRequest, ErrorInfo, LocalizedMessage, RetryInfo, bad_request::FieldViolation,
};
use prost::Message;
use tonic::transport;

use super::json::{self, JsonError};
use super::words::Lang;

/// Why nothing could be answered or shown.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No service answers there.
    #[error("no service answers at {address}")]
    Unreachable {
        /// Where it was asked for.
        address: String,
        /// Why.
        source: transport::Error,
    },
    /// A certificate, key or token that is to be shown cannot be used.
    #[error("cannot be used: {0}")]
    Credentials(String),
    /// The service refused the call, or the connection broke.
    #[error("{}", .0.message())]
    Refused(#[from] Box<tonic::Status>),
    /// The answer lacks what the API promises.
    #[error("the answer lacks {0}")]
    Incomplete(&'static str),
    /// The answer has no JSON form.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A file cannot be read or written; said in the reader's language.
    #[error("{0}")]
    File(String),
    /// What was asked for could not be printed.
    #[error("the output cannot be written to")]
    Output(#[from] io::Error),
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

impl Failure {
    /// For a reader: the message, every wrong field, the reason and what it is about.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Refused(status) => Refusal::of_status(status).text(lang),
            Self::Unreachable { address, source } => {
                let line = lang.pick("无法连接服务：", "no service answers at ");
                format!("{line}{address}{}", causes(source))
            }
            Self::Incomplete(what) => {
                format!(
                    "{}{what}",
                    lang.pick("服务的回答缺少：", "the answer lacks ")
                )
            }
            other => format!("{other}{}", causes(other)),
        }
    }

    /// For a program: the `google.rpc.Status` with its details, or a message alone.
    pub fn json(&self) -> String {
        let refusal = match self {
            Self::Refused(status) => Refusal::of_status(status).status,
            other => rpc::Status {
                code: tonic::Code::Unknown.into(),
                message: other.text(Lang::En),
                details: Vec::new(),
            },
        };
        let plain = |_| format!("{{\"code\": {}}}", refusal.code);
        json::of("google.rpc.Status", &refusal).unwrap_or_else(plain)
    }
}

/// The causes of an error, each once: some libraries repeat a cause in the text of what it caused, others in its own.
fn causes(error: &dyn std::error::Error) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(known) = cause {
        let text = known.to_string();
        match told.last_mut() {
            Some(last) if text.starts_with(last.as_str()) => *last = text,
            Some(last) if last.ends_with(&text) => {}
            _ => told.push(text),
        }
        cause = known.source();
    }
    told.iter().map(|text| format!(": {text}")).collect()
}

/// A refusal, taken apart: of a call, or of one item of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// As it came.
    pub status: rpc::Status,
    /// Why, for programs.
    pub info: Option<ErrorInfo>,
    /// Why, in the caller's language.
    pub message: String,
    /// Every wrong field.
    pub violations: Vec<FieldViolation>,
    /// After how long a retry may help.
    pub retry: Option<RetryInfo>,
}

impl Refusal {
    /// A call's. What no service wrote, such as a broken connection, has a code and a message only.
    pub fn of_status(status: &tonic::Status) -> Self {
        let written = rpc::Status::decode(status.details())
            .ok()
            .filter(|told| told.code != 0);
        Self::of_item(written.unwrap_or_else(|| rpc::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        }))
    }

    /// An item's.
    pub fn of_item(status: rpc::Status) -> Self {
        let localized = detail::<LocalizedMessage>(&status, "google.rpc.LocalizedMessage");
        Self {
            info: detail(&status, "google.rpc.ErrorInfo"),
            message: localized.map_or_else(|| status.message.clone(), |told| told.message),
            violations: detail::<BadRequest>(&status, "google.rpc.BadRequest")
                .map_or_else(Vec::new, |told| told.field_violations),
            retry: detail(&status, "google.rpc.RetryInfo"),
            status,
        }
    }

    /// For a reader, without a line's end at the end.
    pub fn text(&self, lang: Lang) -> String {
        let code = tonic::Code::from(self.status.code);
        let mut text = format!("{}（{code:?}）", self.message);
        if lang == Lang::En {
            text = format!("{} ({code:?})", self.message);
        }
        for violation in &self.violations {
            let _ = write!(text, "\n  {}: {}", violation.field, violation.description);
        }
        if let Some(info) = &self.info {
            let _ = write!(
                text,
                "\n{}{}",
                lang.pick("原因代码：", "reason: "),
                info.reason
            );
            for (name, value) in &info.metadata {
                let _ = write!(text, "\n  {name} = {value}");
            }
        }
        if let Some(delay) = self.retry.as_ref().and_then(|told| told.retry_delay) {
            let millis = delay.seconds.saturating_mul(1_000) + i64::from(delay.nanos / 1_000_000);
            let _ = match lang {
                Lang::Zh => write!(text, "\n请在 {millis} 毫秒后重试"),
                Lang::En => write!(text, "\nretry after {millis} ms"),
            };
        }
        text
    }
}

/// The first detail of a type, whatever host its URL names.
fn detail<M: Message + Default>(status: &rpc::Status, name: &str) -> Option<M> {
    let is_it = |any: &&prost_types::Any| any.type_url.rsplit('/').next() == Some(name);
    let any = status.details.iter().find(is_it)?;
    M::decode(any.value.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(name: &str, message: &impl Message) -> prost_types::Any {
        prost_types::Any {
            type_url: format!("type.googleapis.com/{name}"),
            value: message.encode_to_vec(),
        }
    }

    fn refused() -> tonic::Status {
        let violation = |field: &str, description: &str| FieldViolation {
            field: field.to_owned(),
            description: description.to_owned(),
            ..FieldViolation::default()
        };
        let fields = BadRequest {
            field_violations: vec![
                violation("period", "不是月份"),
                violation("request_id", "必填"),
            ],
        };
        let info = ErrorInfo {
            reason: "INVALID_ARGUMENT_FIELDS".to_owned(),
            domain: "mamagang.v1".to_owned(),
            metadata: [("violations".to_owned(), "2".to_owned())].into(),
        };
        let message = LocalizedMessage {
            locale: "zh-CN".to_owned(),
            message: "字段有误".to_owned(),
        };
        let status = rpc::Status {
            code: tonic::Code::InvalidArgument.into(),
            message: "wrong".to_owned(),
            details: vec![
                any("google.rpc.ErrorInfo", &info),
                any("google.rpc.BadRequest", &fields),
                any("google.rpc.LocalizedMessage", &message),
            ],
        };
        let details = status.encode_to_vec().into();
        tonic::Status::with_details(tonic::Code::InvalidArgument, "wrong", details)
    }

    #[test]
    fn a_refusal_tells_message_every_field_and_reason() {
        let text = Failure::from(refused()).text(Lang::Zh);
        let expected = "字段有误（InvalidArgument）\n  period: 不是月份\n  request_id: 必填\n\
                        原因代码：INVALID_ARGUMENT_FIELDS\n  violations = 2";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_refusal_as_json_holds_its_details() {
        let json: serde_json::Value =
            serde_json::from_str(&Failure::from(refused()).json()).unwrap();
        assert_eq!(json["code"], 3);
        assert_eq!(json["details"][0]["reason"], "INVALID_ARGUMENT_FIELDS");
        assert_eq!(
            json["details"][1]["fieldViolations"][1]["field"],
            "request_id"
        );
    }

    #[test]
    fn a_broken_connection_has_a_code_and_a_message() {
        let failure = Failure::from(tonic::Status::unavailable("transport error"));
        assert_eq!(failure.text(Lang::En), "transport error (Unavailable)");
        let json: serde_json::Value = serde_json::from_str(&failure.json()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "code": 14, "message": "transport error" })
        );
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn a_cause_that_is_told_twice_is_shown_once() {
        let chain = |texts: &[&'static str]| {
            let wrap = |inner, text: &&'static str| Some(Box::new(Layer(text, inner)));
            texts.iter().rev().fold(None, wrap).unwrap()
        };
        let error = chain(&[
            "outer",
            "tcp error",
            "tcp error: refused",
            "refused",
            "os 111",
        ]);
        assert_eq!(causes(error.as_ref()), ": tcp error: refused: os 111");
        assert_eq!(causes(chain(&["outer"]).as_ref()), "");
    }
}
