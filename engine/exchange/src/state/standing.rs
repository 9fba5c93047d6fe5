//! What trust in an account rests on, beside its stake, and what else few accounts
//! have.

use berth_domain::{AccountId, LeaseId, Micros, Stroops};

use super::content::content;
use super::history::History;
use super::key::AccountKey;

/// What trust in an account rests on. Most accounts have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// That of the account's last signed command that was carried out; zero
    /// before. It lies here so that an account stays small: nearly every command
    /// looks at one, and hardly any is signed.
    pub(crate) nonce: u64,
    pub(crate) history: History,
    /// Auditors and until when their word holds; one for each at most, in the
    /// order in which they spoke.
    pub(crate) attestations: Vec<(AccountId, Micros)>,
    /// Stake that is forfeited and that the chain has not taken yet, by lease.
    pub(crate) forfeits: Vec<(LeaseId, Stroops)>,
    /// Keys that speak for the account, in the order of their bytes, and those
    /// among them that are over and not forgotten.
    pub(crate) keys: Vec<AccountKey>,
}

impl Standing {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.nonce == 0
            && self.history.len() == 0
            && self.attestations.is_empty()
            && self.forfeits.is_empty()
            && self.keys.is_empty()
    }

    /// Stake that is as good as gone.
    pub(crate) fn forfeited(&self) -> Stroops {
        self.forfeits.iter().fold(Stroops::ZERO, |sum, (_, amount)| sum + *amount)
    }
}

content!(Standing {
    history,
    attestations as list,
    forfeits as list,
    keys as list,
} rest {
    nonce: 0,
});
