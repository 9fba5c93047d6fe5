//! How results are checked, as requests say it: `"none"`, `"spot"`, or
//! `{"replicas": n}`.

use std::fmt;

use berth_domain::Verify;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serializer};

use crate::scalar::whole;

const NONE: &str = "none";
const SPOT: &str = "spot";
const REPLICAS: &str = "replicas";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replicas {
    #[serde(deserialize_with = "whole::<1, 255, _, _>")]
    replicas: u8,
}

/// The same as a JSON value.
pub(crate) fn write(verify: &Verify) -> serde_json::Value {
    serialize(verify, serde_json::value::Serializer).expect("words and numbers are JSON")
}

pub(crate) fn is_none(verify: &Verify) -> bool {
    *verify == Verify::None
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
pub(crate) fn serialize<S: Serializer>(verify: &Verify, serializer: S) -> Result<S::Ok, S::Error> {
    match verify {
        Verify::None => serializer.serialize_str(NONE),
        Verify::Spot => serializer.serialize_str(SPOT),
        Verify::Replicas(n) => {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(REPLICAS, n)?;
            map.end()
        }
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verify, D::Error> {
    struct WordOrReplicas;
    impl<'de> Visitor<'de> for WordOrReplicas {
        type Value = Verify;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("none, spot, or an object such as {\"replicas\": 3}")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Verify, E> {
            match text {
                NONE => Ok(Verify::None),
                SPOT => Ok(Verify::Spot),
                _ => Err(E::custom("must be none, spot, or an object such as {\"replicas\": 3}")),
            }
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Verify, A::Error> {
            let Replicas { replicas } = Replicas::deserialize(MapAccessDeserializer::new(map))?;
            Ok(Verify::Replicas(replicas))
        }
    }
    deserializer.deserialize_any(WordOrReplicas)
}
