//! Shares of time: JSON numbers from 0 to 1, exact to a hundredth of a percent.

use berth_domain::Uptime;
use serde_json::Number;

/// What a share of time is, for those who send something else.
pub(crate) const WHAT: &str = "is not a number from 0 to 1";

/// Reads a share by its digits, so that no rounding of floats comes into the
/// log.
pub(crate) fn read(number: &Number) -> Result<Uptime, String> {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    if !matches!((whole, part), ("0", _) | ("1", "")) {
        return Err(WHAT.to_owned());
    }
    if part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return Err("has more than 4 decimals".to_owned());
    }
    let bps = format!("{whole}{part:0<4}").parse().expect("five digits, at most 10,000");
    Uptime::new(bps).ok_or_else(|| WHAT.to_owned())
}

/// `#[serde(with = "uptime::option", default)]`: a share or null or nothing.
pub(crate) mod option {
    use berth_domain::Uptime;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Number;

    pub(crate) fn serialize<S: Serializer>(share: &Option<Uptime>, serializer: S) -> Result<S::Ok, S::Error> {
        let number: Option<Number> = share.map(|share| share.to_string().parse().expect("a decimal number"));
        number.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uptime>, D::Error> {
        let number = Option::<Number>::deserialize(deserializer)?;
        number.map(|number| super::read(&number)).transpose().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_share_is_read_by_its_digits_and_written_back() {
        for bps in 0..=10_000 {
            let share = Uptime::new(bps);
            let json = option::serialize(&share, serde_json::value::Serializer).expect("a number");
            assert_eq!(option::deserialize(&json).expect("a share"), share, "{json}");
        }
        assert_eq!(
            option::serialize(&Uptime::new(9_900), serde_json::value::Serializer).expect("a number"),
            json!(0.99)
        );
        assert_eq!(option::serialize(&Uptime::new(10_000), serde_json::value::Serializer).expect("a number"), json!(1));
    }

    #[test]
    fn what_is_no_share_says_why() {
        for (json, why) in [
            (json!(1.0), Ok(10_000)),
            (json!(0.5), Ok(5_000)),
            (json!(1.0001), Err(WHAT)),
            (json!(2), Err(WHAT)),
            (json!(-0.5), Err(WHAT)),
            (json!(-0.0), Err(WHAT)),
            (json!(1e300), Err(WHAT)),
            (json!(0.99999), Err("has more than 4 decimals")),
            (json!(1e-5), Err("has more than 4 decimals")),
            (json!(1e-9), Err(WHAT)),
        ] {
            let read = read(json.as_number().expect("a number")).map(Uptime::bps);
            assert_eq!(read, why.map_err(str::to_owned), "{json}");
        }
    }
}
