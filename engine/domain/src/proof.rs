//! The proof chain of a lease: nine steps, each the SHA-256 of the step before
//! it and of what it says in public. Anyone can check one with the lease's
//! public record alone.

use sha2::{Digest as _, Sha256};

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_names, codec_struct};
use crate::ids::{Digest, Seq};
use crate::text::Text;

codec_names! {
    /// A step of the proof chain, in its order.
    pub enum ProofStep {
        /// The order was accepted.
        Received = 1 "received",
        /// A bid met it.
        Matched = 2 "matched",
        /// The contract locked the escrow.
        EscrowLocked = 3 "escrowLocked",
        /// The provider set resources and image aside.
        ResourcesAllocated = 4 "resourcesAllocated",
        /// The containers ran.
        Started = 5 "started",
        /// The containers ended.
        Finished = 6 "finished",
        /// What they left behind was stored.
        ResultStored = 7 "resultStored",
        /// The evidence was checked and the pay computed.
        Verified = 8 "verified",
        /// The contract paid.
        Paid = 9 "paid",
    }
}

/// A value in a step's public payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofValue {
    /// A whole number below 2⁵³, as JSON can carry it.
    Number(u64),
    /// A text.
    Text(Text<200>),
    /// Nothing.
    Null,
}

impl Encode for ProofValue {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Number(n) => {
                out.push(0);
                n.encode(out);
            }
            Self::Text(text) => {
                out.push(1);
                text.encode(out);
            }
            Self::Null => out.push(2),
        }
    }
}

impl Decode for ProofValue {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => u64::decode(input).map(Self::Number),
            1 => Text::decode(input).map(Self::Text),
            2 => Ok(Self::Null),
            tag => Err(DecodeError::Tag { of: "ProofValue", tag: tag.into() }),
        }
    }
}

impl From<u64> for ProofValue {
    fn from(n: u64) -> Self {
        Self::Number(n)
    }
}

impl From<u32> for ProofValue {
    fn from(n: u32) -> Self {
        Self::Number(n.into())
    }
}

impl From<&str> for ProofValue {
    fn from(text: &str) -> Self {
        Self::Text(Text::lossy(text))
    }
}

impl From<String> for ProofValue {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// What a step says in public: names and values, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofPayload {
    fields: Vec<ProofField>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ProofField {
    name: Text<32>,
    value: ProofValue,
}

codec_struct!(ProofField { name, value });
codec_struct!(ProofPayload { fields });

impl ProofPayload {
    /// A payload of these fields. Names are ASCII, so that sorting by bytes is
    /// RFC 8785's sorting by UTF-16 units.
    #[must_use]
    pub fn new<const N: usize>(fields: [(&'static str, ProofValue); N]) -> Self {
        let mut fields: Vec<_> =
            fields.into_iter().map(|(name, value)| ProofField { name: Text::lossy(name), value }).collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        Self { fields }
    }

    /// The fields, sorted by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &ProofValue)> {
        self.fields.iter().map(|field| (field.name.as_str(), &field.value))
    }

    /// The payload as RFC 8785 (JCS) JSON.
    #[must_use]
    pub fn to_jcs(&self) -> String {
        let mut out = String::from("{");
        for (i, field) in self.fields.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            push_json_text(field.name.as_str(), &mut out);
            out.push(':');
            match &field.value {
                ProofValue::Number(n) => out.push_str(&n.to_string()),
                ProofValue::Text(text) => push_json_text(text.as_str(), &mut out),
                ProofValue::Null => out.push_str("null"),
            }
        }
        out.push('}');
        out
    }
}

/// RFC 8785 §3.2.2.2. A [`Text`] holds no control character, so only the quote
/// and the backslash are escaped.
fn push_json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

impl ProofStep {
    /// The chain's head after this step:
    /// `SHA-256(previous ‖ step ‖ seq ‖ RFC 8785 JSON of the payload)`, with
    /// the step's number as one byte and `seq` as eight little-endian bytes.
    /// The first step's `previous` is 32 zero bytes.
    #[must_use]
    pub fn hash(self, previous: Digest, seq: Seq, payload: &ProofPayload) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(previous.0);
        hasher.update([self as u8]);
        hasher.update(seq.0.to_le_bytes());
        hasher.update(payload.to_jcs());
        Digest(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_canonical_json() {
        let payload =
            ProofPayload::new([("orderId", 7_u64.into()), ("image", "a\"b\\c é".into()), ("result", ProofValue::Null)]);
        assert_eq!(payload.to_jcs(), r#"{"image":"a\"b\\c é","orderId":7,"result":null}"#);
    }

    #[test]
    fn a_step_depends_on_all_that_it_covers() {
        let payload = ProofPayload::new([("orderId", 7_u64.into())]);
        let hash = ProofStep::Received.hash(Digest::default(), Seq(1), &payload);
        for other in [
            ProofStep::Matched.hash(Digest::default(), Seq(1), &payload),
            ProofStep::Received.hash(hash, Seq(1), &payload),
            ProofStep::Received.hash(Digest::default(), Seq(2), &payload),
            ProofStep::Received.hash(Digest::default(), Seq(1), &ProofPayload::default()),
        ] {
            assert_ne!(hash, other);
        }
    }
}
