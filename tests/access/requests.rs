//! A plausible request for every method, from its descriptor: what a field is called says what belongs there.

use mamagang_proto::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    Value,
};

use crate::city::{Place, context, identity, request_id, worker};

/// What requests of one place are filled with.
#[derive(Clone, Debug)]
pub(crate) struct Filling {
    pub(crate) place: Place,
    pub(crate) number: usize,
    pub(crate) decision_id: String,
    pub(crate) fact_id: String,
}

pub(crate) fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors")
}

/// Every method of the API, by service and name.
pub(crate) fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    let services = pool
        .services()
        .filter(|service| service.full_name().starts_with("mamagang."));
    services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

pub(crate) fn request(method: &MethodDescriptor, filling: &Filling) -> Vec<u8> {
    filled(&method.input(), filling).encode_to_vec()
}

fn filled(descriptor: &MessageDescriptor, filling: &Filling) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        // One of a choice: the first that can be filled, an identity before ids.
        let is_taken = field
            .containing_oneof()
            .is_some_and(|oneof| oneof.fields().any(|other| message.has_field(&other)));
        if is_taken || field.is_map() {
            continue;
        }
        if let Some(value) = value(&field, filling) {
            let value = if field.is_list() {
                Value::List(vec![value])
            } else {
                value
            };
            message.set_field(&field, value);
        }
    }
    message
}

fn known<M: prost::Message>(descriptor: &MessageDescriptor, message: &M) -> Option<Value> {
    let bytes = message.encode_to_vec();
    let decoded = DynamicMessage::decode(descriptor.clone(), bytes.as_slice());
    Some(Value::Message(decoded.expect("the same message")))
}

fn value(field: &FieldDescriptor, filling: &Filling) -> Option<Value> {
    match field.kind() {
        Kind::Message(inner) => match inner.full_name() {
            "mamagang.v1.AccessContext" => known(&inner, &context()),
            "mamagang.v1.WorkerRef" => known(&inner, &worker(filling.place.person)),
            "mamagang.v1.IdentityDocument" => known(&inner, &identity(filling.place.person)),
            "google.protobuf.Timestamp" => None,
            _ => Some(Value::Message(filled(&inner, filling))),
        },
        Kind::String => text(field.name(), filling).map(Value::String),
        Kind::Enum(_) => Some(Value::EnumNumber(1)),
        Kind::Bool => Some(Value::Bool(field.name() == "validate_only")),
        Kind::Int32 => match field.name() {
            "tax_year" | "year" => Some(Value::I32(2023)),
            "umct_rate_bp" => Some(Value::I32(700)),
            _ => None,
        },
        _ => None,
    }
}

fn text(name: &str, filling: &Filling) -> Option<String> {
    let text = match name {
        "employer_code" => filling.place.employer_code.to_owned(),
        "town_code" => filling.place.town_code.to_owned(),
        "request_id" => request_id(1_000 + filling.number),
        "decision_id" => filling.decision_id.clone(),
        "fact_id" => filling.fact_id.clone(),
        "period" | "from_month" | "through_month" | "month" | "expected_first_insured_month" => {
            "2023-01".to_owned()
        }
        "province_code" => "440000".to_owned(),
        "industry_code" => "C1411".to_owned(),
        "source" => "test".to_owned(),
        "reason" | "name" => "更正".to_owned(),
        _ if name.ends_with("_date") => "2023-06-01".to_owned(),
        _ => return None,
    };
    Some(text)
}
