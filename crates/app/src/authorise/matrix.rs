//! The permission matrix: method × role × how far the role reaches.
//!
//! One line a method. A method without a line is refused to everyone, and a test over the contract's descriptors
//! fails until it has one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::role::{Role, Roles};

/// How far a role reaches with a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Not at all.
    None,
    /// What is about nobody: law, counts, chains, the service itself. No person is read.
    NoPersonalData,
    /// The caller's own employer, and the persons who have a contract with it.
    OwnEmployer,
    /// Employers and persons of the caller's regions; of all where it is bound to none.
    Region,
    /// Everything, whatever the caller's regions.
    Any,
}

/// A method's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The full name, such as `mamagang.v1.LedgerService/PostDeduction`.
    pub method: &'static str,
    /// The scope of each role, in the order of [`Role::ALL`].
    pub scopes: [Scope; Role::ALL.len()],
}

impl Row {
    /// How far a role reaches.
    pub const fn scope(&self, role: Role) -> Scope {
        self.scopes[role as usize]
    }

    /// The scopes that a caller's roles grant together.
    pub fn granted(&self, roles: Roles) -> impl Iterator<Item = Scope> {
        roles
            .iter()
            .map(|role| self.scope(role))
            .filter(|scope| *scope != Scope::None)
    }

    /// Whether any role of the caller grants the method.
    pub fn is_granted(&self, roles: Roles) -> bool {
        self.granted(roles).next().is_some()
    }
}

const X: Scope = Scope::None;
const N: Scope = Scope::NoPersonalData;
const O: Scope = Scope::OwnEmployer;
const R: Scope = Scope::Region;
const A: Scope = Scope::Any;

/// A method's line, by its name in the contract's package.
macro_rules! row {
    ($name:literal, $scopes:expr) => {
        Row {
            method: concat!("mamagang.v1.", $name),
            scopes: $scopes,
        }
    };
}

