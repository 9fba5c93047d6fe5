//! Watches the contract: each event that it publishes becomes a fact, reported
//! until the exchange has it. Only then does the cursor move on.

use std::convert::Infallible;
use std::time::Duration;

use berth_wire::domain::{self, ChainEventId, Stroops, TxHash};
use berth_wire::request::{Fact, FactEscrowed, FactMovement, FactPaid, FactRefunded, FactToppedUp};
use thiserror::Error;
use tracing::{info, warn};

use crate::chain::{Address, EventPage, EventStart, RawEvent, RpcError};
use crate::contract::{Escrow, EscrowEvent, Payment, instance_of, read_event};
use crate::exchange::Exchange;
use crate::follower::{Backoff, Desk, Told, report};
use crate::metrics;
use crate::store::{Changes, StoreError};

/// Events to ask for at a time.
const PAGE: usize = 100;

/// Why watching stopped for good.
#[derive(Debug, Error)]
pub(crate) enum WatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the RPC keeps events from ledger {oldest} on, and those from ledger {wanted} are needed: \
         deposits and payments in between would be lost. Point the settler at an RPC that keeps \
         them; from there it goes on by itself"
    )]
    Gap { wanted: u32, oldest: u32 },
    #[error(
        "the RPC's newest ledger is {latest}, and ledger {wanted} was read before: this is another \
         chain, or one that was reset"
    )]
    Reset { wanted: u32, latest: u32 },
    #[error("there is no contract at {0}")]
    NoContract(Address),
    #[error("event {id} of the contract is not what this version knows: {cause}")]
    Alien { id: String, cause: String },
}

/// Reports what the contract publishes, for ever.
pub(crate) async fn watch<E: Exchange>(
    desk: &Desk<E>,
    escrow: &Escrow,
    token: Address,
    poll: Duration,
) -> Result<Infallible, WatchError> {
    let key = desk.outbox.store.keys.chain_cursor();
    let mut backoff = Backoff::new();
    let mut cursor: Option<String> = desk.outbox.store.get(&key)?;
    loop {
        desk.board.write().chain_cursor.clone_from(&cursor);
        let page = match next_page(escrow, cursor.as_deref()).await {
            Ok(page) => page,
            Err(Halt::Watch(error)) => return Err(error),
            Err(Halt::Rpc(error)) => {
                warn!(%error, "reading the contract's events failed; trying again");
                desk.board.write().chain_error = Some(error.to_string());
                backoff.wait().await;
                continue;
            }
        };
        backoff.reset();
        desk.board.write().chain_error = None;
        metrics::watched(ledger_of(&page.cursor).unwrap_or(0), false);
        let full = page.events.len() >= PAGE;
        for event in &page.events {
            if let Some(fact) = read_fact(event, token)? {
                tell(desk, &fact, &event.id).await?;
            }
        }
        if cursor.as_deref() != Some(&page.cursor) {
            let mut changes = Changes::default();
            changes.put(&key, &page.cursor);
            desk.outbox.store.note(changes)?;
            cursor = Some(page.cursor);
        }
        if !full {
            // Early when we did something ourselves, which has made an event.
            let _ = tokio::time::timeout(poll, desk.acted.notified()).await;
        }
    }
}

enum Halt {
    Rpc(RpcError),
    Watch(WatchError),
}

