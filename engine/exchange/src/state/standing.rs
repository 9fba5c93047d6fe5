//! What trust in an account rests on, beside its stake.

use berth_domain::{AccountId, LeaseId, Micros, Stroops};

use super::content::{content, sequence};
use super::history::History;

/// What trust in an account rests on. Most accounts have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) history: History,
    /// Auditors and until when their word holds; one for each at most, in the
    /// order in which they spoke.
    pub(crate) attestations: Vec<(AccountId, Micros)>,
    /// Stake that is forfeited and that the chain has not taken yet, by lease.
    pub(crate) forfeits: Vec<(LeaseId, Stroops)>,
}

impl Standing {
    /// Stake that is as good as gone.
    pub(crate) fn forfeited(&self) -> Stroops {
        self.forfeits.iter().fold(Stroops::ZERO, |sum, (_, amount)| sum + *amount)
    }
}

content!(Standing {
    history,
    attestations with |standing, out| sequence(&standing.attestations, out),
    forfeits with |standing, out| sequence(&standing.forfeits, out),
});
