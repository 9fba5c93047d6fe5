//! What is said in the three headers of x402, version 2.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use berth_wire::domain::Stroops;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::chain::{Address, Network, PUBLIC_PASSPHRASE};

/// The passphrase of Stellar's test network.
const TEST_PASSPHRASE: &str = "Test SDF Network ; September 2015";
/// The version of x402.
pub(super) const VERSION: u32 = 2;
/// The scheme.
pub(super) const SCHEME: &str = "exact";
/// Bytes of the longest header that is read. A payment has about 3,000.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// What a network is called: `stellar:pubnet` and `stellar:testnet` as CAIP-2 has
/// them, and another one by the first half of its id, which is how CAIP-2 names
/// chains that have no name.
#[must_use]
pub fn network_name(network: &Network) -> String {
    match network.passphrase.as_str() {
        PUBLIC_PASSPHRASE => "stellar:pubnet".to_owned(),
        TEST_PASSPHRASE => "stellar:testnet".to_owned(),
        _ => format!("stellar:{}", hex::encode(&network.id()[..16])),
    }
}

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirements {
    /// `exact`.
    pub scheme: String,
    /// The network, as CAIP-2 has it.
    pub network: String,
    /// Stroops, or what the token counts in, in decimal digits.
    pub amount: String,
    /// The token's contract.
    pub asset: String,
    /// Whose it shall be.
    pub pay_to: String,
    /// How long the authorization may last.
    pub max_timeout_seconds: u64,
    /// What the scheme adds.
    pub extra: Extra,
}

/// What the scheme adds on Stellar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extra {
    /// Whether the payer pays no fee to the network. Always.
    pub are_fees_sponsored: bool,
}

/// What is to be paid, as this side knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The network, as CAIP-2 has it.
    pub network: String,
    /// The token's contract.
    pub asset: Address,
    /// Whose it shall be.
    pub pay_to: Address,
    /// How much.
    pub amount: Stroops,
    /// How long the authorization may last.
    pub timeout_seconds: u64,
}

impl Terms {
    /// As they are written.
    #[must_use]
    pub fn requirements(&self) -> Requirements {
        Requirements {
            scheme: SCHEME.to_owned(),
            network: self.network.clone(),
            amount: self.amount.get().to_string(),
            asset: self.asset.to_string(),
            pay_to: self.pay_to.to_string(),
            max_timeout_seconds: self.timeout_seconds,
            extra: Extra { are_fees_sponsored: true },
        }
    }
}

/// What is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Where it is.
    pub url: String,
    /// What it is, for people.
    #[serde(default)]
    pub description: String,
    /// What is answered.
    #[serde(default)]
    pub mime_type: String,
}

/// `PAYMENT-REQUIRED`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Required {
    /// 2.
    pub x402_version: u32,
    /// Why, for programs and people.
    pub error: String,
    /// What is paid for.
    pub resource: Resource,
    /// The one way to pay.
    pub accepts: Vec<Requirements>,
}

impl Required {
    /// As the header has it.
    #[must_use]
    pub fn header(&self) -> String {
        encode(self)
    }
}

/// `PAYMENT-SIGNATURE`. What it says beside this is nobody's concern here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// 2.
    pub x402_version: u32,
    /// What the payer takes the terms to be.
    pub accepted: Accepted,
    /// The scheme's own part.
    pub payload: Signed,
}

/// Terms as the payer repeats them. They are compared with what is asked for, so
/// whatever else they say is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// `exact`.
    pub scheme: String,
    /// The network.
    pub network: String,
    /// How much.
    pub amount: String,
    /// Of which token.
    pub asset: String,
    /// For whom.
    pub pay_to: String,
}

/// The payment itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// A transaction's XDR in base 64, whose call the payer has authorized.
    pub transaction: String,
}

impl Payload {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is no base 64 of such an object.
    pub fn read(header: &str) -> Result<Self, Fault> {
        decode(header)
    }
}

/// `PAYMENT-RESPONSE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Whether it is paid.
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<String>,
    /// Who paid, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// The transaction's hash, or nothing.
    pub transaction: String,
    /// The network.
    pub network: String,
}

impl Receipt {
    /// As the header has it.
    #[must_use]
    pub fn header(&self) -> String {
        encode(self)
    }
}

fn encode<T: Serialize>(message: &T) -> String {
    STANDARD.encode(serde_json::to_vec(message).expect("texts and numbers are JSON"))
}

fn decode<T: DeserializeOwned>(header: &str) -> Result<T, Fault> {
    let header = header.trim();
    if header.len() > HEADER_BYTES_MAX {
        return Err(Fault::Malformed);
    }
    let bytes = STANDARD_NO_PAD.decode(header.trim_end_matches('=')).map_err(|_| Fault::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(passphrase: &str) -> Network {
        Network { passphrase: passphrase.to_owned(), friendbot: None }
    }

    #[test]
    fn networks_have_the_names_that_clients_know() {
        assert_eq!(network_name(&network(PUBLIC_PASSPHRASE)), "stellar:pubnet");
        assert_eq!(network_name(&network(TEST_PASSPHRASE)), "stellar:testnet");
        let own = network_name(&network("Berth Local Network ; 2026"));
        let (space, reference) = own.split_once(':').unwrap();
        // CAIP-2: at most 32 characters behind the colon.
        assert_eq!((space, reference.len()), ("stellar", 32));
    }

    #[test]
    fn what_is_asked_for_is_written_as_the_protocol_has_it() {
        let terms = Terms {
            network: "stellar:testnet".to_owned(),
            asset: Address::Contract([1; 32]),
            pay_to: Address::Account([2; 32]),
            amount: Stroops::new(12_345).unwrap(),
            timeout_seconds: 60,
        };
        let resource =
            Resource { url: "http://n/a".into(), description: "A job".into(), mime_type: "text/plain".into() };
        let required =
            Required { x402_version: VERSION, error: "why".into(), resource, accepts: vec![terms.requirements()] };
        let json: serde_json::Value = serde_json::from_slice(&STANDARD.decode(required.header()).unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "x402Version": 2,
                "error": "why",
                "resource": { "url": "http://n/a", "description": "A job", "mimeType": "text/plain" },
                "accepts": [{
                    "scheme": "exact",
                    "network": "stellar:testnet",
                    "amount": "12345",
                    "asset": Address::Contract([1; 32]).to_string(),
                    "payTo": Address::Account([2; 32]).to_string(),
                    "maxTimeoutSeconds": 60,
                    "extra": { "areFeesSponsored": true },
                }],
            })
        );
    }

    #[test]
    fn a_header_that_is_none_is_refused() {
        let whole = STANDARD.encode(
            r#"{"x402Version":2,"accepted":{"scheme":"exact","network":"n","amount":"1","asset":"C","payTo":"G","extra":{}},"payload":{"transaction":"AAAA"},"extensions":{}}"#,
        );
        assert_eq!(Payload::read(&whole).unwrap().payload.transaction, "AAAA");
        assert!(Payload::read(whole.trim_end_matches('=')).is_ok(), "padding may be left out");
        for bad in ["", "!!", "AAAA", &STANDARD.encode("{}"), &STANDARD.encode("[]"), &"A".repeat(HEADER_BYTES_MAX + 1)]
        {
            assert_eq!(Payload::read(bad), Err(Fault::Malformed), "{bad:.20}");
        }
    }
}
