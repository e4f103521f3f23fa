//! The words of filings, hires, findings and statistics in files. A number that this build does not know stands as it is.

use mamagang_proto::v1::{
    CarerGroup, Distance, FilingKind, FilingState, FindingRule, FindingState, HireState, PayUnit,
};

/// Says each value of an enum in Chinese.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident($enum:ident): $($value:ident = $word:literal),+;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name(number: i32) -> String {
            match $enum::try_from(number) {
                $(Ok($enum::$value) => $word.to_owned(),)+
                Ok($enum::Unspecified) => String::new(),
                Err(_) => number.to_string(),
            }
        }
    )*};
}

words! {
    /// What is filed.
    filing_kind(FilingKind): LabourContract = "劳动合同", Service = "劳务协议", TrainingPlan = "培训计划";
    /// Where a filing stands.
    filing_state(FilingState): Draft = "草稿", Submitted = "已提交", Accepted = "已受理", Returned = "已退回",
        Expired = "已过期", Revoked = "已撤销", Frozen = "已冻结";
    /// What pay is for.
    pay_unit(PayUnit): Hour = "小时", Day = "日", Month = "月";
    /// Where a hire stands.
    hire_state(HireState): Reported = "已报备", Registered = "已就业登记", Ended = "已离职", Closed = "已办结";
    /// Whom a worker cares for infants as.
    carer_group(CarerGroup): Mother = "育儿妇女", OtherCarer = "其他育儿人员";
    /// Where a worker lives.
    distance(Distance): SameTown = "同镇街", OtherTown = "跨镇街";
    /// A rule of supervision.
    finding_rule(FindingRule): SameEmployerRehire = "同一单位再次招用", SeveralEmployers = "同月多单位用工",
        EmployeePattern = "劳务协议呈劳动关系特征", ContractAgainstFiling = "合同类型与备案不符",
        InsuranceGap = "参保断档", ContractShorterThanClaimed = "合同短于申领", ExcludedEmployerKind = "不得享受的单位类型", MissedDeadline = "逾期未登记",
        OverWorkingAge = "超过劳动年龄", ClawBackDue = "补贴待追回";
    /// Where a finding stands.
    finding_state(FindingState): Open = "待分派", Assigned = "已分派", Resolved = "已办结";
}

/// The word of a key of statistics, which are names of values, months or codes.
pub(super) fn key(name: &str) -> &str {
    match name {
        "" => "（无）",
        "ABOVE_DESIGNATED" => "规模以上",
        "OTHER" => "其他",
        "MOTHER" => "育儿妇女",
        "OTHER_CARER" => "其他育儿人员",
        "SAME_TOWN" => "同镇街",
        "OTHER_TOWN" => "跨镇街",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_told_is_empty_and_what_is_newer_is_a_number() {
        for word in [
            filing_kind,
            filing_state,
            pay_unit,
            hire_state,
            carer_group,
            distance,
            finding_rule,
            finding_state,
        ] {
            assert_eq!((word(0).as_str(), word(99).as_str()), ("", "99"));
            assert!(!word(1).is_empty());
        }
    }
}
