//! Why a ledger does not start, or stopped.

use soroban_env_host::HostError;

/// A failure of the ledger itself, never of a request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration names the public network.
    #[error("the public network's passphrase is refused: what is signed for this ledger would be valid there")]
    PublicPassphrase,
    /// The configuration is out of range.
    #[error("configuration: {0}")]
    Config(&'static str),
    /// The data folder belongs to a network of another passphrase.
    #[error("the data folder belongs to another network: give its passphrase, or another folder")]
    OtherNetwork,
    /// The journal holds what this ledger cannot have written.
    #[error("the journal is damaged: {0}; restore the data folder from a copy, or start with an empty one")]
    Damaged(String),
    /// The journal could not be read or written.
    #[error("journal: {0}")]
    Journal(#[from] rocksdb::Error),
    /// A folder or a socket.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The host refused its own configuration or the genesis.
    #[error("host: {0}")]
    Host(String),
    /// The thread that closes ledgers ended early.
    #[error("the closing of ledgers stopped: {0}")]
    Stopped(String),
}

impl From<HostError> for Error {
    fn from(error: HostError) -> Self {
        Self::Host(error.to_string())
    }
}
