//! What the tests of this crate share.

use berth_domain::{AccountId, Address, Authority, Entry, Micros, OpenAccount, RULES_VERSION, Seq};

/// An entry that decodes; what it says is of no matter.
pub(crate) fn entry(seq: u64, salt: u8) -> Entry {
    let authority = match salt % 3 {
        0 => Authority::Exchange,
        1 => Authority::OperatorAttested,
        _ => Authority::Signed { key: [salt; 32], nonce: seq, signature: [salt; 64] },
    };
    Entry {
        rules: RULES_VERSION,
        seq: Seq(seq),
        at: Micros(seq * 1_000),
        account: AccountId(salt.into()),
        authority,
        command: OpenAccount { address: Address([salt; 32]) }.into(),
    }
}
