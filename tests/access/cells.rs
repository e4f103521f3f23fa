//! The golden matrix: role × method × resource, every cell tried.

use std::fmt::Write as _;

use mamagang_app::authorise::{Role, Scope, row_of};
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};
use tonic::Code;

use crate::city::{City, FAR, NEAR, Place};
use crate::codec;
use crate::ids::Ids;
use crate::requests::{self, Filling};

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The method refuses the caller, whatever is asked.
    Denied,
    /// The method answers.
    Answered(Code),
    /// The method answers, and its item is refused.
    Item(Code),
}

impl Told {
    fn text(self) -> String {
        match self {
            Self::Denied => "denied".to_owned(),
            Self::Answered(Code::Ok) => "ok".to_owned(),
            Self::Answered(Code::NotFound) => "absent".to_owned(),
            Self::Answered(code) => format!("{code:?}"),
            Self::Item(Code::PermissionDenied) => "item denied".to_owned(),
            Self::Item(Code::NotFound) => "item absent".to_owned(),
            Self::Item(code) => format!("item {code:?}"),
        }
    }

    /// Whether nothing of the resource was told.
    pub(crate) fn tells_nothing(self) -> bool {
        match self {
            Self::Denied => true,
            Self::Answered(code) | Self::Item(code) => {
                matches!(code, Code::PermissionDenied | Code::NotFound)
            }
        }
    }
}

/// The code of the first item that has an error, wherever it stands in an answer.
fn item_code(message: &DynamicMessage) -> Option<Code> {
    if message.descriptor().full_name() == "google.rpc.Status" {
        let code = message.get_field_by_name("code")?.as_i32()?;
        return Some(Code::from(code));
    }
    message.fields().find_map(|(_, value)| match value {
        Value::Message(inner) => item_code(inner),
        Value::List(list) => list
            .iter()
            .find_map(|value| value.as_message().and_then(item_code)),
        _ => None,
    })
}

pub(crate) async fn try_cell(
    city: &City,
    token: &str,
    method: &MethodDescriptor,
    filling: &Filling,
) -> Told {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let request = requests::request(method, filling);
    let answer = codec::call(city.channel.clone(), &path, request, Some(token)).await;
    match answer {
        Err(status) if status.code() == Code::PermissionDenied => Told::Denied,
        Err(status) => Told::Answered(status.code()),
        Ok(bytes) => {
            let read = DynamicMessage::decode(method.output(), bytes);
            match read.ok().as_ref().and_then(item_code) {
                Some(code) => Told::Item(code),
                None => Told::Answered(Code::Ok),
            }
        }
    }
}

/// What is asked for of each place.
async fn filling_of(city: &City, place: Place, number: usize) -> Filling {
    Filling {
        place,
        number: 0,
        ids: Ids::of(city, place, number).await,
    }
}

/// The token of a role: bound to the near employer, or to the near town.
fn token_of(city: &City, role: Role) -> String {
    if role == Role::EmployerPayroll {
        return city.payroll(NEAR);
    }
    city.token(role.name(), "office", &[role.name()], "", &[NEAR.town_code])
}

#[tokio::test]
async fn every_role_with_every_method_on_what_is_near_and_far() {
    let city = City::start().await;
    let pool = requests::pool();
    let mut near = filling_of(&city, NEAR, 100).await;
    let mut far = filling_of(&city, FAR, 200).await;
    let mut table = format!("{:<52}", "method");
    for role in Role::ALL {
        write!(table, "{:<30}", role.name()).expect("a text");
    }
    table = format!("{}\n", table.trim_end());
    let mut number = 0;
    for method in requests::methods(&pool) {
        let name = format!("{}/{}", method.parent_service().full_name(), method.name());
        let row = row_of(&name).expect("a line in the matrix");
        let mut line = format!("{:<52}", name.trim_start_matches("mamagang.v1."));
        for role in Role::ALL {
            let token = token_of(&city, role);
            number += 2;
            // A request id of its own for each cell: the far one first, which is to change nothing.
            far.number = number;
            near.number = number + 1;
            let told_far = try_cell(&city, &token, &method, &far).await;
            let told_near = try_cell(&city, &token, &method, &near).await;
            let scope = row.scope(role);
            let place = format!("{name} {}", role.name());
            if scope == Scope::None {
                assert_eq!(
                    (told_near, told_far),
                    (Told::Denied, Told::Denied),
                    "{place}"
                );
            } else {
                assert_ne!(told_near, Told::Denied, "{place}");
            }
            let far_is_closed = matches!(scope, Scope::OwnEmployer | Scope::Region);
            let both = if told_near == told_far {
                told_near.text()
            } else {
                format!("{} | {}", told_near.text(), told_far.text())
            };
            // Where the far one is answered like the near one, the request names neither.
            assert!(
                !far_is_closed || told_far.tells_nothing() || told_far == told_near,
                "{place}: {both}"
            );
            write!(line, "{both:<30}").expect("a text");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    insta::assert_snapshot!("access_matrix", table);
}

#[tokio::test]
async fn nobody_is_let_in_anywhere_but_to_health() {
    let city = City::start().await;
    let pool = requests::pool();
    let filling = filling_of(&city, NEAR, 100).await;
    for method in requests::methods(&pool) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let request = requests::request(&method, &filling);
        let refused = codec::call(city.channel.clone(), &path, request, None).await;
        assert_eq!(
            refused.expect_err("nobody").code(),
            Code::Unauthenticated,
            "{path}"
        );
    }
    let (calls, _) = city.recorded("-").await;
    assert!(calls > 0, "strangers are recorded, so many a second");
    let balance = mamagang_proto::v1::GetEmployerBalanceRequest::default();
    let mut ledger = LedgerServiceClient::new(city.channel.clone());
    let refused = ledger
        .get_employer_balance(balance)
        .await
        .expect_err("nobody");
    assert_eq!(refused.code(), Code::Unauthenticated);
}
