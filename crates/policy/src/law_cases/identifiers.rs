//! Cases of identifiers: a text, and whether it is read.

use std::sync::Arc;

use mamagang_domain::identifier::codes::{check_town_code, zhongshan_unit_name};
use mamagang_domain::identifier::{CertificateNumber, DocumentNumber, DocumentType, EmployerCode};
use mamagang_domain::policy::PolicyBook;
use serde::Deserialize;

use super::cases::{Case, Compared};
use super::words::{Day, or_none};
use super::world::day;

/// The day on which texts are read unless a case says otherwise.
const TODAY: &str = "2026-11-23";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierCase {
    name: String,
    source: String,
    kind: Kind,
    text: String,
    today: Option<Day>,
    expect: Expect,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    ResidentIdCard,
    HmtResidencePermit,
    ForeignPermanentResidentCard,
    EmployerCode,
    CertificateNumber,
    TownCode,
}

/// Exactly one of `read` (what is shown of it) and `refused` (why).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// How it is shown: masked where it names a person; of a town its Chinese name.
    read: Option<String>,
    /// The error's name, with its position where it has one: `Character 3`.
    refused: Option<String>,
    /// The inner organisation code's own check digit does not match.
    #[serde(default)]
    warned: bool,
}

/// An error's name and position as one line.
fn named(error: impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    match text.split_once(" { position: ") {
        Some((name, rest)) => format!("{name} {}", rest.trim_end_matches(" }")),
        None => text,
    }
}

impl IdentifierCase {
    fn read(&self) -> (Result<String, String>, bool) {
        let today = self.today.map_or_else(|| day(TODAY), |today| today.0);
        let document = |kind: DocumentType| {
            let number = DocumentNumber::parse(kind, &self.text, today).map_err(named);
            (number.map(|number| number.masked()), false)
        };
        match self.kind {
            Kind::ResidentIdCard => document(DocumentType::ResidentIdCard),
            Kind::HmtResidencePermit => document(DocumentType::HmtResidencePermit),
            Kind::ForeignPermanentResidentCard => {
                document(DocumentType::ForeignPermanentResidentCard)
            }
            Kind::EmployerCode => {
                let code = EmployerCode::parse(&self.text).map_err(named);
                let warned = code.as_ref().is_ok_and(|code| !code.inner_digit_matches());
                (code.map(|code| code.to_string()), warned)
            }
            Kind::CertificateNumber => {
                let number = CertificateNumber::parse(&self.text).map_err(named);
                (number.map(|number| number.masked()), false)
            }
            Kind::TownCode => {
                let checked = check_town_code(&self.text).map_err(named);
                let name = zhongshan_unit_name(&self.text).unwrap_or("no name");
                (checked.map(|()| name.to_owned()), false)
            }
        }
    }
}

impl Case for IdentifierCase {
    const FOLDER: &'static str = "identifiers";

    fn name(&self) -> &str {
        &self.name
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn run(&self, _: &Arc<PolicyBook>) -> Compared {
        let (result, warned) = self.read();
        let (read, refused) = match result {
            Ok(shown) => (Some(shown), None),
            Err(name) => (None, Some(name)),
        };
        let mut compared = Compared::default();
        compared.add("read", or_none(self.expect.read.as_ref()), or_none(read));
        compared.add(
            "refused",
            or_none(self.expect.refused.as_ref()),
            or_none(refused),
        );
        compared.add("warned", self.expect.warned, warned);
        compared
    }
}
