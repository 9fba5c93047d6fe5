//! Channels: accounts that pay for the operator's transactions.
//!
//! An account has one transaction in flight at a time, so that many of them in
//! flight take many accounts. A channel's sequence number and fee are used; the
//! call inside is the operator's own, who signs as well. A channel holds nothing
//! but what fees need, and can do nothing in the contract.
//!
//! Their keys are derived from one that the node keeps, and the operator's
//! account funds them: once each, and again when they run low. Both are safe to
//! repeat.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    AccountId, Asset, CreateAccountOp, MuxedAccount, Operation, OperationBody, PaymentOp, PublicKey, Uint256,
};
use tracing::{info, warn};

use crate::chain::{Account, Address, Key, Network, Rpc, SendError, Sender, Signer};
use crate::follower::Desk;
use crate::store::StoreError;

/// Channels at most.
const CHANNELS_MAX: u32 = 64;
/// What a channel is given at first, and brought up to again, in stroops: 10 XLM,
/// a few hundred transactions.
const GRANT: i64 = 100_000_000;
/// Below this it is given more: 3 XLM.
const LOW: i64 = 30_000_000;
/// Below this it is not used: an account keeps 1 XLM, and a transaction may cost
/// up to about one.
const LEAST: i64 = 20_000_000;
/// What the operator's account keeps for itself: 5 XLM.
const KEPT: i64 = 50_000_000;
/// How often they are looked at, and how soon again after trouble.
const EVERY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));

const _: () = assert!(LEAST < LOW && LOW < GRANT);

/// Which channels a settler has.
#[derive(Clone, Debug)]
pub struct ChannelsConfig {
    /// What their keys are derived from.
    pub key: Key,
    /// How many, 0 to 64. Without any, the operator's own account pays, and one
    /// transaction is in flight at a time.
    pub count: u32,
}

/// Accounts to whom jobs can be given.
pub(crate) trait Lanes {
    /// Those that can pay now: 0 is the operator's own.
    fn open(&self) -> Vec<u32>;
}

/// The channels, numbered from 1.
#[derive(Debug)]
pub(crate) struct Channels {
    signers: Vec<Signer>,
    open: Mutex<Vec<u32>>,
}

impl Lanes for Channels {
    fn open(&self) -> Vec<u32> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Channels {
    pub(crate) fn new(config: &ChannelsConfig, network: &Network) -> Self {
        let derive = |number: u32| {
            let mut seed = Sha256::new();
            seed.update(b"berth channel\0");
            seed.update(config.key.signing_key().to_bytes());
            seed.update(network.id());
            seed.update(number.to_be_bytes());
            Signer::from(Key::from_seed(&seed.finalize().into()))
        };
        let signers: Vec<_> = (1..=config.count.min(CHANNELS_MAX)).map(derive).collect();
        // With channels, nothing goes out before it is known which are there.
        let open = if signers.is_empty() { vec![0] } else { Vec::new() };
        Self { signers, open: Mutex::new(open) }
    }

    /// Who signs for a lane; `None` for the operator's own, and for channels of a
    /// configuration that had more.
    pub(crate) fn signer(&self, lane: u32) -> Option<&Signer> {
        let index = lane.checked_sub(1)?;
        self.signers.get(usize::try_from(index).ok()?)
    }

    fn set_open(&self, lanes: Vec<u32>) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = lanes;
    }
}

/// Keeps the channels funded, for ever.
pub(crate) async fn tend<E>(
    desk: &Desk<E>,
    channels: &Channels,
    rpc: &std::sync::Arc<Rpc>,
    operator: &Signer,
) -> Result<Infallible, StoreError> {
    let sender = Sender::new(std::sync::Arc::clone(rpc), operator.clone());
    loop {
        if channels.signers.is_empty() {
            std::future::pending::<()>().await;
        }
        // What the operator's own account has in flight takes its next number.
        let own = desk.outbox.sealed()?.iter().any(|job| job.lane == 0);
        let tended = round(channels, &sender, !own).await;
        let (error, pause) = match &tended {
            Ok(Tended { is_put_off: true, .. }) => (None, EVERY.1),
            Ok(Tended { lanes, .. }) if lanes.is_empty() => (Some("no channel has money for fees".to_owned()), EVERY.1),
            Ok(_) => (None, EVERY.0),
            Err(error) => (Some(error.to_string()), EVERY.1),
        };
        if let Some(error) = &error {
            warn!(error, "the channels cannot be funded; trying again");
        }
        match tended {
            // Nothing more goes out by the operator's own account until it has funded
            // them.
            Ok(Tended { lanes, is_put_off }) if is_put_off || !lanes.is_empty() => channels.set_open(lanes),
            // Better one at a time than none at all.
            Ok(_) => channels.set_open(vec![0]),
            Err(_) if channels.open().is_empty() => channels.set_open(vec![0]),
            Err(_) => {}
        }
        desk.planned.notify_one();
        desk.board.write().channels_error = error;
        tokio::time::sleep(pause).await;
    }
}

