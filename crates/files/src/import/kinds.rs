//! Every kind of fact: Chinese header and API field side by side, in one place.

use super::kind::{Choice, Field, Form, Kind};
use super::steps::STEPS;

const DOCUMENT_TYPES: &[Choice] = &[
    ("居民身份证", "DOCUMENT_TYPE_RESIDENT_ID_CARD"),
    ("港澳台居民居住证", "DOCUMENT_TYPE_HMT_RESIDENCE_PERMIT"),
    (
        "外国人永久居留身份证",
        "DOCUMENT_TYPE_FOREIGN_PERMANENT_RESIDENT_CARD",
    ),
];
const EMPLOYER_KINDS: &[Choice] = &[
    ("公司", "EMPLOYER_KIND_COMPANY"),
    ("个人独资企业", "EMPLOYER_KIND_SOLE_PROPRIETORSHIP"),
    ("合伙企业", "EMPLOYER_KIND_PARTNERSHIP"),
    ("民办非企业单位", "EMPLOYER_KIND_PRIVATE_NON_ENTERPRISE"),
    ("个体工商户", "EMPLOYER_KIND_INDIVIDUAL_BUSINESS"),
    ("劳务派遣单位", "EMPLOYER_KIND_DISPATCH_AGENCY"),
];
const VAT_PAYERS: &[Choice] = &[
    ("一般纳税人", "VAT_PAYER_GENERAL"),
    ("小规模纳税人", "VAT_PAYER_SMALL_SCALE"),
];
const FILING_CYCLES: &[Choice] = &[
    ("按月", "FILING_CYCLE_MONTHLY"),
    ("按季", "FILING_CYCLE_QUARTERLY"),
];
const SIZE_CLASSES: &[Choice] = &[
    ("规模以上", "SIZE_CLASS_ABOVE_DESIGNATED"),
    ("其他", "SIZE_CLASS_OTHER"),
];
const CATEGORIES: &[Choice] = &[
    ("脱贫人口", "PERSON_CATEGORY_LIFTED_FROM_POVERTY"),
    ("防止返贫监测对象", "PERSON_CATEGORY_POVERTY_MONITORED"),
];
const CONTRACT_KINDS: &[Choice] = &[
    ("劳动合同", "CONTRACT_KIND_LABOUR_CONTRACT"),
    ("劳务协议", "CONTRACT_KIND_SERVICE_AGREEMENT"),
];
const INSURANCES: &[Choice] = &[
    ("养老", "INSURANCE_PENSION"),
    ("医疗", "INSURANCE_MEDICAL"),
    ("失业", "INSURANCE_UNEMPLOYMENT"),
    ("工伤", "INSURANCE_WORK_INJURY"),
    ("生育", "INSURANCE_MATERNITY"),
];
const RELIEFS: &[Choice] = &[
    ("自主就业退役士兵", "VETERAN"),
    ("其他就业税收优惠", "OTHER_EMPLOYMENT_TAX"),
    ("其他社会保险补贴", "SOCIAL_INSURANCE_SUBSIDY"),
];

pub(super) const fn field(
    path: &'static str,
    header: &'static str,
    form: Form,
    note: &'static str,
) -> Field {
    Field {
        path,
        header,
        form,
        is_required: false,
        note,
    }
}

pub(super) const fn required(
    path: &'static str,
    header: &'static str,
    form: Form,
    note: &'static str,
) -> Field {
    Field {
        path,
        header,
        form,
        is_required: true,
        note,
    }
}

pub(super) const DOCUMENT_TYPE: Field = required(
    "worker.identity.type",
    "身份证件类型",
    Form::One(DOCUMENT_TYPES),
    "",
);
pub(super) const DOCUMENT_NUMBER: Field = required(
    "worker.identity.number",
    "身份证件号码",
    Form::Code,
    "文本格式，18 位，末位 X 大写",
);
pub(super) const NAME: Field = required("worker.identity.name", "姓名", Form::Text, "与证件一致");
const CREDIT_CODE: &str = "18 位";
const TOWN: &str = "9 位镇街代码";
const OFFICE: &str = "6 位或 9 位";

