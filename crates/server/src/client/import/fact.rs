//! From a row's fields to the API's message, by the API's own descriptors.

use mamagang_files::import::{Filled, Kind, Record};
use mamagang_proto::v1::Fact;
use prost_reflect::{
    DynamicMessage, Kind as FieldKind, MessageDescriptor, ReflectMessage as _, Value,
};

use crate::client::json;

/// Makes facts of one kind.
pub(in crate::client) struct Facts {
    kind: &'static Kind,
    descriptor: MessageDescriptor,
}

impl Facts {
    pub(in crate::client) fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            descriptor: json::descriptor("mamagang.v1.Fact")
                .expect("the build wrote this descriptor"),
        }
    }

    /// The fact of a row; the row's number is its key.
    pub(in crate::client) fn of(&self, row: u64, record: &Record) -> Fact {
        let mut message = DynamicMessage::new(self.descriptor.clone());
        message.set_field_by_name("row_key", Value::String(row.to_string()));
        for (field, filled) in record {
            let path = match field.path {
                "source" | "source_date" => field.path.to_owned(),
                inner => format!("{}.{inner}", self.kind.name),
            };
            set(&mut message, &path, filled);
        }
        message
            .transcode_to()
            .expect("the descriptor is the message's own")
    }
}

/// Sets the field at a path, and what stands above it; in a list, of its only element.
pub(super) fn set(message: &mut DynamicMessage, path: &str, filled: &Filled) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let descriptor = message.descriptor();
    let field = descriptor
        .get_field_by_name(name)
        .expect("a test resolves every path");
    if rest.is_empty() {
        let value = value(&field.kind(), filled);
        message.set_field(&field, value);
        return;
    }
    let element = field.kind();
    let inner = match message.get_field_mut(&field) {
        Value::List(elements) => {
            if let (true, FieldKind::Message(element)) = (elements.is_empty(), element) {
                elements.push(Value::Message(DynamicMessage::new(element)));
            }
            elements.first_mut().and_then(Value::as_message_mut)
        }
        single => single.as_message_mut(),
    };
    if let Some(inner) = inner {
        set(inner, rest, filled);
    }
}

fn value(kind: &FieldKind, filled: &Filled) -> Value {
    match filled {
        Filled::Text(text) => Value::String(text.clone()),
        Filled::Count(count) => Value::I32(*count),
        Filled::Money(fen) => Value::I64(fen.get()),
        Filled::Flag(flag) => Value::Bool(*flag),
        Filled::Name(name) => named(kind, name),
        Filled::Names(names) => Value::List(names.iter().map(|name| named(kind, name)).collect()),
    }
}

fn named(kind: &FieldKind, name: &str) -> Value {
    match kind
        .as_enum()
        .and_then(|values| values.get_value_by_name(name))
    {
        Some(value) => Value::EnumNumber(value.number()),
        None => Value::String(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use mamagang_files::import::{Form, KINDS};

    use super::*;

    /// Something that fits a column.
    fn sample(form: Form) -> Filled {
        match form {
            Form::Text | Form::Code | Form::Date | Form::Month => Filled::Text("1".to_owned()),
            Form::Count => Filled::Count(7),
            Form::Money => panic!("no fact holds money"),
            Form::Yes => Filled::Flag(true),
            Form::One(choices) => Filled::Name(choices[0].1),
            Form::Some(choices) => Filled::Names(choices.iter().map(|(_, name)| *name).collect()),
        }
    }

    #[test]
    fn every_column_of_every_kind_is_a_field_of_the_api_and_every_field_has_a_column() {
        for kind in KINDS {
            let record: Record = kind
                .all_fields()
                .map(|field| (field, sample(field.form)))
                .collect();
            let fact = Facts::new(kind).of(7, &record);
            let json = json::of("mamagang.v1.Fact", &fact).unwrap();
            let told: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(told["rowKey"], "7");
            let leaves = leaves(&told);
            // The row key beside the columns.
            assert_eq!(
                leaves,
                kind.all_fields().count() + 1,
                "{}: {json}",
                kind.name
            );
            let descriptor = json::descriptor("mamagang.v1.Fact").unwrap();
            let message = descriptor.get_field_by_name(kind.name).unwrap().kind();
            let all = fields(message.as_message().unwrap());
            assert_eq!(
                all,
                kind.fields.len(),
                "{}: a field without a column",
                kind.name
            );
        }
    }

    #[test]
    fn every_word_of_a_dropdown_is_a_value_of_its_enum() {
        for kind in KINDS {
            for field in kind.all_fields() {
                let (Form::One(choices) | Form::Some(choices)) = field.form else {
                    continue;
                };
                for (word, name) in choices {
                    let fact = Facts::new(kind).of(
                        1,
                        &vec![(
                            field,
                            match field.form {
                                Form::Some(_) => Filled::Names(vec![name]),
                                _ => Filled::Name(name),
                            },
                        )],
                    );
                    let json = json::of("mamagang.v1.Fact", &fact).unwrap();
                    assert!(json.contains(&format!("\"{name}\"")), "{word}: {json}");
                }
            }
        }
    }

    fn leaves(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Object(fields) => fields.values().map(leaves).sum(),
            _ => 1,
        }
    }

    /// Fields that a sheet fills in: of a worker those of the identity.
    fn fields(message: &MessageDescriptor) -> usize {
        let of_field = |field: prost_reflect::FieldDescriptor| match field.kind() {
            FieldKind::Message(inner) if inner.name() == "WorkerRef" => 3,
            FieldKind::Message(inner) => fields(&inner),
            _ => 1,
        };
        message.fields().map(of_field).sum()
    }
}
