//! Values that JSON carries as texts or numbers and the domain as types.

use std::fmt;
use std::marker::PhantomData;

use berth_domain::{
    Address, BidState, CancelReason, ChainEventId, ClientId, CloseReason, Digest, FinishOutcome, LeaseState, Mode,
    OrderState, Rate, ResourceClass, Scope, SelfTrade, Stroops, Text, TimeInForce, TrustLevel, TxHash,
};
use serde::de::{Deserializer, Error, Visitor};

use crate::address;

/// A value that JSON carries as a text.
pub(crate) trait InText: Sized {
    /// What a text of it is, for those who send something else.
    const WHAT: &'static str;

    fn read(text: &str) -> Result<Self, String>;
    fn write(&self) -> String;
}

const DECIMAL: &str = "a decimal string such as \"12.5\"";

impl InText for Stroops {
    const WHAT: &'static str = DECIMAL;
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|why: berth_domain::MoneyError| why.to_string())
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

impl InText for Rate {
    const WHAT: &'static str = DECIMAL;
    fn read(text: &str) -> Result<Self, String> {
        let stroops = Stroops::read(text)?;
        Self::new(stroops.get()).ok_or_else(|| {
            if stroops == Stroops::ZERO { "must be more than zero".to_owned() } else { "is too large".to_owned() }
        })
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

impl InText for Address {
    const WHAT: &'static str = "a Stellar public key, G…";
    fn read(text: &str) -> Result<Self, String> {
        address::read(text).ok_or_else(|| format!("is not {}", Self::WHAT))
    }
    fn write(&self) -> String {
        address::write(*self)
    }
}

macro_rules! hex32 {
    ($($name:ident),*) => {$(
        impl InText for $name {
            const WHAT: &'static str = "64 hexadecimal digits";
            fn read(text: &str) -> Result<Self, String> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| format!("is not {}", Self::WHAT))?;
                Ok(Self(bytes))
            }
            fn write(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
hex32!(Digest, TxHash);

impl InText for ChainEventId {
    const WHAT: &'static str = "the id of an event on the chain, such as \"0000000017179873280-0000000001\"";
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("is not {}", Self::WHAT))
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

impl InText for ResourceClass {
    const WHAT: &'static str = "a market's name such as \"H100-80\" or \"CPU\"";
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("is not {}", Self::WHAT))
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

impl<const MAX: usize> InText for Text<MAX> {
    const WHAT: &'static str = "a text";
    fn read(text: &str) -> Result<Self, String> {
        Self::new(text).map_err(|why| why.to_string())
    }
    fn write(&self) -> String {
        self.as_str().to_owned()
    }
}

impl InText for ClientId {
    const WHAT: &'static str = "a text";
    fn read(text: &str) -> Result<Self, String> {
        Self::new(text).map_err(|why| why.to_string())
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

macro_rules! names {
    ($($name:ident: $what:literal),* $(,)?) => {$(
        impl InText for $name {
            const WHAT: &'static str = $what;
            fn read(text: &str) -> Result<Self, String> {
                Self::from_name(text).ok_or_else(|| {
                    let names: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    format!("must be one of {}", names.join(", "))
                })
            }
            fn write(&self) -> String {
                self.as_str().to_owned()
            }
        }
    )*};
}
names!(
    TrustLevel: "a trust level, \"One\" to \"Five\"",
    OrderState: "a state of an order",
    BidState: "a state of a bid",
    LeaseState: "a state of a lease",
    CancelReason: "a reason why what is left of an order ended",
    CloseReason: "a reason why a lease closed",
    FinishOutcome: "one of \"stopped\", \"exited\", \"failed\"",
    Mode: "a mode",
    TimeInForce: "a time in force",
    SelfTrade: "a way with trades of an account with itself",
    Scope: "one of \"read\", \"trade\", \"provide\", \"withdraw\"",
);

pub(crate) struct TextVisitor<T>(pub(crate) PhantomData<T>);

impl<T: InText> Visitor<'_> for TextVisitor<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

/// `#[serde(with = "in_text")]`: a value as a text.
pub(crate) mod in_text {
    use std::marker::PhantomData;

    use serde::{Deserializer, Serializer};

    use super::{InText, TextVisitor};

    pub(crate) fn serialize<T: InText, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.write())
    }

    pub(crate) fn deserialize<'de, T: InText, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

/// A text's value, to be used inside options and lists.
pub(crate) struct AsText<T>(pub(crate) T);

impl<T: InText> serde::Serialize for AsText<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        in_text::serialize(&self.0, serializer)
    }
}

impl<'de, T: InText> serde::Deserialize<'de> for AsText<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        in_text::deserialize(deserializer).map(Self)
    }
}

/// `#[serde(with = "in_text_option", default)]`: a text or null or nothing.
pub(crate) mod in_text_option {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{AsText, InText};

    pub(crate) fn serialize<T: InText, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(&value.write()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: InText, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<AsText<T>>::deserialize(deserializer)?.map(|text| text.0))
    }
}

/// `#[serde(with = "in_text_list")]`: a list of texts.
pub(crate) mod in_text_list {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{AsText, InText};

