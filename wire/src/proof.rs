//! A lease's proof chain as a public record, and its check from that record
//! alone: no node and no engine is asked.

use berth_domain::{Digest, ProofStep};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use utoipa::ToSchema;

use crate::scalar::{WHOLE_MAX, in_text};

/// `GET /leases/{id}/proof`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProofChain {
    /// The lease.
    pub lease_id: u64,
    /// Its steps, in their order.
    pub steps: Vec<ProofRecord>,
    /// Hash of the last step; 64 zeros before the first.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub head: Digest,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProofRecord {
    /// Its number, 1 (`received`) to 9 (`paid`).
    pub number: u8,
    /// Its name.
    pub step: String,
    /// Place of the entry that it cites.
    pub seq: u64,
    /// What it says in public: texts, whole numbers and nulls by name.
    pub payload: Map<String, Value>,
    /// `SHA-256(previous ‖ number ‖ seq ‖ RFC 8785 JSON of the payload)`, with
    /// the number as one byte and `seq` as eight little-endian bytes; the first
    /// step's `previous` is 32 zero bytes.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub hash: Digest,
}

/// What is wrong with a proof chain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofFault {
    /// There is no step.
    #[error("the chain has no step")]
    Empty,
    /// A number and a name that do not belong together.
    #[error("step {number} is called {name:?}")]
    Unknown {
        /// The number.
        number: u8,
        /// The name beside it.
        name: String,
    },
    /// The chain does not begin with `received`, or a step comes before one
    /// that it follows.
    #[error("step {0} is out of order")]
    Order(ProofStep),
    /// A step is of an earlier entry than the one before it.
    #[error("step {0} is of an earlier entry than the step before it")]
    Seq(ProofStep),
    /// The payload holds something else than texts, whole numbers and nulls.
    #[error("step {step} says in {name:?} what is no text, whole number or null")]
    Payload {
        /// The step.
        step: ProofStep,
        /// The payload's field.
        name: String,
    },
    /// A step says that it is of another lease.
    #[error("step {0} is of another lease")]
    Lease(ProofStep),
    /// The hash is not what the record gives.
    #[error("step {step} has the hash {found}; its record gives {expected}")]
    Hash {
        /// The step.
        step: ProofStep,
        /// What the record gives.
        expected: Digest,
        /// What stands there.
        found: Digest,
    },
    /// The head is not the last step's hash.
    #[error("the head is not the hash of the last step")]
    Head,
}

impl ProofChain {
    /// Computes every hash again from the record alone.
    ///
    /// That the chain is sound does not say that it is complete: see
    /// [`ProofChain::is_complete`].
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self) -> Result<(), ProofFault> {
        let mut previous = Digest::default();
        let mut last: Option<(ProofStep, u64)> = None;
        for record in &self.steps {
            let step = record.step()?;
            let in_order = last.map_or(step == ProofStep::Received, |(before, _)| before < step);
            if !in_order {
                return Err(ProofFault::Order(step));
            }
            if last.is_some_and(|(_, seq)| seq > record.seq) {
                return Err(ProofFault::Seq(step));
            }
            if record.payload.get("lease").is_some_and(|lease| lease.as_u64() != Some(self.lease_id)) {
                return Err(ProofFault::Lease(step));
            }
            let expected = record.compute(step, previous)?;
            if expected != record.hash {
                return Err(ProofFault::Hash { step, expected, found: record.hash });
            }
            previous = expected;
            last = Some((step, record.seq));
        }
        if last.is_none() {
            return Err(ProofFault::Empty);
        }
        if previous == self.head { Ok(()) } else { Err(ProofFault::Head) }
    }

    /// Whether all nine steps are there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps.len() == ProofStep::ALL.len()
            && self.steps.iter().zip(ProofStep::ALL).all(|(record, step)| record.number == *step as u8)
    }
}

impl ProofRecord {
    fn step(&self) -> Result<ProofStep, ProofFault> {
        let step = ProofStep::ALL.iter().copied().find(|step| *step as u8 == self.number);
        step.filter(|step| step.as_str() == self.step)
            .ok_or_else(|| ProofFault::Unknown { number: self.number, name: self.step.clone() })
    }

    fn compute(&self, step: ProofStep, previous: Digest) -> Result<Digest, ProofFault> {
        let payload = canonical(&self.payload).map_err(|name| ProofFault::Payload { step, name })?;
        let mut hasher = Sha256::new();
        hasher.update(previous.0);
        hasher.update([step as u8]);
        hasher.update(self.seq.to_le_bytes());
        hasher.update(payload);
        Ok(Digest(hasher.finalize().into()))
    }
}