const EMPLOYER_PROFILE: &[Field] = &[
    required("employer_code", "统一社会信用代码", Form::Code, CREDIT_CODE),
    required("name", "单位名称", Form::Text, ""),
    required("kind", "单位类型", Form::One(EMPLOYER_KINDS), ""),
    required("town_code", "镇街代码", Form::Code, TOWN),
    required(
        "industry_code",
        "行业代码",
        Form::Code,
        "GB/T 4754，一个字母加至多 4 位数字",
    ),
    required("vat_payer", "增值税纳税人类型", Form::One(VAT_PAYERS), ""),
    required(
        "filing_cycle",
        "增值税申报周期",
        Form::One(FILING_CYCLES),
        "",
    ),
    required(
        "umct_rate_bp",
        "城建税税率（万分之）",
        Form::Count,
        "按所在地，以万分之一为单位",
    ),
    field("half_rate_surcharges", "适用六税两费减半", Form::Yes, ""),
    required("size_class", "规模", Form::One(SIZE_CLASSES), ""),
    required(
        "from_date",
        "生效日期",
        Form::Date,
        "自该日起适用，直至下一条",
    ),
];
const WORKER_PROFILE: &[Field] = &[
    required(
        "identity.type",
        "身份证件类型",
        Form::One(DOCUMENT_TYPES),
        "",
    ),
    required(
        "identity.number",
        "身份证件号码",
        Form::Code,
        "文本格式，18 位，末位 X 大写",
    ),
    required("identity.name", "姓名", Form::Text, "与证件一致"),
    field("town_code", "居住镇街代码", Form::Code, TOWN),
];
const UNEMPLOYMENT_SPELL: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required("registered_date", "失业登记日期", Form::Date, ""),
    field(
        "ended_date",
        "注销日期",
        Form::Date,
        "自该日起不再有效；未注销留空",
    ),
    field(
        "end_code",
        "注销原因代码",
        Form::Code,
        "2 位全国代码；未注销留空",
    ),
    required("reason_code", "失业原因代码", Form::Code, "2 位全国代码"),
    required("office_code", "登记机构代码", Form::Code, OFFICE),
];
const POVERTY_STATUS: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required("category", "人员类别", Form::One(CATEGORIES), ""),
    required("from_date", "开始日期", Form::Date, ""),
    field("to_date", "结束日期", Form::Date, "最后一日；未结束留空"),
];
const EMPLOYMENT_CERTIFICATE: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required(
        "certificate_number",
        "就业创业证编号",
        Form::Code,
        "16 位，文本格式",
    ),
    field(
        "enterprise_absorption_note",
        "已注明“企业吸纳税收政策”",
        Form::Yes,
        "",
    ),
    field("note_date", "注明日期", Form::Date, "未注明留空"),
    required("office_code", "注明机构代码", Form::Code, OFFICE),
];
const CONTRACT: &[Field] = &[
    required(
        "contract_id",
        "合同编号",
        Form::Code,
        "单位自编，同一单位内唯一",
    ),
    required("employer_code", "统一社会信用代码", Form::Code, CREDIT_CODE),
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required("kind", "合同类型", Form::One(CONTRACT_KINDS), ""),
    required("signed_date", "签订日期", Form::Date, ""),
    required("start_date", "合同开始日期", Form::Date, "招用之日"),
    field(
        "end_date",
        "合同终止日期",
        Form::Date,
        "最后一日；无固定期限留空",
    ),
    field(
        "terminated_date",
        "提前解除日期",
        Form::Date,
        "最后一日；未提前解除留空",
    ),
    field("part_time", "非全日制", Form::Yes, ""),
    field(
        "filing_id",
        "备案编号",
        Form::Code,
        "所填补的妈妈岗备案；没有留空",
    ),
];
const CONTRIBUTION: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    field(
        "employer_code",
        "缴费单位统一社会信用代码",
        Form::Code,
        "个人身份缴费留空",
    ),
    required("month", "费款所属月份", Form::Month, ""),
    required("insurances", "险种", Form::Some(INSURANCES), ""),
    required("paid_date", "缴费日期", Form::Date, ""),
];
const FLEXIBLE_REGISTRATION: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required("from_date", "灵活就业登记日期", Form::Date, ""),
    field("to_date", "结束日期", Form::Date, "最后一日；未结束留空"),
];
const DEPENDENT_CHILD: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required(
        "until_date",
        "抚养子女情形截止日期",
        Form::Date,
        "最后一日；不填写子女信息",
    ),
];
const OTHER_RELIEF: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required(
        "employer_code",
        "享受单位统一社会信用代码",
        Form::Code,
        CREDIT_CODE,
    ),
    required("relief_code", "优惠或补贴", Form::One(RELIEFS), ""),
    required("from_month", "开始月份", Form::Month, ""),
    field("to_month", "结束月份", Form::Month, "未结束留空"),
];
const PRIOR_TERM_USE: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required(
        "employer_code",
        "享受单位统一社会信用代码",
        Form::Code,
        CREDIT_CODE,
    ),
    required(
        "from_month",
        "开始月份",
        Form::Month,
        "本系统启用前已享受的首月",
    ),
    required("to_month", "结束月份", Form::Month, "末月"),
];
const TRAINING_RECORD: &[Field] = &[
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    required(
        "employer_code",
        "培训单位统一社会信用代码",
        Form::Code,
        CREDIT_CODE,
    ),
    required("plan_id", "培训计划编号", Form::Code, ""),
    required("class_hours", "课时", Form::Count, ""),
    field("completed_date", "完成日期", Form::Date, "未完成留空"),
    field("standard_met", "达到培训标准", Form::Yes, ""),
];

