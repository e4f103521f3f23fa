//! `mamagang import` of steps: every row is a request of its own, sent in the file's order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use indicatif::ProgressBar;
use mamagang_domain::frozen::digest;
use mamagang_files::import::{Filled, Import, ImportError, Kind, Record, Row};
use mamagang_proto::v1::{self, AccessContext};
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};
use tokio::sync::mpsc;
use tonic::Code;
use uuid::Uuid;

use super::{Outcome, fact, report, sentences};
use crate::client::connection::Connection;
use crate::client::failure::{Failure, Refusal};
use crate::client::json;
use crate::client::words::Lang;

/// A row that can be sent.
pub(super) struct Ready {
    number: u64,
    record: Record,
}

/// What rows of a kind become requests by.
pub(super) struct Steps {
    kind: &'static Kind,
    request: &'static str,
    validate_only: bool,
    context: Option<AccessContext>,
}

impl Steps {
    /// Errors: the kind has no preview, or needs a reason for reading persons that was not told.
    pub(super) fn new(
        kind: &'static Kind,
        request: &'static str,
        validate_only: bool,
        context: Option<AccessContext>,
        lang: Lang,
    ) -> Result<Self, Failure> {
        let descriptor = Self::descriptor(request);
        if validate_only && descriptor.get_field_by_name("validate_only").is_none() {
            let text = lang.pick("该种类不能预览", "this kind has no preview");
            return Err(Failure::File(text.to_owned()));
        }
        let needs_context = descriptor.get_field_by_name("context").is_some();
        if needs_context && context.is_none() {
            let zh = "该种类查询个人信息，须填写 --case-number 和 --operator";
            let en = "this kind reads persons' data: --case-number and --operator are needed";
            return Err(Failure::File(lang.pick(zh, en).to_owned()));
        }
        Ok(Self {
            kind,
            request,
            validate_only,
            context: context.filter(|_| needs_context),
        })
    }

    fn descriptor(request: &str) -> MessageDescriptor {
        json::descriptor(&format!("mamagang.v1.{request}")).expect("a test names every request")
    }

    /// The request of a row. The same row is the same request, in whatever file it stands.
    fn message(&self, record: &Record) -> DynamicMessage {
        let mut message = DynamicMessage::new(Self::descriptor(self.request));
        for (field, filled) in record {
            fact::set(&mut message, field.path, filled);
        }
        let id = request_id(self.kind, record).to_string();
        message.set_field_by_name("request_id", Value::String(id));
        if self.validate_only {
            message.set_field_by_name("validate_only", Value::Bool(true));
        }
        if let Some(context) = &self.context {
            let descriptor = json::descriptor("mamagang.v1.AccessContext");
            let mut inner = DynamicMessage::new(descriptor.expect("the build wrote it"));
            inner.transcode_from(context).expect("the same message");
            message.set_field_by_name("context", Value::Message(inner));
        }
        message
    }

    async fn send(&self, record: &Record, connection: &Connection) -> Result<(), tonic::Status> {
        let message = self.message(record);
        /// Sends the request that the message is of.
        macro_rules! call {
            ($client:ident . $method:ident, $request:ident) => {{
                let request: v1::$request = message.transcode_to().map_err(|_| unfit())?;
                connection.$client().$method(request).await.map(drop)
            }};
        }
        match self.request {
            "SubmitFilingRequest" => call!(filings.submit_filing, SubmitFilingRequest),
            "DecideFilingRequest" => call!(filings.decide_filing, DecideFilingRequest),
            "ReportHireRequest" => call!(filings.report_hire, ReportHireRequest),
            "SubmitClaimRequest" => call!(subsidies.submit_claim, SubmitClaimRequest),
            "ReviewClaimRequest" => call!(subsidies.review_claim, ReviewClaimRequest),
            "ApproveClaimRequest" => call!(subsidies.approve_claim, ApproveClaimRequest),
            "MarkClaimPaidRequest" => call!(subsidies.mark_claim_paid, MarkClaimPaidRequest),
            "ClawBackClaimRequest" => call!(subsidies.claw_back_claim, ClawBackClaimRequest),
            _ => Err(unfit()),
        }
    }
}

fn unfit() -> tonic::Status {
    tonic::Status::new(Code::Internal, "the row does not fit the request")
}

