//! What breaks careless programs, in one text field at a time of calls that are right otherwise: so it goes past the
//! reading of the message, to where statements are made.

use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use tonic::Code;

use crate::city::{City, NEAR};
use crate::codec;
use crate::ids::Ids;
use crate::requests::{self, Filling};

/// Statements, escapes, marks that turn and hide, letters that fold to others, and what no text should hold.
const TEXTS: &[&str] = &[
    "'; DROP TABLE ledger_entry; --",
    "1) OR 1=1 UNION SELECT frozen FROM audit_event --",
    "[\"x\"]' || json_each('[]') \\ %s $1 ?1",
    "\u{202e}\u{2066}王\u{200b}芳\u{feff}İıſK\u{212a}",
    "\u{0}\u{1}\r\n\t👩\u{200d}👧\u{10ffff}",
];

/// Puts a text in the place of the message's n-th; false where there are fewer.
fn put(message: &mut DynamicMessage, place: &mut usize, text: &str) -> bool {
    message
        .fields_mut()
        .any(|(_, value)| put_into(value, place, text))
}

fn put_into(value: &mut Value, place: &mut usize, text: &str) -> bool {
    match value {
        Value::String(told) if *place == 0 => {
            text.clone_into(told);
            true
        }
        Value::String(_) => {
            *place -= 1;
            false
        }
        Value::Message(inner) => put(inner, place, text),
        Value::List(list) => list.iter_mut().any(|value| put_into(value, place, text)),
        _ => false,
    }
}

#[tokio::test]
async fn a_hostile_text_in_one_field_of_a_right_call_breaks_nothing() {
    let city = City::start().await;
    let pool = requests::pool();
    let mut filling = Filling {
        place: NEAR,
        number: 0,
        ids: Ids::of(&city, NEAR, 100).await,
    };
    let token = city.token_of_everybody();
    let (mut tried, mut answered) = (0, 0);
    let mut faults = Vec::new();
    for method in requests::methods(&pool) {
        // A watch goes on; its fields are those of ListEntries.
        if method.name() == "WatchEntries" {
            continue;
        }
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        for field in 0.. {
            let mut is_there = true;
            for text in TEXTS {
                filling.number += 1;
                let mut message = requests::message(&method, &filling);
                is_there = put(&mut message, &mut field.clone(), text);
                if !is_there {
                    break;
                }
                let bytes = message.encode_to_vec();
                let told = codec::call(city.channel.clone(), &path, bytes, Some(&token)).await;
                let code = told.map_or_else(|status| status.code(), |_| Code::Ok);
                if matches!(code, Code::Internal | Code::Unknown | Code::DataLoss) {
                    faults.push(format!("{path}, text {field}: {text:?}: {code:?}"));
                }
                tried += 1;
                answered += usize::from(code == Code::Ok);
            }
            if !is_there {
                break;
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // Most are refused by their form; some texts are free, and are kept as they are.
    assert!(tried > 1_000 && answered > 50, "{answered} of {tried}");
    city.assert_whole().await;
}
