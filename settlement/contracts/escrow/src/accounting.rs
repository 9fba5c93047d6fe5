//! How the money of a lease divides. Pure arithmetic, every division floors.

/// Basis points of a whole.
pub(crate) const BPS: u32 = 10_000;

const SECONDS_PER_HOUR: i128 = 3_600;

/// How the locked amount of a lease divides.
///
/// `pay + refund` is the locked amount; `fee` is a part of `pay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// What the tenant pays, in stroops.
    pub(crate) pay: i128,
    /// What the treasury keeps of it.
    pub(crate) fee: i128,
    /// What goes back to the tenant.
    pub(crate) refund: i128,
}

/// Divides `amount` for `seconds` of service at `rate_per_hour`.
///
/// `pay = min(amount, floor(rate_per_hour × seconds / 3600))` and
/// `fee = floor(pay × fee_bps / 10,000)`.
pub(crate) fn split(amount: i128, rate_per_hour: i128, seconds: u64, fee_bps: u32) -> Split {
    // A product that does not fit in 127 bits is, divided by 3600, still above
    // 2^115: more than any token's supply, so the amount is the limit.
    let owed = match rate_per_hour.checked_mul(i128::from(seconds)) {
        Some(product) => product / SECONDS_PER_HOUR,
        None => amount,
    };
    let pay = owed.min(amount);
    Split { pay, fee: share(pay, fee_bps), refund: amount - pay }
}

/// `floor(amount × bps / 10,000)`, with no product that could overflow.
fn share(amount: i128, bps: u32) -> i128 {
    let (whole, bps) = (i128::from(BPS), i128::from(bps));
    amount / whole * bps + amount % whole * bps / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amount: i128, rate: i128, seconds: u64, bps: u32, expected: (i128, i128, i128)) {
        let Split { pay, fee, refund } = split(amount, rate, seconds, bps);
        assert_eq!((pay, fee, refund), expected, "{amount} at {rate}/h for {seconds} s");
    }

    #[test]
    fn pay_and_fee_are_floored_and_capped() {
        //    amount         rate      s    bps      pay         fee      refund
        check(10_000_000, 10_000_000, 3600, 500, (10_000_000, 500_000, 0));
        check(10_000_000, 10_000_000, 1800, 500, (5_000_000, 250_000, 5_000_000));
        check(10_000_000, 10_000_000, 3601, 500, (10_000_000, 500_000, 0));
        check(10_000_000, 10_000_000, 0, 500, (0, 0, 10_000_000));
        // One second at one stroop an hour is owed nothing until the hour is full.
        check(1, 1, 3599, 500, (0, 0, 1));
        check(1, 1, 3600, 500, (1, 0, 0));
        // 19 stroops at 5 % are 0.95: the fee rounds down, in the provider's favour.
        check(19, 19, 3600, 500, (19, 0, 0));
        check(20, 20, 3600, 500, (20, 1, 0));
        check(1_000, 1_000, 3600, 0, (1_000, 0, 0));
        check(1_000, 1_000, 3600, 10_000, (1_000, 1_000, 0));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let most = i128::MAX;
        check(most, most, u64::MAX, 10_000, (most, most, 0));
        check(most, 1, u64::MAX, 0, (i128::from(u64::MAX / 3600), 0, most - i128::from(u64::MAX / 3600)));
        check(1_000, most, 2, 500, (1_000, 50, 0));
    }
}
