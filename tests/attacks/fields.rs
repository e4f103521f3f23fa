//! Every text field of every method, filled with what breaks careless programs.

use mamagang_proto::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use tonic::Code;
use tonic::codegen::Bytes;
use tonic::transport::Channel;

use crate::codec;

/// How deep messages are filled.
const DEPTH_MAX: usize = 5;

/// Statements, escapes, other digits and letters, marks that turn and hide, and what no text should hold.
const TEXTS: &[&str] = &[
    "'; DROP TABLE ledger_entry; --",
    "\" OR 1=1 --",
    "1); DELETE FROM audit_event; SELECT (1",
    "$1 $2 %s %n {0} ${jndi:ldap://x} {{7*7}}",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd\u{0}.txt",
    "\u{202e}\u{2066}4420001989\u{200b}\u{feff}",
    "４４２０００１９８９０３１４９９８２",
    "İıſK\u{212a}",
    "e\u{301}\u{301}\u{301}\u{301}",
    "\u{0}\u{1}\u{7f}\r\n\t",
    "👩\u{200d}👩\u{200d}👧\u{1f3fd}",
    "\u{fdfa}\u{10ffff}",
];

/// A call whose every text is the same.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) text: &'static str,
    message: Vec<u8>,
}

/// A call for each method and text.
pub(crate) fn hostile_calls() -> Vec<Call> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let mut calls = Vec::new();
    for service in pool
        .services()
        .filter(|service| service.full_name().starts_with("mamagang."))
    {
        for method in service.methods() {
            for text in TEXTS {
                let message = filled(&method.input(), text, 0);
                calls.push(Call {
                    method: format!("/{}/{}", service.full_name(), method.name()),
                    text,
                    message: message.encode_to_vec(),
                });
            }
        }
    }
    calls
}

fn filled(descriptor: &MessageDescriptor, text: &str, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    if depth > DEPTH_MAX {
        return message;
    }
    for field in descriptor.fields() {
        let Some(value) = value(&field, text, depth) else {
            continue;
        };
        let value = if field.is_list() {
            Value::List(vec![value])
        } else {
            value
        };
        if !field.is_map() {
            message.set_field(&field, value);
        }
    }
    message
}

fn value(field: &FieldDescriptor, text: &str, depth: usize) -> Option<Value> {
    match field.kind() {
        Kind::String => Some(Value::String(text.to_owned())),
        Kind::Bytes => Some(Value::Bytes(Bytes::copy_from_slice(text.as_bytes()))),
        Kind::Message(inner) if !field.is_map() => {
            Some(Value::Message(filled(&inner, text, depth + 1)))
        }
        Kind::Enum(_) => Some(Value::EnumNumber(1)),
        Kind::Int32 => Some(Value::I32(1)),
        Kind::Int64 => Some(Value::I64(1)),
        _ => None,
    }
}

impl Call {
    /// Sends it, and gives the code of its end.
    pub(crate) async fn send(&self, channel: Channel) -> Code {
        let answered = codec::call(channel, &self.method, self.message.clone(), None).await;
        answered.map_or_else(|status| status.code(), |_| Code::Ok)
    }
}
