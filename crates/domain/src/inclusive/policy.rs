//! What the law fixes for the inclusive preferences, as typed values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::{Ceiling, Fen, RateBp};
use crate::policy::Dated;

/// What a firm is to the refund of uncredited input tax (留抵退税).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundClass {
    /// 小微企业.
    SmallOrMicro = 1,
    /// Of the industries that the notice of the day names (制造业 and others).
    NamedIndustry = 2,
    /// 房地产开发经营业.
    RealEstate = 3,
    /// Any other.
    Other = 4,
}

impl RefundClass {
    /// All, by number.
    pub const ALL: [Self; 4] = [
        Self::SmallOrMicro,
        Self::NamedIndustry,
        Self::RealEstate,
        Self::Other,
    ];

    /// The class with a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as i64 == number)
    }
}

/// Of what a share is paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundBasis {
    /// Of the whole credit.
    WholeCredit,
    /// Of what it grew by, and only when it stood and grew long enough.
    Increment,
}

/// Measure 10.
#[derive(Clone, Debug)]
pub struct InclusivePolicy {
    /// 小型微利: most taxable income of the year.
    pub income_max: Dated<Ceiling>,
    /// 小型微利: most people employed.
    pub staff_max: Dated<i32>,
    /// 小型微利: most assets.
    pub assets_max: Dated<Ceiling>,
    /// 小型微利: income up to which the lower rate holds; `None` where there is one rate.
    pub first_tier_fen: Dated<Option<Fen>>,
    /// 小型微利: the rate up to there.
    pub first_tier_bp: Dated<RateBp>,
    /// 小型微利: the rate above, up to the most.
    pub second_tier_bp: Dated<RateBp>,
    /// The rate of everybody else, on everything.
    pub standard_bp: Dated<RateBp>,
    /// 留抵退税: of what a share is paid back.
    pub refund_basis: BTreeMap<RefundClass, Dated<RefundBasis>>,
    /// 留抵退税: the share.
    pub refund_share_bp: BTreeMap<RefundClass, Dated<RateBp>>,
    /// 留抵退税: the increment up to which the share of other firms holds; `None` = all of it.
    pub refund_tier_fen: Dated<Option<Fen>>,
    /// 留抵退税: the share of other firms above it.
    pub refund_above_tier_bp: Dated<RateBp>,
    /// 留抵退税: least increment.
    pub refund_increment_min_fen: Dated<Fen>,
    /// 留抵退税: months in a row that have to end with a credit.
    pub refund_months_min: Dated<i32>,
}
