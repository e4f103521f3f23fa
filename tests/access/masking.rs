//! What each role is shown of a person: masks, unless it asks and may see more.

use mamagang_app::authorise::Role;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::{
    AccessContext, FactKind, ListFactsRequest, StoredFact, fact, list_facts_request,
};
use mamagang_testkit::search::holds;
use tonic::{Code, Status};

use crate::city::{City, NEAR, WANG, context, worker};
use crate::codec;
use crate::ids::Ids;
use crate::requests::{self, Filling};

fn token_of(city: &City, role: Role) -> String {
    match role {
        Role::EmployerPayroll => city.payroll(NEAR),
        _ => city.token(role.name(), "office", &[role.name()], "", &[NEAR.town_code]),
    }
}

/// Whoever does not ask for more is given no number and no name of a person, by any method.
#[tokio::test]
async fn no_role_is_given_a_whole_number_or_name_by_any_method_unless_it_asks() {
    let city = City::start().await;
    let pool = requests::pool();
    let mut filling = Filling {
        place: NEAR,
        number: 0,
        ids: Ids::of(&city, NEAR, 100).await,
    };
    let mut answers = 0;
    let mut shown = Vec::new();
    for role in Role::ALL {
        let token = token_of(&city, role);
        for method in requests::methods(&pool) {
            filling.number += 1;
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let request = requests::request(&method, &filling);
            let told = codec::call(city.channel.clone(), &path, request, Some(&token)).await;
            let Ok(bytes) = told else {
                continue;
            };
            answers += 1;
            for secret in [WANG.0, WANG.1] {
                if holds(&bytes, secret.as_bytes()) {
                    shown.push(format!("{} by {path}: {secret}", role.name()));
                }
            }
        }
    }
    assert!(shown.is_empty(), "{shown:#?}");
    assert!(answers > 150, "{answers} answers");
}

async fn profile(
    city: &City,
    role: Role,
    show_identity: bool,
    context: AccessContext,
) -> Result<(String, String), Status> {
    let listing = ListFactsRequest {
        context: Some(context),
        subject: Some(list_facts_request::Subject::Worker(worker(NEAR.person))),
        kinds: vec![FactKind::WorkerProfile.into()],
        show_identity,
        ..ListFactsRequest::default()
    };
    let token = token_of(city, role);
    let mut registry = RegistryServiceClient::new(city.channel.clone());
    let listed = registry.list_facts(city.request(&token, listing)).await?;
    let mut facts = listed.into_inner().facts.into_iter();
    let kind = facts.find_map(|StoredFact { fact, .. }| fact?.kind);
    let Some(fact::Kind::WorkerProfile(profile)) = kind else {
        panic!("no profile");
    };
    let identity = profile.identity.expect("an identity");
    Ok((identity.number, identity.name))
}

#[tokio::test]
async fn the_offices_see_masks_and_the_whole_where_they_ask_for_it() {
    let city = City::start().await;
    let plain = (WANG.0.to_owned(), WANG.1.to_owned());
    for role in [
        Role::HrClerk,
        Role::HrReviewer,
        Role::TaxOfficer,
        Role::TaxAuditor,
    ] {
        let masked = profile(&city, role, false, context()).await;
        let masked = masked.expect("listed");
        assert_eq!(masked.0, "442000********9982", "{}", role.name());
        assert_ne!(masked.1, WANG.1, "{}", role.name());
        let whole = profile(&city, role, true, context()).await;
        assert_eq!(whole.expect("listed"), plain, "{}", role.name());
        // Without a case there is no reading of a person at all.
        let without = AccessContext {
            case_number: " ".to_owned(),
            ..context()
        };
        let refused = profile(&city, role, true, without).await;
        assert_eq!(
            refused.expect_err("no case").code(),
            Code::InvalidArgument,
            "{}",
            role.name()
        );
    }
    for role in [
        Role::EmployerPayroll,
        Role::SecurityAdmin,
        Role::AuditReader,
        Role::Operator,
    ] {
        for show_identity in [false, true] {
            let refused = profile(&city, role, show_identity, context()).await;
            let code = refused.expect_err("not theirs").code();
            assert_eq!(code, Code::PermissionDenied, "{}", role.name());
        }
    }
}
