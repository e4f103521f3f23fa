//! proto3 JSON of the API's messages, from the descriptors that the service reflects.

use std::sync::LazyLock;

use mamagang_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the build wrote these descriptors")
});

/// A message as indented proto3 JSON; `name` is its full name, such as `mamagang.v1.Decision`. Fields that hold their
/// default are left out, as the form wants it.
pub fn of(name: &str, message: &impl Message) -> Result<String, JsonError> {
    let descriptor = descriptor(name)?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    Ok(serde_json::to_string_pretty(&dynamic)?)
}

/// A message's descriptor by its full name.
pub fn descriptor(name: &str) -> Result<MessageDescriptor, JsonError> {
    POOL.get_message_by_name(name)
        .ok_or_else(|| JsonError::Unknown(name.to_owned()))
}

/// A message from its proto3 JSON; `name` is its full name. A field that the message does not have is refused.
pub fn read<M: Message + Default>(name: &str, text: &str) -> Result<M, JsonError> {
    let descriptor = POOL
        .get_message_by_name(name)
        .ok_or_else(|| JsonError::Unknown(name.to_owned()))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let dynamic = DynamicMessage::deserialize(descriptor, &mut reader)?;
    reader.end()?;
    Ok(dynamic.transcode_to()?)
}

/// Why a message could not be written as JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// No such message is described.
    #[error("no message {0} is described")]
    Unknown(String),
    /// The message is not what its name says.
    #[error("the answer does not fit its description")]
    Misfit(#[from] prost::DecodeError),
    /// Such as a detail of an unknown type.
    #[error("the answer has no JSON form")]
    Form(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{EmployerBalance, GetEmployerBalanceResponse, GetEntryRequest};

    use super::*;

    #[test]
    fn an_answer_is_written_in_the_form_that_other_clients_read() {
        let answer = GetEmployerBalanceResponse {
            balance: Some(EmployerBalance {
                accrued_fen: 65_000,
                ..EmployerBalance::default()
            }),
            as_of_time: None,
        };
        let text = of("mamagang.v1.GetEmployerBalanceResponse", &answer).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "balance": { "accruedFen": "65000" } })
        );
    }

    #[test]
    fn a_request_is_read_from_json_and_an_unknown_field_is_refused() {
        let name = "mamagang.v1.GetEntryRequest";
        let parse = |text: &str| read::<GetEntryRequest>(name, text);
        let request = parse(r#"{"entryId": "x-1", "with_explanation": true}"#).unwrap();
        assert!(request.with_explanation && request.entry_id == "x-1");
        for wrong in [r#"{"entry": "x-1"}"#, "{", r#"{"entryId": "x-1"} {}"#] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_message_that_is_not_described_is_an_error() {
        let error = of("mamagang.v1.Nothing", &EmployerBalance::default()).unwrap_err();
        assert!(matches!(error, JsonError::Unknown(_)));
    }
}