impl From<RpcError> for Halt {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

async fn next_page(escrow: &Escrow, cursor: Option<&str>) -> Result<EventPage, Halt> {
    let rpc = escrow.rpc();
    let start = match cursor {
        Some(cursor) => EventStart::After(cursor.to_owned()),
        None => EventStart::Ledger(first_ledger(escrow).await?),
    };
    match rpc.events(escrow.id(), &start, PAGE).await {
        Err(RpcError::Refused { code, message }) => {
            // Which of the reasons it is, is not in the code: look.
            let wanted = cursor.and_then(ledger_of).unwrap_or(0);
            let (oldest, latest) = (rpc.oldest_ledger().await?, rpc.head().await?.ledger);
            Err(match wanted {
                _ if cursor.is_none() => Halt::Rpc(RpcError::Refused { code, message }),
                _ if wanted < oldest => Halt::Watch(WatchError::Gap { wanted, oldest }),
                _ if wanted > latest + 1 => Halt::Watch(WatchError::Reset { wanted, latest }),
                _ => Halt::Rpc(RpcError::Refused { code, message }),
            })
        }
        Ok(page) => {
            // An RPC that does not refuse an old cursor skips silently.
            let wanted = cursor.and_then(ledger_of);
            match wanted {
                Some(wanted) if wanted < page.oldest_ledger => {
                    Err(Halt::Watch(WatchError::Gap { wanted, oldest: page.oldest_ledger }))
                }
                Some(wanted) if wanted > page.latest_ledger + 1 => {
                    Err(Halt::Watch(WatchError::Reset { wanted, latest: page.latest_ledger }))
                }
                _ => Ok(page),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the contract's events begin: its instance is written when it is
/// created, and never again.
async fn first_ledger(escrow: &Escrow) -> Result<u32, Halt> {
    let rpc = escrow.rpc();
    let Some((_, created)) = rpc.entry(instance_of(escrow.id())).await? else {
        return Err(Halt::Watch(WatchError::NoContract(escrow.id())));
    };
    let oldest = rpc.oldest_ledger().await?;
    if created < oldest {
        return Err(Halt::Watch(WatchError::Gap { wanted: created, oldest }));
    }
    Ok(created)
}

/// The upper half of the cursor's first number is the ledger (SEP-35).
fn ledger_of(cursor: &str) -> Option<u32> {
    let toid: u64 = cursor.split_once('-')?.0.parse().ok()?;
    u32::try_from(toid >> 32).ok()
}

async fn tell<E: Exchange>(desk: &Desk<E>, fact: &Fact, id: &str) -> Result<(), StoreError> {
    let mut backoff = Backoff::new();
    loop {
        match report(desk, fact, id).await? {
            Told::Known => {
                info!(?fact, "reported");
                return Ok(());
            }
            Told::Later(error) => {
                warn!(%error, "reporting a fact failed; trying again");
                desk.board.write().chain_error = Some(error.to_string());
                backoff.wait().await;
            }
        }
    }
}

/// What an event says to the exchange; nothing if it is about an account that
/// the exchange cannot have, or in another token than the exchange's.
fn read_fact(event: &RawEvent, ours: Address) -> Result<Option<Fact>, WatchError> {
    let alien = |cause: String| WatchError::Alien { id: event.id.clone(), cause };
    let Some(what) = read_event(event).map_err(|error| alien(error.to_string()))? else {
        return Ok(None);
    };
    let id: ChainEventId = event.id.parse().map_err(|_| alien("its id is none".to_owned()))?;
    let mut hash = [0; 32];
    hex::decode_to_slice(&event.tx, &mut hash).map_err(|_| alien("its hash is none".to_owned()))?;
    let (tx, ledger) = (TxHash(hash), event.ledger);
    Ok(match what {
        // Whoever paid: the money belongs to the account that it was paid for.
        EscrowEvent::Deposited { to, token, amount, .. } if token == ours => {
            movement(id, to, amount).map(Fact::Deposit)
        }
        EscrowEvent::WithdrawRequested { account, token, total } if token == ours => {
            movement(id, account, total).map(Fact::WithdrawalRequested)
        }
        EscrowEvent::Withdrawn { account, token, amount } if token == ours => {
            movement(id, account, amount).map(Fact::Withdrawn)
        }
        EscrowEvent::ToppedUp { lease, amount, .. } => {
            Some(Fact::ToppedUp(FactToppedUp { lease_id: lease.0, tx, ledger, amount }))
        }
        EscrowEvent::WithdrawCancelled { account, token, amount } if token == ours => {
            movement(id, account, amount).map(Fact::WithdrawalCancelled)
        }
        EscrowEvent::Opened { lease, .. } => Some(Fact::Escrowed(FactEscrowed { lease_id: lease.0, tx, ledger })),
        EscrowEvent::Refunded { lease, payment: Payment { pay: Stroops::ZERO, refund, .. } } => {
            Some(Fact::Refunded(FactRefunded { lease_id: lease.0, tx, ledger, amount: refund }))
        }
        // Whoever had it paid, by evidence or by a receipt: the money moved.
        EscrowEvent::Settled { lease, payment, .. } | EscrowEvent::Refunded { lease, payment } => {
            let Payment { pay, fee, refund, .. } = payment;
            Some(Fact::Paid(FactPaid { lease_id: lease.0, tx, ledger, pay, fee, refund }))
        }
        // Another token's, and what the exchange has no word for.
        EscrowEvent::Deposited { .. }
        | EscrowEvent::WithdrawRequested { .. }
        | EscrowEvent::Withdrawn { .. }
        | EscrowEvent::WithdrawCancelled { .. }
        | EscrowEvent::TenantMandateSet { .. }
        | EscrowEvent::ProviderMandateSet { .. }
        | EscrowEvent::Cancelled { .. }
        | EscrowEvent::Receipted { .. } => None,
    })
}

fn movement(chain_event: ChainEventId, address: Address, amount: Stroops) -> Option<FactMovement> {
    match address {
        Address::Account(key) => Some(FactMovement { chain_event, address: domain::Address(key), amount }),
        // A contract may keep money in the escrow and take it out again, but
        // accounts of the exchange are keys.
        Address::Contract(_) => {
            warn!(%address, %amount, "money of a contract stays out of the exchange");
            None
        }
    }
}
