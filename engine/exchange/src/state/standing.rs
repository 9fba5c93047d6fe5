//! What trust in an account rests on, beside its stake.

use berth_domain::codec::Encode;
use berth_domain::{AccountId, LeaseId, Micros, Stroops};

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

impl Encode for Standing {
    fn encode(&self, out: &mut Vec<u8>) {
        self.history.encode(out);
        (self.attestations.len() as u64).encode(out);
        for (auditor, until) in &self.attestations {
            auditor.encode(out);
            until.encode(out);
        }
        (self.forfeits.len() as u64).encode(out);
        for (lease, amount) in &self.forfeits {
            lease.encode(out);
            amount.encode(out);
        }
    }
}
