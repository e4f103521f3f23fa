//! What the facts of a reason are called in a sentence.

use super::Language;

/// Name in answers, Chinese label, English label.
const LABELS: &[(&str, &str, &str)] = &[
    ("amount_yuan", "金额（元）", "amount, yuan"),
    ("as_of_date", "查询日期", "as of"),
    ("assets_yuan", "资产总额（元）", "assets, yuan"),
    ("class_hours", "课时", "class hours"),
    ("contract_id", "合同编号", "contract"),
    ("due_yuan", "应缴（元）", "due, yuan"),
    ("figures", "数据", "figures"),
    ("from", "起", "from"),
    ("from_month", "自", "from"),
    ("hired_on", "招用日期", "hired on"),
    ("income_yuan", "应纳税所得额（元）", "taxable income, yuan"),
    ("increment_yuan", "增量（元）", "increment, yuan"),
    ("month_yuan", "每月金额（元）", "yuan a month"),
    ("months", "月数", "months"),
    ("months_used", "此前已计月数", "months counted before"),
    (
        "net_sales_yuan",
        "不含税销售额（元）",
        "sales without VAT, yuan",
    ),
    ("obligation_date", "纳税义务发生日期", "obligation date"),
    (
        "over_deducted_yuan",
        "多扣金额（元）",
        "over-deducted, yuan",
    ),
    ("parameter", "参数", "parameter"),
    ("periods", "所属期数", "periods"),
    ("province_code", "省份代码", "province"),
    ("refund_yuan", "退税额（元）", "refund, yuan"),
    ("relieved_yuan", "已减免（元）", "relieved, yuan"),
    ("staff", "从业人数", "people employed"),
    ("staff_limit", "人数上限", "limit, people"),
    ("start_date", "合同起始", "contract start"),
    ("start_month", "起始月", "start month"),
    ("status_from", "身份起始", "status from"),
    ("status_to", "身份截止", "status to"),
    ("tax_year", "年度", "year"),
    ("tax_yuan", "税额（元）", "tax, yuan"),
    ("term_end_month", "期满月", "term ends"),
    ("threshold_inclusive", "标准含本数", "limit included"),
    ("threshold_yuan", "标准（元）", "limit, yuan"),
    ("trainings", "培训次数", "trainings"),
    (
        "vat_if_levied_yuan",
        "如按征收率计税（元）",
        "VAT if levied, yuan",
    ),
    ("vat_yuan", "增值税（元）", "VAT, yuan"),
    (
        "waived_yuan",
        "放弃免税的销售额（元）",
        "sales waived, yuan",
    ),
];

/// The label of a fact's name; the name itself where it has none.
pub fn label(name: &str, language: Language) -> &str {
    let known = LABELS.binary_search_by_key(&name, |(known, _, _)| *known);
    let known = known.ok().map(|index| LABELS[index]);
    match (known, language) {
        (Some((_, chinese, _)), Language::Chinese) => chinese,
        (Some((_, _, english)), Language::English) => english,
        (None, _) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_and_unknown_names_stay() {
        assert!(LABELS.is_sorted_by_key(|(name, _, _)| *name));
        assert_eq!(label("months", Language::Chinese), "月数");
        assert_eq!(label("hired_on", Language::English), "hired on");
        assert_eq!(label("something_else", Language::Chinese), "something_else");
    }
}
