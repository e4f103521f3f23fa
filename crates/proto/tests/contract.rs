//! The contract that clients are written against: names and numbers that may not move.

use mamagang_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, EnumDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

/// Every method, with its two streaming flags: the caller's, the service's.
const METHODS: &[(&str, bool, bool)] = &[
    ("RegistryService/RecordFacts", false, false),
    ("RegistryService/ImportFacts", true, true),
    ("RegistryService/RetractFact", false, false),
    ("RegistryService/ListFacts", false, false),
    ("RegistryService/GetEmployer", false, false),
    ("RegistryService/ListEmployers", false, false),
    ("RegistryService/MatchWorker", false, false),
    ("RegistryService/CompareRegister", false, false),
    ("RegistryService/ListRegister", false, false),
    ("RegistryService/MergeWorkers", false, false),
    ("VerificationService/VerifyWorkerStatus", false, false),
    ("VerificationService/BatchVerifyWorkerStatus", false, false),
    ("VerificationService/VerifyContract", false, false),
    ("EligibilityService/CheckKeyGroupDeduction", false, false),
    (
        "EligibilityService/BatchCheckKeyGroupDeduction",
        false,
        false,
    ),
    ("EligibilityService/StreamKeyGroupChecks", true, true),
    ("EligibilityService/CheckVatExemption", false, false),
    ("EligibilityService/CheckSubsidy", false, false),
    ("EligibilityService/CheckInclusivePreferences", false, false),
    ("EligibilityService/GetDecision", false, false),
    ("EligibilityService/ReplayDecision", false, false),
    ("EligibilityService/SimulateHire", false, false),
    ("ReportService/ScanFindings", false, false),
    ("ReportService/ListFindings", false, false),
    ("ReportService/AssignFinding", false, false),
    ("ReportService/ResolveFinding", false, false),
    ("ReportService/GetStatistics", false, false),
    ("VerificationService/GetCertificate", false, false),
    ("VerificationService/CheckCertificate", false, false),
    ("FilingService/SubmitFiling", false, false),
    ("FilingService/DecideFiling", false, false),
    ("FilingService/GetFiling", false, false),
    ("FilingService/ListFilings", false, false),
    ("FilingService/ListOpenPosts", false, false),
    ("FilingService/ReportHire", false, false),
    ("FilingService/RegisterHire", false, false),
    ("FilingService/EndHire", false, false),
    ("FilingService/ListHires", false, false),
    ("SubsidyService/SubmitClaim", false, false),
    ("SubsidyService/ReviewClaim", false, false),
    ("SubsidyService/ApproveClaim", false, false),
    ("SubsidyService/MarkClaimPaid", false, false),
    ("SubsidyService/ClawBackClaim", false, false),
    ("SubsidyService/GetClaim", false, false),
    ("SubsidyService/ListClaims", false, false),
    ("ReviewService/ListReviewCases", false, false),
    ("ReviewService/GetReviewCase", false, false),
    ("ReviewService/ProposeResolution", false, false),
    ("ReviewService/ConfirmResolution", false, false),
    ("PolicyService/ListInstruments", false, false),
    ("PolicyService/ListParameters", false, false),
    ("PolicyService/GetParameter", false, false),
    ("PolicyService/GetPolicyVersion", false, false),
    ("LedgerService/PostDeduction", false, false),
    ("LedgerService/SettleYear", false, false),
    ("LedgerService/AmendDeduction", false, false),
    ("LedgerService/RecomputeYear", false, false),
    ("LedgerService/GetEmployerBalance", false, false),
    ("LedgerService/GetWorkerTerm", false, false),
    ("LedgerService/ListEntries", false, false),
    ("LedgerService/GetEntry", false, false),
    ("LedgerService/EstimateLateClaim", false, false),
    ("LedgerService/BatchPostDeductions", false, false),
    ("LedgerService/WatchEntries", false, true),
    ("LedgerService/BatchGetEmployerBalances", false, false),
    ("LedgerService/GetWorkTimeTable", false, false),
    ("LedgerService/GetReliefSchedule", false, false),
    ("LedgerService/GetChainHead", false, false),
    ("LedgerService/VerifyChain", false, false),
    ("AuditService/ListAuditEvents", false, false),
    ("AuditService/ListSubjectAccess", false, false),
];

