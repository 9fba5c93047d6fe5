//! Signatures and the weights of signers.

use ed25519_dalek::{Signature, VerifyingKey};
use stellar_xdr::{AccountEntry, DecoratedSignature, PublicKey, SignerKey, Uint256};

/// How much an operation asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threshold {
    Low,
    Medium,
}

/// The signatures of one transaction. Each must be needed by someone.
pub(super) struct Signatures<'a> {
    hash: [u8; 32],
    all: &'a [DecoratedSignature],
    used: Vec<bool>,
}

impl<'a> Signatures<'a> {
    pub(super) fn new(hash: [u8; 32], all: &'a [DecoratedSignature]) -> Self {
        Self { hash, all, used: vec![false; all.len()] }
    }

    /// Whether the signers of `account` among these weigh enough.
    pub(super) fn authorize(&mut self, account: &AccountEntry, threshold: Threshold) -> bool {
        let [master, low, medium, _high] = account.thresholds.0;
        let needed = match threshold {
            Threshold::Low => low,
            Threshold::Medium => medium,
        };
        let PublicKey::PublicKeyTypeEd25519(Uint256(key)) = account.account_id.0;
        let mut signers = vec![(key, u32::from(master))];
        signers.extend(account.signers.iter().filter_map(|signer| match signer.key {
            SignerKey::Ed25519(Uint256(key)) => Some((key, signer.weight)),
            _ => None,
        }));
        // A threshold of 0 still asks for one signature.
        let mut missing = i64::from(needed.max(1));
        for (key, weight) in signers {
            if weight > 0 && missing > 0 && self.signed_by(&key) {
                missing -= i64::from(weight.min(255));
            }
        }
        missing <= 0
    }

    pub(super) fn any_unused(&self) -> bool {
        self.used.contains(&false)
    }

    fn signed_by(&mut self, key: &[u8; 32]) -> bool {
        for (signature, used) in self.all.iter().zip(&mut self.used) {
            if signature.hint.0 != key[28..] {
                continue;
            }
            let Ok(bytes) = <[u8; 64]>::try_from(signature.signature.as_slice()) else { continue };
            let signature = Signature::from_bytes(&bytes);
            if VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(&self.hash, &signature).is_ok()) {
                *used = true;
                return true;
            }
        }
        false
    }
}
