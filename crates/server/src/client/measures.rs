//! `mamagang check-subsidy`, `check-vat` and `check-preferences`.

use clap::{Args, ValueEnum};
use mamagang_proto::v1::{
    self, AccessContext, CheckInclusivePreferencesRequest, CheckInclusivePreferencesResponse,
    CheckSubsidyRequest, CheckVatExemptionRequest, CheckVatExemptionResponse, PreferenceItem,
    RefundClass, SubsidyKind, VatOutcome,
};

use super::args::{ClientFlags, ContextFlags, DEDUCTION_BASIS, DEDUCTION_PURPOSE, WorkerFlags};
use super::ask::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::render;
use super::view::{View, yuan};
use super::words;

/// `mamagang check-subsidy`.
#[derive(Args, Clone, Debug)]
pub struct SubsidyArgs {
    /// Which subsidy
    #[arg(long, value_enum)]
    pub kind: Subsidy,
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// Whom.
    #[command(flatten)]
    pub worker: WorkerFlags,
    /// The first month asked for; not needed for training
    #[arg(
        long,
        value_name = "YYYY-MM",
        default_value = "",
        hide_default_value = true
    )]
    pub from: String,
    /// The last month asked for; not needed for training
    #[arg(
        long,
        value_name = "YYYY-MM",
        default_value = "",
        hide_default_value = true
    )]
    pub through: String,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// The subsidies of the notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subsidy {
    /// 用人单位社会保险补贴 (measure 3)
    EmployerInsurance,
    /// 用人单位岗位补贴 (measure 4)
    Post,
    /// 灵活就业人员社保补贴 (measure 5)
    FlexibleInsurance,
    /// 精准培训补贴 (measure 7)
    Training,
}

impl Subsidy {
    pub(super) const fn to_proto(self) -> SubsidyKind {
        match self {
            Self::EmployerInsurance => SubsidyKind::EmployerInsurance,
            Self::Post => SubsidyKind::Post,
            Self::FlexibleInsurance => SubsidyKind::FlexibleInsurance,
            Self::Training => SubsidyKind::Training,
        }
    }
}

/// `mamagang check-vat`.
#[derive(Args, Clone, Debug)]
pub struct VatArgs {
    /// The province, 6 digits
    #[arg(long, value_name = "CODE", default_value = "440000")]
    pub province: String,
    /// Who sells
    #[arg(long, value_enum, default_value = "natural-person")]
    pub party: Seller,
    /// The day on which the obligation arises
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub on: String,
    /// The sale, or the sales of the period, in fen
    #[arg(long, value_name = "FEN")]
    pub amount_fen: i64,
    /// The amount includes VAT
    #[arg(long)]
    pub with_vat: bool,
    /// Other sales of the same day in fen, without VAT
    #[arg(long, value_name = "FEN", default_value_t = 0)]
    pub other_sales_fen: i64,
    /// Platform sales of the month in fen, without VAT
    #[arg(long, value_name = "FEN", default_value_t = 0)]
    pub platform_sales_fen: i64,
    /// UMCT rate of the place in basis points
    #[arg(long, value_name = "BP", default_value_t = 700)]
    pub umct_rate_bp: i32,
    /// The half rate of the surcharges applies
    #[arg(long)]
    pub half_rate: bool,
    /// The exemption of the amount is waived for a special invoice
    #[arg(long)]
    pub waived: bool,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Who sells, with the filing cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Seller {
    /// 自然人
    NaturalPerson,
    /// A small-scale taxpayer that files by the month
    Monthly,
    /// A small-scale taxpayer that files by the quarter
    Quarterly,
}

/// `mamagang check-preferences`. Amounts are fen; what is not given was not told.
#[derive(Args, Clone, Debug)]
pub struct PreferencesArgs {
    /// The employer's 统一社会信用代码, whose record stands in for what is not given
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub employer: String,
    /// The year
    #[arg(long, value_name = "YYYY")]
    pub year: i32,
    /// The period of the sales and of the refund
    #[arg(
        long,
        value_name = "PERIOD",
        default_value = "",
        hide_default_value = true
    )]
    pub period: String,
    /// Taxable income of the year
    #[arg(long, value_name = "FEN")]
    pub income_fen: Option<i64>,
    /// People employed
    #[arg(long, value_name = "COUNT")]
    pub staff: Option<i32>,
    /// Assets
    #[arg(long, value_name = "FEN")]
    pub assets_fen: Option<i64>,
    /// A restricted or forbidden industry
    #[arg(long)]
    pub restricted: bool,
    /// A small-scale taxpayer
    #[arg(long, conflicts_with = "general")]
    pub small_scale: bool,
    /// A general taxpayer
    #[arg(long)]
    pub general: bool,
    /// Sales of the period, without VAT
    #[arg(long, value_name = "FEN")]
    pub sales_fen: Option<i64>,
    /// What is due of the six taxes and two surcharges
    #[arg(long, value_name = "FEN")]
    pub surcharges_due_fen: Option<i64>,
    /// The uncredited input tax
    #[arg(long, value_name = "FEN")]
    pub credit_fen: Option<i64>,
    /// What it grew by
    #[arg(long, value_name = "FEN")]
    pub increment_fen: Option<i64>,
    /// Months in a row that ended with a credit
    #[arg(long, value_name = "COUNT")]
    pub credit_months: Option<i32>,
    /// 进项构成比例 in basis points
    #[arg(long, value_name = "BP")]
    pub input_ratio_bp: Option<i32>,
    /// What the firm is to the refund
    #[arg(long, value_enum)]
    pub refund_class: Option<Refund>,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Classes of the refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Refund {
    /// 小微企业
    SmallOrMicro,
    /// 公告列明行业
    NamedIndustry,
    /// 房地产
    RealEstate,
    /// 其他
    Other,
}