/// Every reason code with its number: answers are stored and compared by them.
const REASON_CODES: &[(&str, i32)] = &[
    ("UNSPECIFIED", 0),
    ("POLICY_NOT_ENCODED", 1),
    ("EMPLOYER_NOT_ENTERPRISE", 2),
    ("NOT_MATCHED", 3),
    ("CONTRACT_KIND_NOT_COVERED", 4),
    ("PART_TIME", 5),
    ("CONTRACT_TOO_SHORT", 6),
    ("CATEGORY_NOT_COVERED_AT_DATE", 7),
    ("SPELL_TOO_SHORT", 8),
    ("SPELL_BROKEN", 9),
    ("NO_RECORD", 10),
    ("CERTIFICATE_NOTE_MISSING", 11),
    ("CONFLICTING_EVIDENCE", 12),
    ("OTHER_EMPLOYMENT_RELIEF_CLAIMED", 13),
    ("NOT_IN_FORCE", 14),
    ("INSURANCE_NOT_PAID", 15),
    ("TERM_EXHAUSTED", 16),
    ("TERM_COUNT_UNCONFIRMED", 17),
    ("BACK_PAID_INSURANCE", 18),
    ("SOURCE_UNREACHABLE", 19),
    ("ALL_CONDITIONS_MET", 20),
    ("VAT_LEG_UNCONFIRMED_2026", 30),
    ("EARLIER_MONTHS_UNCLAIMED", 31),
    ("MONTH_BOOKED_ELSEWHERE", 32),
    ("PERIOD_SKIPPED", 33),
    ("POST_NOT_FILED", 34),
    ("FILING_KIND_MISMATCH", 35),
    ("FILING_NOT_ACCEPTED", 36),
    ("OVER_DEDUCTED", 37),
    ("NATURAL_PERSON_WITHHOLDING_2026", 50),
    ("BELOW_THRESHOLD", 51),
    ("THRESHOLD_REACHED", 52),
    ("EXEMPT_BY_REGIME", 53),
    ("PLATFORM_START_UNCONFIRMED", 54),
    ("EDU_EXEMPT_BY_SALES", 55),
    ("EXEMPTION_WAIVED", 60),
    ("EMPLOYER_KIND_NOT_COVERED", 61),
    ("INDIVIDUAL_BUSINESS_UNCONFIRMED", 62),
    ("OUTSIDE_TRIAL_PERIOD", 63),
    ("DEPENDENT_CHILD_ENDED", 64),
    ("FILING_DATE_MISSING", 65),
    ("FLEXIBLE_REGISTRATION_MISSING", 66),
    ("LATE_INSURANCE_NOT_COUNTED", 67),
    ("MONTH_CLAIMED_ELSEWHERE", 68),
    ("OTHER_SUBSIDY_CLAIMED", 69),
    ("SUBSIDY_MONTHS_EXHAUSTED", 70),
    ("FIRST_CLAIM_WINS", 71),
    ("TRAINING_NOT_COMPLETED", 72),
    ("TRAINING_PLAN_NOT_FILED", 73),
    ("TRAINING_STANDARD_NOT_MET", 74),
    ("TRAINING_MOST_REACHED", 75),
    ("FIGURE_MISSING", 76),
    ("NOT_SMALL_SCALE", 77),
    ("NO_ENTERPRISE_INCOME_TAX", 78),
    ("INCOME_ABOVE_LIMIT", 79),
    ("STAFF_ABOVE_LIMIT", 80),
    ("ASSETS_ABOVE_LIMIT", 81),
    ("RESTRICTED_INDUSTRY", 82),
    ("NOT_HALF_RATE_PAYER", 83),
    ("CREDIT_NOT_LASTING", 84),
    ("CREDIT_INCREMENT_TOO_SMALL", 85),
    ("REFUND_RULE_UNCONFIRMED", 86),
    ("LATE_CLAIM_BARRED", 90),
    ("MONTHS_REGROUPED", 91),
    ("REVIEW_REFUSED", 95),
    ("REVIEW_ACCEPTED", 96),
    ("CLAIM_WINDOW_CLOSED", 110),
    ("MONTH_ALREADY_CLAIMED", 111),
    ("FILING_FROZEN", 112),
];

