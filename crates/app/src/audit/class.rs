//! How long the rows of a method are kept, and which methods give way when the queue is full.

use mamagang_store::audit::Retention;

/// Methods that read no person's data and on which no tax rests: their rows are logs of the network
/// (网络安全法 art. 21(3)).
const LOGS: &[&str] = &[
    "_OTHER",
    super::turned_away::TURNED_AWAY,
    "mamagang.v1.EligibilityService/SimulateHire",
    "mamagang.v1.FilingService/ListOpenPosts",
    "mamagang.v1.LedgerService/GetChainHead",
    "mamagang.v1.LedgerService/VerifyChain",
    "mamagang.v1.PolicyService/GetParameter",
    "mamagang.v1.PolicyService/GetPolicyVersion",
    "mamagang.v1.PolicyService/ListInstruments",
    "mamagang.v1.PolicyService/ListParameters",
    "mamagang.v1.RegistryService/GetEmployer",
    "mamagang.v1.RegistryService/ListEmployers",
    "mamagang.v1.ReportService/GetStatistics",
    "mamagang.v1.VerificationService/CheckCertificate",
];

/// Methods that read persons' data without deciding anything that a tax rests on: processing of
/// personal data (个人信息保护法 art. 56).
const READS: &[&str] = &[
    "mamagang.v1.AuditService/ListAuditEvents",
    "mamagang.v1.AuditService/ListSubjectAccess",
    "mamagang.v1.FilingService/GetFiling",
    "mamagang.v1.FilingService/ListFilings",
    "mamagang.v1.FilingService/ListHires",
    "mamagang.v1.LedgerService/BatchGetEmployerBalances",
    "mamagang.v1.LedgerService/EstimateLateClaim",
    "mamagang.v1.LedgerService/GetEmployerBalance",
    "mamagang.v1.LedgerService/GetEntry",
    "mamagang.v1.LedgerService/GetWorkerTerm",
    "mamagang.v1.LedgerService/ListEntries",
    "mamagang.v1.LedgerService/WatchEntries",
    "mamagang.v1.RegistryService/ListFacts",
    "mamagang.v1.RegistryService/MatchWorker",
    "mamagang.v1.ReportService/ListFindings",
    "mamagang.v1.ReviewService/GetReviewCase",
    "mamagang.v1.ReviewService/ListReviewCases",
    "mamagang.v1.SubsidyService/GetClaim",
    "mamagang.v1.SubsidyService/ListClaims",
];

/// Beginnings of the names of methods that only read.
const READING: &[&str] = &[
    "BatchCheck",
    "BatchGet",
    "BatchVerify",
    "Check",
    "Estimate",
    "Get",
    "List",
    "Match",
    "Replay",
    "Simulate",
    "StreamKeyGroupChecks",
    "Verify",
    "Watch",
];

/// The class of a method's rows. What is not listed is kept longest: decisions, the ledger, facts,
/// and what the administrators do.
pub fn retention_of(method: &str) -> Retention {
    if LOGS.contains(&method) {
        Retention::SixMonths
    } else if READS.contains(&method) {
        Retention::ThreeYears
    } else {
        Retention::TenYears
    }
}

/// Whether a method only reads: then it gives way to one that writes.
pub(crate) fn only_reads(method: &str) -> bool {
    let name = method.rsplit('/').next().unwrap_or(method);
    READING.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorise::MATRIX;

    #[test]
    fn every_listed_method_is_one_of_the_contract() {
        for method in LOGS
            .iter()
            .chain(READS)
            .filter(|name| !name.starts_with('_'))
        {
            assert!(MATRIX.iter().any(|row| row.method == *method), "{method}");
        }
    }

    #[test]
    fn what_taxes_rest_on_is_kept_longest() {
        for (method, class) in [
            (
                "mamagang.v1.LedgerService/PostDeduction",
                Retention::TenYears,
            ),
            (
                "mamagang.v1.EligibilityService/CheckKeyGroupDeduction",
                Retention::TenYears,
            ),
            (
                "mamagang.v1.RegistryService/ListFacts",
                Retention::ThreeYears,
            ),
            (
                "mamagang.v1.RegistryService/GetEmployer",
                Retention::SixMonths,
            ),
            ("_OTHER", Retention::SixMonths),
        ] {
            assert_eq!(retention_of(method), class, "{method}");
        }
    }

    #[test]
    fn postings_and_facts_do_not_give_way() {
        for method in [
            "mamagang.v1.LedgerService/PostDeduction",
            "mamagang.v1.LedgerService/BatchPostDeductions",
            "mamagang.v1.RegistryService/RecordFacts",
            "mamagang.v1.RegistryService/MergeWorkers",
        ] {
            assert!(!only_reads(method), "{method}");
        }
        for method in [
            "mamagang.v1.LedgerService/GetEmployerBalance",
            "mamagang.v1.EligibilityService/BatchCheckKeyGroupDeduction",
        ] {
            assert!(only_reads(method), "{method}");
        }
    }
}
