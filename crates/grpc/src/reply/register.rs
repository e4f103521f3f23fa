//! A register's list beside what is recorded.

use mamagang_app::AppResult;
use mamagang_app::facts::{RegisterComparison, RegisterEntry};
use mamagang_domain::key_group::StatusRecord;
use mamagang_domain::reason::Language;
use mamagang_proto::v1;

use super::date_or_empty;
use crate::convert::enums::ApiEnum as _;
use crate::error::item_status;

/// What became of a row.
pub(crate) fn comparison(
    row: &v1::Fact,
    compared: &AppResult<RegisterComparison>,
    language: Language,
) -> v1::RegisterComparison {
    let row_key = row.row_key.clone();
    match compared {
        Err(error) => v1::RegisterComparison {
            row_key,
            error: Some(item_status(error, language)),
            ..Default::default()
        },
        Ok(compared) => v1::RegisterComparison {
            row_key,
            difference: compared.difference.to_api(),
            fact_id: compared
                .fact_id
                .map(|fact_id| fact_id.to_string())
                .unwrap_or_default(),
            differing_fields: compared
                .differing
                .iter()
                .map(|it| (*it).to_owned())
                .collect(),
            error: None,
        },
    }
}

/// A record of a register.
pub(crate) fn entry(entry: &RegisterEntry) -> v1::RegisterEntry {
    let (category, from_on) = entry.record.key();
    let to_on = match &entry.record {
        StatusRecord::Spell(spell) => spell.ended_on,
        StatusRecord::Poverty(status) => status.to_on,
    };
    let identity = entry.identity.as_ref();
    let source = entry.source.as_ref();
    v1::RegisterEntry {
        fact_id: entry.fact_id.to_string(),
        worker_id: entry.worker_id.to_string(),
        identity: identity.map(|(document_type, number, name)| v1::IdentityDocument {
            r#type: document_type.to_api(),
            number: number.clone(),
            name: name.clone(),
        }),
        category: category.to_api(),
        from_date: from_on.to_string(),
        to_date: date_or_empty(to_on),
        source: source.map(|it| it.name.clone()).unwrap_or_default(),
        source_date: date_or_empty(source.and_then(|it| it.drawn_on)),
    }
}
