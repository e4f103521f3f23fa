//! Errors of the use cases: a closed set, each with a text in both languages and advice.

use std::error::Error as StdError;
use std::time::Duration;

use mamagang_domain::ledger::LedgerRefusal;
use mamagang_domain::reason::Language;
use mamagang_store::{StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};

/// Result of a use case.
pub type AppResult<T> = Result<T, AppError>;

/// A wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Path of the field in the request, such as `contract.start_date`.
    pub field: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
}

impl Violation {
    /// A violation of a field.
    pub fn new(field: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// What is wrong, in a language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }
}

/// Texts of an error reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

macro_rules! error_reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, $zh:literal, $en:literal;)*) => {
        /// Why a call failed. The name is the API's `ErrorInfo.reason`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ErrorReason {
            $($(#[$doc])* $name = $number,)*
        }

        impl ErrorReason {
            /// All, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The API's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What a reader is told.
            pub const fn text(self) -> ErrorText {
                match self { $(Self::$name => ErrorText { zh: $zh, en: $en },)* }
            }
        }
    };
}

error_reasons! {
    /// Fields are missing or malformed.
    InvalidArgumentFields = 1, "INVALID_ARGUMENT_FIELDS", "请求中有字段填写错误", "The request has wrong fields";
    /// The access context is incomplete.
    ContextRequired = 2, "CONTEXT_REQUIRED", "查询个人信息须注明目的、法律依据、案号和经办人", "Reading a person's data needs purpose, legal basis, case number and operator";
    /// The employer is unknown.
    EmployerNotFound = 3, "EMPLOYER_NOT_FOUND", "没有该用人单位的记录", "The employer is not known";
    /// The worker is unknown.
    WorkerNotFound = 4, "WORKER_NOT_FOUND", "没有该人员的记录", "The worker is not known";
    /// The fact is unknown.
    FactNotFound = 5, "FACT_NOT_FOUND", "没有该事实记录", "The fact is not known";
    /// The decision is unknown.
    DecisionNotFound = 6, "DECISION_NOT_FOUND", "没有该决定", "The decision is not known";
    /// The match id is not valid any longer.
    MatchExpired = 7, "MATCH_EXPIRED", "匹配编号无效或已过期", "The match id is not valid or has expired";
    /// The request id was used for something else.
    RequestIdReused = 8, "REQUEST_ID_REUSED", "该请求编号已用于内容不同的请求", "The request id was used for a different request";
    /// The employer's kind has no deduction.
    EmployerNotEnterprise = 9, "EMPLOYER_NOT_ENTERPRISE", "该用人单位类型不在扣减范围内", "The employer's kind is not covered by the deduction";
    /// The period is posted.
    PeriodAlreadyPosted = 10, "PERIOD_ALREADY_POSTED", "该所属期已入账，如需更正请使用更正申报", "The period is already posted; amend it to correct it";
    /// The period has not ended.
    PeriodNotEnded = 11, "PERIOD_NOT_ENDED", "该所属期尚未结束", "The period has not ended";
    /// A later period is posted.
    PeriodOutOfOrder = 12, "PERIOD_OUT_OF_ORDER", "之后的所属期已入账", "A later period is already posted";
    /// The period was not posted.
    PeriodNotPosted = 13, "PERIOD_NOT_POSTED", "该所属期尚未入账", "The period was not posted";
    /// The year is settled.
    YearSettled = 14, "YEAR_SETTLED", "该年度已汇算清缴", "The year is settled";
    /// The year has not ended.
    YearNotEnded = 15, "YEAR_NOT_ENDED", "该年度尚未结束", "The year has not ended";
    /// Monthly against quarterly.
    FilingCycleMismatch = 16, "FILING_CYCLE_MISMATCH", "所属期与纳税期限不符", "The period does not match the filing cycle";
    /// The bureau's reference was used before.
    ReturnNumberReused = 17, "RETURN_NUMBER_REUSED", "该申报表编号已被使用", "The return number was used before";
    /// No policy covers the date.
    PolicyNotEncoded = 18, "POLICY_NOT_ENCODED", "该日期的政策尚未收录", "No encoded policy covers the date";
    /// The employer has no profile.
    ProfileNotRecorded = 19, "PROFILE_NOT_RECORDED", "该用人单位没有税务登记信息", "The employer has no recorded profile";
    /// The fact is out of force.
    FactAlreadyRetracted = 20, "FACT_ALREADY_RETRACTED", "该事实已被撤回或已被更新", "The fact was retracted or superseded before";
    /// Nobody is authenticated.
    Unauthenticated = 21, "UNAUTHENTICATED", "未通过身份认证", "The caller is not authenticated";
    /// Not permitted.
    PermissionDenied = 22, "PERMISSION_DENIED", "没有权限", "The caller may not do this";
    /// Too much at once.
    Overloaded = 23, "OVERLOADED", "服务繁忙，请稍后重试", "The service is busy; try again later";
    /// The deadline passed, or would.
    DeadlineTooShort = 24, "DEADLINE_TOO_SHORT", "超过时限", "The deadline has passed";
    /// The database does not answer.
    StoreUnavailable = 25, "STORE_UNAVAILABLE", "数据库暂不可用，请稍后重试", "The database is not available; try again later";
    /// A fault of ours.
    Internal = 26, "INTERNAL", "服务内部错误", "An internal error occurred";
    /// The message is too large.
    MessageTooLarge = 27, "MESSAGE_TOO_LARGE", "消息过大", "The message is too large";
    /// The page token is not valid.
    PageTokenInvalid = 28, "PAGE_TOKEN_INVALID", "翻页标记无效或已过期", "The page token is not valid or has expired";
    /// A time in the future was asked for.
    AsOfInFuture = 29, "AS_OF_IN_FUTURE", "截至时间晚于当前时间", "The as-of time lies in the future";
    /// The caller calls too often.
    RateExceeded = 30, "RATE_EXCEEDED", "调用过于频繁，请稍后重试", "The caller calls too often; try again later";
    /// The person who took the step before may not take this one.
    SecondPersonRequired = 31, "SECOND_PERSON_REQUIRED", "须由另一人办理", "Another person has to do this";
    /// Too many identities did not match.
    TooManyMisses = 32, "TOO_MANY_MISSES", "身份比对不一致次数过多，请稍后重试", "Too many identities did not match; try again later";
    /// The service is about to stop.
    Draining = 33, "DRAINING", "服务即将停止，请重新连接", "The service is about to stop; connect again";
    /// A record is no longer its own, or holds nobody.
    WorkersNotMergeable = 34, "WORKERS_NOT_MERGEABLE", "该人员记录已被合并或已被删除，不能合并", "A record was merged or erased before";
    /// Facts or months have changed since the proposal.
    MergeEffectChanged = 35, "MERGE_EFFECT_CHANGED", "自提出合并以来事实或已入账月份有变化", "Facts or booked months have changed since the merge was proposed";
    /// No edition of policies with that version was ever applied here.
    PolicyVersionNotFound = 50, "POLICY_VERSION_NOT_FOUND", "没有该版本的政策", "No policies of that version were ever applied here";
    /// The row holds a question that is not decided again.
    DecisionNotReplayable = 51, "DECISION_NOT_REPLAYABLE", "该记录不是可以重新计算的决定", "The row does not hold a decision that can be made again";
    /// No entry has the id.
    EntryNotFound = 52, "ENTRY_NOT_FOUND", "没有该分录", "The entry is not known";
    /// No parameter has the name.
    ParameterNotFound = 53, "PARAMETER_NOT_FOUND", "没有该参数", "The parameter is not known";
    /// The case is unknown.
    CaseNotFound = 75, "CASE_NOT_FOUND", "没有该事项", "The case is not known";
    /// The state does not allow the step.
    TransitionNotAllowed = 76, "TRANSITION_NOT_ALLOWED", "当前状态不允许该操作", "The case's state does not allow this step";
    /// The filing has no such post.
    PostNotFound = 77, "POST_NOT_FOUND", "备案中没有该岗位", "The filing has no such post";
    /// The post has no free place.
    PostFull = 78, "POST_FULL", "该岗位已无空缺", "The post has no free place";
    /// The hire was reported before.
    HireAlreadyReported = 79, "HIRE_ALREADY_REPORTED", "该人员的用工已报备", "The hire was reported before";
    /// The filing is not in force.
    FilingNotInForce = 80, "FILING_NOT_IN_FORCE", "该备案未生效", "The filing is not in force";
    /// No month of the quarter can be claimed.
    NothingToClaim = 81, "NOTHING_TO_CLAIM", "没有可以申领的月份", "There is no month to claim";
    /// Facts no longer support a line.
    ClaimEvidenceChanged = 82, "CLAIM_EVIDENCE_CHANGED", "申领所依据的事实已变更", "The facts that the claim rests on have changed";
    /// Facts support every line that stands.
    NothingToClawBack = 83, "NOTHING_TO_CLAW_BACK", "没有需要追回的款项", "There is nothing to claw back";
    /// The claim has too many lines.
    ClaimTooLong = 84, "CLAIM_TOO_LONG", "申领人月过多，请分批申领", "The claim has too many lines";
    /// A review that no judgement can answer with yes.
    ReviewNotAcceptable = 54, "REVIEW_NOT_ACCEPTABLE", "该事项须以记录或政策为依据，不能凭复核认定", "What is missing is a record or the law, which no review can stand in for";
    /// The finding concerns no filing.
    FindingWithoutFiling = 85, "FINDING_WITHOUT_FILING", "该线索未涉及备案，无法冻结", "The finding concerns no filing to freeze";
    /// The statistics have too many rows.
    StatisticsTooFine = 86, "STATISTICS_TOO_FINE", "统计维度过细，请减少维度或缩短期间", "The statistics have too many rows";
    /// The month is not ELIGIBLE.
    CertificateNotDue = 87, "CERTIFICATE_NOT_DUE", "不符合出具证明的条件", "The conditions for a certificate are not met";
}

