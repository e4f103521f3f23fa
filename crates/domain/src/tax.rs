//! The taxes that the deduction reaches.

use serde::{Deserialize, Serialize};

/// A tax or surcharge, in the order in which the deduction is used (fact: section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxKind {
    /// 增值税, value-added tax.
    Vat,
    /// 城市维护建设税, urban maintenance and construction tax.
    Umct,
    /// 教育费附加, education surcharge.
    Edu,
    /// 地方教育附加, local education surcharge.
    Ledu,
    /// 企业所得税, enterprise income tax, at annual settlement.
    Cit,
}

impl TaxKind {
    /// All, in the order of use.
    pub const ALL: [Self; 5] = [Self::Vat, Self::Umct, Self::Edu, Self::Ledu, Self::Cit];
    /// Those declared in each VAT period.
    pub const OF_PERIOD: [Self; 4] = [Self::Vat, Self::Umct, Self::Edu, Self::Ledu];
}
