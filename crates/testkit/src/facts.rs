//! Short forms for what tests say often.

use mamagang_app::workers::Identity;
use mamagang_app::{AccessContext, RequestContent, WriteRequest};
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{Contribution, Insurance, Source};
use mamagang_domain::identifier::{DocumentNumber, DocumentType, EmployerCode, PersonName};
use mamagang_domain::ids::RequestId;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::InsuranceSet;
use uuid::Uuid;

/// A date of the form `2024-05-20`.
///
/// # Panics
/// When the text is no date.
pub fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a date")
}

/// A month of the form `2024-05`.
///
/// # Panics
/// When the text is no month.
pub fn month(text: &str) -> TaxMonth {
    TaxMonth::parse(text).expect("a month")
}

/// A source.
pub fn source() -> Source {
    Source {
        name: "test".to_owned(),
        drawn_on: None,
    }
}

/// A complete access context.
pub fn context() -> AccessContext {
    AccessContext {
        purpose: "审核".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "T-1".to_owned(),
        operator: "张三".to_owned(),
    }
}

/// A resident's identity.
///
/// # Panics
/// When the number or the name is wrong.
pub fn identity(number: &str, name: &str) -> Identity {
    let document_type = DocumentType::ResidentIdCard;
    let number =
        DocumentNumber::parse(document_type, number, date("2026-11-23")).expect("a number");
    Identity {
        document_type,
        number,
        name: PersonName::parse(name).expect("a name"),
    }
}

/// All five insurances, paid in time by an employer.
pub fn paid(employer_code: EmployerCode, month: TaxMonth) -> Contribution {
    Contribution {
        employer_code: Some(employer_code),
        month,
        insurances: InsuranceSet::of(Insurance::ALL),
        paid_on: month.last_day(),
    }
}

/// A request with a numbered id and one field.
pub fn write(number: u128, content: &str) -> WriteRequest {
    WriteRequest {
        request_id: RequestId(Uuid::from_u128(number)),
        content: RequestContent::new().field("content", content),
    }
}
