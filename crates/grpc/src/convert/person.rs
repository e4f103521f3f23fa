//! Persons and the reason for reading their data.

use mamagang_app::AccessContext;
use mamagang_app::limits::TEXT_CHARS_MAX;
use mamagang_app::workers::{Identity, Who};
use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};
use mamagang_domain::ids::WorkerId;
use mamagang_proto::v1;
use mamagang_proto::v1::worker_ref::Ref;

use super::check::Checker;
use super::enums::ApiEnum as _;
use super::texts;

/// Why a person's data is read: every field is required.
pub(crate) fn context(
    check: &mut Checker<'_>,
    context: Option<&v1::AccessContext>,
) -> Option<AccessContext> {
    let absent = v1::AccessContext::default();
    let told = context.unwrap_or(&absent);
    check.inside("context", |check| {
        let mut field = |name: &str, text: &str| {
            if text.trim().is_empty() {
                check.missing_context(name);
                return None;
            }
            check.optional_text(name, text, TEXT_CHARS_MAX)
        };
        let purpose = field("purpose", &told.purpose);
        let legal_basis = field("legal_basis", &told.legal_basis);
        let case_number = field("case_number", &told.case_number);
        let operator = field("operator", &told.operator);
        check.told.context = Some(AccessContext {
            purpose: purpose.clone().unwrap_or_default(),
            legal_basis: legal_basis.clone().unwrap_or_default(),
            case_number: case_number.clone().unwrap_or_default(),
            operator: operator.clone().unwrap_or_default(),
        });
        Some(AccessContext {
            purpose: purpose?,
            legal_basis: legal_basis?,
            case_number: case_number?,
            operator: operator?,
        })
    })
}

