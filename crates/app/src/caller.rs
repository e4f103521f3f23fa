//! Who calls, and why.

use mamagang_domain::identifier::EmployerCode;

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The person or system, for the audit trail.
    pub subject: String,
    /// The organisation: the scope of request ids.
    pub organisation: String,
    /// The only employer that the caller may see; `None` = not bound to one.
    pub employer_code: Option<EmployerCode>,
    /// Whether answers may carry unmasked identities.
    pub may_see_identity: bool,
}

impl Caller {
    /// The caller of a service without configured authentication, which listens on loopback only.
    pub fn developer() -> Self {
        Self {
            subject: "developer".to_owned(),
            organisation: "development".to_owned(),
            employer_code: None,
            may_see_identity: false,
        }
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
