//! Prices as clients write them, and the rates that they are.

use std::collections::BTreeMap;
use std::fmt;

use berth_domain::{Limits, Rate, Stroops, TrustLevel};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::json::Malformed;
use crate::scalar::{AsText, InText};

/// The time that a price is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    #[default]
    Hour,
    /// Five seconds, as a Stellar ledger takes.
    Block,
}

impl Per {
    /// The rate of `amount` per this time, exactly: an hour holds a whole
    /// number of each.
    ///
    /// # Errors
    /// Names `field` when the price is zero or beyond [`Rate::MAX`].
    pub fn rate(self, amount: Stroops, field: &str) -> Result<Rate, Malformed> {
        let times = match self {
            Self::Second => 3_600,
            Self::Minute => 60,
            Self::Hour => 1,
            Self::Block => 720,
        };
        if amount == Stroops::ZERO {
            return Err(Malformed::new(field, "must be more than zero"));
        }
        amount
            .get()
            .checked_mul(times)
            .and_then(Rate::new)
            .ok_or_else(|| Malformed::new(field, format!("is more than {} per unit-hour", Rate::MAX)))
    }
}

/// An order's limit: one for all levels that it accepts, or one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaxPrice {
    /// The same for every accepted level.
    Same(Stroops),
    /// One for each level; its keys are the accepted levels.
    ByLevel(BTreeMap<TrustLevel, Stroops>),
}

impl MaxPrice {
    /// The limits of an order that accepts `levels`; all five when it names
    /// none.
    ///
    /// # Errors
    /// Names `maxPrice` or `trustLevels`.
    pub fn limits(&self, per: Per, levels: Option<&[TrustLevel]>) -> Result<Limits, Malformed> {
        if let Some(levels) = levels {
            if levels.is_empty() {
                return Err(Malformed::new("trustLevels", "names no level"));
            }
            if let Some(i) = (1..levels.len()).find(|i| levels[..*i].contains(&levels[*i])) {
                return Err(Malformed::new(format!("trustLevels[{i}]"), "is named twice"));
            }
        }
        let limits = match self {
            Self::Same(amount) => {
                let rate = per.rate(*amount, "maxPrice")?;
                Limits::new(levels.unwrap_or(TrustLevel::ALL).iter().map(|level| (*level, rate)))
            }
            Self::ByLevel(prices) => {
                if levels.is_some_and(|l| l.len() != prices.len() || l.iter().any(|level| !prices.contains_key(level)))
                {
                    return Err(Malformed::new("trustLevels", "are the levels that maxPrice names, when it names any"));
                }
                let rates = prices
                    .iter()
                    .map(|(level, amount)| Ok((*level, per.rate(*amount, &format!("maxPrice.{level}"))?)))
                    .collect::<Result<Vec<_>, _>>()?;
                Limits::new(rates)
            }
        };
        limits.ok_or_else(|| Malformed::new("maxPrice", "names no level"))
    }
}

impl From<&Limits> for MaxPrice {
    /// Per hour: one price when all accepted levels have the same.
    fn from(limits: &Limits) -> Self {
        let amount = |rate: Rate| Stroops::new(rate.get()).expect("a rate is more than zero");
        if limits.iter().all(|(_, rate)| rate == limits.highest()) {
            Self::Same(amount(limits.highest()))
        } else {
            Self::ByLevel(limits.iter().map(|(level, rate)| (level, amount(rate))).collect())
        }
    }
}

impl Serialize for MaxPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Same(amount) => serializer.serialize_str(&amount.write()),
            Self::ByLevel(prices) => {
                serializer.collect_map(prices.iter().map(|(level, amount)| (level.as_str(), amount.write())))
            }
        }
    }
}

impl<'de> Deserialize<'de> for MaxPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = MaxPrice;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal string such as \"12.5\", or an object of trust levels with one each")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<MaxPrice, E> {
                Stroops::read(text).map(MaxPrice::Same).map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MaxPrice, A::Error> {
                let mut prices = BTreeMap::new();
                // The key is read as plain text, so that the path of a wrong
                // price names it.
                while let Some(key) = map.next_key::<String>()? {
                    let AsText(amount) = map.next_value::<AsText<Stroops>>()?;
                    let level = TrustLevel::read(&key).map_err(|why| A::Error::custom(format!("{key:?} {why}")))?;
                    if prices.insert(level, amount).is_some() {
                        return Err(A::Error::custom(format!("names {key:?} twice")));
                    }
                }
                Ok(MaxPrice::ByLevel(prices))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_hour_holds_a_whole_number_of_each() {
        let one = Stroops::new(1).expect("not negative");
        for (per, rate) in [(Per::Second, 3_600), (Per::Minute, 60), (Per::Hour, 1), (Per::Block, 720)] {
            assert_eq!(per.rate(one, "p").map(Rate::get), Ok(rate));
        }
        assert_eq!(Per::Hour.rate(Stroops::ZERO, "p").map_err(|e| e.field), Err("p".into()));
        let most = Stroops::new(Rate::MAX.get()).expect("not negative");
        assert_eq!(Per::Hour.rate(most, "p"), Ok(Rate::MAX));
        assert!(Per::Minute.rate(most, "p").is_err());
        assert!(Per::Second.rate(Stroops::new(i64::MAX).expect("not negative"), "p").is_err());
    }

    proptest! {
        #[test]
        fn a_price_survives_its_text(stroops in 1..=Rate::MAX.get()) {
            let rate = Rate::new(stroops).expect("in range");
            let json = serde_json::to_value(MaxPrice::Same(Stroops::new(stroops).expect("in range"))).expect("a text");
            let back: MaxPrice = crate::json::parse_value(json).expect("its own text");
            let limits = back.limits(Per::Hour, None).expect("in range");
            prop_assert_eq!(limits.highest(), rate);
            prop_assert_eq!(MaxPrice::from(&limits), back);
        }
    }
}
