//! Money in integer stroops, and rates per unit-hour. No float ever.

use std::fmt;
use std::num::NonZeroI64;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::str::FromStr;

use thiserror::Error;

use crate::codec::{Decode, DecodeError, Reader, codec_as};
use crate::time::Seconds;

/// Stroops in one unit of the asset (Stellar's seven decimals).
const STROOPS_PER_UNIT: i64 = 10_000_000;
const DECIMALS: usize = 7;
const SECONDS_PER_HOUR: u64 = 3_600;

/// Why a text is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not digits with at most one decimal point.
    #[error("is not a decimal number such as \"12.5\"")]
    NotDecimal,
    /// More than seven decimals.
    #[error("has more than 7 decimals")]
    TooPrecise,
    /// Below zero.
    #[error("is negative")]
    Negative,
    /// More than 2⁶³ − 1 stroops.
    #[error("is too large")]
    TooLarge,
}

/// An amount: stroops (10⁻⁷ of the asset), never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stroops(i64);

impl Stroops {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `stroops`, when it is not negative.
    #[inline]
    #[must_use]
    pub const fn new(stroops: i64) -> Option<Self> {
        if stroops < 0 { None } else { Some(Self(stroops)) }
    }

    /// The amount in stroops, 0 to 2⁶³ − 1.
    #[inline]
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, unless it overflows.
    #[inline]
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it would be negative.
    #[inline]
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::new)
    }

    #[inline]
    fn from_u128(stroops: u128) -> Option<Self> {
        i64::try_from(stroops).ok().map(Self)
    }
}

impl Add for Stroops {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("the ledger's total is bounded by the asset's supply")
    }
}

impl Sub for Stroops {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect("callers compare before they subtract")
    }
}

impl AddAssign for Stroops {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Stroops {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl fmt::Display for Stroops {
    /// Units of the asset, without trailing zeros: `100`, `2.5`, `0.0000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / STROOPS_PER_UNIT, self.0 % STROOPS_PER_UNIT);
        let text =
            if part == 0 { whole.to_string() } else { format!("{whole}.{part:07}").trim_end_matches('0').to_owned() };
        f.pad(&text)
    }
}

impl FromStr for Stroops {
    type Err = MoneyError;

    /// Reads units of the asset with at most seven decimals.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        if text.starts_with('-') {
            return Err(MoneyError::Negative);
        }
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(MoneyError::NotDecimal);
        }
        if part.len() > DECIMALS {
            return Err(MoneyError::TooPrecise);
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let part: i64 = format!("{part:0<7}").parse().map_err(|_| MoneyError::TooLarge)?;
        whole
            .checked_mul(STROOPS_PER_UNIT)
            .and_then(|stroops| stroops.checked_add(part))
            .map(Self)
            .ok_or(MoneyError::TooLarge)
    }
}

codec_as!(Stroops, i64, |money| money.0);

impl Decode for Stroops {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(i64::decode(input)?).ok_or(DecodeError::Range("stroops"))
    }
}

/// A price: stroops per unit-hour, from 1 up to [`Rate::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(NonZeroI64);

impl Rate {
    /// The dearest rate: 10⁹ units of the asset per unit-hour. It leaves room
    /// for the largest lease in 128 bits.
    pub const MAX: Self = Self(NonZeroI64::new(1_000_000_000 * STROOPS_PER_UNIT).expect("it is not zero"));

    /// A rate in stroops per unit-hour, when it is from 1 to [`Rate::MAX`].
    #[inline]
    #[must_use]
    pub const fn new(stroops_per_unit_hour: i64) -> Option<Self> {
        match NonZeroI64::new(stroops_per_unit_hour) {
            Some(rate) if rate.get() > 0 && rate.get() <= Self::MAX.0.get() => Some(Self(rate)),
            _ => None,
        }
    }

    /// Stroops per unit-hour.
    #[inline]
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0.get()
    }

    /// The rate of `units × replicas` units at this price.
    ///
    /// Returns `None` when it is more than 2⁶³ − 1 stroops an hour.
    #[inline]
    #[must_use]
    pub fn of(self, units: u32, replicas: u32) -> Option<RatePerHour> {
        let total = self.0.get().unsigned_abs().checked_mul(u64::from(units) * u64::from(replicas))?;
        i64::try_from(total).ok().map(RatePerHour)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Stroops(self.0.get()).fmt(f)
    }
}

codec_as!(Rate, i64, |rate| rate.get());

impl Decode for Rate {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(i64::decode(input)?).ok_or(DecodeError::Range("rate"))
    }
}

/// What a whole lease costs: stroops per hour for all its units and replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RatePerHour(i64);

impl RatePerHour {
    /// Stroops per hour.
    #[inline]
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RatePerHour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Stroops(self.0).fmt(f)
    }
}

codec_as!(RatePerHour, i64, |rate| rate.0);

impl Decode for RatePerHour {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let rate = i64::decode(input)?;
        if rate < 1 { Err(DecodeError::Range("rate per hour")) } else { Ok(Self(rate)) }
    }
}

/// What `rate` owes after `t` seconds: `floor(rate × t / 3600)`, computed from
/// the start each time in 128 bits, so that nothing drifts. The escrow contract
/// computes the same. `None` when it is more than 2⁶³ − 1 stroops.
#[inline]
#[must_use]
pub fn owed(rate: RatePerHour, t: Seconds) -> Option<Stroops> {
    // Most products fit into 64 bits, where the division is by a constant and
    // several times cheaper; what 64 bits hold divided by 3600 fits an amount.
    match rate.0.unsigned_abs().checked_mul(t.0) {
        Some(product) => Some(Stroops((product / SECONDS_PER_HOUR).cast_signed())),
        None => owed_wide(rate, t),
    }
}