/// An error of a use case. `Display` never prints its source.
#[derive(Debug, thiserror::Error)]
#[error("{}", .reason.name())]
pub struct AppError {
    /// Which.
    pub reason: ErrorReason,
    /// Facts for a program: `ErrorInfo.metadata`.
    pub metadata: Vec<(&'static str, String)>,
    /// Every wrong field.
    pub violations: Vec<Violation>,
    /// When a retry may help.
    pub retry_after: Option<Duration>,
    /// What the audit trail says, where the caller is told less.
    recorded_as: Option<ErrorReason>,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl AppError {
    /// An error of a reason.
    pub const fn new(reason: ErrorReason) -> Self {
        Self {
            reason,
            metadata: Vec::new(),
            violations: Vec::new(),
            retry_after: None,
            recorded_as: None,
            source: None,
        }
    }

    /// The same, of which the audit trail says more than the caller is told: that something is out of reach, and not
    /// that there is no such thing.
    #[must_use]
    pub(crate) const fn recorded_as(mut self, reason: ErrorReason) -> Self {
        self.recorded_as = Some(reason);
        self
    }

    /// What the audit trail says.
    pub(crate) fn recorded_reason(&self) -> ErrorReason {
        self.recorded_as.unwrap_or(self.reason)
    }

    /// Wrong fields.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self {
            violations,
            ..Self::new(ErrorReason::InvalidArgumentFields)
        }
    }