/// The id of a row: what it says, under the kind's name.
fn request_id(kind: &Kind, record: &Record) -> Uuid {
    let mut text = kind.name.to_owned();
    for (field, filled) in record {
        text.push('\n');
        text.push_str(field.path);
        text.push('=');
        text.push_str(&written(filled));
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(text.as_bytes())[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn written(filled: &Filled) -> String {
    match filled {
        Filled::Text(text) => text.clone(),
        Filled::Count(count) => count.to_string(),
        Filled::Money(fen) => fen.get().to_string(),
        Filled::Flag(flag) => flag.to_string(),
        Filled::Name(name) => (*name).to_owned(),
        Filled::Names(names) => names.join(","),
    }
}

/// Reads the file; its good rows go to the channel, the others' faults come back.
pub(super) fn read(
    mut file: Import,
    sender: &mpsc::Sender<Ready>,
    bar: &ProgressBar,
) -> Result<(u64, BTreeMap<u64, String>), ImportError> {
    let (mut rows, mut faults) = (0, BTreeMap::new());
    file.each(
        |Row {
             number,
             record,
             done,
         }| {
            rows += 1;
            bar.set_position(done);
            match record {
                Ok(record) => match sender.blocking_send(Ready { number, record }) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                },
                Err(wrong) => {
                    faults.insert(number, sentences(&wrong));
                    ControlFlow::Continue(())
                }
            }
        },
    )?;
    Ok((rows, faults))
}

/// Takes the steps one after the other. A row that is refused is noted and the next one taken; a
/// service that cannot be reached or does not know the caller ends it.
pub(super) async fn take(
    steps: &Steps,
    mut receiver: mpsc::Receiver<Ready>,
    connection: &Connection,
    lang: Lang,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    while let Some(Ready { number, record }) = receiver.recv().await {
        match steps.send(&record, connection).await {
            Ok(()) => outcome.stored += 1,
            Err(status) if is_of_the_row(status.code()) => {
                let reason = report::reason(steps.kind, &Refusal::of_status(&status), lang);
                outcome.reasons.insert(number, reason);
            }
            Err(status) => return Err(status.into()),
        }
    }
    Ok(())
}

/// Whether a refusal is about the row, so that the next one may fare otherwise.
const fn is_of_the_row(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::PermissionDenied
            | Code::OutOfRange
    )
}

#[cfg(test)]
mod tests {
    use mamagang_files::import::{Form, STEPS};

    use super::*;

    fn sample(form: Form) -> Filled {
        match form {
            Form::Text | Form::Code | Form::Date | Form::Month => Filled::Text("1".to_owned()),
            Form::Count => Filled::Count(7),
            Form::Money => Filled::Money(mamagang_domain::money::Fen::new(9)),
            Form::Yes => Filled::Flag(true),
            Form::One(choices) => Filled::Name(choices[0].1),
            Form::Some(choices) => Filled::Names(choices.iter().map(|(_, name)| *name).collect()),
        }
    }

    fn record(kind: &Kind) -> Record {
        kind.all_fields()
            .map(|field| (field, sample(field.form)))
            .collect()
    }

    fn steps(kind: &'static Kind) -> Steps {
        let request = kind.request.expect("a step has a request");
        let context = Some(AccessContext::default());
        Steps::new(kind, request, false, context, Lang::En).expect("a context was told")
    }

    #[test]
    fn every_column_of_every_step_is_a_field_of_its_request() {
        for kind in STEPS {
            let message = steps(kind).message(&record(kind));
            let json = serde_json::to_value(&message).expect("a form in JSON");
            let leaves = leaves(&json);
            // The mark is no field, the request's id is; a context without words has none.
            let context = usize::from(message.has_field_by_name("context"));
            assert_eq!(leaves, kind.fields.len() + context, "{}: {json}", kind.name);
        }
    }

    fn leaves(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Object(fields) if !fields.is_empty() => {
                fields.values().map(leaves).sum()
            }
            serde_json::Value::Array(elements) => elements.iter().map(leaves).sum(),
            _ => 1,
        }
    }

    #[test]
    fn every_word_of_a_dropdown_is_a_value_of_its_enum() {
        for kind in STEPS {
            for field in kind.fields {
                let Form::One(choices) = field.form else {
                    continue;
                };
                for (word, name) in choices {
                    let record = vec![(field, Filled::Name(name))];
                    let message = steps(kind).message(&record);
                    let json = serde_json::to_string(&message).expect("a form in JSON");
                    assert!(json.contains(&format!("\"{name}\"")), "{word}: {json}");
                }
            }
        }
    }

    #[test]
    fn the_same_row_is_the_same_request_and_a_mark_makes_it_another() {
        let kind = STEPS.iter().find(|kind| kind.name == "claim");
        let kind = kind.expect("a step");
        let whole = record(kind);
        assert_eq!(request_id(kind, &whole), request_id(kind, &whole));
        let without_mark: Record = whole
            .iter()
            .filter(|(field, _)| field.path != "request_id")
            .cloned()
            .collect();
        assert_eq!(without_mark.len() + 1, whole.len());
        assert_ne!(request_id(kind, &without_mark), request_id(kind, &whole));
    }

    #[test]
    fn a_step_without_a_preview_and_one_without_its_reason_to_read_are_refused() {
        let hire = STEPS.iter().find(|kind| kind.name == "hire");
        let hire = hire.expect("a step");
        let request = hire.request.expect("a request");
        let context = || Some(AccessContext::default());
        assert!(Steps::new(hire, request, true, context(), Lang::En).is_err());
        assert!(Steps::new(hire, request, false, None, Lang::En).is_err());
        assert!(Steps::new(hire, request, false, context(), Lang::En).is_ok());
    }
}