/// A flat object as RFC 8785 (JCS) JSON, or the name of the field that is not
/// flat. Written here and not taken from the domain on purpose: a checker that
/// shared the engine's code would share its faults.
fn canonical(payload: &Map<String, Value>) -> Result<String, String> {
    let mut fields: Vec<_> = payload.iter().collect();
    // §3.2.3: sorted by UTF-16 code units, which is not the order of bytes.
    fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    let mut out = String::from("{");
    for (i, (name, value)) in fields.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        text(name, &mut out);
        out.push(':');
        match value {
            Value::Null => out.push_str("null"),
            Value::String(value) => text(value, &mut out),
            Value::Number(n) => match n.as_u64().filter(|n| *n <= WHOLE_MAX) {
                Some(n) => out.push_str(&n.to_string()),
                None => return Err(name.clone()),
            },
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err(name.clone()),
        }
    }
    out.push('}');
    Ok(out)
}

/// §3.2.2.2: the short escapes where JSON has one, `\u` with lower-case digits
/// for the other control characters, everything else as it is.
fn text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use berth_domain::{ProofPayload, ProofValue, Seq};

    /// A whole chain, hashed by the domain's code.
    fn chain() -> ProofChain {
        let mut head = Digest::default();
        let steps = ProofStep::ALL
            .iter()
            .zip(10..)
            .map(|(step, seq)| {
                let payload = ProofPayload::new([
                    ("lease", 7_u64.into()),
                    ("image", "a\"b\\c é 💡".into()),
                    ("result", ProofValue::Null),
                    ("amount", "2.5".into()),
                ]);
                head = step.hash(head, Seq(seq), &payload);
                let Ok(Value::Object(payload)) = serde_json::from_str(&payload.to_jcs()) else {
                    panic!("a payload is an object");
                };
                ProofRecord { number: *step as u8, step: step.to_string(), seq, payload, hash: head }
            })
            .collect();
        ProofChain { lease_id: 7, steps, head }
    }

    #[test]
    fn the_domains_chain_is_found_sound_also_after_json() {
        let chain = chain();
        assert_eq!(chain.check(), Ok(()));
        assert!(chain.is_complete());
        let back: ProofChain = serde_json::from_str(&serde_json::to_string(&chain).expect("JSON")).expect("its own");
        assert_eq!(back.check(), Ok(()));
    }

    #[test]
    fn a_hash_has_a_test_vector() {
        // printf of 32 zero bytes, 01, 0100000000000000, {"orderId":7} | sha256sum
        let record = ProofRecord {
            number: 1,
            step: "received".into(),
            seq: 1,
            payload: Map::from_iter([("orderId".to_owned(), 7.into())]),
            hash: Digest::default(),
        };
        let hash = record.compute(ProofStep::Received, Digest::default()).expect("flat");
        assert_eq!(hash.to_string(), "a043621a69816f77391b26be1090a8a90bd87122bcb682f62398819a4addefaf");
    }

    #[test]
    fn whatever_is_changed_is_found() {
        type Change = fn(&mut ProofChain);
        let changes: [(Change, &str); 11] = [
            (|c| c.steps.clear(), "no step"),
            (|c| c.steps[3].seq += 1, "step resourcesAllocated has the hash"),
            (|c| c.steps[3].seq = 1, "earlier entry"),
            (|c| c.steps.swap(0, 1), "out of order"),
            (|c| drop(c.steps.remove(0)), "out of order"),
            (|c| drop(c.steps.remove(4)), "step finished has the hash"),
            (|c| drop(c.steps.pop()), "head"),
            (|c| c.steps[1].payload["amount"] = "2.6".into(), "step matched has the hash"),
            (|c| c.steps[1].payload["amount"] = 2.5.into(), "no text, whole number or null"),
            (|c| c.steps[8].step = "verified".into(), "step 9 is called \"verified\""),
            (|c| c.lease_id = 8, "of another lease"),
        ];
        for (change, why) in changes {
            let mut chain = chain();
            change(&mut chain);
            let fault = chain.check().expect_err(why).to_string();
            assert!(fault.contains(why), "{fault}");
        }
    }

    #[test]
    fn canonical_json_is_that_of_rfc_8785() {
        let payload: Value = serde_json::from_str(
            "{\"\\u20ac\":\"\\u0000\\u001f\\b\\t\\n\\f\\r\\u007f\",\"\\ud83d\\ude00\":1,\"\\ufb33\":null,\"1\":\"/\"}",
        )
        .expect("JSON");
        let canonical = canonical(payload.as_object().expect("an object")).expect("flat");
        assert_eq!(canonical, "{\"1\":\"/\",\"€\":\"\\u0000\\u001f\\b\\t\\n\\f\\r\u{7f}\",\"😀\":1,\"\u{fb33}\":null}");
    }
}