#[cold]
fn owed_wide(rate: RatePerHour, t: Seconds) -> Option<Stroops> {
    Stroops::from_u128(u128::from(rate.0.unsigned_abs()) * u128::from(t.0) / u128::from(SECONDS_PER_HOUR))
}

/// The platform's share in hundredths of a percent, 0 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeBps(u16);

impl FeeBps {
    /// A share of `bps` hundredths of a percent, at most 10,000.
    #[inline]
    #[must_use]
    pub const fn new(bps: u16) -> Option<Self> {
        if bps > 10_000 { None } else { Some(Self(bps)) }
    }

    /// Hundredths of a percent.
    #[inline]
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

codec_as!(FeeBps, u16, |fee| fee.0);

impl Decode for FeeBps {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(u16::decode(input)?).ok_or(DecodeError::Range("fee"))
    }
}

/// The fee out of a lease's cumulative pay: `floor(pay × bps / 10⁴)`.
#[inline]
#[must_use]
pub fn fee(pay: Stroops, bps: FeeBps) -> Stroops {
    let share = match pay.0.unsigned_abs().checked_mul(u64::from(bps.0)) {
        Some(product) => Some(Stroops((product / 10_000).cast_signed())),
        None => Stroops::from_u128(u128::from(pay.0.unsigned_abs()) * u128::from(bps.0) / 10_000),
    };
    share.expect("a share of an amount is not larger than the amount")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(stroops: i64) -> Rate {
        Rate::new(stroops).expect("in range")
    }

    #[test]
    fn amounts_read_and_print_without_trailing_zeros() {
        for (text, stroops) in
            [("100", 1_000_000_000), ("2.5", 25_000_000), ("0.0000001", 1), ("0", 0), ("007.10", 71_000_000)]
        {
            assert_eq!(text.parse::<Stroops>().map(Stroops::get), Ok(stroops), "{text}");
        }
        assert_eq!(Stroops(71_000_000).to_string(), "7.1");
    }

    #[test]
    fn amounts_that_are_none_say_why() {
        for (text, why) in [
            ("-1", MoneyError::Negative),
            ("1.00000001", MoneyError::TooPrecise),
            ("922337203685.4775808", MoneyError::TooLarge),
            ("99999999999999999999", MoneyError::TooLarge),
            ("", MoneyError::NotDecimal),
            (".", MoneyError::NotDecimal),
            ("1.", MoneyError::NotDecimal),
            ("+1", MoneyError::NotDecimal),
            ("1e3", MoneyError::NotDecimal),
            ("１", MoneyError::NotDecimal),
            ("NaN", MoneyError::NotDecimal),
        ] {
            assert_eq!(text.parse::<Stroops>(), Err(why), "{text}");
        }
    }

    #[test]
    fn owed_rounds_down_from_the_start_each_time() {
        let rate = rate(1).of(1, 1).expect("small");
        assert_eq!(owed(rate, Seconds(3_599)), Some(Stroops(0)));
        assert_eq!(owed(rate, Seconds(3_600)), Some(Stroops(1)));
        assert_eq!(owed(Rate::MAX.of(1, 1).expect("fits"), Seconds(u64::MAX)), None);
    }

    /// Numbers of every size, so that products fall on both sides of 64 bits.
    fn any_size() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(n, cut)| n >> cut)
    }

    proptest! {
        #[test]
        fn narrow_arithmetic_gives_what_128_bits_give(
            hourly in any_size(), t in any_size(), units in any::<u32>(), replicas in any::<u32>(), bps in 0..=10_000_u16,
        ) {
            let hourly = i64::try_from(hourly >> 1).expect("63 bits");
            let wide = |product: u128, by: u128| i64::try_from(product / by).ok();
            prop_assert_eq!(
                owed(RatePerHour(hourly), Seconds(t)).map(Stroops::get),
                wide(u128::from(hourly.unsigned_abs()) * u128::from(t), 3_600)
            );
            prop_assert_eq!(
                Some(fee(Stroops(hourly), FeeBps(bps)).get()),
                wide(u128::from(hourly.unsigned_abs()) * u128::from(bps), 10_000)
            );
            let price = rate(hourly % Rate::MAX.get() + 1);
            prop_assert_eq!(
                price.of(units, replicas).map(RatePerHour::get),
                wide(u128::from(price.get().unsigned_abs()) * u128::from(units) * u128::from(replicas), 1)
            );
        }

        #[test]
        fn every_amount_survives_its_text(stroops in 0..=i64::MAX) {
            prop_assert_eq!(Stroops(stroops).to_string().parse(), Ok(Stroops(stroops)));
        }

        #[test]
        fn pay_fee_and_refund_add_up_to_the_escrow(rate in 1..=1_000_000_000_000_i64, t in 0..1_000_000_u64, bps in 0..=10_000_u16) {
            let rate = super::tests::rate(rate).of(1, 1).expect("fits");
            let escrow = owed(rate, Seconds(1_000_000)).expect("fits");
            let pay = owed(rate, Seconds(t)).expect("fits");
            let fee = fee(pay, FeeBps(bps));
            prop_assert!(fee <= pay && pay <= escrow);
            prop_assert_eq!((pay - fee) + fee + (escrow - pay), escrow);
        }
    }
}