/// The first error reasons; the number is the position.
const ERROR_REASONS: &[&str] = &[
    "UNSPECIFIED",
    "INVALID_ARGUMENT_FIELDS",
    "CONTEXT_REQUIRED",
    "EMPLOYER_NOT_FOUND",
    "WORKER_NOT_FOUND",
    "FACT_NOT_FOUND",
    "DECISION_NOT_FOUND",
    "MATCH_EXPIRED",
    "REQUEST_ID_REUSED",
    "EMPLOYER_NOT_ENTERPRISE",
    "PERIOD_ALREADY_POSTED",
    "PERIOD_NOT_ENDED",
    "PERIOD_OUT_OF_ORDER",
    "PERIOD_NOT_POSTED",
    "YEAR_SETTLED",
    "YEAR_NOT_ENDED",
    "FILING_CYCLE_MISMATCH",
    "RETURN_NUMBER_REUSED",
    "POLICY_NOT_ENCODED",
    "PROFILE_NOT_RECORDED",
    "FACT_ALREADY_RETRACTED",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "OVERLOADED",
    "DEADLINE_TOO_SHORT",
    "STORE_UNAVAILABLE",
    "INTERNAL",
    "MESSAGE_TOO_LARGE",
    "PAGE_TOKEN_INVALID",
    "AS_OF_IN_FUTURE",
    "RATE_EXCEEDED",
    "SECOND_PERSON_REQUIRED",
    "TOO_MANY_MISSES",
    "DRAINING",
];

/// Those that came later, with numbers of their own.
const LATER_ERROR_REASONS: &[(&str, i32)] = &[
    ("WORKERS_NOT_MERGEABLE", 34),
    ("MERGE_EFFECT_CHANGED", 35),
    ("POLICY_VERSION_NOT_FOUND", 50),
    ("DECISION_NOT_REPLAYABLE", 51),
    ("ENTRY_NOT_FOUND", 52),
    ("PARAMETER_NOT_FOUND", 53),
    ("REVIEW_NOT_ACCEPTABLE", 54),
    ("CASE_NOT_FOUND", 75),
    ("TRANSITION_NOT_ALLOWED", 76),
    ("POST_NOT_FOUND", 77),
    ("POST_FULL", 78),
    ("HIRE_ALREADY_REPORTED", 79),
    ("FILING_NOT_IN_FORCE", 80),
    ("NOTHING_TO_CLAIM", 81),
    ("CLAIM_EVIDENCE_CHANGED", 82),
    ("NOTHING_TO_CLAW_BACK", 83),
    ("CLAIM_TOO_LONG", 84),
    ("FINDING_WITHOUT_FILING", 85),
    ("STATISTICS_TOO_FINE", 86),
    ("CERTIFICATE_NOT_DUE", 87),
];

/// The writes: each is named by its caller.
const WRITES: &[&str] = &[
    "MergeWorkers",
    "RecordFacts",
    "ImportFacts",
    "RetractFact",
    "SubmitFiling",
    "DecideFiling",
    "ProposeResolution",
    "ConfirmResolution",
    "ReportHire",
    "RegisterHire",
    "EndHire",
    "GetCertificate",
    "AssignFinding",
    "ResolveFinding",
    "SubmitClaim",
    "ReviewClaim",
    "ApproveClaim",
    "MarkClaimPaid",
    "ClawBackClaim",
    "PostDeduction",
    "SettleYear",
    "AmendDeduction",
    "RecomputeYear",
];

