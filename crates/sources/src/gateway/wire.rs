//! What goes over the wire: a question and an answer, as JSON.
//!
//! ```json
//! {"document_type": "RESIDENT_ID_CARD", "number": "…", "name": "…", "as_of_date": "2024-02-01"}
//! {"drawn_date": "2024-02-01",
//!  "unemployment_spells": [{"registered_date": "2023-01-05", "ended_date": ""}],
//!  "poverty_statuses": [{"category": "LIFTED_FROM_POVERTY", "from_date": "2016-01-01", "to_date": ""}]}
//! ```

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{PersonCategory, PovertyStatus, UnemploymentSpell};
use mamagang_domain::identifier::DocumentType;
use mamagang_domain::key_group::StatusRecord;
use serde::{Deserialize, Serialize};

use crate::source::Question;

/// Records of one person.
const RECORDS_MAX: usize = 100;

#[derive(Serialize)]
struct AskedBody<'a> {
    document_type: DocumentType,
    number: &'a str,
    name: &'a str,
    as_of_date: String,
}

#[derive(Deserialize)]
struct ToldBody {
    drawn_date: String,
    #[serde(default)]
    unemployment_spells: Vec<ToldSpell>,
    #[serde(default)]
    poverty_statuses: Vec<ToldPoverty>,
}

#[derive(Deserialize)]
struct ToldSpell {
    registered_date: String,
    #[serde(default)]
    ended_date: String,
    #[serde(default)]
    end_code: String,
    #[serde(default)]
    reason_code: String,
    #[serde(default)]
    office_code: String,
}

#[derive(Deserialize)]
struct ToldPoverty {
    category: PersonCategory,
    from_date: String,
    #[serde(default)]
    to_date: String,
}

/// What a gateway has told of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Everything that it lists.
    pub(super) records: Vec<StatusRecord>,
    /// The day on which its data was drawn.
    pub(super) drawn_on: CivilDate,
}

/// A question's body.
pub(super) fn asked(question: &Question) -> Vec<u8> {
    let body = AskedBody {
        document_type: question.document_type,
        number: question.number.expose(),
        name: question.name.expose(),
        as_of_date: question.as_of_on.to_string(),
    };
    serde_json::to_vec(&body).expect("texts and names have a JSON form")
}

/// An answer's body; `None` where it cannot be read, or says what cannot be.
pub(super) fn read(body: &[u8]) -> Option<Told> {
    let told: ToldBody = serde_json::from_slice(body).ok()?;
    if told.unemployment_spells.len() + told.poverty_statuses.len() > RECORDS_MAX {
        return None;
    }
    let mut records = Vec::new();
    for spell in told.unemployment_spells {
        records.push(StatusRecord::Spell(UnemploymentSpell {
            registered_on: day(&spell.registered_date)?,
            ended_on: optional_day(&spell.ended_date)?,
            end_code: spell.end_code,
            reason_code: spell.reason_code,
            office_code: spell.office_code,
        }));
    }
    for status in told.poverty_statuses {
        records.push(StatusRecord::Poverty(PovertyStatus {
            category: status.category,
            from_on: day(&status.from_date)?,
            to_on: optional_day(&status.to_date)?,
        }));
    }
    records
        .iter()
        .all(StatusRecord::is_possible)
        .then_some(())?;
    Some(Told {
        records,
        drawn_on: day(&told.drawn_date)?,
    })
}

fn day(text: &str) -> Option<CivilDate> {
    CivilDate::parse(text).ok()
}

/// A day, or none where the text is empty.
fn optional_day(text: &str) -> Option<Option<CivilDate>> {
    if text.is_empty() {
        return Some(None);
    }
    day(text).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_everything_it_lists() {
        let told = read(
            br#"{"drawn_date": "2024-02-01",
                "unemployment_spells": [{"registered_date": "2023-01-05", "ended_date": "2023-09-01"}],
                "poverty_statuses": [{"category": "LIFTED_FROM_POVERTY", "from_date": "2016-01-01"}]}"#,
        )
        .expect("an answer");
        assert_eq!(told.drawn_on, CivilDate::parse("2024-02-01").unwrap());
        assert_eq!(told.records.len(), 2);
        let nobody = read(br#"{"drawn_date": "2024-02-01"}"#).expect("an answer");
        assert_eq!(nobody.records, []);
    }

    #[test]
    fn an_answer_that_says_what_cannot_be_is_no_answer() {
        for body in [
            "",
            "{}",
            r#"{"drawn_date": "2024-02-30"}"#,
            r#"{"drawn_date": "2024-02-01", "unemployment_spells": [{"registered_date": ""}]}"#,
            r#"{"drawn_date": "2024-02-01",
                "unemployment_spells": [{"registered_date": "2023-02-01", "ended_date": "2023-01-31"}]}"#,
            r#"{"drawn_date": "2024-02-01",
                "poverty_statuses": [{"category": "REGISTERED_UNEMPLOYED", "from_date": "2023-02-01"}]}"#,
            r#"{"drawn_date": "2024-02-01",
                "poverty_statuses": [{"category": "MOTHER", "from_date": "2023-02-01"}]}"#,
            r#"{"drawn_date": "2024-02-01",
                "poverty_statuses": [{"category": "POVERTY_MONITORED", "from_date": "2023-02-01", "to_date": "x"}]}"#,
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        let many = vec![r#"{"registered_date": "2023-01-05"}"#; RECORDS_MAX + 1].join(",");
        let body = format!(r#"{{"drawn_date": "2024-02-01", "unemployment_spells": [{many}]}}"#);
        assert_eq!(read(body.as_bytes()), None);
    }
}