impl Refund {
    const fn to_proto(self) -> RefundClass {
        match self {
            Self::SmallOrMicro => RefundClass::SmallOrMicro,
            Self::NamedIndustry => RefundClass::NamedIndustry,
            Self::RealEstate => RefundClass::RealEstate,
            Self::Other => RefundClass::Other,
        }
    }
}

/// Where purpose and basis stand as the flags have them, which is for the deduction, those of the
/// subsidies are told.
fn context(flags: &ContextFlags) -> AccessContext {
    let mut context = flags.to_context();
    if context.purpose == DEDUCTION_PURPOSE {
        "妈妈岗补贴核验".clone_into(&mut context.purpose);
    }
    if context.legal_basis == DEDUCTION_BASIS {
        "中府函〔2022〕226号".clone_into(&mut context.legal_basis);
    }
    context
}

pub(super) async fn subsidy(
    args: &SubsidyArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let request = CheckSubsidyRequest {
        context: Some(context(&args.context)),
        kind: args.kind.to_proto().into(),
        employer_code: args.employer.clone(),
        worker: Some(args.worker.to_ref()),
        from_month: args.from.clone(),
        through_month: args.through.clone(),
    };
    let answer = connection.eligibility().check_subsidy(request).await?;
    let answer = answer.into_inner();
    let name = "mamagang.v1.CheckSubsidyResponse";
    Answer::of(&args.client, name, &answer, || {
        let decision = answer.decision.as_ref();
        let decision = decision.ok_or(Failure::Incomplete("decision"))?;
        Ok(render::decision(decision, render::Detail::Full, view))
    })
}

pub(super) async fn vat(
    args: &VatArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let (party, cycle) = match args.party {
        Seller::NaturalPerson => (v1::Party::NaturalPerson, v1::FilingCycle::Unspecified),
        Seller::Monthly => (v1::Party::SmallScaleTaxpayer, v1::FilingCycle::Monthly),
        Seller::Quarterly => (v1::Party::SmallScaleTaxpayer, v1::FilingCycle::Quarterly),
    };
    let request = CheckVatExemptionRequest {
        province_code: args.province.clone(),
        party: party.into(),
        obligation_date: args.on.clone(),
        amount_fen: args.amount_fen,
        vat_inclusive: args.with_vat,
        filing_cycle: cycle.into(),
        other_sales_same_day_fen: args.other_sales_fen,
        platform_sales_month_fen: args.platform_sales_fen,
        umct_rate_bp: args.umct_rate_bp,
        half_rate_surcharges: args.half_rate,
        exemption_waived: args.waived,
    };
    let answer = connection
        .eligibility()
        .check_vat_exemption(request)
        .await?;
    let answer = answer.into_inner();
    let name = "mamagang.v1.CheckVatExemptionResponse";
    Answer::of(&args.client, name, &answer, || Ok(vat_text(&answer, view)))
}

