//! Requests about registers' lists.

use mamagang_app::AccessContext;
use mamagang_domain::fact::FactKind;
use mamagang_proto::v1;

use super::check::Checker;
use super::enums::ApiEnum as _;
use super::person;
use super::registry::items_in_bounds;

/// What is common to the rows of a comparison.
pub(crate) fn compare_register(
    check: &mut Checker<'_>,
    told: &v1::CompareRegisterRequest,
) -> Option<AccessContext> {
    items_in_bounds(check, "facts", told.facts.len());
    person::context(check, told.context.as_ref())
}

/// Whose records to list, without the page.
pub(crate) fn list_register(
    check: &mut Checker<'_>,
    told: &v1::ListRegisterRequest,
) -> Option<(AccessContext, FactKind)> {
    let context = person::context(check, told.context.as_ref());
    let kind = check.choice("kind", told.kind, FactKind::from_api);
    let is_register =
        |kind: &FactKind| matches!(kind, FactKind::UnemploymentSpell | FactKind::PovertyStatus);
    if kind.is_some_and(|kind| !is_register(&kind)) {
        check.wrong(
            "kind",
            "应为失业登记或脱贫记录",
            "must be UNEMPLOYMENT_SPELL or POVERTY_STATUS",
        );
    }
    Some((context?, kind.filter(is_register)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::{context, fields_of, with_checker};

    #[test]
    fn only_registers_are_listed() {
        let told = |kind: v1::FactKind| v1::ListRegisterRequest {
            context: context(),
            kind: kind.into(),
            ..Default::default()
        };
        for kind in [v1::FactKind::UnemploymentSpell, v1::FactKind::PovertyStatus] {
            assert!(with_checker(|check| list_register(check, &told(kind))).is_ok());
        }
        for kind in [v1::FactKind::Unspecified, v1::FactKind::Contract] {
            let error = with_checker(|check| list_register(check, &told(kind)));
            assert_eq!(fields_of(&error.expect_err("wrong")), ["kind"]);
        }
    }

    #[test]
    fn a_comparison_has_rows() {
        let told = v1::CompareRegisterRequest {
            context: context(),
            ..Default::default()
        };
        let error = with_checker(|check| compare_register(check, &told)).expect_err("empty");
        assert_eq!(fields_of(&error), ["facts"]);
    }
}
