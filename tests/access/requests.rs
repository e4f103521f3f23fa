//! A plausible request for every method, from its descriptor: what a field is called says what belongs there.

use mamagang_proto::FILE_DESCRIPTOR_SET;
use mamagang_proto::v1::FactKind;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    Value,
};

use crate::city::{Place, context, identity, listed_as_poor, request_id, worker};
use crate::claims;
use crate::ids::{self, Ids};

/// What requests of one place are filled with.
#[derive(Clone, Debug)]
pub(crate) struct Filling {
    pub(crate) place: Place,
    pub(crate) number: usize,
    pub(crate) ids: Ids,
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
    message(method, filling).encode_to_vec()
}

pub(crate) fn message(method: &MethodDescriptor, filling: &Filling) -> DynamicMessage {
    filled(&method.input(), method.name(), filling)
}

fn filled(descriptor: &MessageDescriptor, method: &str, filling: &Filling) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        // One of a choice: the first that can be filled, an identity before ids.
        let is_taken = field
            .containing_oneof()
            .is_some_and(|oneof| oneof.fields().any(|other| message.has_field(&other)));
        if is_taken || field.is_map() {
            continue;
        }
        if let Some(value) = value(&field, method, filling) {
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

fn value(field: &FieldDescriptor, method: &str, filling: &Filling) -> Option<Value> {
    match field.kind() {
        Kind::Message(inner) => match inner.full_name() {
            "mamagang.v1.AccessContext" => known(&inner, &context()),
            "mamagang.v1.WorkerRef" => known(&inner, &worker(filling.place.person)),
            "mamagang.v1.IdentityDocument" => known(&inner, &identity(filling.place.person)),
            // Of a register's list, a row of the place's person.
            "mamagang.v1.Fact" if method == "CompareRegister" => {
                known(&inner, &listed_as_poor(filling.place.person))
            }
            "mamagang.v1.FiledPost" => known(&inner, &ids::post(filling.place)),
            // A filing has posts or a plan.
            "google.protobuf.Timestamp" | "mamagang.v1.TrainingPlan" => None,
            _ => Some(Value::Message(filled(&inner, method, filling))),
        },
        Kind::String => text(field.name(), method, filling).map(Value::String),
        Kind::Enum(kind) if kind.name() == "FactKind" && method == "ListRegister" => {
            Some(Value::EnumNumber(FactKind::PovertyStatus.into()))
        }
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

fn text(name: &str, method: &str, filling: &Filling) -> Option<String> {
    let ids = &filling.ids;
    let text = match (name, method) {
        ("employer_code", _) => filling.place.employer_code.to_owned(),
        ("town_code", _) => filling.place.town_code.to_owned(),
        ("request_id", _) => request_id(1_000 + filling.number),
        ("decision_id", _) => ids.decision_id.clone(),
        ("fact_id", _) => ids.fact_id.clone(),
        ("entry_id", _) => ids.entry_id.clone(),
        // A new filing, and all of the registry.
        ("filing_id", "SubmitFiling") | ("after_employer_code", _) => return None,
        ("filing_id", "DecideFiling") => ids.submitted_filing_id.clone(),
        ("filing_id", _) => ids.filing_id.clone(),
        ("hire_id", _) => ids.hire_id.clone(),
        ("finding_id", _) => ids.finding_id.clone(),
        ("check_code", _) => ids.check_code.clone(),
        ("from_worker_id", _) => ids.other_worker_id.clone(),
        ("into_worker_id" | "worker_id", _) => ids.worker_id.clone(),
        ("review_case_id", _) => ids.review_case_id.clone(),
        // The case's own months.
        ("from_month" | "through_month", "ProposeResolution") => return None,
        ("evidence", "ProposeResolution") => "凭证 1".to_owned(),
        // A new claim.
        ("claim_id", "SubmitClaim") => return None,
        ("claim_id", "ApproveClaim") => ids.claims.reviewed.clone(),
        ("claim_id", "MarkClaimPaid") => ids.claims.approved.clone(),
        ("claim_id", "ClawBackClaim") => ids.claims.paid.clone(),
        ("claim_id", _) => ids.claims.submitted.clone(),
        ("quarter", "ListClaims") => claims::CLAIMED_QUARTER.to_owned(),
        ("quarter", _) => claims::OPEN_QUARTER.to_owned(),
        ("paid_date", "MarkClaimPaid") => "2024-02-01".to_owned(),
        ("payment_reference", _) => "ZF-2".to_owned(),
        ("fund_source", _) => "就业补助资金".to_owned(),
        ("post_key", _) => ids::POST.to_owned(),
        ("assigned_to", _) => "reviewer".to_owned(),
        ("name", "GetParameter") => "key_group.person_months_max".to_owned(),
        ("expire_date" | "due_date", _) => "2024-12-31".to_owned(),
        ("hired_date", _) => "2024-01-15".to_owned(),
        ("registered_date", "ReportHire") => return None,
        ("registered_date" | "ended_date", _) => "2024-01-31".to_owned(),
        (
            "period" | "from_month" | "through_month" | "month" | "expected_first_insured_month",
            _,
        ) => "2023-01".to_owned(),
        ("province_code", _) => "440000".to_owned(),
        ("industry_code", _) => "C1411".to_owned(),
        ("source", _) => "test".to_owned(),
        ("reason" | "name", _) => "更正".to_owned(),
        _ if name.ends_with("_date") => "2023-06-01".to_owned(),
        _ => return None,
    };
    Some(text)
}
