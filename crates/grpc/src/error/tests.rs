use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use mamagang_app::Violation;
use prost_types::FileDescriptorSet;

use super::*;

const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

/// The gRPC code that a value's comment in `error_reason.proto` begins with, by name without prefix.
fn documented_codes() -> BTreeMap<String, String> {
    let set = FileDescriptorSet::decode(mamagang_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let file = set
        .file
        .iter()
        .find(|file| file.name().ends_with("error_reason.proto"))
        .expect("the file");
    let values = &file.enum_type[0].value;
    let comments = file.source_code_info.as_ref().expect("comments");
    let mut codes = BTreeMap::new();
    for location in &comments.location {
        // enum_type (5) 0, value (2) index.
        if let [5, 0, 2, index] = location.path[..] {
            let name = values[usize::try_from(index).expect("an index")].name();
            let code = location
                .leading_comments()
                .trim()
                .split('.')
                .next()
                .unwrap_or_default();
            codes.insert(
                name.trim_start_matches("ERROR_REASON_").to_owned(),
                code.to_owned(),
            );
        }
    }
    codes
}

#[test]
fn every_reason_has_the_code_that_the_api_documents() {
    let documented = documented_codes();
    for reason in ErrorReason::ALL {
        assert_eq!(
            crate::layer::code_name(code_of(*reason)),
            documented[reason.name()],
            "{reason:?}"
        );
    }
}

#[test]
fn every_reason_is_told_with_details_in_both_languages() {
    for reason in ErrorReason::ALL {
        let messages = LANGUAGES.map(|language| {
            let status = status(&AppError::new(*reason).with("field", "f"), language);
            let details = status.check_error_details().expect("details");
            let info = details.error_info().expect("ErrorInfo");
            assert_eq!(
                (info.reason.as_str(), info.domain.as_str()),
                (reason.name(), "mamagang.v1")
            );
            assert_eq!(info.metadata["field"], "f");
            let localized = details.localized_message().expect("LocalizedMessage");
            assert_eq!(localized.locale, tag(language));
            assert_eq!(localized.message, status.message());
            assert!(details.bad_request().is_none() && details.retry_info().is_none());
            assert!(details.debug_info().is_none());
            status.message().to_owned()
        });
        assert!(
            !messages[0].is_ascii() && messages[1].is_ascii(),
            "{reason:?}"
        );
    }
}

#[test]
fn a_retry_that_may_help_is_told_with_its_delay() {
    let told = status(&AppError::overloaded(), Language::English);
    let retry = told.get_details_retry_info().expect("RetryInfo");
    assert_eq!(retry.retry_delay, Some(Duration::from_millis(200)));
    assert_eq!(told.code(), Code::ResourceExhausted);
}

#[test]
fn the_cause_of_a_fault_is_never_sent() {
    let error = AppError::internal(std::io::Error::other("no such table: worker"));
    for language in LANGUAGES {
        let told = status(&error, language);
        assert_eq!(told.code(), Code::Internal);
        let sent = format!("{:?}", told.check_error_details());
        assert!(!sent.contains("table") && !told.message().contains("table"));
    }
}

fn five_wrong_fields() -> AppError {
    AppError::invalid(vec![
        Violation::new("source", "必填", "required"),
        Violation::new(
            "contract.employer_code",
            "统一社会信用代码校验位不符",
            "the check character does not match",
        ),
        Violation::new(
            "contract.worker.identity.number",
            "出生日期不存在",
            "holds a date of birth that does not exist",
        ),
        Violation::new("contract.start_date", "必填", "required"),
        Violation::new(
            "contract.end_date",
            "不得早于 start_date",
            "must not be before start_date",
        ),
    ])
}

/// A status as a reader sees it.
fn shown(status: &Status) -> String {
    let details = status.check_error_details().expect("details");
    let info = details.error_info().expect("ErrorInfo");
    let metadata: BTreeMap<_, _> = info.metadata.iter().collect();
    let mut text = format!(
        "{}: {}\n",
        crate::layer::code_name(status.code()),
        status.message()
    );
    writeln!(
        text,
        "ErrorInfo: {} {} {metadata:?}",
        info.domain, info.reason
    )
    .expect("a text takes more");
    let localized = details.localized_message().expect("LocalizedMessage");
    writeln!(
        text,
        "LocalizedMessage: {} {}",
        localized.locale, localized.message
    )
    .expect("a text takes more");
    for wrong in &details.bad_request().expect("BadRequest").field_violations {
        writeln!(
            text,
            "FieldViolation: {}: {}",
            wrong.field, wrong.description
        )
        .expect("a text takes more");
    }
    text
}

#[test]
fn five_wrong_fields_are_told_in_chinese() {
    insta::assert_snapshot!(shown(&status(&five_wrong_fields(), Language::Chinese)), @r#"
    INVALID_ARGUMENT: 请求中有字段填写错误
    ErrorInfo: mamagang.v1 INVALID_ARGUMENT_FIELDS {"violations": "5"}
    LocalizedMessage: zh-CN 请求中有字段填写错误
    FieldViolation: source: 必填
    FieldViolation: contract.employer_code: 统一社会信用代码校验位不符
    FieldViolation: contract.worker.identity.number: 出生日期不存在
    FieldViolation: contract.start_date: 必填
    FieldViolation: contract.end_date: 不得早于 start_date
    "#);
}

#[test]
fn five_wrong_fields_are_told_in_english() {
    insta::assert_snapshot!(shown(&status(&five_wrong_fields(), Language::English)), @r#"
    INVALID_ARGUMENT: The request has wrong fields
    ErrorInfo: mamagang.v1 INVALID_ARGUMENT_FIELDS {"violations": "5"}
    LocalizedMessage: en The request has wrong fields
    FieldViolation: source: required
    FieldViolation: contract.employer_code: the check character does not match
    FieldViolation: contract.worker.identity.number: holds a date of birth that does not exist
    FieldViolation: contract.start_date: required
    FieldViolation: contract.end_date: must not be before start_date
    "#);
}

#[test]
fn an_items_error_says_the_same_as_a_calls() {
    let error = five_wrong_fields();
    let item = item_status(&error, Language::English);
    let call = status(&error, Language::English);
    assert_eq!(
        (item.code, item.message.as_str()),
        (call.code() as i32, call.message())
    );
    let types: Vec<&str> = item
        .details
        .iter()
        .map(|detail| detail.type_url.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "type.googleapis.com/google.rpc.ErrorInfo",
            "type.googleapis.com/google.rpc.BadRequest",
            "type.googleapis.com/google.rpc.LocalizedMessage",
        ]
    );
}

#[test]
fn what_tonic_refuses_by_itself_gets_details_too() {
    let large = transport_status(
        Status::out_of_range("decoded message length too large"),
        Language::English,
    );
    assert_eq!(large.code(), Code::OutOfRange);
    let info = large.get_details_error_info().expect("ErrorInfo");
    assert_eq!(
        (info.reason.as_str(), info.metadata["limit_value"].as_str()),
        ("MESSAGE_TOO_LARGE", "4194304")
    );
    let inflated = transport_status(Status::resource_exhausted("size limit"), Language::English);
    assert_eq!(inflated.code(), Code::OutOfRange);
    let malformed = transport_status(
        Status::internal("failed to decode Protobuf message"),
        Language::English,
    );
    assert_eq!(malformed.code(), Code::InvalidArgument);
    assert!(!malformed.message().contains("Protobuf"));
    let unknown = transport_status(Status::unimplemented(""), Language::English);
    assert_eq!(unknown.code(), Code::Unimplemented);
    let own = status(&five_wrong_fields(), Language::English);
    assert_eq!(
        transport_status(own.clone(), Language::Chinese).message(),
        own.message()
    );
}
