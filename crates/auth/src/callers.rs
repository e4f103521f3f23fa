//! The callers that client certificates stand for.
//!
//! ```toml
//! [[caller]]
//! certificate = "spiffe://zs.gov.cn/tax/front-desk"   # a URI or DNS name of the certificate's subjectAltName
//! subject = "tax-front-desk"
//! organisation = "中山市税务局"
//! roles = ["tax_officer"]
//! ```

use std::collections::HashMap;

use mamagang_app::Caller;
use serde::Deserialize;

use crate::claims::Claims;

/// Callers by a name of their certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers(HashMap<String, Caller>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    caller: Vec<RawCaller>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCaller {
    certificate: String,
    subject: String,
    organisation: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    employer_code: String,
    #[serde(default)]
    region_codes: Vec<String>,
}

impl Callers {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: RawFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let mut callers = HashMap::new();
        for caller in raw.caller {
            let claims = Claims {
                subject: caller.subject,
                organisation: caller.organisation,
                system: caller.certificate.clone(),
                roles: caller.roles,
                employer_code: caller.employer_code,
                region_codes: caller.region_codes,
            };
            let known = claims
                .caller()
                .map_err(|problem| format!("caller {}: {problem}", caller.certificate))?;
            if callers.insert(caller.certificate.clone(), known).is_some() {
                return Err(format!("caller {} is there twice", caller.certificate));
            }
        }
        Ok(Self(callers))
    }

    /// The caller of a certificate's name.
    pub fn of(&self, name: &str) -> Option<&Caller> {
        self.0.get(name)
    }
}

#[cfg(test)]
mod tests {
    use mamagang_app::authorise::{Role, Roles};

    use super::*;

    const TAX: &str = r#"
        [[caller]]
        certificate = "spiffe://zs.gov.cn/tax"
        subject = "tax-desk"
        organisation = "税务局"
        roles = ["tax_officer", "tax_auditor"]
    "#;

    #[test]
    fn a_certificate_stands_for_its_caller() {
        let callers = Callers::parse(TAX).expect("callers");
        let caller = callers.of("spiffe://zs.gov.cn/tax").expect("a caller");
        assert_eq!(caller.subject, "tax-desk");
        assert_eq!(
            caller.roles,
            Roles::of(Role::TaxOfficer).and(Role::TaxAuditor)
        );
        assert_eq!(callers.of("spiffe://zs.gov.cn/tax2"), None);
    }

    #[test]
    fn a_wrong_file_is_told() {
        let twice = format!("{TAX}{TAX}");
        assert!(Callers::parse(&twice).expect_err("twice").contains("twice"));
        let role = TAX.replace("tax_auditor", "king");
        assert!(Callers::parse(&role).expect_err("a role").contains("role"));
        let field = TAX.replace("organisation", "organization");
        assert!(
            Callers::parse(&field)
                .expect_err("a field")
                .contains("organization")
        );
    }
}
