//! Reading JSON: every failure names the field it is about.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use thiserror::Error;

use crate::errors::EdgeCode;

/// What a client sent is not what the protocol says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {detail}")]
pub struct Malformed {
    /// `MALFORMED`, or `NOT_OFFERED` for what the protocol names and this
    /// version does not do.
    pub code: EdgeCode,
    /// Where, as a JSON path such as `specification.ports[0].containerPort`;
    /// empty when it is the whole body.
    pub field: String,
    /// What is wrong there, in words.
    pub detail: String,
}

impl Malformed {
    /// Something is wrong at `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: EdgeCode::Malformed, field: field.into(), detail: detail.into() }
    }

    /// The protocol has it and this version does not.
    #[must_use]
    pub fn not_offered(field: impl Into<String>, what: &str) -> Self {
        Self { code: EdgeCode::NotOffered, field: field.into(), detail: format!("{what} is not offered yet") }
    }

    /// The same, said of something inside `parent`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = if self.field.is_empty() { parent.to_owned() } else { format!("{parent}.{}", self.field) };
        self
    }
}

/// Reads one JSON text into a request.
///
/// # Errors
/// When it is no JSON, or not of this shape: the field is named.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    let mut input = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            blame(&path, &error)
        } else if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            // Where one of several words belongs, serde_json takes another type
            // for a fault of the syntax.
            Malformed::new(path, "is of the wrong type")
        } else {
            Malformed::new("", format!("is not JSON: {error}"))
        }
    })?;
    input.end().map_err(|error| Malformed::new("", format!("is not one JSON value: {error}")))?;
    Ok(value)
}

/// Reads a JSON value that was parsed before, such as the `params` of a
/// WebSocket request.
///
/// # Errors
/// When it is not of this shape: the field is named.
pub fn parse_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Malformed> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        blame(&path, error.inner())
    })
}

/// Reads `params` that may be left out when nothing is needed.
pub(crate) fn object_or_empty(value: Option<serde_json::Value>) -> serde_json::Value {
    value.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new()))
}

fn blame(path: &str, error: &serde_json::Error) -> Malformed {
    let text = error.to_string();
    // serde_json adds where in the text it was; the field says that better.
    let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let path = if path == "." { "" } else { path };
    match detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        Some(field) => Malformed::new(field, "is missing").within_path(path),
        None => Malformed::new(path, detail),
    }
}

impl Malformed {
    fn within_path(self, parent: &str) -> Self {
        if parent.is_empty() { self } else { self.within(parent) }
    }
}

/// Makes structs read from JSON objects only. What serde derives would also
/// take an array, by position.
macro_rules! objects {
    ($($name:ident),* $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        $name::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    )*};
}
pub(crate) use objects;

/// A map that refuses a key that comes twice, which JSON leaves open and serde
/// would answer by dropping the first.
pub(crate) fn unique_map<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    struct Unique<V>(PhantomData<V>);
    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<String, V>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut out = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, V>()? {
                if out.contains_key(&key) {
                    return Err(A::Error::custom(format!("names {key:?} twice")));
                }
                out.insert(key, value);
            }
            Ok(out)
        }
    }
    deserializer.deserialize_map(Unique(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::OrderRequest;

    #[test]
    fn a_wrong_type_for_a_word_is_told_apart_from_no_json() {
        let wrong = parse::<OrderRequest>(br#"{"per": 1}"#).unwrap_err();
        assert_eq!((wrong.field.as_str(), wrong.detail.as_str()), ("per", "is of the wrong type"));
        let broken = parse::<OrderRequest>(br#"{"per": 1"#).unwrap_err();
        assert!(broken.field.is_empty() && broken.detail.starts_with("is not JSON"), "{broken}");
    }
}
