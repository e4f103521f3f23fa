//! What a token says of its caller.

use mamagang_app::Caller;
use mamagang_app::audit::CallTrail;
use mamagang_app::authorise::{Role, Roles};
use mamagang_domain::identifier::EmployerCode;
use serde::Deserialize;

/// Characters of a subject, an organisation or a system.
const NAME_CHARS_MAX: usize = 128;
/// Regions of one caller.
const REGIONS_MAX: usize = 32;

/// Who somebody is: of a token's claims, or of the callers' file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The person or system.
    #[serde(rename = "sub", alias = "subject", default)]
    pub subject: String,
    /// The office or firm.
    #[serde(rename = "org", alias = "organisation", default)]
    pub organisation: String,
    /// The software through which the subject calls.
    #[serde(rename = "azp", alias = "system", default)]
    pub system: String,
    /// Names of roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The employer whose payroll it is.
    #[serde(default)]
    pub employer_code: String,
    /// Prefixes of town codes.
    #[serde(default)]
    pub region_codes: Vec<String>,
}

/// What is wrong with them. The texts name no person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsProblem {
    /// Nobody, or too long.
    #[error("subject and organisation have 1 to 128 printable characters")]
    Name,
    /// Not a role.
    #[error("a role is not known")]
    Role,
    /// Not a code.
    #[error("employer_code is not valid")]
    EmployerCode,
    /// A payroll without an employer, or an employer without a payroll.
    #[error("employer_payroll needs an employer_code, and only that role takes one")]
    Payroll,
    /// Not a prefix of town codes.
    #[error("region_codes are 2 to 9 digits each, 32 at most")]
    Region,
}

impl Claims {
    /// The caller. What is not understood is refused, never left out: a caller must not reach more than was meant.
    pub fn caller(&self) -> Result<Caller, ClaimsProblem> {
        let is_name = |text: &str| {
            !text.is_empty()
                && text.chars().count() <= NAME_CHARS_MAX
                && !text.chars().any(char::is_control)
        };
        let is_system = self.system.is_empty() || is_name(&self.system);
        if !is_name(&self.subject) || !is_name(&self.organisation) || !is_system {
            return Err(ClaimsProblem::Name);
        }
        let roles: Option<Roles> = self.roles.iter().map(|name| Role::parse(name)).collect();
        let roles = roles.ok_or(ClaimsProblem::Role)?;
        let employer_code = match self.employer_code.as_str() {
            "" => None,
            code => Some(EmployerCode::parse(code).map_err(|_| ClaimsProblem::EmployerCode)?),
        };
        if roles.has(Role::EmployerPayroll) != employer_code.is_some() {
            return Err(ClaimsProblem::Payroll);
        }
        let is_region = |code: &String| {
            (2..=9).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
        };
        if self.region_codes.len() > REGIONS_MAX || !self.region_codes.iter().all(is_region) {
            return Err(ClaimsProblem::Region);
        }
        Ok(Caller {
            subject: self.subject.clone(),
            organisation: self.organisation.clone(),
            system: self.system.clone(),
            roles,
            employer_code,
            region_codes: self.region_codes.clone(),
            trail: CallTrail::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clerk() -> Claims {
        Claims {
            subject: "zhang.san".to_owned(),
            organisation: "人社局".to_owned(),
            roles: vec!["hr_clerk".to_owned()],
            region_codes: vec!["442000001".to_owned()],
            ..Claims::default()
        }
    }

    #[test]
    fn claims_become_a_caller() {
        let caller = clerk().caller().expect("a caller");
        assert_eq!(caller.roles, Roles::of(Role::HrClerk));
        assert_eq!(caller.region_codes, ["442000001"]);
        assert_eq!(caller.employer_code, None);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_left_out() {
        let with = |change: fn(&mut Claims)| {
            let mut claims = clerk();
            change(&mut claims);
            claims.caller().expect_err("refused")
        };
        use ClaimsProblem as P;
        assert_eq!(with(|c| c.subject.clear()), P::Name);
        assert_eq!(with(|c| c.organisation.clear()), P::Name);
        assert_eq!(with(|c| c.subject = "a\nb".to_owned()), P::Name);
        assert_eq!(with(|c| c.subject = "x".repeat(129)), P::Name);
        assert_eq!(with(|c| c.roles.push("root".to_owned())), P::Role);
        assert_eq!(with(|c| c.employer_code = "X".to_owned()), P::EmployerCode);
        assert_eq!(
            with(|c| c.employer_code = "91442000MAQQ000161".to_owned()),
            P::Payroll
        );
        assert_eq!(
            with(|c| c.roles = vec!["employer_payroll".to_owned()]),
            P::Payroll
        );
        assert_eq!(with(|c| c.region_codes.push("4".to_owned())), P::Region);
        assert_eq!(with(|c| c.region_codes.push(String::new())), P::Region);
        assert_eq!(
            with(|c| c.region_codes.push("44200000a".to_owned())),
            P::Region
        );
        assert!(
            Claims {
                subject: "x".repeat(128),
                ..clerk()
            }
            .caller()
            .is_ok()
        );
    }
}
