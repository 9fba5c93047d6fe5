//! Whose signatures speak for an account.

use thiserror::Error;

use crate::key::PublicKey;

/// Why signatures do not speak for an account.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignersError {
    /// There is none.
    #[error("nobody signed it but the server")]
    Unsigned,
    /// One is by nobody who may sign, or is there twice.
    #[error("a signature is by no signer of the account, or is there twice")]
    Stranger,
    /// They weigh too little.
    #[error("the signatures weigh {weight}, and the account's medium threshold is {needed}")]
    TooLight {
        /// What they weigh together.
        weight: u32,
        /// The account's medium threshold.
        needed: u32,
    },
}

/// The Ed25519 keys that sign for an account, with their weights, and what they
/// must weigh together: the medium threshold, which a payment needs, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers {
    keys: Vec<(PublicKey, u32)>,
    needed: u32,
}

impl Signers {
    /// Those of an account that the chain does not have: its own key.
    #[must_use]
    pub fn master(account: PublicKey) -> Self {
        Self { keys: vec![(account, 1)], needed: 1 }
    }

    /// Those of an account on the chain. Keys without weight sign nothing, and
    /// some signature there must be even where the threshold is zero.
    #[must_use]
    pub fn new(keys: Vec<(PublicKey, u32)>, medium_threshold: u32) -> Self {
        let keys = keys.into_iter().filter(|(_, weight)| *weight > 0).collect();
        Self { keys, needed: medium_threshold.max(1) }
    }

    /// Whether the signatures of these keys, each named as often as it signed,
    /// speak for the account.
    ///
    /// # Errors
    /// When they do not.
    pub(crate) fn check(&self, signed: impl Fn(&PublicKey) -> usize, count: usize) -> Result<(), SignersError> {
        if count == 0 {
            return Err(SignersError::Unsigned);
        }
        let (mut weight, mut used) = (0_u32, 0);
        for (key, of_key) in &self.keys {
            let times = signed(key);
            if times > 0 {
                weight = weight.saturating_add(*of_key);
                used += 1;
            }
        }
        // As many as there are signers who signed: no stranger, and none twice.
        if used != count {
            return Err(SignersError::Stranger);
        }
        if weight < self.needed {
            return Err(SignersError::TooLight { weight, needed: self.needed });
        }
        Ok(())
    }
}