    /// An incomplete access context.
    pub(crate) fn context_required(violations: Vec<Violation>) -> Self {
        Self {
            violations,
            ..Self::new(ErrorReason::ContextRequired)
        }
    }

    /// The same with a fact for a program.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((name, value.into()));
        self
    }

    /// A queue is full.
    pub fn overloaded() -> Self {
        Self {
            retry_after: Some(crate::limits::OVERLOAD_RETRY_AFTER),
            ..Self::new(ErrorReason::Overloaded)
        }
    }

    /// The service is about to stop; another instance, or this one a little later, goes on.
    pub fn draining() -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(ErrorReason::Draining)
        }
    }

    /// A fault of ours, with its cause for the log.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(ErrorReason::Internal)
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let (reason, retry_after) = match error.kind() {
            StoreErrorKind::Unavailable => {
                (ErrorReason::StoreUnavailable, Some(Duration::from_secs(1)))
            }
            StoreErrorKind::CommitUnknown => {
                (ErrorReason::StoreUnavailable, Some(Duration::from_secs(1)))
            }
            StoreErrorKind::Contended | StoreErrorKind::Outdated | StoreErrorKind::Conflict => (
                ErrorReason::Overloaded,
                Some(crate::limits::OVERLOAD_RETRY_AFTER),
            ),
            StoreErrorKind::Corrupt | StoreErrorKind::Internal => (ErrorReason::Internal, None),
        };
        Self {
            retry_after,
            source: Some(error.into()),
            ..Self::new(reason)
        }
    }
}

impl From<LedgerRefusal> for AppError {
    fn from(refusal: LedgerRefusal) -> Self {
        let reason = match &refusal {
            LedgerRefusal::EmployerNotEnterprise => ErrorReason::EmployerNotEnterprise,
            LedgerRefusal::PeriodNotEnded => ErrorReason::PeriodNotEnded,
            LedgerRefusal::FilingCycleMismatch => ErrorReason::FilingCycleMismatch,
            LedgerRefusal::YearSettled => ErrorReason::YearSettled,
            LedgerRefusal::PeriodAlreadyPosted => ErrorReason::PeriodAlreadyPosted,
            LedgerRefusal::PeriodOutOfOrder { .. } => ErrorReason::PeriodOutOfOrder,
            LedgerRefusal::PeriodNotPosted => ErrorReason::PeriodNotPosted,
            LedgerRefusal::ReturnNumberReused => ErrorReason::ReturnNumberReused,
            LedgerRefusal::YearNotEnded => ErrorReason::YearNotEnded,
            LedgerRefusal::PolicyNotEncoded => ErrorReason::PolicyNotEncoded,
            LedgerRefusal::CitNotApplicable => {
                return Self::invalid(vec![Violation::new(
                    "cit_payable_fen",
                    "个人独资企业和合伙企业不缴纳企业所得税，应为 0",
                    "sole proprietorships and partnerships pay no enterprise income tax: must be 0",
                )]);
            }
        };
        let error = Self::new(reason);
        match refusal {
            LedgerRefusal::PeriodOutOfOrder { last_posted } => {
                error.with("last_posted_period", last_posted.to_string())
            }
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_text_in_both_languages() {
        for reason in ErrorReason::ALL {
            let text = reason.text();
            assert!(
                text.zh
                    .chars()
                    .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                "{reason:?}"
            );
            assert!(
                text.en.starts_with(|c: char| c.is_ascii_uppercase()),
                "{reason:?}"
            );
        }
    }

    #[test]
    fn a_store_error_says_whether_a_retry_may_help() {
        let busy = AppError::from(StoreError::new(StoreErrorKind::Contended, "a lock"));
        assert!(busy.retry_after.is_some());
        let corrupt = AppError::from(StoreError::new(StoreErrorKind::Corrupt, "a row"));
        assert!(corrupt.retry_after.is_none());
        assert_eq!(corrupt.to_string(), "INTERNAL");
    }
}
