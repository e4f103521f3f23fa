//! Every step of a desk as a table: a row is a request, its columns are the request's fields.

use super::kind::{Choice, Field, Form, Kind};
use super::kinds::{DOCUMENT_NUMBER, DOCUMENT_TYPE, NAME, field, required};

const FILING_KINDS: &[Choice] = &[
    ("劳动合同", "FILING_KIND_LABOUR_CONTRACT"),
    ("劳务协议", "FILING_KIND_SERVICE"),
    ("培训计划", "FILING_KIND_TRAINING_PLAN"),
];
const PAY_UNITS: &[Choice] = &[
    ("小时", "PAY_UNIT_HOUR"),
    ("日", "PAY_UNIT_DAY"),
    ("月", "PAY_UNIT_MONTH"),
];
const TRAINING_STAGES: &[Choice] = &[
    ("岗前培训", "TRAINING_STAGE_PRE_POST"),
    ("在岗培训", "TRAINING_STAGE_ON_POST"),
    ("转岗培训", "TRAINING_STAGE_TRANSFER"),
];
const FILING_DECISIONS: &[Choice] = &[
    ("受理", "FILING_DECISION_ACCEPT"),
    ("退回", "FILING_DECISION_RETURN"),
    ("撤销", "FILING_DECISION_REVOKE"),
    ("冻结", "FILING_DECISION_FREEZE"),
    ("解冻", "FILING_DECISION_UNFREEZE"),
    ("到期", "FILING_DECISION_EXPIRE"),
];
const CARER_GROUPS: &[Choice] = &[
    ("育儿妇女", "CARER_GROUP_MOTHER"),
    ("其他育儿人员", "CARER_GROUP_OTHER_CARER"),
];
const SUBSIDIES: &[Choice] = &[
    ("用人单位社会保险补贴", "SUBSIDY_KIND_EMPLOYER_INSURANCE"),
    ("用人单位岗位补贴", "SUBSIDY_KIND_POST"),
    ("灵活就业人员社保补贴", "SUBSIDY_KIND_FLEXIBLE_INSURANCE"),
    ("精准培训补贴", "SUBSIDY_KIND_TRAINING"),
];
const CLAIM_DECISIONS: &[Choice] = &[
    ("通过", "CLAIM_DECISION_PASS"),
    ("退回", "CLAIM_DECISION_RETURN"),
    ("不予通过", "CLAIM_DECISION_REJECT"),
];

const CREDIT_CODE: &str = "18 位";
const TOWN: &str = "9 位镇街代码";
/// What a row is told apart by when all else is the same. It is no field of the request.
const MARK: Field = field(
    "request_id",
    "业务流水号",
    Form::Text,
    "内容相同的行只办理一次；确需再次办理的，填写不同的流水号。导出的清单已按办理次数填写",
);
const FILING_ID: Field = required("filing_id", "备案编号", Form::Code, "");
const CLAIM_ID: Field = required("claim_id", "申领编号", Form::Code, "见导出的补贴申领清单");
const VERDICT_REASON: Field = field("reason", "原因", Form::Text, "退回和不予通过时必填");