/// All kinds, in the order in which a new city records them.
pub const KINDS: &[Kind] = &[
    kind("employer_profile", "用人单位", EMPLOYER_PROFILE),
    kind("worker_profile", "人员", WORKER_PROFILE),
    kind("unemployment_spell", "失业登记", UNEMPLOYMENT_SPELL),
    kind("poverty_status", "脱贫及监测", POVERTY_STATUS),
    kind(
        "employment_certificate",
        "就业创业证",
        EMPLOYMENT_CERTIFICATE,
    ),
    kind("contract", "合同", CONTRACT),
    kind("contribution", "社保缴费", CONTRIBUTION),
    kind(
        "flexible_registration",
        "灵活就业登记",
        FLEXIBLE_REGISTRATION,
    ),
    kind("dependent_child", "抚养子女情形", DEPENDENT_CHILD),
    kind("other_relief", "其他优惠", OTHER_RELIEF),
    kind("prior_term_use", "此前已享受月份", PRIOR_TERM_USE),
    kind("training_record", "培训记录", TRAINING_RECORD),
];

const fn kind(name: &'static str, title: &'static str, fields: &'static [Field]) -> Kind {
    Kind {
        name,
        title,
        fields,
        request: None,
    }
}

/// The kind of fact or of step of a name, with `-` for `_` allowed, or of a Chinese title.
pub fn of_name(name: &str) -> Option<&'static Kind> {
    let name = name.replace('-', "_");
    let mut all = KINDS.iter().chain(STEPS);
    all.find(|kind| kind.name == name || kind.title == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn within_a_kind_no_header_and_no_field_stands_twice() {
        for kind in KINDS.iter().chain(STEPS) {
            let count = kind.all_fields().count();
            let headers: BTreeSet<&str> = kind.all_fields().map(|field| field.header).collect();
            let paths: BTreeSet<&str> = kind.all_fields().map(|field| field.path).collect();
            assert_eq!(
                (headers.len(), paths.len()),
                (count, count),
                "{}",
                kind.name
            );
        }
    }

    #[test]
    fn a_kind_is_found_by_either_name() {
        for name in ["unemployment_spell", "unemployment-spell", "失业登记"] {
            assert_eq!(
                of_name(name).map(|kind| kind.name),
                Some("unemployment_spell")
            );
        }
        assert_eq!(of_name("spell"), None);
    }
}
