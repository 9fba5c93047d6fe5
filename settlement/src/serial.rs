//! How the domain's types are written in this crate's records: the domain has
//! no serialisation framework of its own.

/// Money as a number of stroops.
pub(crate) mod stroops {
    use berth_wire::domain::Stroops;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(amount: &Stroops, to: S) -> Result<S::Ok, S::Error> {
        amount.get().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Stroops, D::Error> {
        Stroops::new(i64::deserialize(from)?).ok_or_else(|| serde::de::Error::custom("an amount below zero"))
    }
}

/// A lease's number.
pub(crate) mod lease {
    use berth_wire::domain::LeaseId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(lease: &LeaseId, to: S) -> Result<S::Ok, S::Error> {
        lease.0.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<LeaseId, D::Error> {
        u64::deserialize(from).map(LeaseId)
    }
}

/// A digest as hexadecimal.
pub(crate) mod digest {
    use berth_wire::domain::Digest;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        hex::encode(digest.0).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(String::deserialize(from)?, &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Digest(bytes))
    }
}