/// The writes that decide something, and so can be tried without effect.
const DECIDING_WRITES: &[&str] = &[
    "MergeWorkers",
    "ImportFacts",
    "SubmitFiling",
    "DecideFiling",
    "SubmitClaim",
    "ReviewClaim",
    "ApproveClaim",
    "MarkClaimPaid",
    "ClawBackClaim",
    "PostDeduction",
    "SettleYear",
    "AmendDeduction",
    "RecomputeYear",
];

/// The methods that read a person's data.
const PERSONAL_READS: &[&str] = &[
    "MergeWorkers",
    "ReportHire",
    "GetCertificate",
    "ListFacts",
    "MatchWorker",
    "CompareRegister",
    "ListRegister",
    "VerifyWorkerStatus",
    "BatchVerifyWorkerStatus",
    "VerifyContract",
    "CheckKeyGroupDeduction",
    "CheckSubsidy",
    "BatchCheckKeyGroupDeduction",
    "StreamKeyGroupChecks",
    "GetDecision",
    "ReplayDecision",
    "GetWorkerTerm",
    "GetWorkTimeTable",
    "GetReviewCase",
    "ListAuditEvents",
    "ListSubjectAccess",
];

/// Lists of cases, which tell where they stand: a case as it was is read by itself.
const LISTS_OF_NOW: &[&str] = &[
    "ListReviewCases",
    "ListFilings",
    "ListOpenPosts",
    "ListHires",
    "ListClaims",
    "ListFindings",
    "ListRegister",
    "ListInstruments",
    "ListParameters",
    // What happened is told by when it happened.
    "ListAuditEvents",
    "ListSubjectAccess",
];

fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the embedded descriptors decode")
}

fn services(pool: &DescriptorPool) -> Vec<ServiceDescriptor> {
    pool.services()
        .filter(|service| service.package_name() == "mamagang.v1")
        .collect()
}

fn messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages()
        .filter(|message| message.package_name() == "mamagang.v1" && !message.is_map_entry())
        .collect()
}

fn enum_named(pool: &DescriptorPool, name: &str) -> EnumDescriptor {
    pool.get_enum_by_name(&format!("mamagang.v1.{name}"))
        .expect("the enum exists")
}

/// `KeyGroupCheck` → `KEY_GROUP_CHECK`.
fn screaming_snake(name: &str) -> String {
    let mut spelled = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_uppercase());
    }
    spelled
}

