//! Codes as the reader of an explanation knows them.

use std::fmt;

use crate::fact::{ContractKind, EmployerKind, Insurance, PersonCategory, ReliefCode};
use crate::filing::FilingKind;
use crate::reason::Language;

use super::say;

/// A kind of employer.
pub(crate) fn employer_kind(language: Language, kind: EmployerKind) -> String {
    let (zh, en) = match kind {
        EmployerKind::Company => ("公司", "company"),
        EmployerKind::SoleProprietorship => ("个人独资企业", "sole proprietorship"),
        EmployerKind::Partnership => ("合伙企业", "partnership"),
        EmployerKind::PrivateNonEnterprise => ("民办非企业单位", "private non-enterprise unit"),
        EmployerKind::IndividualBusiness => ("个体工商户", "individual business"),
        EmployerKind::DispatchAgency => ("劳务派遣单位", "labour dispatch unit"),
    };
    say(language, zh, en)
}

/// `{公司、合伙企业}`: the kinds that a rule covers.
pub(crate) fn employer_kinds(language: Language, kinds: &[EmployerKind]) -> String {
    let kinds = kinds.iter().map(|kind| employer_kind(language, *kind));
    format!("{{{}}}", listed(language, kinds))
}

/// A kind of contract.
pub(crate) fn contract_kind(language: Language, kind: ContractKind) -> String {
    let (zh, en) = match kind {
        ContractKind::LabourContract => ("劳动合同", "labour contract"),
        ContractKind::ServiceAgreement => ("劳务协议", "service agreement"),
    };
    say(language, zh, en)
}

/// What was filed.
pub(crate) fn filing_kind(language: Language, kind: FilingKind) -> String {
    let (zh, en) = match kind {
        FilingKind::LabourContract => ("劳动合同型岗位", "labour-contract post"),
        FilingKind::Service => ("劳务型岗位", "service post"),
        FilingKind::TrainingPlan => ("培训计划", "training plan"),
    };
    say(language, zh, en)
}

/// A key group of measure 8.
pub(crate) fn person_category(language: Language, category: PersonCategory) -> String {
    let (zh, en) = match category {
        PersonCategory::LiftedFromPoverty => ("脱贫人口", "lifted from poverty"),
        PersonCategory::PovertyMonitored => ("防止返贫监测对象", "poverty-monitored"),
        PersonCategory::RegisteredUnemployed => ("登记失业半年以上", "registered unemployed"),
    };
    say(language, zh, en)
}

/// Another relief that a hire is under.
pub(crate) fn relief(language: Language, code: ReliefCode) -> String {
    let (zh, en) = match code {
        ReliefCode::Veteran => ("自主就业退役士兵税收优惠", "tax relief for veterans"),
        ReliefCode::OtherEmploymentTax => ("其他就业税收优惠", "another employment tax relief"),
        ReliefCode::SocialInsuranceSubsidy => {
            ("其他社会保险补贴", "another social-insurance subsidy")
        }
    };
    say(language, zh, en)
}

/// A branch of social insurance.
pub(crate) fn insurance(language: Language, kind: Insurance) -> String {
    let (zh, en) = match kind {
        Insurance::Pension => ("养老", "pension"),
        Insurance::Medical => ("医疗", "medical"),
        Insurance::Unemployment => ("失业", "unemployment"),
        Insurance::WorkInjury => ("工伤", "work injury"),
        Insurance::Maternity => ("生育", "maternity"),
    };
    say(language, zh, en)
}

/// What the values of policies mean that are codes: as their files write them, Chinese, English.
const VALUES: &[(&str, &str, &str)] = &[
    ("true", "是", "yes"),
    ("false", "否", "no"),
    ("FILING_SUBMITTED", "提交备案", "the filing's submission"),
    ("CONTRACT_STARTED", "合同起始", "the contract's first day"),
    (
        "COUNTED_MONTHS",
        "按实际计入的月份",
        "by the months that counted",
    ),
    (
        "CALENDAR_MONTHS",
        "自首个计入月份起按日历月",
        "by the calendar, from the first month that counted",
    ),
    ("MONTH_END", "当月最后一日", "the last day of the month"),
    ("MONTH_START", "当月第一日", "the first day of the month"),
    ("COVERED", "适用", "covered"),
    ("REVIEW", "待复核", "for review"),
    ("HIRE_DATE", "招用之日", "on the hire date"),
    (
        "EACH_MONTH",
        "每月最后一日",
        "on the last day of each month",
    ),
    ("ANY_DAY", "至少一日", "one day at least"),
    ("EVERY_DAY", "每一日", "every day"),
    ("PERSON", "按人，合并各单位", "a person, over all employers"),
    (
        "PERSON_AT_EMPLOYER",
        "按人，各单位分别计算",
        "a person at each employer",
    ),
    ("QUARTERLY", "按季", "by quarter"),
    ("MONTHLY", "按月", "by month"),
    (
        "CALENDAR_AND_USED_MONTHS",
        "日历月与已用月数分别计算",
        "by the calendar and by the months used, each for itself",
    ),
    (
        "ONE_UNBROKEN_SPELL_BY_CALENDAR_MONTHS",
        "同一次未中断的登记，按日历月",
        "one unbroken registration, by calendar months",
    ),
];

/// An assumed value in the reader's words, several of them listed; a number or a code without
/// words stays as it is.
pub fn value_words(language: Language, value: &str) -> String {
    let words = value.split(", ").map(|code| {
        let of_policies = VALUES.iter().find(|(known, _, _)| *known == code);
        of_policies
            .map(|(_, zh, en)| say(language, zh, en))
            .or_else(|| variant(EmployerKind::ALL, code).map(|kind| employer_kind(language, kind)))
            .or_else(|| variant(Insurance::ALL, code).map(|kind| insurance(language, kind)))
            .unwrap_or_else(|| code.to_owned())
    });
    listed(language, words)
}

/// The variant of this name: assumptions tell sets of facts' kinds so.
fn variant<T: Copy + fmt::Debug>(all: impl IntoIterator<Item = T>, name: &str) -> Option<T> {
    all.into_iter().find(|one| format!("{one:?}") == name)
}

fn listed(language: Language, words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    words.join(&say(language, "、", ", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subsidy::{AcceptedBy, CapScope, TrialTest};

    #[test]
    fn an_assumed_value_is_told_in_words_and_a_number_as_it_is() {
        let chinese = |value: &str| value_words(Language::Chinese, value);
        assert_eq!(chinese(&AcceptedBy::MonthEnd.to_string()), "当月最后一日");
        let tests = [TrialTest::FilingSubmitted, TrialTest::ContractStarted];
        let told = tests.map(|test| test.to_string()).join(", ");
        assert_eq!(chinese(&told), "提交备案、合同起始");
        assert_eq!(chinese("12"), "12");
        let english = value_words(Language::English, &CapScope::Person.to_string());
        assert_eq!(english, "a person, over all employers");
    }

    /// Assumptions tell these by the names of their variants.
    #[test]
    fn every_insurance_and_kind_of_employer_has_its_words() {
        for insurance in Insurance::ALL {
            let told = format!("{insurance:?}");
            assert_ne!(value_words(Language::Chinese, &told), told);
        }
        let kinds = EmployerKind::ALL;
        let told = kinds.map(|kind| format!("{kind:?}")).join(", ");
        for language in [Language::Chinese, Language::English] {
            let shown = employer_kinds(language, &kinds);
            assert_eq!(format!("{{{}}}", value_words(language, &told)), shown);
        }
    }
}
