//! Roles, and sets of them.

use std::fmt;

/// What an office lets a caller do. The names are those of the `roles` claim of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 人社经办: records facts, files and reports, proposes.
    HrClerk,
    /// 人社复核: decides and confirms what clerks have recorded and proposed.
    HrReviewer,
    /// 税务经办: checks, posts, settles.
    TaxOfficer,
    /// 税务稽查: reads everything of the ledger, writes nothing.
    TaxAuditor,
    /// An employer's payroll software: its own employer only.
    EmployerPayroll,
    /// 安全管理员: keys and callers; reads no person.
    SecurityAdmin,
    /// 审计员: reads the audit trail, nothing else.
    AuditReader,
    /// 运维: runs the service; no personal data.
    Operator,
}

impl Role {
    /// All, in the order of the matrix's columns.
    pub const ALL: [Self; 8] = [
        Self::HrClerk,
        Self::HrReviewer,
        Self::TaxOfficer,
        Self::TaxAuditor,
        Self::EmployerPayroll,
        Self::SecurityAdmin,
        Self::AuditReader,
        Self::Operator,
    ];

    /// The name in tokens and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HrClerk => "hr_clerk",
            Self::HrReviewer => "hr_reviewer",
            Self::TaxOfficer => "tax_officer",
            Self::TaxAuditor => "tax_auditor",
            Self::EmployerPayroll => "employer_payroll",
            Self::SecurityAdmin => "security_admin",
            Self::AuditReader => "audit_reader",
            Self::Operator => "operator",
        }
    }

    /// The role of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The roles of a caller.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// No role: nothing is permitted.
    pub const NONE: Self = Self(0);

    /// Every role: the developer's.
    pub const EVERY: Self = Self(u8::MAX);

    /// One role.
    pub const fn of(role: Role) -> Self {
        Self(role.bit())
    }

    /// The same with one more.
    #[must_use]
    pub const fn and(self, role: Role) -> Self {
        Self(self.0 | role.bit())
    }

    /// Whether a role is among them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles, in order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::and)
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Role::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_by_its_name_and_by_no_other() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
        }
        for other in ["", "developer", "HR_CLERK", "hr_clerk ", "admin"] {
            assert_eq!(Role::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let roles: Roles = [Role::HrClerk, Role::Operator].into_iter().collect();
        assert!(roles.has(Role::HrClerk) && roles.has(Role::Operator));
        assert!(!roles.has(Role::TaxOfficer) && !roles.is_empty());
        assert_eq!(format!("{roles:?}"), r#"{"hr_clerk", "operator"}"#);
        assert!(Role::ALL.into_iter().all(|role| Roles::EVERY.has(role)));
        assert!(Role::ALL.into_iter().all(|role| !Roles::NONE.has(role)));
    }
}