    pub(crate) fn serialize<T: InText, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(InText::write))
    }

    pub(crate) fn deserialize<'de, T: InText, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        Ok(Vec::<AsText<T>>::deserialize(deserializer)?.into_iter().map(|text| text.0).collect())
    }
}

/// `#[serde(with = "levels", default)]`: a list of trust levels or null or
/// nothing.
pub(crate) mod levels {
    use berth_domain::TrustLevel;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::AsText;

    pub(crate) fn serialize<S: Serializer>(levels: &Option<Vec<TrustLevel>>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(levels.iter().flatten().map(|level| level.as_str()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<TrustLevel>>, D::Error> {
        let levels = Option::<Vec<AsText<TrustLevel>>>::deserialize(deserializer)?;
        Ok(levels.map(|levels| levels.into_iter().map(|level| level.0).collect()))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A whole number within bounds.
struct Whole<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Visitor<'_> for Whole<MIN, MAX> {
    type Value = u64;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }
    fn visit_u64<E: Error>(self, n: u64) -> Result<u64, E> {
        if (MIN..=MAX).contains(&n) { Ok(n) } else { Err(E::custom(format!("must be from {MIN} to {MAX}"))) }
    }
    fn visit_i64<E: Error>(self, n: i64) -> Result<u64, E> {
        u64::try_from(n)
            .map_err(|_| E::custom(format!("is negative; must be from {MIN} to {MAX}")))
            .and_then(|n| self.visit_u64(n))
    }
}

/// `#[serde(deserialize_with = "whole::<1, 10, _, _>")]`: a whole number from
/// the first to the second bound.
pub(crate) fn whole<'de, const MIN: u64, const MAX: u64, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    let n = deserializer.deserialize_u64(Whole::<MIN, MAX>)?;
    T::try_from(n).map_err(|_| D::Error::custom("is too large"))
}

/// The same for a number that may be null or left out (with `default`).
pub(crate) fn whole_option<'de, const MIN: u64, const MAX: u64, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    struct Maybe<const MIN: u64, const MAX: u64, T>(PhantomData<T>);
    impl<'de, const MIN: u64, const MAX: u64, T: TryFrom<u64>> Visitor<'de> for Maybe<MIN, MAX, T> {
        type Value = Option<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number from {MIN} to {MAX}")
        }
        fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }
        fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
            whole::<MIN, MAX, T, D>(deserializer).map(Some)
        }
    }
    deserializer.deserialize_option(Maybe::<MIN, MAX, T>(PhantomData))
}

/// The largest whole number that every JSON reader keeps exactly: 2⁵³ − 1.
pub(crate) const WHOLE_MAX: u64 = (1 << 53) - 1;