/// An identity document: type, number and name.
pub(crate) fn identity(
    check: &mut Checker<'_>,
    identity: Option<&v1::IdentityDocument>,
) -> Option<Identity> {
    let Some(told) = identity else {
        check.missing("identity");
        return None;
    };
    check.inside("identity", |check| {
        let document_type = check.choice("type", told.r#type, DocumentType::from_api);
        let number = document_type
            .and_then(|document_type| document_number(check, document_type, &told.number));
        if document_type.is_none() && told.number.is_empty() {
            check.missing("number");
        }
        let name = PersonName::parse(&told.name)
            .map_err(|error| check.refuse("name", texts::person_name(error)));
        Some(Identity {
            document_type: document_type?,
            number: number?,
            name: name.ok()?,
        })
    })
}

fn document_number(
    check: &mut Checker<'_>,
    document_type: DocumentType,
    text: &str,
) -> Option<DocumentNumber> {
    if text.is_empty() {
        check.missing("number");
        return None;
    }
    DocumentNumber::parse(document_type, text, check.rules.today)
        .map_err(|error| check.refuse("number", texts::document_number(error)))
        .ok()
}

/// Whom a call means.
pub(crate) fn worker(check: &mut Checker<'_>, worker: Option<&v1::WorkerRef>) -> Option<Who> {
    let Some(told) = worker.and_then(|worker| worker.r#ref.as_ref()) else {
        check.wrong(
            "worker",
            "必填：证件、worker_id 或 match_id 之一",
            "required: one of identity, worker_id and match_id",
        );
        return None;
    };
    check.inside("worker", |check| match told {
        Ref::Identity(document) => identity(check, Some(document)).map(Who::Identity),
        Ref::WorkerId(text) => {
            let id = WorkerId::parse(text);
            check.told.worker_id = id;
            if id.is_none() {
                check.wrong(
                    "worker_id",
                    "应为本系统给出的人员编号",
                    "must be an id that this service gave",
                );
            }
            id.map(Who::WorkerId)
        }
        Ref::MatchId(text) => check.token("match_id", text).map(Who::MatchId),
    })
}

#[cfg(test)]
mod tests {
    use mamagang_app::ErrorReason;

    use super::*;
    use crate::convert::testing::{fields_of, with_checker};

    fn document(kind: v1::DocumentType, number: &str, name: &str) -> v1::IdentityDocument {
        v1::IdentityDocument {
            r#type: kind as i32,
            number: number.to_owned(),
            name: name.to_owned(),
        }
    }

    fn named(by: Ref) -> v1::WorkerRef {
        v1::WorkerRef { r#ref: Some(by) }
    }

    #[test]
    fn each_field_of_the_context_is_required() {
        let error = with_checker(|check| context(check, None)).expect_err("absent");
        assert_eq!(error.reason, ErrorReason::ContextRequired);
        let all = [
            "context.purpose",
            "context.legal_basis",
            "context.case_number",
            "context.operator",
        ];
        assert_eq!(fields_of(&error), all);
        let told = v1::AccessContext {
            purpose: "审核".to_owned(),
            legal_basis: "公告2024年第4号".to_owned(),
            case_number: " ".to_owned(),
            operator: "A-17".to_owned(),
        };
        let error = with_checker(|check| context(check, Some(&told))).expect_err("blank");
        assert_eq!(fields_of(&error), ["context.case_number"]);
        let whole = v1::AccessContext {
            case_number: "Z-1".to_owned(),
            ..told
        };
        assert_eq!(
            with_checker(|check| context(check, Some(&whole)))
                .expect("whole")
                .case_number,
            "Z-1"
        );
    }

    #[test]
    fn a_context_that_is_too_long_is_wrong_but_not_absent() {
        let told = |purpose: String| v1::AccessContext {
            purpose,
            legal_basis: "b".to_owned(),
            case_number: "c".to_owned(),
            operator: "o".to_owned(),
        };
        assert!(with_checker(|check| context(check, Some(&told("审".repeat(500))))).is_ok());
        let error = with_checker(|check| context(check, Some(&told("审".repeat(501)))))
            .expect_err("too long");
        assert_eq!(error.reason, ErrorReason::InvalidArgumentFields);
    }

    #[test]
    fn a_valid_identity_is_read() {
        let cases = [
            document(
                v1::DocumentType::ResidentIdCard,
                "442000198903149982",
                "王小明",
            ),
            document(
                v1::DocumentType::HmtResidencePermit,
                "810000198801019965",
                "陈·大文",
            ),
            document(
                v1::DocumentType::ForeignPermanentResidentCard,
                "944840198607049981",
                "John Smith",
            ),
        ];
        for told in cases {
            let read =
                with_checker(|check| identity(check, Some(&told))).expect("a valid identity");
            assert_eq!(read.number.expose(), told.number);
        }
    }

    #[test]
    fn every_wrong_part_of_an_identity_is_named_and_none_repeated() {
        let id_card = v1::DocumentType::ResidentIdCard;
        let cases = [
            (
                document(
                    v1::DocumentType::Unspecified,
                    "442000198903149982",
                    "王小明",
                ),
                vec!["identity.type"],
            ),
            (
                document(v1::DocumentType::Unspecified, "", ""),
                vec!["identity.type", "identity.number", "identity.name"],
            ),
            (
                document(id_card, "442000198903149983", "王小明"),
                vec!["identity.number"],
            ),
            (
                document(id_card, "44200019910607998x", "王小明"),
                vec!["identity.number"],
            ),
            (
                document(id_card, "442000209912319980", "王小明"),
                vec!["identity.number"],
            ),
            (
                document(id_card, "810000198801019965", "王小明"),
                vec!["identity.number"],
            ),
            (
                document(id_card, "442000198903149982", "王<b>"),
                vec!["identity.name"],
            ),
            (
                document(id_card, "", "·"),
                vec!["identity.number", "identity.name"],
            ),
        ];
        for (told, fields) in cases {
            let error = with_checker(|check| identity(check, Some(&told))).expect_err("wrong");
            assert_eq!(fields_of(&error), fields, "{told:?}");
            let texts: String = error
                .violations
                .iter()
                .flat_map(|wrong| [&*wrong.zh, &*wrong.en])
                .collect();
            assert!(told.number.is_empty() || !texts.contains(&told.number));
        }
        let error = with_checker(|check| identity(check, None)).expect_err("absent");
        assert_eq!(fields_of(&error), ["identity"]);
    }

    #[test]
    fn a_worker_is_named_by_exactly_one_means() {
        let by_id = named(Ref::WorkerId(
            "0193a5c0-0000-7000-8000-000000000001".to_owned(),
        ));
        assert!(matches!(
            with_checker(|check| worker(check, Some(&by_id))),
            Ok(Who::WorkerId(_))
        ));
        let by_match = named(Ref::MatchId("m".to_owned()));
        assert!(matches!(
            with_checker(|check| worker(check, Some(&by_match))),
            Ok(Who::MatchId(_))
        ));
        let wrong = [
            (None, "worker"),
            (Some(v1::WorkerRef { r#ref: None }), "worker"),
            (
                Some(named(Ref::WorkerId("7".to_owned()))),
                "worker.worker_id",
            ),
            (Some(named(Ref::MatchId(String::new()))), "worker.match_id"),
            (
                Some(named(Ref::MatchId("m".repeat(1_025)))),
                "worker.match_id",
            ),
        ];
        for (told, field) in wrong {
            let error = with_checker(|check| worker(check, told.as_ref())).expect_err("wrong");
            assert_eq!(fields_of(&error), [field]);
        }
    }
}
