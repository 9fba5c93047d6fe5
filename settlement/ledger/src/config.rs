//! What a caller chooses.

use crate::Error;
use std::path::PathBuf;

/// The passphrase of a ledger that is given no other.
pub const DEFAULT_PASSPHRASE: &str = "Berth Local Network ; 2026";

/// Transactions signed here could be replayed there, for real money.
const PUBLIC_PASSPHRASE: &str = "Public Global Stellar Network ; September 2015";

/// How a ledger runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the journal; made if it is not there.
    pub data_dir: PathBuf,
    /// Name of the network: its SHA-256 is part of everything that is signed.
    /// Never the public network's.
    pub passphrase: String,
    /// Milliseconds from one close to the next, 10 to 60,000.
    pub close_ms: u64,
    /// For how many ledgers transactions and events can be asked for, at
    /// least 1. State is kept for ever.
    pub retention_ledgers: u32,
    /// How many ledgers a new persistent entry lives before it is archived, 16
    /// to 3,000,000. A small number shows archival and restoring soon.
    pub persistent_ttl_ledgers: u32,
    /// What goes wrong on purpose, for the tests of clients. Nothing by default.
    pub trouble: Trouble,
}

/// What goes wrong on a busy network, made to happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Every so many calls of `sendTransaction` one is answered
    /// `TRY_AGAIN_LATER` and forgotten; 0 for none.
    pub try_again_every: u32,
    /// Every so many ledgers one closes late; 0 for none.
    pub late_every: u32,
    /// How late, in milliseconds, up to 60,000.
    pub late_ms: u64,
}

impl Config {
    /// The defaults: a close each second, a week's worth of the public
    /// network's ledgers (120,960) kept, and entries that live for 120 days'
    /// worth of them (2,073,600), as there.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            passphrase: DEFAULT_PASSPHRASE.to_owned(),
            close_ms: 1_000,
            retention_ledgers: 120_960,
            persistent_ttl_ledgers: 2_073_600,
            trouble: Trouble::default(),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.passphrase.trim() == PUBLIC_PASSPHRASE {
            return Err(Error::PublicPassphrase);
        }
        if self.passphrase.is_empty() || self.passphrase.len() > 256 {
            return Err(Error::Config("the passphrase must have 1 to 256 bytes"));
        }
        if !(10..=60_000).contains(&self.close_ms) {
            return Err(Error::Config("close_ms must lie between 10 and 60,000"));
        }
        if self.retention_ledgers == 0 {
            return Err(Error::Config("retention_ledgers must be at least 1"));
        }
        if !(16..=3_000_000).contains(&self.persistent_ttl_ledgers) {
            return Err(Error::Config("persistent_ttl_ledgers must lie between 16 and 3,000,000"));
        }
        if self.trouble.late_ms > 60_000 {
            return Err(Error::Config("late_ms must be at most 60,000"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_network_is_refused() {
        let mut config = Config::new("unused");
        assert!(config.validate().is_ok());
        config.passphrase = format!(" {PUBLIC_PASSPHRASE}\n");
        assert!(matches!(config.validate(), Err(Error::PublicPassphrase)));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for (close_ms, retention_ledgers, fits) in
            [(10, 1, true), (9, 1, false), (60_000, 1, true), (60_001, 1, false), (10, 0, false)]
        {
            let config = Config { close_ms, retention_ledgers, ..Config::new("unused") };
            assert_eq!(config.validate().is_ok(), fits, "{close_ms} {retention_ledgers}");
        }
        for (persistent_ttl_ledgers, late_ms, fits) in
            [(16, 60_000, true), (15, 0, false), (3_000_001, 0, false), (16, 60_001, false)]
        {
            let trouble = Trouble { late_every: 1, late_ms, ..Trouble::default() };
            let config = Config { persistent_ttl_ledgers, trouble, ..Config::new("unused") };
            assert_eq!(config.validate().is_ok(), fits, "{persistent_ttl_ledgers} {late_ms}");
        }
    }
}