#[test]
fn the_services_and_methods_are_exactly_those_served() {
    let pool = pool();
    let mut found = Vec::new();
    for service in services(&pool) {
        for method in service.methods() {
            let path = format!("{}/{}", service.name(), method.name());
            found.push((
                path,
                method.is_client_streaming(),
                method.is_server_streaming(),
            ));
        }
    }
    let mut expected: Vec<(String, bool, bool)> = METHODS
        .iter()
        .map(|(path, from, to)| (String::from(*path), *from, *to))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_method_has_its_own_request_and_response() {
    for service in services(&pool()) {
        for method in service.methods() {
            assert_eq!(
                method.input().full_name(),
                format!("mamagang.v1.{}Request", method.name())
            );
            assert_eq!(
                method.output().full_name(),
                format!("mamagang.v1.{}Response", method.name())
            );
        }
    }
}

#[test]
fn reason_codes_keep_their_numbers() {
    let found: Vec<(String, i32)> = enum_named(&pool(), "ReasonCode")
        .values()
        .map(|value| (value.name().to_owned(), value.number()))
        .collect();
    let expected: Vec<(String, i32)> = REASON_CODES
        .iter()
        .map(|(name, number)| (format!("REASON_CODE_{name}"), *number))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn error_reasons_keep_their_numbers() {
    let mut found: Vec<(String, i32)> = enum_named(&pool(), "ErrorReason")
        .values()
        .map(|value| (value.name().to_owned(), value.number()))
        .collect();
    // The numbers are kept, whatever the order in which they stand in the file.
    found.sort_by_key(|(_, number)| *number);
    let expected: Vec<(String, i32)> = (0..)
        .zip(ERROR_REASONS)
        .map(|(number, name)| (*name, number))
        .chain(LATER_ERROR_REASONS.iter().copied())
        .map(|(name, number)| (format!("ERROR_REASON_{name}"), number))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn enums_prefix_their_values_and_start_unspecified() {
    for described in pool()
        .all_enums()
        .filter(|described| described.package_name() == "mamagang.v1")
    {
        let prefix = screaming_snake(described.name());
        assert_eq!(described.default_value().number(), 0);
        assert_eq!(
            described.default_value().name(),
            format!("{prefix}_UNSPECIFIED")
        );
        for value in described.values() {
            assert!(
                value.name().starts_with(&format!("{prefix}_")),
                "{}",
                value.full_name()
            );
        }
    }
}

#[test]
fn all_messages_and_enums_are_top_level() {
    let pool = pool();
    for message in messages(&pool) {
        assert!(
            message.parent_message().is_none(),
            "{}",
            message.full_name()
        );
        assert_eq!(message.child_enums().count(), 0, "{}", message.full_name());
    }
}

#[test]
fn a_name_tells_the_type_of_its_field() {
    for field in messages(&pool()).iter().flat_map(MessageDescriptor::fields) {
        let name = field.name();
        let holds = |suffix: &str, whole: &str| name.ends_with(suffix) || name == whole;
        let agrees = if name.ends_with("_fen") {
            field.kind() == Kind::Int64
        } else if name.ends_with("_bp") {
            field.kind() == Kind::Int32
        } else if name.ends_with("_date") || holds("_month", "month") || name == "period" {
            field.kind() == Kind::String
        } else if name.ends_with("_time") && name != "part_time" {
            matches!(field.kind(), Kind::Message(kind) if kind.full_name() == "google.protobuf.Timestamp")
        } else {
            !matches!(field.kind(), Kind::Double | Kind::Float)
        };
        assert!(agrees, "{} is {:?}", field.full_name(), field.kind());
    }
}

#[test]
fn writes_are_named_by_their_caller_and_reads_of_persons_are_explained() {
    for service in services(&pool()) {
        for method in service.methods() {
            let has = |field: &str| method.input().get_field_by_name(field).is_some();
            assert_eq!(
                has("request_id"),
                WRITES.contains(&method.name()),
                "{}",
                method.full_name()
            );
            assert_eq!(
                has("validate_only"),
                DECIDING_WRITES.contains(&method.name()),
                "{}",
                method.full_name()
            );
            assert_eq!(
                has("context"),
                PERSONAL_READS.contains(&method.name()),
                "{}",
                method.full_name()
            );
        }
    }
}

#[test]
fn lists_are_paginated() {
    for service in services(&pool()) {
        for method in service
            .methods()
            .filter(|method| method.name().starts_with("List"))
        {
            let is_of_now = LISTS_OF_NOW.contains(&method.name());
            for field in ["page_size", "page_token", "as_of_time"] {
                if field == "as_of_time" && is_of_now {
                    continue;
                }
                assert!(
                    method.input().get_field_by_name(field).is_some(),
                    "{} lacks {field}",
                    method.full_name()
                );
            }
            assert!(
                method
                    .output()
                    .get_field_by_name("next_page_token")
                    .is_some(),
                "{}",
                method.full_name()
            );
        }
    }
}

#[test]
fn sales_not_told_are_kept_apart_from_no_sales() {
    for request in ["PostDeductionRequest", "AmendDeductionRequest"] {
        let message = pool()
            .get_message_by_name(&format!("mamagang.v1.{request}"))
            .expect("the request exists");
        assert!(
            message
                .get_field_by_name("sales_fen")
                .expect("the field exists")
                .supports_presence()
        );
    }
}
