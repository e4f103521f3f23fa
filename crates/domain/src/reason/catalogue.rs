//! What each reason means and what helps, in Chinese and English.

use super::ReasonCode;

/// One reason's entry in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// What is the case, in Chinese.
    pub cause_zh: &'static str,
    /// What is the case, in English.
    pub cause_en: &'static str,
    /// What the caller can do, in Chinese.
    pub remedy_zh: &'static str,
    /// What the caller can do, in English.
    pub remedy_en: &'static str,
}

macro_rules! entries {
    ($($code:ident: $cause_zh:literal, $cause_en:literal, $remedy_zh:literal, $remedy_en:literal;)*) => {
        /// The catalogue entry of a reason.
        pub const fn catalogue(code: ReasonCode) -> CatalogueEntry {
            match code {
                $(ReasonCode::$code => CatalogueEntry {
                    cause_zh: $cause_zh, cause_en: $cause_en, remedy_zh: $remedy_zh, remedy_en: $remedy_en,
                },)*
            }
        }
    };
}

entries! {
    PolicyNotEncoded: "该日期的政策尚未收录", "No encoded policy covers this date",
        "请人工复核，或待政策数据更新后重查", "Have a person review it, or ask again once the policy data is extended";
    EmployerNotEnterprise: "用人单位类型不在扣减范围内", "The employer's kind is not covered by the deduction",
        "个体工商户等不适用；请核对单位类型", "Check the recorded kind of employer";
    NotMatched: "姓名与证件号码不一致", "Name and identity number do not match",
        "请核对姓名和证件号码后重查", "Check name and number and ask again";
    ContractKindNotCovered: "不是劳动合同", "The contract is not a labour contract",
        "劳务协议不享受招用扣减", "A service agreement gives no hiring deduction";
    PartTime: "属于非全日制用工", "The work is part-time employment",
        "非全日制用工不享受招用扣减", "Part-time work gives no hiring deduction";
    ContractTooShort: "合同期限不满一年", "The contract term is shorter than one year",
        "须签订一年以上期限劳动合同", "A contract of at least one year is needed";
    CategoryNotCoveredAtDate: "招用之日该人员身份不适用", "The person's category does not apply on the hire date",
        "请核对脱贫或监测记录的起止日期", "Check the dates of the poverty record";
    SpellTooShort: "招用前登记失业不足半年", "Registered as unemployed for less than half a year before the hire",
        "不满半年的不享受；请核对失业登记日期", "Check the registration date";
    SpellBroken: "失业登记在招用前已中断", "The unemployment registration was broken before the hire",
        "请核对失业登记的注销和就业登记记录", "Check cancellations and employment registrations";
    NoRecord: "没有该人员身份的记录", "Nothing is recorded of the person's status",
        "请人社部门补录失业登记或脱贫记录", "Have the HR bureau record a registration or poverty record";
    CertificateNoteMissing: "缺少注明“企业吸纳税收政策”的就业创业证", "No certificate with the note 企业吸纳税收政策 is recorded",
        "请到公共就业服务机构申请加注", "Ask the public employment service to note the certificate";
    ConflictingEvidence: "失业登记期间有职工社保缴费", "Employee insurance was paid inside the registered unemployment",
        "请人工核实该期间是否已就业", "Have a person verify whether the worker was employed then";
    OtherEmploymentReliefClaimed: "已享受其他就业税收优惠", "The hire is already under another employment tax relief",
        "同一人不得重复享受；请核对已享受的政策", "A hire counts under one relief only";
    NotInForce: "当月没有有效的劳动合同", "No contract is in force in the month",
        "请核对合同的签订、起止和解除日期", "Check signature, start and end of the contract";
    InsuranceNotPaid: "当月未按规定缴纳社会保险", "The required insurances were not paid for the month",
        "须由该单位为当月缴纳养老、工伤、失业保险", "The employer must have paid pension, work-injury and unemployment insurance for it";
    TermExhausted: "三年（36个月）扣减期限已满", "The three-year term of 36 months is over",
        "期满不再享受", "No further months are available";
    TermCountUnconfirmed: "扣减期限的计算口径尚未明确", "The month is inside the term by one way of counting only",
        "请主管税务机关确认按日历月还是按已享受月计算", "Ask the tax office whether calendar or used months count";
    BackPaidInsurance: "社会保险为补缴", "The insurance for the month was paid late",
        "请主管税务机关确认补缴月份可否计入", "Ask the tax office whether a back-paid month counts";
    SourceUnreachable: "数据来源暂时无法查询", "A source could not be asked",
        "请稍后重查", "Ask again later";
    AllConditionsMet: "全部条件均已满足", "All conditions are met",
        "无需操作", "Nothing to do";
    VatLegUnconfirmed2026: "2026年起增值税能否继续扣减尚未确认", "Whether VAT may still be deducted from 2026 is not confirmed",
        "申报前请向主管税务机关确认", "Confirm with the tax office before filing";
    EarlierMonthsUnclaimed: "其他单位有符合条件但未申报的月份", "Months at another employer are supported by facts but nobody has claimed them",
        "如该单位日后申报，剩余月数将减少", "Should they be claimed later, fewer months remain";
    MonthBookedElsewhere: "该月已被计入：其他单位已申报或在本系统之前已享受", "The month is already counted: for another employer, or before this system",
        "请凭人员编号向主管税务机关核实", "Ask the competent tax office, by the worker's id";
    PeriodSkipped: "之前有所属期未入账，按零税额处理", "An earlier period was not posted and counts as zero tax",
        "如需补记请使用更正申报", "Amend it if tax was due";
    PostNotFiled: "合同未关联已备案的妈妈岗", "The contract names no filed mama post",
        "不影响税收扣减；补贴须先备案", "The tax right stands; subsidies need a filing";
    FilingKindMismatch: "备案类型与该措施不符", "The filing is of another kind than the measure asks for",
        "请核对备案类型", "Check the kind of the filing";
    FilingNotAccepted: "备案在当月尚未通过或已撤销", "The filing was not accepted by then, or was revoked",
        "请核对备案日期", "Check the dates of the filing";
    OverDeducted: "已扣减额超过重新计算后的总额", "More has been deducted than the months now give",
        "请更正申报并补缴税款", "File an amended return and pay the difference";
    NaturalPersonWithholding2026: "2026年11月1日起自然人代扣规定的文本未见", "Withholding for natural persons from 2026-11-01: its text has not been seen",
        "请人工复核", "Have a person review it";
    BelowThreshold: "销售额未超过起征点或免税标准", "Sales stay within the threshold",
        "无需缴纳增值税", "No VAT is due";
    ThresholdReached: "销售额达到起征点或超过免税标准，全额征税", "Sales reach the threshold; the whole amount is taxed",
        "按征收率申报缴纳", "Declare at the levy rate";
    ExemptByRegime: "该时期全部免征", "The regime of the date exempts every amount",
        "无需缴纳增值税", "No VAT is due";
    PlatformStartUnconfirmed: "平台收入按月判断的起始日期尚未确认", "From when platform income is tested by the month is not confirmed",
        "请向主管税务机关确认", "Confirm with the tax office";
    ExemptionWaived: "已放弃免税开具专用发票", "The exemption was waived for a special invoice",
        "该笔销售额按征收率申报缴纳", "Declare that sale at the levy rate";
    EmployerKindNotCovered: "用人单位类型不在补贴范围内", "The subsidy does not cover the employer's kind",
        "劳务派遣单位不享受社保补贴和岗位补贴；请核对单位类型", "Check the recorded kind; dispatch agencies get no insurance or post subsidy";
    IndividualBusinessUnconfirmed: "个体工商户是否适用该补贴尚未确认", "Whether the subsidy covers individual businesses is not confirmed",
        "请人社部门人工复核", "Have the HR bureau review it";
    OutsideTrialPeriod: "备案、招用或月份不在试行期内", "The filing, the hire or the month lies outside the trial period",
        "请核对备案提交日期和合同起始日期", "Check the days of submission and of the contract's start";
    DependentChildEnded: "认定之日已无符合年龄的子女", "No dependent child under the age on the day that counts",
        "请核对抚养子女情况的截止日期", "Check until when the dependent child is recorded";
    FilingDateMissing: "备案提交日期未记录", "The day of the filing's submission is not recorded",
        "请人社部门补录备案提交日期", "Have the HR bureau record it";
    FlexibleRegistrationMissing: "当月没有灵活就业登记", "Not registered as flexibly employed in the month",
        "请办理灵活就业登记后重查", "Register as flexibly employed and ask again";
    LateInsuranceNotCounted: "社会保险属补缴，该月不计算", "The insurance was paid late, and such a month is not counted",
        "请核对缴费日期", "Check the date of payment";
    MonthClaimedElsewhere: "该月同一补贴已由其他单位申领", "The same subsidy was claimed for the month at another employer",
        "请向人社部门核实", "Ask the HR bureau";
    OtherSubsidyClaimed: "该月已享受不可同享的其他补贴", "The month is under another subsidy that excludes this one",
        "同一人同一月只能享受其中一项", "One of the two only for one person and month";
    SubsidyMonthsExhausted: "该人员已满补贴最长月数", "The person has had the most months of the subsidy",
        "不再享受该项补贴", "No further months are subsidised";
    FirstClaimWins: "该月同时符合两项不可同享的补贴，先申领者享受", "The month supports two subsidies that exclude each other: the first claim takes it",
        "请与人员或用人单位商定由谁申领", "Agree between employer and worker who claims";
    TrainingNotCompleted: "没有已完成的培训记录", "No completed training is recorded",
        "请补录培训完成情况", "Have the completed training recorded";
    TrainingPlanNotFiled: "培训计划未备案", "The training's plan is not filed",
        "培训前须将计划报人社部门备案", "File the plan with the HR bureau before training";
    TrainingStandardNotMet: "培训未达到标准", "The training did not meet the standard",
        "未达标的培训不予补贴", "Training that misses the standard is not subsidised";
    TrainingMostReached: "该人员培训补贴已达上限", "The person's trainings have brought the most",
        "不再享受培训补贴", "No further training is subsidised";
    FigureMissing: "缺少计算所需的数据", "A figure that the answer needs was not told",
        "请补充所列数据后重查", "Send the figures named and ask again";
    NotSmallScale: "不是小规模纳税人", "Not a small-scale taxpayer",
        "一般纳税人不适用", "General taxpayers are not exempt";
    NoEnterpriseIncomeTax: "该类单位不缴纳企业所得税", "Employers of this kind pay no enterprise income tax",
        "个人经营所得另行计算", "Their owners' income is taxed otherwise";
    IncomeAboveLimit: "应纳税所得额超过上限，全额按法定税率", "Taxable income is above the limit: the full rate on everything",
        "请核对年度应纳税所得额", "Check the year's taxable income";
    StaffAboveLimit: "从业人数超过上限", "More people are employed than the limit",
        "请核对全年平均从业人数", "Check the year's average";
    AssetsAboveLimit: "资产总额超过上限", "Assets are above the limit",
        "请核对全年平均资产总额", "Check the year's average";
    RestrictedIndustry: "属于国家限制或禁止的行业", "A restricted or forbidden industry",
        "请核对行业", "Check the industry";
    NotHalfRatePayer: "不属于六税两费减半的纳税人", "Not a payer to whom the half rate of six taxes and two surcharges applies",
        "全额缴纳", "Pay in full";
    CreditNotLasting: "连续有留抵税额的月数不足", "Too few months in a row ended with a credit",
        "满足连续月数后再申请", "Apply once the months are reached";
    CreditIncrementTooSmall: "增量留抵税额未达到下限", "The credit grew by less than the least increment",
        "达到下限后再申请", "Apply once it is reached";
    RefundRuleUnconfirmed: "该日期的留抵退税规定尚未确认", "The refund's rule of that day is not confirmed",
        "请向主管税务机关确认", "Confirm with the tax office";
    LateClaimBarred: "更正申报时该人员已离职，以前所属期未享受的月份不再补享", "The person had left when the months were claimed by an amended return",
        "离职前未享受的月份不得补报；如离职日期有误请先更正事实", "Months not claimed before the leave are lost; correct the facts if the leave is wrong";
    MonthsRegrouped: "已入账月份改按另一类减税性质代码计算", "Booked months now count under the other group of reduction codes",
        "请核对已申报所属期的减税性质代码，必要时更正申报", "Check the codes of the returns filed and amend them where needed";
    ReviewRefused: "经人工复核，不予认定", "A review by two persons did not take the condition as met",
        "可查阅复核案件的理由；如有新材料，请申请重新复核", "Read the review case for its reason; with new papers, ask for another review";
    ReviewAccepted: "经人工复核，予以认定", "A review by two persons took the condition as met",
        "无需处理；依据见复核案件", "Nothing to do; the review case tells what it rests on";
    ClaimWindowClosed: "不在申领期限内", "The month is outside its claim window",
        "季度结束后、规定期限内申领", "Claim after the quarter has ended and within the time allowed";
    MonthAlreadyClaimed: "该人月已申领该项补贴", "The person-month of the subsidy is claimed already",
        "请查看已有的申领", "See the claim that holds it";
    FilingFrozen: "所依据的备案已被冻结", "The filing that the month rests on is frozen",
        "待监督核查办结后再申领", "Claim once supervision has decided";
    EduExemptBySales: "销售额未超过标准，免征教育费附加和地方教育附加", "Sales are within the limit, so the education surcharges are not due",
        "无需操作", "Nothing to do";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_texts_in_both_languages() {
        for code in ReasonCode::ALL {
            let entry = catalogue(*code);
            for chinese in [entry.cause_zh, entry.remedy_zh] {
                assert!(
                    chinese
                        .chars()
                        .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                    "{code:?}"
                );
            }
            for english in [entry.cause_en, entry.remedy_en] {
                assert!(
                    english.starts_with(|c: char| c.is_ascii_uppercase()),
                    "{code:?}"
                );
            }
        }
    }
}