/// What a look at all channels came to.
struct Tended {
    /// Those that can pay.
    lanes: Vec<u32>,
    /// Whether some need money, and had to wait for it.
    is_put_off: bool,
}

/// Looks at all, and gives money where it is needed if it may.
async fn round(channels: &Channels, sender: &Sender, may_fund: bool) -> Result<Tended, SendError> {
    let addresses: Vec<Address> = channels.signers.iter().map(Signer::address).chain([sender.address()]).collect();
    let mut accounts = look(sender.rpc(), &addresses).await?;
    let own = accounts.pop().flatten().map_or(0, |account| account.balance);
    let operations = grants(&addresses, &accounts, own - KEPT);
    let is_put_off = !may_fund && !operations.is_empty();
    if may_fund && !operations.is_empty() {
        info!(accounts = operations.len(), "funding channels");
        sender.operate(operations).await?;
        accounts = look(sender.rpc(), &addresses[..accounts.len()]).await?;
    }
    let can_pay = |account: &Option<Account>| account.is_some_and(|account| account.balance >= LEAST);
    let lanes = (1..).zip(&accounts).filter(|(_, account)| can_pay(account)).map(|(lane, _)| lane).collect();
    Ok(Tended { lanes, is_put_off })
}

async fn look(rpc: &Rpc, addresses: &[Address]) -> Result<Vec<Option<Account>>, SendError> {
    Ok(rpc.accounts(addresses).await.map_err(crate::chain::PrepareError::from)?)
}

/// What to give to whom, out of `purse`. Creating an account that is there fails,
/// and paying one twice moves no money away from us: either may be repeated.
fn grants(addresses: &[Address], accounts: &[Option<Account>], mut purse: i64) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (address, account) in addresses.iter().zip(accounts) {
        let Address::Account(key) = *address else { continue };
        let amount = match account {
            None => GRANT,
            Some(account) if account.balance < LOW => GRANT - account.balance,
            Some(_) => continue,
        };
        if amount > purse {
            break;
        }
        purse -= amount;
        let body = match account {
            None => OperationBody::CreateAccount(CreateAccountOp {
                destination: AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key))),
                starting_balance: amount,
            }),
            Some(_) => OperationBody::Payment(PaymentOp {
                destination: MuxedAccount::Ed25519(Uint256(key)),
                asset: Asset::Native,
                amount,
            }),
        };
        operations.push(Operation { source_account: None, body });
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(balance: i64) -> Option<Account> {
        Some(Account { sequence: 1, balance })
    }

    #[test]
    fn only_what_needs_money_is_given_some_and_never_more_than_there_is() {
        let addresses: Vec<_> = (1..=4).map(|n| Address::Account([n; 32])).collect();
        let accounts = [account(GRANT), None, account(LOW - 1), None];
        let given = |purse| -> Vec<i64> {
            let amount = |operation: &Operation| match &operation.body {
                OperationBody::CreateAccount(create) => create.starting_balance,
                OperationBody::Payment(payment) => payment.amount,
                _ => 0,
            };
            grants(&addresses, &accounts, purse).iter().map(amount).collect()
        };
        assert_eq!(given(i64::MAX), [GRANT, GRANT - LOW + 1, GRANT]);
        assert_eq!(given(2 * GRANT), [GRANT, GRANT - LOW + 1]);
        assert_eq!(given(GRANT - 1), Vec::<i64>::new());
        assert_eq!(given(-1), Vec::<i64>::new());
    }

    #[test]
    fn channels_are_others_on_another_network_and_of_another_key() {
        let network = |passphrase: &str| Network { passphrase: passphrase.to_owned(), friendbot: None };
        let config = |seed| ChannelsConfig { key: Key::from_seed(&[seed; 32]), count: 200 };
        let of = |seed, passphrase: &str| -> Vec<Address> {
            Channels::new(&config(seed), &network(passphrase)).signers.iter().map(Signer::address).collect()
        };
        let all = of(1, "a");
        assert_eq!(all.len(), 64);
        assert_eq!(all, of(1, "a"), "the same after a restart");
        let mut distinct: Vec<_> = all.iter().chain(&of(1, "b")).chain(&of(2, "a")).copied().collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 3 * 64);
    }
}
