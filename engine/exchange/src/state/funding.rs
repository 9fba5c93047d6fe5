//! How long a lease's funds last, and how they grow.

use berth_domain::{Micros, Seconds, Stroops, TxHash};

use super::content::content;

/// What a lease's escrow covers beside its first payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funding {
    /// The top-up that waits for the chain's answer.
    pub top_up: Option<TopUp>,
    /// Top-ups that were asked for.
    pub top_ups: u32,
    /// The transactions of those that came.
    pub txs: Vec<TxHash>,
    /// Whether its tenant was told that the funds end.
    pub(crate) is_warned: bool,
    suspended_at: Option<Micros>,
    suspended_micros: u64,
}

/// A top-up whose money is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// Which of the lease's, from 1.
    pub number: u32,
    /// For how much more time.
    pub seconds: Seconds,
    /// What is held and goes into the escrow.
    pub amount: Stroops,
}

impl Funding {
    /// When the funds ended, of a lease that is suspended or was when it began
    /// to close.
    #[must_use]
    pub const fn suspended_at(&self) -> Option<Micros> {
        self.suspended_at
    }

    /// How long it was suspended before, in microseconds.
    #[must_use]
    pub const fn suspended_micros(&self) -> u64 {
        self.suspended_micros
    }

    /// The funds ended.
    pub(crate) fn suspend(&mut self, at: Micros) {
        self.suspended_at = Some(at);
    }

    /// There are funds again; answers how long there were none, in
    /// microseconds.
    pub(crate) fn resume(&mut self, at: Micros) -> u64 {
        let micros = self.suspended_at.take().map_or(0, |since| at.since(since));
        self.suspended_micros += micros;
        micros
    }

    /// When a lease that is suspended at `at` closes: all its suspensions
    /// together may last `timeout`, for which the chain's deadline has room.
    pub(crate) fn closes_at(&self, at: Micros, timeout: Seconds) -> Micros {
        Micros(at.0.saturating_add(timeout.micros().saturating_sub(self.suspended_micros)))
    }
}

content!(TopUp { number, seconds, amount });

content!(Funding {
    top_up,
    top_ups,
    txs as list,
    is_warned,
    suspended_at,
    suspended_micros,
});
