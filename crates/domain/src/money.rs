//! Money in fen, rates in basis points, and the roundings that the tax rules name.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// The largest absolute amount that enters the service, in fen: 10^15 (ten trillion yuan).
pub const AMOUNT_FEN_MAX: i64 = 1_000_000_000_000_000;

/// Basis points in the whole (100 %).
pub const BP_WHOLE: i64 = 10_000;

/// An amount of money in fen (1/100 yuan).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many fen.
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The larger of the amount and zero.
    pub const fn or_zero(self) -> Self {
        if self.0 < 0 { Self::ZERO } else { self }
    }

    /// The amount times a count, saturating far beyond [`AMOUNT_FEN_MAX`].
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// `self × rate`, rounded half up to the fen, as each tax line of a return is
    /// (fact: section 2.5 (2)).
    pub fn at_rate(self, rate: RateBp) -> Self {
        half_up(Decimal::from(self.0) * Decimal::from(rate.0) / Decimal::from(BP_WHOLE))
    }

    /// Σ (amount × rate), rounded half up once.
    pub fn sum_at_rates(parts: impl IntoIterator<Item = (Self, RateBp)>) -> Self {
        half_up(weighted(parts) / Decimal::from(BP_WHOLE))
    }

    /// Σ (amount × rate) × `factor`, rounded half up once.
    pub fn sum_at_rates_times(
        parts: impl IntoIterator<Item = (Self, RateBp)>,
        factor: RateBp,
    ) -> Self {
        let whole = Decimal::from(BP_WHOLE);
        half_up(weighted(parts) / whole * Decimal::from(factor.0) / whole)
    }

    /// `self / (1 + rate)`, rounded half up: sales without VAT out of a price with VAT.
    pub fn without_tax(self, rate: RateBp) -> Self {
        let divisor = Decimal::from(BP_WHOLE + i64::from(rate.0));
        half_up(Decimal::from(self.0) * Decimal::from(BP_WHOLE) / divisor)
    }

    /// Yuan with two decimals and no thousands separator, the form used in Chinese files.
    pub fn yuan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let abs = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", abs / 100, abs % 100)
    }
}

/// Σ (fen × basis points), exact: 10^15 fen by 10^4 leaves room in 28 digits.
fn weighted(parts: impl IntoIterator<Item = (Fen, RateBp)>) -> Decimal {
    parts
        .into_iter()
        .map(|(amount, rate)| Decimal::from(amount.0) * Decimal::from(rate.0))
        .sum()
}

/// Half up (四舍五入): away from zero at the midpoint.
fn half_up(amount: Decimal) -> Fen {
    let rounded = amount.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    Fen(i64::try_from(rounded.mantissa()).unwrap_or(i64::MAX))
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.yuan())
    }
}

impl fmt::Debug for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.yuan())
    }
}

impl Add for Fen {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Fen {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Fen {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A rate in basis points (1 % = 100).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct RateBp(i32);

impl RateBp {
    /// So many basis points.
    pub const fn new(bp: i32) -> Self {
        Self(bp)
    }

    /// The number of basis points.
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// A limit in fen and whether the limit itself is still inside (Civil Code art. 1259: 以上 and
/// 以下 include the number, 不满 and 超过 do not).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// The limit, in fen.
    pub fen: Fen,
    /// Whether an amount equal to the limit is still below it.
    pub inclusive: bool,
}

impl Ceiling {
    /// Whether an amount stays within the limit.
    pub fn admits(self, amount: Fen) -> bool {
        amount < self.fen || (self.inclusive && amount == self.fen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_round_half_up_and_not_half_even() {
        assert_eq!(Fen::new(250).at_rate(RateBp::new(100)), Fen::new(3));
        assert_eq!(Fen::new(249).at_rate(RateBp::new(100)), Fen::new(2));
        assert_eq!(
            Fen::new(500_037).at_rate(RateBp::new(500)),
            Fen::new(25_002)
        );
    }

    #[test]
    fn a_sum_of_rates_is_rounded_once() {
        let rate = RateBp::new(250);
        let parts = [(Fen::new(10), rate), (Fen::new(10), rate)];
        assert_eq!(Fen::sum_at_rates(parts), Fen::new(1));
        assert_eq!(Fen::new(10).at_rate(rate), Fen::ZERO);
        let half = RateBp::new(5_000);
        assert_eq!(
            Fen::sum_at_rates_times([(Fen::new(3), half)], half),
            Fen::new(1)
        );
        assert_eq!(
            Fen::sum_at_rates_times([(Fen::new(1), half)], half),
            Fen::ZERO
        );
    }

    #[test]
    fn a_price_is_split_from_its_tax() {
        let one_percent = RateBp::new(100);
        assert_eq!(Fen::new(50_499).without_tax(one_percent), Fen::new(49_999));
        assert_eq!(Fen::new(50_500).without_tax(one_percent), Fen::new(50_000));
        assert_eq!(
            Fen::new(300_000).without_tax(one_percent),
            Fen::new(297_030)
        );
    }

    #[test]
    fn a_ceiling_knows_whether_it_is_included() {
        let limit = Fen::new(10_000_000);
        let inclusive = Ceiling {
            fen: limit,
            inclusive: true,
        };
        let exclusive = Ceiling {
            fen: limit,
            inclusive: false,
        };
        assert!(inclusive.admits(limit) && !exclusive.admits(limit));
        assert!(exclusive.admits(limit - Fen::new(1)));
        assert!(!inclusive.admits(limit + Fen::new(1)));
    }

    #[test]
    fn yuan_are_written_with_two_decimals_and_no_separators() {
        assert_eq!(Fen::new(2_340_005).yuan(), "23400.05");
        assert_eq!(Fen::new(-5).yuan(), "-0.05");
    }
}
