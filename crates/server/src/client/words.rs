//! The words of the API's codes, in both languages.

use clap::ValueEnum;
use mamagang_domain::reason::{ReasonCode as KnownReason, catalogue};
use mamagang_proto::v1::{
    ClaimState, Confidence, EntryKind, Outcome, PersonCategory, ReasonCode, Release, SourceState,
    SubsidyKind, TaxKind,
};

/// The language of what is printed, and of what the service is asked to answer in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// The text in this language.
    pub const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// For `accept-language`.
    pub const fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }
}

/// An outcome's number as a word; a number that this build does not know is shown as it is.
pub fn outcome(number: i32, lang: Lang) -> String {
    let (zh, en) = match Outcome::try_from(number) {
        Ok(Outcome::Eligible) => ("符合", "eligible"),
        Ok(Outcome::Ineligible) => ("不符合", "ineligible"),
        Ok(Outcome::Review) => ("待复核", "review"),
        Ok(Outcome::Unspecified) => return String::new(),
        Err(_) => return number.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// A category's number as a word; empty where none was found.
pub fn category(number: i32, lang: Lang) -> String {
    let (zh, en) = match PersonCategory::try_from(number) {
        Ok(PersonCategory::LiftedFromPoverty) => ("脱贫人口", "lifted from poverty"),
        Ok(PersonCategory::PovertyMonitored) => ("防止返贫监测对象", "poverty-monitored"),
        Ok(PersonCategory::RegisteredUnemployed) => ("登记失业半年以上", "registered unemployed"),
        Ok(PersonCategory::Unspecified) => return String::new(),
        Err(_) => return number.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// A tax's number as its name.
pub fn tax(number: i32, lang: Lang) -> String {
    let (zh, en) = match TaxKind::try_from(number) {
        Ok(TaxKind::Vat) => ("增值税", "VAT"),
        Ok(TaxKind::Umct) => ("城建税", "UMCT"),
        Ok(TaxKind::Edu) => ("教育费附加", "EDU"),
        Ok(TaxKind::Ledu) => ("地方教育附加", "LEDU"),
        Ok(TaxKind::Cit) => ("企业所得税", "CIT"),
        Ok(TaxKind::Unspecified) => return String::new(),
        Err(_) => return number.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// How well something is established.
pub fn confidence(number: i32, lang: Lang) -> String {
    let (zh, en) = match Confidence::try_from(number) {
        Ok(Confidence::Read) => ("原文", "read"),
        Ok(Confidence::Secondary) => ("转引", "secondary"),
        Ok(Confidence::Recalled) => ("凭记忆", "recalled"),
        Ok(Confidence::Derived) => ("推导", "derived"),
        Ok(Confidence::Unconfirmed) => ("未确认", "unconfirmed"),
        Ok(Confidence::Unspecified) => return String::new(),
        Err(_) => return number.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// How the quota was released; empty before the first posting.
pub fn release(number: i32, lang: Lang) -> String {
    let (zh, en) = match Release::try_from(number) {
        Ok(Release::Cumulative) => ("按实际累计", "cumulative"),
        Ok(Release::AnnualProjected) => ("按全年预计", "annual, projected"),
        Ok(Release::Unspecified) => return String::new(),
        Err(_) => return number.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// How an outside source answered.
pub fn source_state(number: i32, lang: Lang) -> String {
    let (zh, en) = match SourceState::try_from(number) {
        Ok(SourceState::Answered) => ("已答复", "answered"),
        Ok(SourceState::NoAnswer) => ("无答复", "no answer"),
        Ok(SourceState::BadAnswer) => ("答复有误", "bad answer"),
        Ok(SourceState::Resting) => ("暂停查询", "resting"),
        Ok(SourceState::NoTime) => ("未及查询", "no time left"),
        Ok(SourceState::OutOfDate) => ("名单过期", "out of date"),
        Ok(SourceState::Unspecified) => return String::new(),
        Err(_) => return number.to_string(),
    };
    lang.pick(zh, en).to_owned()
}

/// Yes or no.
pub const fn yes_or_no(is: bool, lang: Lang) -> &'static str {
    match is {
        true => lang.pick("是", "yes"),
        false => lang.pick("否", "no"),
    }
}

/// An enum's value as files and models write it: its name without the enum's, such as `ELIGIBLE`.
pub fn bare_name<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}

/// A subsidy.
pub const fn subsidy(kind: SubsidyKind, lang: Lang) -> &'static str {
    let (zh, en) = match kind {
        SubsidyKind::EmployerInsurance => ("用人单位社会保险补贴", "employer insurance"),
        SubsidyKind::Post => ("用人单位岗位补贴", "post"),
        SubsidyKind::FlexibleInsurance => ("灵活就业人员社保补贴", "flexible insurance"),
        SubsidyKind::Training => ("精准培训补贴", "training"),
        SubsidyKind::Unspecified => ("", ""),
    };
    lang.pick(zh, en)
}

/// A measure of the notice by its number and name; a number without a name as it is.
pub fn measure(number: i64, lang: Lang) -> String {
    let (zh, en) = match number {
        3 => ("用人单位社会保险补贴", "employer social-insurance subsidy"),
        4 => ("用人单位岗位补贴", "post subsidy"),
        5 => (
            "灵活就业人员社保补贴",
            "flexible worker's social-insurance subsidy",
        ),
        7 => ("精准培训补贴", "targeted training subsidy"),
        8 => ("重点群体税收优惠", "key-group hiring deduction"),
        9 => ("劳务人员税收优惠", "VAT exemption of non-employees"),
        10 => ("普惠性税收优惠", "inclusive preferences"),
        _ => return number.to_string(),
    };
    format!("{number} {}", lang.pick(zh, en))
}

/// The measure that a subsidy is.
pub const fn measure_of(kind: SubsidyKind) -> i64 {
    match kind {
        SubsidyKind::EmployerInsurance => 3,
        SubsidyKind::Post => 4,
        SubsidyKind::FlexibleInsurance => 5,
        SubsidyKind::Training => 7,
        SubsidyKind::Unspecified => 0,
    }
}

/// What an entry of the ledger records.
pub const fn entry_kind(kind: EntryKind, lang: Lang) -> &'static str {
    let (zh, en) = match kind {
        EntryKind::Post => ("入账", "posting"),
        EntryKind::Reversal => ("冲回", "reversal"),
        EntryKind::Settle => ("汇算清缴", "settlement"),
        EntryKind::Recompute => ("重新计算", "recomputation"),
        EntryKind::SubsidyPayment => ("补贴拨付", "subsidy payment"),
        EntryKind::SubsidyClawBack => ("补贴追回", "subsidy claw-back"),
        EntryKind::Unspecified => ("", ""),
    };
    lang.pick(zh, en)
}

/// Where a claim stands.
pub const fn claim_state(state: ClaimState, lang: Lang) -> &'static str {
    let (zh, en) = match state {
        ClaimState::Submitted => ("已申领", "submitted"),
        ClaimState::Reviewed => ("初审通过", "reviewed"),
        ClaimState::Approved => ("复审通过", "approved"),
        ClaimState::Paid => ("已拨付", "paid"),
        ClaimState::Rejected => ("不予通过", "rejected"),
        ClaimState::ClawedBack => ("已追回", "clawed back"),
        ClaimState::Returned => ("已退回", "returned"),
        ClaimState::Unspecified => ("", ""),
    };
    lang.pick(zh, en)
}

/// A reason by its name and what it means.
pub fn reason(number: i32, lang: Lang) -> String {
    let (name, cause) = (reason_name(number), reason_cause(number, lang));
    match cause {
        "" => name,
        cause => format!("{name} {cause}"),
    }
}

/// A reason's name, such as `TERM_EXHAUSTED`.
pub fn reason_name(number: i32) -> String {
    ReasonCode::try_from(number).map_or_else(
        |_| number.to_string(),
        |code| bare_name(code.as_str_name(), "REASON_CODE_").to_owned(),
    )
}

/// What a reason means in general; empty for one that this build does not know.
pub fn reason_cause(number: i32, lang: Lang) -> &'static str {
    KnownReason::from_number(number).map_or("", |code| {
        let entry = catalogue(code);
        lang.pick(entry.cause_zh, entry.cause_en)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_newer_service_is_shown_as_its_number() {
        let newer = 9_999;
        for word in [outcome, category, tax, confidence, release, source_state] {
            assert_eq!(word(newer, Lang::Zh), "9999");
        }
        assert_eq!(reason_name(newer), "9999");
        assert_eq!(reason_cause(newer, Lang::En), "");
    }

    #[test]
    fn a_measure_is_told_by_number_and_name() {
        assert_eq!(measure(3, Lang::Zh), "3 用人单位社会保险补贴");
        assert_eq!(measure(8, Lang::En), "8 key-group hiring deduction");
        assert_eq!(measure(6, Lang::En), "6");
    }

    #[test]
    fn what_was_not_told_is_empty() {
        for word in [outcome, category, tax, confidence, release] {
            assert_eq!(word(0, Lang::En), "");
        }
    }

    #[test]
    fn a_reason_is_named_and_explained() {
        let number = ReasonCode::TermExhausted.into();
        assert_eq!(reason_name(number), "TERM_EXHAUSTED");
        assert!(reason_cause(number, Lang::Zh).contains("36"));
        assert!(reason_cause(number, Lang::En).contains("36"));
    }
}
