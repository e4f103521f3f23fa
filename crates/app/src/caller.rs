//! Who calls, and why.

use mamagang_domain::identifier::EmployerCode;

use crate::audit::CallTrail;
use crate::authorise::{Role, Roles};

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The person or system, for the audit trail.
    pub subject: String,
    /// The organisation: the scope of request ids.
    pub organisation: String,
    /// The software or certificate through which the subject calls; empty where it is not told.
    pub system: String,
    /// What the caller may do.
    pub roles: Roles,
    /// The only employer that the role `employer_payroll` reaches; `None` = none at all.
    pub employer_code: Option<EmployerCode>,
    /// Prefixes of the town codes that scopes by region reach; empty = the whole jurisdiction.
    pub region_codes: Vec<String>,
    /// What is known of the audit of the call under way.
    pub trail: CallTrail,
}

impl Caller {
    /// The caller of a service without configured authentication, which listens on loopback only.
    pub fn developer() -> Self {
        Self {
            subject: "developer".to_owned(),
            organisation: "development".to_owned(),
            system: String::new(),
            roles: Roles::EVERY,
            employer_code: None,
            region_codes: Vec::new(),
            trail: CallTrail::default(),
        }
    }

    /// Nobody: a caller that could not be told. It may do nothing, and stands in the audit trail only.
    pub fn nobody() -> Self {
        Self {
            subject: "-".to_owned(),
            organisation: "-".to_owned(),
            system: String::new(),
            roles: Roles::NONE,
            employer_code: None,
            region_codes: Vec::new(),
            trail: CallTrail::default(),
        }
    }

    /// To whom a page token or match id belongs: the organisation, and for a caller of one employer that employer too.
    pub(crate) fn token_scope(&self) -> String {
        match &self.employer_code {
            None => self.organisation.clone(),
            // Employer codes have no line break, so no organisation's name can stand for both.
            Some(code) => format!("{}\n{code}", self.organisation),
        }
    }

    /// Whether the caller may be shown numbers and names unmasked: HR, whose records they are, and the tax office for a
    /// case that it names. Everybody is shown them masked unless he asks.
    pub fn may_see_identity(&self, context: &AccessContext) -> bool {
        let of_hr = self.roles.has(Role::HrClerk) || self.roles.has(Role::HrReviewer);
        let of_tax = self.roles.has(Role::TaxOfficer) || self.roles.has(Role::TaxAuditor);
        of_hr || (of_tax && !context.case_number.trim().is_empty())
    }
}

/// Why a person's data is read (PIPL art. 13(3), 34, 35). All fields are required.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessContext {
    /// What for.
    pub purpose: String,
    /// On which legal basis.
    pub legal_basis: String,
    /// For which case.
    pub case_number: String,
    /// By whom in the caller's office.
    pub operator: String,
}
