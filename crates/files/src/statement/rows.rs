//! What statements show.

use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;

/// Whose statement it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employer {
    /// 统一社会信用代码.
    pub code: String,
    /// Registered name; empty when the record has none for the time.
    pub name: String,
    /// 镇街代码.
    pub town_code: String,
}

/// Deductions by tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaxSums {
    /// 增值税.
    pub vat_fen: Fen,
    /// 城市维护建设税.
    pub umct_fen: Fen,
    /// 教育费附加.
    pub edu_fen: Fen,
    /// 地方教育附加.
    pub ledu_fen: Fen,
    /// 企业所得税.
    pub cit_fen: Fen,
}

impl TaxSums {
    /// In the order of use.
    pub const fn all(&self) -> [Fen; 5] {
        [
            self.vat_fen,
            self.umct_fen,
            self.edu_fen,
            self.ledu_fen,
            self.cit_fen,
        ]
    }

    /// All taxes together.
    pub fn total(&self) -> Fen {
        self.all().into_iter().sum()
    }

    /// Tax by tax.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            vat_fen: self.vat_fen + other.vat_fen,
            umct_fen: self.umct_fen + other.umct_fen,
            edu_fen: self.edu_fen + other.edu_fen,
            ledu_fen: self.ledu_fen + other.ledu_fen,
            cit_fen: self.cit_fen + other.cit_fen,
        }
    }
}

/// A row of 就业信息表 (本年度实际工作时间表), with the template's field codes (fact book, section 2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkTimeRow {
    /// 招用人姓名 (`lyrxm`).
    pub name: String,
    /// 身份证件类型 (`sfzjlxDm`), such as 201.
    pub document_code: String,
    /// 身份证件号码 (`sfzjhm`).
    pub document_number: String,
    /// 就业创业证编号 (`jycyzbh`).
    pub certificate_number: String,
    /// 类型 (`lxDm`): 01 or 04.
    pub type_code: String,
    /// 在本企业工作时间（月） (`zbqygzsj`).
    pub months: i64,
    /// The booked months, in order.
    pub booked: Vec<TaxMonth>,
    /// Months that facts support and nobody has booked.
    pub months_unbooked: i64,
    /// Months in review.
    pub months_under_review: i64,
    /// What the booked months give.
    pub accrued_fen: Fen,
}

/// A row of 减免税申报明细表.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// The period, `2024-05`; empty for the settlement.
    pub period: String,
    /// The tax's Chinese name.
    pub tax: String,
    /// 减税性质代码; empty where it is not known.
    pub code: String,
    /// Its name.
    pub code_name: String,
    /// 期初余额.
    pub opening_fen: Fen,
    /// 本期发生额.
    pub arising_fen: Fen,
    /// 本期应抵减税额.
    pub deductible_fen: Fen,
    /// 本期实际抵减税额.
    pub deducted_fen: Fen,
    /// 期末余额.
    pub closing_fen: Fen,
}

/// A year of 总台账.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearRow {
    /// The tax year.
    pub year: i32,
    /// Workers with a month.
    pub workers: i64,
    /// Booked person-months.
    pub months: i64,
    /// Person-months in review.
    pub months_under_review: i64,
    /// What the booked months give.
    pub accrued_fen: Fen,
    /// What the taxes took.
    pub deducted: TaxSums,
    /// What is left.
    pub remaining_fen: Fen,
    /// What was lost at settlement.
    pub forfeited_fen: Fen,
    /// What was deducted beyond the booked months.
    pub over_deducted_fen: Fen,
    /// Whether the year is settled.
    pub is_settled: bool,
}

/// A line of 年度台账: an entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLine {
    /// Its place in the employer's ledger.
    pub sequence: i64,
    /// 入账, 冲回, 汇算清缴, 重新计算, 补贴拨付 or 补贴追回.
    pub kind: String,
    /// The period; empty where it has none.
    pub period: String,
    /// When it was recorded, in Asia/Shanghai: `2024-02-01 09:30`.
    pub recorded: String,
    /// Person-months booked, less those taken back.
    pub months: i64,
    /// What they give.
    pub accrued_fen: Fen,
    /// What each tax took.
    pub deducted: TaxSums,
    /// What was lost.
    pub forfeited_fen: Fen,
    /// What is left behind the entry; negative when over-deducted.
    pub available_fen: Fen,
    /// Paid of a subsidy; below zero when taken back. It is no part of the quota.
    pub subsidy_fen: Fen,
}

/// A month of the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthFigure {
    /// The month.
    pub month: TaxMonth,
    /// Quota that the year's booked months up to this one give.
    pub released_fen: Fen,
    /// Deducted in the periods that end with this month.
    pub used_fen: Fen,
    /// What is left at its end.
    pub left_fen: Fen,
}

/// A kind of paper that the employer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// 合同.
    Contract,
    /// 就业创业证.
    Certificate,
    /// 失业登记.
    Registration,
    /// 脱贫或监测记录.
    Poverty,
    /// 社会保险缴费.
    Insurance,
}

impl EvidenceKind {
    /// In Chinese.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Contract => "合同",
            Self::Certificate => "就业创业证",
            Self::Registration => "失业登记",
            Self::Poverty => "脱贫或监测记录",
            Self::Insurance => "社会保险缴费",
        }
    }
}

/// A line of the list of papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// The worker's name as it may be shown.
    pub name: String,
    /// The worker's document number as it may be shown.
    pub document_number: String,
    /// What it is.
    pub kind: EvidenceKind,
    /// Its number.
    pub number: String,
    /// From when.
    pub from: String,
    /// Until when; empty = open.
    pub to: String,
    /// Which source it was recorded from.
    pub source: String,
    /// Its fact's id, by which the record is found.
    pub fact_id: String,
}