/// Every method. Columns: hr_clerk, hr_reviewer, tax_officer, tax_auditor, employer_payroll, security_admin,
/// audit_reader, operator.
pub const MATRIX: &[Row] = &[
    // HR records what it knows; who records does not confirm.
    row!("RegistryService/RecordFacts", [R, X, X, X, X, X, X, X]),
    row!("RegistryService/ImportFacts", [R, X, X, X, X, X, X, X]),
    row!("RegistryService/RetractFact", [R, X, X, X, X, X, X, X]),
    row!("RegistryService/ListFacts", [R, R, R, R, X, X, X, X]),
    row!("RegistryService/GetEmployer", [R, R, R, R, O, X, X, X]),
    row!("RegistryService/ListEmployers", [R, R, R, R, X, X, X, X]),
    row!("RegistryService/MatchWorker", [R, R, R, R, O, X, X, X]),
    row!("RegistryService/CompareRegister", [R, R, X, X, X, X, X, X]),
    row!("RegistryService/ListRegister", [R, R, X, X, X, X, X, X]),
    row!("RegistryService/MergeWorkers", [X, R, X, X, X, X, X, X]),
    row!("FilingService/SubmitFiling", [R, X, X, X, O, X, X, X]),
    row!("FilingService/DecideFiling", [X, R, X, X, X, X, X, X]),
    row!("FilingService/GetFiling", [R, R, R, R, O, X, X, X]),
    row!("FilingService/ListFilings", [R, R, R, R, O, X, X, X]),
    row!("FilingService/ListOpenPosts", [N, N, N, N, N, X, X, X]),
    row!("FilingService/ReportHire", [R, X, X, X, O, X, X, X]),
    row!("FilingService/RegisterHire", [R, X, X, X, O, X, X, X]),
    row!("FilingService/EndHire", [R, X, X, X, O, X, X, X]),
    row!("FilingService/ListHires", [R, R, R, R, O, X, X, X]),
    row!(
        "VerificationService/VerifyWorkerStatus",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "VerificationService/BatchVerifyWorkerStatus",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "VerificationService/VerifyContract",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "VerificationService/GetCertificate",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "VerificationService/CheckCertificate",
        [N, N, N, N, N, X, X, X]
    ),
    row!(
        "EligibilityService/CheckKeyGroupDeduction",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "EligibilityService/BatchCheckKeyGroupDeduction",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "EligibilityService/StreamKeyGroupChecks",
        [R, R, R, R, O, X, X, X]
    ),
    row!(
        "EligibilityService/CheckVatExemption",
        [N, N, N, N, N, X, X, X]
    ),
    row!(
        "EligibilityService/CheckInclusivePreferences",
        [R, R, R, R, O, X, X, X]
    ),
    row!("EligibilityService/CheckSubsidy", [R, R, R, R, O, X, X, X]),
    row!("EligibilityService/SimulateHire", [R, R, R, R, O, X, X, X]),
    row!("EligibilityService/GetDecision", [R, R, R, R, O, X, X, X]),
    row!(
        "EligibilityService/ReplayDecision",
        [R, R, R, R, O, X, X, X]
    ),
    // The tax office alone writes to the ledger.
    row!("LedgerService/PostDeduction", [X, X, R, X, X, X, X, X]),
    row!(
        "LedgerService/BatchPostDeductions",
        [X, X, R, X, X, X, X, X]
    ),
    row!("LedgerService/AmendDeduction", [X, X, R, X, X, X, X, X]),
    row!("LedgerService/SettleYear", [X, X, R, X, X, X, X, X]),
    row!("LedgerService/RecomputeYear", [X, X, R, X, X, X, X, X]),
    row!("LedgerService/GetEmployerBalance", [X, R, R, R, O, X, X, X]),
    row!(
        "LedgerService/BatchGetEmployerBalances",
        [X, R, R, R, O, X, X, X]
    ),
    row!("LedgerService/GetWorkerTerm", [R, R, R, R, O, X, X, X]),
    row!("LedgerService/ListEntries", [X, R, R, R, O, X, X, X]),
    row!("LedgerService/GetEntry", [X, R, R, R, O, X, X, X]),
    row!("LedgerService/EstimateLateClaim", [X, R, R, R, O, X, X, X]),
    row!("LedgerService/WatchEntries", [X, X, R, R, O, X, X, X]),
    row!("LedgerService/GetWorkTimeTable", [R, R, R, R, O, X, X, X]),
    row!("LedgerService/GetReliefSchedule", [X, X, R, R, O, X, X, X]),
    row!("LedgerService/GetChainHead", [X, X, R, R, O, X, N, N]),
    row!("LedgerService/VerifyChain", [X, X, R, R, O, X, N, N]),
    row!("SubsidyService/SubmitClaim", [R, X, X, X, O, X, X, X]),
    row!("SubsidyService/ReviewClaim", [R, X, X, X, X, X, X, X]),
    row!("SubsidyService/ApproveClaim", [X, R, X, X, X, X, X, X]),
    row!("SubsidyService/MarkClaimPaid", [X, R, X, X, X, X, X, X]),
    row!("SubsidyService/ClawBackClaim", [X, R, X, X, X, X, X, X]),
    row!("SubsidyService/GetClaim", [R, R, X, R, O, X, X, X]),
    row!("SubsidyService/ListClaims", [R, R, X, R, O, X, X, X]),
    row!("ReviewService/ListReviewCases", [R, R, R, R, X, X, X, X]),
    row!("ReviewService/GetReviewCase", [R, R, R, R, X, X, X, X]),
    row!("ReviewService/ProposeResolution", [R, X, X, X, X, X, X, X]),
    row!("ReviewService/ConfirmResolution", [X, R, X, X, X, X, X, X]),
    // The law is for everybody.
    row!("PolicyService/ListInstruments", [N, N, N, N, N, N, N, N]),
    row!("PolicyService/ListParameters", [N, N, N, N, N, N, N, N]),
    row!("PolicyService/GetParameter", [N, N, N, N, N, N, N, N]),
    row!("PolicyService/GetPolicyVersion", [N, N, N, N, N, N, N, N]),
    row!("ReportService/GetStatistics", [R, R, R, R, X, X, X, X]),
    row!("ReportService/ScanFindings", [X, R, X, X, X, X, X, X]),
    row!("ReportService/ListFindings", [X, R, X, R, X, X, X, X]),
    row!("ReportService/AssignFinding", [X, R, X, X, X, X, X, X]),
    row!("ReportService/ResolveFinding", [X, R, X, X, X, X, X, X]),
    // Who administers does not read persons; who audits does nothing else.
    row!("AuditService/ListAuditEvents", [X, X, X, X, X, X, A, X]),
    row!("AuditService/ListSubjectAccess", [X, R, X, X, X, X, A, X]),
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Row>> =
    LazyLock::new(|| MATRIX.iter().map(|row| (row.method, row)).collect());

/// The line of a method by its full name, such as `mamagang.v1.LedgerService/PostDeduction`.
pub fn row_of(method: &str) -> Option<&'static Row> {
    BY_NAME.get(method).copied()
}

/// Whether a caller of these roles may call a method at all. A method without a line is nobody's.
pub fn is_granted(method: &str, roles: Roles) -> bool {
    row_of(method).is_some_and(|row| row.is_granted(roles))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_one_line() {
        assert_eq!(BY_NAME.len(), MATRIX.len());
    }

    #[test]
    fn a_method_without_a_line_is_nobodys() {
        for method in [
            "mamagang.v1.LedgerService/DropLedger",
            "LedgerService/PostDeduction",
            "_OTHER",
            "",
        ] {
            assert!(!is_granted(method, Roles::EVERY), "{method}");
        }
        assert!(is_granted(
            "mamagang.v1.LedgerService/PostDeduction",
            Roles::of(Role::TaxOfficer)
        ));
    }

    #[test]
    fn who_runs_administers_or_audits_the_service_reads_no_person() {
        for row in MATRIX {
            for role in [Role::SecurityAdmin, Role::Operator] {
                let scope = row.scope(role);
                assert!(scope <= Scope::NoPersonalData, "{} {role:?}", row.method);
            }
            let of_audit = row.method.contains(".AuditService/");
            let scope = row.scope(Role::AuditReader);
            assert!(of_audit || scope <= Scope::NoPersonalData, "{}", row.method);
        }
    }

    #[test]
    fn an_employer_reaches_itself_at_most() {
        for row in MATRIX {
            let scope = row.scope(Role::EmployerPayroll);
            assert!(scope <= Scope::OwnEmployer, "{}", row.method);
        }
    }
}
