//! Sizes, processors and money, as the language writes them.

use berth_domain::Stroops;

use super::read::At;
use crate::json::Malformed;

/// What a size may end with, and how many bytes that is.
const SUFFIXES: [(&str, u64); 8] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// Denominations of the money that prices are in, and how many stroops each is.
const DENOMS: [(&str, i64); 3] = [("stroop", 1), ("uxlm", 10), ("xlm", 10_000_000)];

/// Bytes: a whole number with a suffix or none.
pub(super) fn bytes(at: &At<'_>) -> Result<u64, Malformed> {
    let text = at.text_or_number()?;
    let named = SUFFIXES.iter().find_map(|(suffix, times)| Some((text.strip_suffix(suffix)?, *times)));
    let (number, times) = named.unwrap_or((&text, 1));
    let size = whole(number).and_then(|number| number.checked_mul(times)).filter(|size| *size > 0);
    size.ok_or_else(|| at.wrong("is not a whole size such as 512Mi or 10Gi"))
}

/// Whole processors: `2`, or `2000m`. Each is paid for, so none is made whole.
pub(super) fn cores(at: &At<'_>) -> Result<u64, Malformed> {
    let text = at.text_or_number()?;
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let units = match text.strip_suffix('m') {
        Some(thousandths) => whole(thousandths).filter(|n| n % 1_000 == 0).map(|n| n / 1_000),
        None => whole(text),
    };
    units.filter(|n| *n > 0).ok_or_else(|| at.wrong("is not a whole number of units, from 1: units are paid for whole"))
}

/// The price of one of `units` units of a replica, a block: rounded down, so that
/// no more is paid for them together than the document says.
pub(super) fn amount(price: At<'_>, units: u64) -> Result<String, Malformed> {
    let price = price.only(&["denom", "amount"])?;
    let denom = price.need("denom")?;
    let name = denom.text()?;
    let known = DENOMS.iter().find(|(known, _)| *known == name);
    let (_, stroops) = known.ok_or_else(|| {
        denom.wrong("must be stroop, uxlm or xlm: prices here are in XLM, and nothing else is converted into it")
    })?;
    let amount = price.need("amount")?;
    let text = amount.text_or_number()?;
    let wrong = || amount.wrong("is not an amount such as 25 or \"2.5\", in whole stroops");
    // A number that is not whole went through binary fractions: who means 0.1 has to
    // write it as a text.
    if amount.value.is_f64() {
        return Err(amount.wrong("is a fraction: write it as a text, \"2.5\""));
    }
    let (whole_part, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = fraction.trim_end_matches('0');
    let scale = 10_i64.checked_pow(u32::try_from(digits.len()).map_err(|_| wrong())?).ok_or_else(wrong)?;
    let fraction = if digits.is_empty() { Some(0) } else { whole(digits) };
    let total = whole(whole_part)
        .zip(fraction)
        .and_then(|(whole, fraction)| i128::from(whole).checked_mul(scale.into())?.checked_add(fraction.into()))
        .and_then(|scaled| scaled.checked_mul((*stroops).into()))
        .filter(|scaled| scaled % i128::from(scale) == 0)
        .map(|scaled| scaled / i128::from(scale) / i128::from(units));
    let total = total.and_then(|total| i64::try_from(total).ok()).and_then(Stroops::new).ok_or_else(wrong)?;
    if total == Stroops::ZERO {
        return Err(amount.wrong("is less than a stroop for each unit"));
    }
    Ok(total.to_string())
}

fn whole(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}
