//! proto3 JSON is had from the embedded descriptors, the details of an error included.

use mamagang_proto::FILE_DESCRIPTOR_SET;
use mamagang_proto::google::rpc::{BadRequest, Status, bad_request::FieldViolation};
use mamagang_proto::v1::{
    Decision, FactResult, MonthResult, Outcome, PostDeductionRequest, ReasonCode,
};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

fn dynamic(name: &str, message: &impl Message) -> DynamicMessage {
    let pool =
        DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the embedded descriptors decode");
    let descriptor = pool.get_message_by_name(name).expect("the message exists");
    DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .expect("the bytes are the message's")
}

fn json_of(name: &str, message: &impl Message) -> Value {
    serde_json::to_value(dynamic(name, message)).expect("the message has a JSON form")
}

#[test]
fn a_decision_is_written_with_names_of_codes_and_amounts_as_text() {
    let decision = Decision {
        outcome: Outcome::Eligible.into(),
        months: vec![MonthResult {
            month: "2024-05".to_owned(),
            outcome: Outcome::Eligible.into(),
            reason: ReasonCode::AllConditionsMet.into(),
            amount_fen: 65_000,
        }],
        total_fen: 65_000,
        ..Decision::default()
    };
    let expected = json!({
        "outcome": "OUTCOME_ELIGIBLE",
        "months": [{
            "month": "2024-05",
            "outcome": "OUTCOME_ELIGIBLE",
            "reason": "REASON_CODE_ALL_CONDITIONS_MET",
            "amountFen": "65000",
        }],
        "totalFen": "65000",
    });
    assert_eq!(json_of("mamagang.v1.Decision", &decision), expected);
}

#[test]
fn the_details_of_an_items_error_are_written_in_full() {
    let details = BadRequest {
        field_violations: vec![FieldViolation {
            field: "facts[0].source".to_owned(),
            ..FieldViolation::default()
        }],
    };
    let result = FactResult {
        row_key: "7".to_owned(),
        error: Some(Status {
            code: 3,
            message: "1 field".to_owned(),
            details: vec![prost_types::Any {
                type_url: "type.googleapis.com/google.rpc.BadRequest".to_owned(),
                value: details.encode_to_vec(),
            }],
        }),
        ..FactResult::default()
    };
    let expected = json!({
        "rowKey": "7",
        "error": {
            "code": 3,
            "message": "1 field",
            "details": [{
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{ "field": "facts[0].source" }],
            }],
        },
    });
    assert_eq!(json_of("mamagang.v1.FactResult", &result), expected);
}

#[test]
fn no_sales_and_sales_not_told_differ_on_the_wire() {
    let told = PostDeductionRequest {
        sales_fen: Some(0),
        ..PostDeductionRequest::default()
    };
    let not_told = PostDeductionRequest::default();
    assert_eq!(
        json_of("mamagang.v1.PostDeductionRequest", &told),
        json!({ "salesFen": "0" })
    );
    assert_eq!(
        json_of("mamagang.v1.PostDeductionRequest", &not_told),
        json!({})
    );
    let read_back = PostDeductionRequest::decode(told.encode_to_vec().as_slice());
    assert_eq!(read_back.map(|request| request.sales_fen), Ok(Some(0)));
}