const FILING: &[Field] = &[
    required("employer_code", "统一社会信用代码", Form::Code, CREDIT_CODE),
    required("kind", "备案种类", Form::One(FILING_KINDS), ""),
    required("town_code", "镇街代码", Form::Code, TOWN),
    field("guideline_version", "用工指引版本", Form::Text, ""),
    field(
        "posts.post_key",
        "岗位标识",
        Form::Text,
        "单位自编；培训计划不填各岗位列",
    ),
    field("posts.title", "岗位名称", Form::Text, ""),
    field("posts.count", "岗位数", Form::Count, ""),
    field("posts.weekly_hours", "每周工时", Form::Count, ""),
    field("posts.working_hours", "工作时间", Form::Text, ""),
    field("posts.pay_min_fen", "最低报酬", Form::Money, ""),
    field("posts.pay_max_fen", "最高报酬", Form::Money, ""),
    field("posts.pay_unit", "计酬单位", Form::One(PAY_UNITS), ""),
    field("posts.town_code", "工作地镇街代码", Form::Code, TOWN),
    field(
        "training_plan.title",
        "培训内容",
        Form::Text,
        "仅培训计划填写各培训列",
    ),
    field(
        "training_plan.stage",
        "培训阶段",
        Form::One(TRAINING_STAGES),
        "",
    ),
    field("training_plan.class_hours", "培训课时", Form::Count, ""),
    field("training_plan.headcount", "培训人数", Form::Count, ""),
    field("training_plan.provider", "培训机构", Form::Text, ""),
    field(
        "filing_id",
        "退回的备案编号",
        Form::Code,
        "退回后再次提交时填写",
    ),
    MARK,
];
const FILING_DECISION: &[Field] = &[
    FILING_ID,
    required("decision", "审核意见", Form::One(FILING_DECISIONS), ""),
    field("reason", "原因", Form::Text, "受理时可不填"),
    field("expire_date", "有效期至", Form::Date, "受理时可填"),
    MARK,
];
const HIRE: &[Field] = &[
    FILING_ID,
    required("post_key", "岗位标识", Form::Text, "备案中的岗位标识"),
    DOCUMENT_TYPE,
    DOCUMENT_NUMBER,
    NAME,
    field("contract_id", "合同编号", Form::Text, ""),
    required("hired_date", "用工日期", Form::Date, ""),
    field("carer_group", "育儿人员类别", Form::One(CARER_GROUPS), ""),
    field("registered_date", "就业登记日期", Form::Date, ""),
    MARK,
];
const CLAIM: &[Field] = &[
    required("employer_code", "统一社会信用代码", Form::Code, CREDIT_CODE),
    required("kind", "补贴项目", Form::One(SUBSIDIES), ""),
    required("quarter", "申领季度", Form::Code, "如 2023-Q1"),
    field(
        "claim_id",
        "退回的申领编号",
        Form::Code,
        "退回后再次申领时填写",
    ),
    MARK,
];
const CLAIM_REVIEW: &[Field] = &[
    CLAIM_ID,
    required("decision", "初审意见", Form::One(CLAIM_DECISIONS), ""),
    VERDICT_REASON,
    MARK,
];
const CLAIM_APPROVAL: &[Field] = &[
    CLAIM_ID,
    required("decision", "复审意见", Form::One(CLAIM_DECISIONS), ""),
    VERDICT_REASON,
    MARK,
];
const CLAIM_PAYMENT: &[Field] = &[
    CLAIM_ID,
    required("paid_date", "拨付日期", Form::Date, ""),
    required("payment_reference", "支付凭证号", Form::Text, ""),
    required("fund_source", "资金来源", Form::Text, "如 就业补助资金"),
    MARK,
];
const CLAIM_CLAW_BACK: &[Field] = &[
    CLAIM_ID,
    required("reason", "追回原因", Form::Text, "不含个人信息"),
    MARK,
];

/// Every step that is taken by a file, in the order in which a subsidy comes about.
pub const STEPS: &[Kind] = &[
    step("filing", "备案申报", FILING, "SubmitFilingRequest"),
    step(
        "filing_decision",
        "备案审核",
        FILING_DECISION,
        "DecideFilingRequest",
    ),
    step("hire", "用工报备", HIRE, "ReportHireRequest"),
    step("claim", "补贴申领", CLAIM, "SubmitClaimRequest"),
    step(
        "claim_review",
        "补贴初审",
        CLAIM_REVIEW,
        "ReviewClaimRequest",
    ),
    step(
        "claim_approval",
        "补贴复审",
        CLAIM_APPROVAL,
        "ApproveClaimRequest",
    ),
    step(
        "claim_payment",
        "补贴拨付",
        CLAIM_PAYMENT,
        "MarkClaimPaidRequest",
    ),
    step(
        "claim_claw_back",
        "补贴追回",
        CLAIM_CLAW_BACK,
        "ClawBackClaimRequest",
    ),
];

const fn step(
    name: &'static str,
    title: &'static str,
    fields: &'static [Field],
    request: &'static str,
) -> Kind {
    Kind {
        name,
        title,
        fields,
        request: Some(request),
    }
}
