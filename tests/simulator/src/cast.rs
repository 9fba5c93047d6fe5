//! Who there is in a run. Owners have hosts, tenants have money; one tenant has
//! a host, too, so that it can meet itself.

use berth_domain::{Address, Attribute, ClientId, Digest, ResourceClass, Text, TrustLevel};

/// Owners of hosts, with the levels that the genesis grants them.
pub(crate) const OWNERS: [(&str, TrustLevel); 5] = [
    ("ada", TrustLevel::One),
    ("bob", TrustLevel::Two),
    ("cem", TrustLevel::Three),
    ("eve", TrustLevel::Five),
    ("tia", TrustLevel::One),
];

/// Tenants. `tia` has a host, and `nell` has no account before money comes.
pub(crate) const TENANTS: [&str; 4] = ["tom", "tia", "tim", "nell"];

/// Who attests, beside the first of the owners.
pub(crate) const AUDITOR: &str = "vera";

pub(crate) const TREASURY: &str = "treasury";

/// An address that is easy to tell: the name, then zeros.
pub(crate) fn address(name: &str) -> Address {
    let mut bytes = [0; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Address(bytes)
}

/// The name in an address of this cast.
pub(crate) fn name(address: Address) -> String {
    address.0.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect()
}

pub(crate) fn gpu() -> ResourceClass {
    "H100-80".parse().expect("it names a model and its memory")
}

/// Another model than most trade.
pub(crate) fn small_gpu() -> ResourceClass {
    "RTX4090-24".parse().expect("it names a model and its memory")
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).expect("the simulator writes short texts")
}

pub(crate) fn region(value: &str) -> Attribute {
    Attribute { key: text("region"), value: text(value) }
}

pub(crate) fn client_id(number: u64) -> ClientId {
    ClientId::new(format!("c{number}")).expect("short")
}

/// A hash that names a number.
pub(crate) fn hash(kind: &str, number: u64) -> Digest {
    Digest(*blake3::hash(format!("{kind} {number}").as_bytes()).as_bytes())
}
