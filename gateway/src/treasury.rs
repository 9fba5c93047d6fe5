//! Money on its way in and out. The exchange learns of it from the chain alone;
//! here transactions are made for those who sign them, and handed in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use berth_domain::{Address, Code, Digest, Micros, Stroops};
use berth_wire::errors::{self, EdgeCode, Problem};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::limits::TRANSFERS_MAX;
use crate::problem::Refusal;

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From an account of the chain into one of the exchange.
    In,
    /// From an account of the exchange to the same of the chain.
    Out,
}

/// Money that is to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Which way.
    pub way: Way,
    /// Who signs: who pays it in, or whose it is.
    pub signer: Address,
    /// The account of the exchange.
    pub account: Address,
    /// How much.
    pub amount: Stroops,
}

/// A transaction that its account has still to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSign {
    /// The envelope's XDR in base 64.
    pub transaction: String,
    /// Its hash.
    pub hash: Digest,
    /// The most that the network takes for it.
    pub fee: Stroops,
    /// Until when it has to be in a ledger.
    pub valid_until: Micros,
}

/// Why money does not move.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreasuryError {
    /// The envelope is not what it should be, in words that follow its name.
    #[error("{0}")]
    Transaction(String),
    /// Who signs has less than the amount.
    #[error("{0}")]
    Insufficient(String),
    /// The chain does not take it, whoever tries.
    #[error("{0}")]
    Refused(String),
    /// The chain does not answer, or takes nothing now. Nothing was done.
    #[error("{0}")]
    Unavailable(String),
    /// The chain went silent when it had the transaction.
    #[error("{0}")]
    Unknown(String),
}

/// What comes of asking the chain.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, TreasuryError>> + Send + 'a>>;

/// The escrow contract on its chain, for those who pay in and out. The node's root
/// implements it with the settlement's means. Each call has to end by itself in a
/// bounded time.
pub trait Treasury: Send + Sync + 'static {
    /// The contract's address, `C…`.
    fn contract(&self) -> String;

    /// A transaction that moves money, for its account to sign.
    fn prepare(&self, money: Money) -> Asked<'_, ToSign>;

    /// Hands in a transaction that somebody has signed. Another than one that moves
    /// money this way is refused.
    fn hand_in(&self, way: Way, transaction: String) -> Asked<'_, Digest>;

    /// Moves money in open mode: test money into an account, or out of it with its
    /// key, `seed`, where that is derived from a name. It is in a ledger when this
    /// ends well.
    fn carry_out(&self, money: Money, seed: Option<[u8; 32]>) -> Asked<'_, ()>;
}

/// The treasury, which few ask at once.
pub(crate) struct Counter {
    treasury: Arc<dyn Treasury>,
    turns: Semaphore,
}

impl Counter {
    pub(crate) fn new(treasury: Arc<dyn Treasury>) -> Self {
        Self { treasury, turns: Semaphore::new(TRANSFERS_MAX) }
    }

    pub(crate) fn contract(&self) -> String {
        self.treasury.contract()
    }

    /// Asks the chain, in its turn.
    pub(crate) async fn ask<'a, T>(
        &'a self,
        asked: impl FnOnce(&'a dyn Treasury) -> Asked<'a, T>,
    ) -> Result<T, Refusal> {
        let _turn = self.turns.try_acquire().map_err(|_| EdgeCode::Overloaded)?;
        asked(self.treasury.as_ref()).await.map_err(refusal)
    }
}

fn refusal(error: TreasuryError) -> Refusal {
    match error {
        TreasuryError::Transaction(why) => Refusal::malformed("transaction", why),
        TreasuryError::Insufficient(why) => {
            Refusal::from(Problem::new(errors::refusal(Code::InsufficientFunds), why)).at("amount")
        }
        TreasuryError::Refused(why) => Refusal::new(EdgeCode::ChainRefused, why),
        TreasuryError::Unavailable(why) => Refusal::new(EdgeCode::ChainUnavailable, why),
        TreasuryError::Unknown(why) => Refusal::new(EdgeCode::OutcomeUnknown, why),
    }
}
