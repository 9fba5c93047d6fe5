//! How many transactions the last ledgers held, for fee statistics.

use crate::Error;
use crate::genesis::GENESIS_SEQ;
use crate::journal::Journal;
use crate::record::Record;
use std::collections::VecDeque;

/// Ledgers that the statistics of classic transactions look at, as on a node
/// with its defaults.
pub(crate) const CLASSIC_LEDGERS: usize = 10;
/// Those that the statistics of Soroban transactions look at.
pub(crate) const SOROBAN_LEDGERS: usize = 50;

/// The last `SOROBAN_LEDGERS` ledgers, newest first.
#[derive(Debug, Default)]
pub(crate) struct FeeWindow(VecDeque<Counts>);

/// Transactions in one ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    classic: usize,
    soroban: usize,
}

impl FeeWindow {
    /// The window up to the ledger `head`.
    pub(crate) fn load(journal: &Journal, head: u32) -> Result<Self, Error> {
        let mut window = Self::default();
        let from = (head + 1).saturating_sub(SOROBAN_LEDGERS as u32).max(journal.oldest()).max(GENESIS_SEQ);
        for seq in from..=head {
            window.note(&journal.transactions_of(seq)?);
        }
        Ok(window)
    }

    /// Takes in the next ledger.
    pub(crate) fn note(&mut self, records: &[Record]) {
        let soroban = records.iter().filter(|record| record.is_soroban()).count();
        self.0.push_front(Counts { classic: records.len() - soroban, soroban });
        self.0.truncate(SOROBAN_LEDGERS);
    }

    /// Classic transactions in the last ledgers, and in how many.
    pub(crate) fn classic(&self) -> (usize, usize) {
        let ledgers = self.0.iter().take(CLASSIC_LEDGERS);
        (ledgers.clone().map(|counts| counts.classic).sum(), ledgers.len())
    }

    /// Soroban transactions in the last ledgers, and in how many.
    pub(crate) fn soroban(&self) -> (usize, usize) {
        (self.0.iter().map(|counts| counts.soroban).sum(), self.0.len())
    }
}