fn vat_text(answer: &CheckVatExemptionResponse, view: View) -> String {
    let outcome = match answer.outcome() {
        VatOutcome::Exempt => view.pick("免税", "exempt"),
        VatOutcome::Taxable => view.pick("应税", "taxable"),
        VatOutcome::Review => view.pick("待复核", "review"),
        VatOutcome::Unspecified => "",
    };
    let mut grid = view.headless();
    grid.pair(view.pick("结论", "outcome"), outcome)
        .pair(view.pick("适用时期", "regime"), answer.regime.as_str())
        .pair(
            view.pick("不含税销售额（元）", "net sales (yuan)"),
            yuan(answer.net_sales_fen),
        )
        .pair(
            view.pick("增值税（元）", "VAT (yuan)"),
            yuan(answer.vat_fen),
        );
    for line in &answer.surcharges {
        grid.pair(&words::tax(line.tax, view.lang), yuan(line.paid_fen));
    }
    grid.text()
        + &render::reasons(("理由", "Reasons"), &answer.reasons, view)
        + &render::reasons(("附注", "Caveats"), &answer.caveats, view)
}

pub(super) async fn preferences(
    args: &PreferencesArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let payer = match (args.small_scale, args.general) {
        (true, _) => v1::VatPayer::SmallScale,
        (_, true) => v1::VatPayer::General,
        _ => v1::VatPayer::Unspecified,
    };
    let request = CheckInclusivePreferencesRequest {
        employer_code: args.employer.clone(),
        tax_year: args.year,
        period: args.period.clone(),
        taxable_income_fen: args.income_fen,
        staff_count: args.staff,
        total_assets_fen: args.assets_fen,
        restricted_industry: args.restricted,
        vat_payer: payer.into(),
        sales_fen: args.sales_fen,
        surcharges_due_fen: args.surcharges_due_fen,
        input_credit_fen: args.credit_fen,
        credit_increment_fen: args.increment_fen,
        credit_months: args.credit_months,
        input_ratio_bp: args.input_ratio_bp,
        refund_class: args.refund_class.map_or(0, |class| class.to_proto().into()),
        ..CheckInclusivePreferencesRequest::default()
    };
    let asked = connection
        .eligibility()
        .check_inclusive_preferences(request)
        .await?;
    let answer = asked.into_inner();
    let name = "mamagang.v1.CheckInclusivePreferencesResponse";
    Answer::of(&args.client, name, &answer, || {
        Ok(preferences_text(&answer, view))
    })
}

fn preferences_text(answer: &CheckInclusivePreferencesResponse, view: View) -> String {
    let mut grid = view.table([
        view.pick("项目", "item"),
        view.pick("结论", "outcome"),
        view.pick("金额（元）", "yuan"),
        view.pick("理由", "reasons"),
    ]);
    for result in &answer.results {
        let messages = result.reasons.iter().map(|reason| reason.message.as_str());
        grid.row([
            item(result.item(), view).to_owned(),
            words::outcome(result.outcome, view.lang),
            yuan(result.amount_fen),
            messages.collect::<Vec<_>>().join("\n"),
        ]);
    }
    grid.figures([2]).whole([0]);
    grid.text()
}

const fn item(item: PreferenceItem, view: View) -> &'static str {
    let (zh, en) = match item {
        PreferenceItem::SmallScaleVat => ("小规模纳税人增值税", "small-scale VAT"),
        PreferenceItem::SmallProfitIncomeTax => ("小型微利企业所得税", "income tax of 小型微利"),
        PreferenceItem::HalfRateSurcharges => ("六税两费减半", "six taxes and two surcharges"),
        PreferenceItem::CreditRefund => ("留抵退税", "refund of input tax"),
        PreferenceItem::Unspecified => ("", ""),
    };
    view.lang.pick(zh, en)
}
