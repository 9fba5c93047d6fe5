use std::future::Future;
use std::time::Duration;

use stellar_xdr::ScVal;

use super::rpc::{Found, Rejection, RpcError, Sent};
use super::{Rpc, Signed};

/// The two calls that bring a transaction to the ledger. The RPC is one; tests
/// of what survives a crash have another.
pub trait Wire: Sync {
    /// Hands a transaction in.
    fn send(&self, signed: &Signed) -> impl Future<Output = Result<Sent, RpcError>> + Send;
    /// Asks for it.
    fn find(&self, hash: &[u8; 32]) -> impl Future<Output = Result<Found, RpcError>> + Send;
    /// How to wait between two questions.
    fn patience(&self) -> Patience;
}

/// How to wait: at first briefly, then twice as long each time, up to a limit.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first wait.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
    /// How many waits pass before the same transaction is handed in again.
    pub resend_every: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Duration::from_millis(20), most: Duration::from_secs(1), resend_every: 5 }
    }
}

/// What came out of delivering a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is applied.
    Applied(Applied),
    /// It is in a ledger without effect. Its sequence number is used.
    Failed(String),
    /// It was never taken by anyone and never will be.
    Rejected(Rejection),
    /// It can no longer be applied.
    Expired,
    /// The RPC no longer keeps the ledgers in which it may have been applied:
    /// only the contract can tell.
    Forgotten,
}

/// A transaction in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its hash.
    pub hash: [u8; 32],
    /// The ledger.
    pub ledger: u32,
    /// What the contract answered.
    pub value: ScVal,
}

/// Hands `signed` in, again and again if need be, until it is certain what
/// became of it. `fresh` says that nobody ever handed it in before: only then
/// does a rejection prove that it will not be applied.
///
/// # Errors
/// When the RPC stops answering. Calling again goes on, with `fresh` false.
pub async fn deliver<W: Wire>(wire: &W, signed: &Signed, mut fresh: bool) -> Result<Delivery, RpcError> {
    let patience = wire.patience();
    let mut wait = patience.first;
    for round in 0_u32.. {
        // Ask first when it may be there already: sending is only for what is not.
        if !fresh && let Some(delivery) = settled(wire, signed).await? {
            return Ok(delivery);
        }
        if round.is_multiple_of(patience.resend_every.max(1)) {
            match wire.send(signed).await? {
                Sent::Rejected(why) if fresh => return Ok(Delivery::Rejected(why)),
                // A rejection of what was handed in before proves nothing: it may be
                // in a ledger already. It is over when a ledger past its bound is.
                Sent::Pending | Sent::Duplicate | Sent::TryAgainLater | Sent::Rejected(_) => {}
            }
            fresh = false;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(patience.most);
    }
    unreachable!("the loop ends only by returning")
}

/// What became of it, if that is certain. That its bound has passed is for the
/// ledger to say, by one that closed after it; no clock of ours counts.
async fn settled<W: Wire>(wire: &W, signed: &Signed) -> Result<Option<Delivery>, RpcError> {
    Ok(match wire.find(&signed.hash).await? {
        Found::Succeeded { ledger, value } => Some(Delivery::Applied(Applied { hash: signed.hash, ledger, value })),
        Found::Failed { why, .. } => Some(Delivery::Failed(why)),
        Found::Missing { oldest_ledger, latest_ledger, latest_closed_at } => {
            let until = signed.valid_until_ledger;
            let over = latest_closed_at > signed.max_time || (until > 0 && latest_ledger.saturating_add(1) >= until);
            match over {
                true if oldest_ledger > signed.since_ledger + 1 => Some(Delivery::Forgotten),
                true => Some(Delivery::Expired),
                false => None,
            }
        }
    })
}

impl Wire for Rpc {
    fn send(&self, signed: &Signed) -> impl Future<Output = Result<Sent, RpcError>> + Send {
        Self::send(self, signed)
    }

    fn find(&self, hash: &[u8; 32]) -> impl Future<Output = Result<Found, RpcError>> + Send {
        Self::find(self, hash)
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}
