//! Signatures and the weights of signers.

use crate::account::as_signer;
use crate::codec::sha256;
use ed25519_dalek::{Signature, VerifyingKey};
use stellar_xdr::{AccountEntry, AccountId, DecoratedSignature, SignerKey};

/// How much an operation asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threshold {
    Low,
    Medium,
    High,
}

/// Weights above this count as it.
const WEIGHT_MAX: u32 = 255;

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
        let [master, low, medium, high] = account.thresholds.0;
        let needed = match threshold {
            Threshold::Low => low,
            Threshold::Medium => medium,
            Threshold::High => high,
        };
        let own = (as_signer(&account.account_id), u32::from(master));
        let others = account.signers.iter().map(|signer| (signer.key.clone(), signer.weight));
        let signers = std::iter::once(own).chain(others).filter(|(_, weight)| *weight > 0);
        self.weigh(signers.collect(), u32::from(needed))
    }

    /// Whether the key of an account that does not exist yet signed.
    pub(super) fn signed_by_key_of(&mut self, account: &AccountId) -> bool {
        self.weigh(vec![(as_signer(account), 1)], 0)
    }

    /// Whether every one of `signers` signed.
    pub(super) fn signed_by_all(&mut self, signers: &[SignerKey]) -> bool {
        let needed = u32::try_from(signers.len()).unwrap_or(u32::MAX);
        signers.is_empty() || self.weigh(signers.iter().map(|signer| (signer.clone(), 1)).collect(), needed)
    }

    pub(super) fn any_unused(&self) -> bool {
        self.used.contains(&false)
    }

    /// Adds up weights until they reach what is needed. Even for nothing one
    /// signature is asked for. The order of kinds is the network's: it decides
    /// which signatures count as used.
    fn weigh(&mut self, signers: Vec<(SignerKey, u32)>, needed: u32) -> bool {
        let mut total = 0;
        for (key, weight) in &signers {
            if matches!(key, SignerKey::PreAuthTx(hash) if hash.0 == self.hash) {
                total += (*weight).min(WEIGHT_MAX);
                if total >= needed {
                    return true;
                }
            }
        }
        let kinds: [fn(&SignerKey) -> bool; 3] = [
            |key| matches!(key, SignerKey::HashX(_)),
            |key| matches!(key, SignerKey::Ed25519(_)),
            |key| matches!(key, SignerKey::Ed25519SignedPayload(_)),
        ];
        for is_of_kind in kinds {
            let mut waiting: Vec<_> = signers.iter().filter(|(key, _)| is_of_kind(key)).collect();
            for (signature, used) in self.all.iter().zip(&mut self.used) {
                let Some(at) = waiting.iter().position(|(key, _)| fits(signature, key, &self.hash)) else { continue };
                *used = true;
                total += waiting.remove(at).1.min(WEIGHT_MAX);
                if total >= needed {
                    return true;
                }
            }
        }
        false
    }
}

/// Whether `signature` is one of `key`, over `hash` or what the key names.
fn fits(signature: &DecoratedSignature, key: &SignerKey, hash: &[u8; 32]) -> bool {
    match key {
        SignerKey::PreAuthTx(_) => false,
        SignerKey::HashX(image) => {
            signature.hint.0 == hint(&image.0) && sha256(signature.signature.as_slice()) == image.0
        }
        SignerKey::Ed25519(key) => signature.hint.0 == hint(&key.0) && verifies(&key.0, hash, signature),
        SignerKey::Ed25519SignedPayload(signed) => {
            let (of_key, of_payload) = (hint(&signed.ed25519.0), hint(signed.payload.as_slice()));
            let both: [u8; 4] = std::array::from_fn(|at| of_key[at] ^ of_payload[at]);
            signature.hint.0 == both && verifies(&signed.ed25519.0, signed.payload.as_slice(), signature)
        }
    }
}

/// The last four bytes; what is shorter is filled up with zeros.
fn hint(bytes: &[u8]) -> [u8; 4] {
    match bytes.last_chunk() {
        Some(last) => *last,
        None => std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0)),
    }
}

fn verifies(key: &[u8; 32], message: &[u8], signature: &DecoratedSignature) -> bool {
    let Ok(bytes) = <[u8; 64]>::try_from(signature.signature.as_slice()) else { return false };
    let signature = Signature::from_bytes(&bytes);
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}
