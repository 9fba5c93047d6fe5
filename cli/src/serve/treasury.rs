//! The escrow contract, for those who pay into it and out of it.

use std::future::Future;
use std::time::Duration;

use berth_domain::{Digest, Micros, Stroops};
use berth_gateway::{Asked, Money, ToSign, Treasury, TreasuryError, Way};
use berth_settlement::chain::{Address, Handed, Key, PrepareError, RpcError, SendError, Sender, Sent, prepare_for};
use berth_settlement::contract::{Escrow, Refusal};
use berth_settlement::{Faucet, FaucetError, fund};

/// How long a transaction may be signed and handed in, in seconds: a person reads
/// what a wallet shows.
const VALID_SECONDS: u64 = 300;
/// How long the chain has to answer: whoever asks waits for it.
const TIME_MAX: Duration = Duration::from_secs(25);

pub(super) struct EscrowTreasury {
    escrow: Escrow,
    /// What the exchange settles in.
    token: Address,
    /// Gives test money, in open mode.
    faucet: Option<Faucet>,
}

impl EscrowTreasury {
    pub(super) const fn new(escrow: Escrow, token: Address, faucet: Option<Faucet>) -> Self {
        Self { escrow, token, faucet }
    }

    async fn prepared(&self, money: Money) -> Result<ToSign, TreasuryError> {
        let signer = Address::Account(money.signer.0);
        let call = match money.way {
            Way::In => self.escrow.deposit(signer, Address::Account(money.account.0), self.token, money.amount),
            Way::Out => self.escrow.request_withdraw(signer, self.token, money.amount),
        };
        let unsigned = prepare_for(self.escrow.rpc(), signer, call, VALID_SECONDS).await;
        let unsigned = unsigned.map_err(|why| match money.way {
            Way::In => of_token(&why).unwrap_or_else(|| unprepared(why)),
            Way::Out => unprepared(why),
        })?;
        Ok(ToSign {
            transaction: unsigned.envelope,
            hash: Digest(unsigned.hash),
            fee: Stroops::new(unsigned.fee.into()).unwrap_or(Stroops::ZERO),
            valid_until: Micros(unsigned.max_time.saturating_mul(1_000_000)),
        })
    }

    async fn handed_in(&self, way: Way, transaction: &str) -> Result<Digest, TreasuryError> {
        let handed = Handed::read(transaction).map_err(|why| TreasuryError::Transaction(why.to_string()))?;
        let function = match way {
            Way::In => "deposit",
            Way::Out => "request_withdraw",
        };
        if handed.contract != self.escrow.id() || handed.function != function {
            let id = self.escrow.id();
            return Err(TreasuryError::Transaction(format!("does not call {function} of the contract {id}")));
        }
        if !handed.is_signed() {
            return Err(TreasuryError::Transaction("is not signed".to_owned()));
        }
        let rpc = self.escrow.rpc();
        let signed = handed.into_signed(rpc.network().id());
        match rpc.send(&signed).await {
            Ok(Sent::Pending | Sent::Duplicate) => Ok(Digest(signed.hash)),
            Ok(Sent::TryAgainLater) => Err(TreasuryError::Unavailable("the network takes nothing now".to_owned())),
            Ok(Sent::Rejected(why)) => {
                Err(TreasuryError::Refused(format!("the network does not take the transaction: {}", why.code)))
            }
            Err(why) => Err(TreasuryError::Unknown(format!("the network went silent: {why}"))),
        }
    }

    async fn carried_out(&self, money: Money, seed: Option<[u8; 32]>) -> Result<(), TreasuryError> {
        let account = Address::Account(money.account.0);
        match (money.way, seed, &self.faucet) {
            (Way::In, seed, Some(faucet)) => {
                if let Some(seed) = seed {
                    faucet.allow(Key::from_seed(&seed)).await.map_err(ungiven)?;
                }
                faucet.deposit(account, money.amount).await.map_err(ungiven)
            }
            (Way::Out, Some(seed), Some(_)) => {
                let rpc = self.escrow.rpc();
                fund(rpc, account).await.map_err(ungiven)?;
                let sender = Sender::new(rpc.clone(), Key::from_seed(&seed));
                let call = self.escrow.request_withdraw(account, self.token, money.amount);
                sender.call(call).await.map(drop).map_err(unsent)
            }
            _ => Err(TreasuryError::Refused("there is no test money here".to_owned())),
        }
    }
}

impl Treasury for EscrowTreasury {
    fn contract(&self) -> String {
        self.escrow.id().to_string()
    }

    fn prepare(&self, money: Money) -> Asked<'_, ToSign> {
        let late = || TreasuryError::Unavailable("the chain does not answer in time".to_owned());
        Box::pin(within(self.prepared(money), late))
    }

    fn hand_in(&self, way: Way, transaction: String) -> Asked<'_, Digest> {
        let late = || TreasuryError::Unknown("the network does not answer in time".to_owned());
        Box::pin(within(async move { self.handed_in(way, &transaction).await }, late))
    }

    fn carry_out(&self, money: Money, seed: Option<[u8; 32]>) -> Asked<'_, ()> {
        let late = || TreasuryError::Unknown("it is not in a ledger in time, and may still come".to_owned());
        Box::pin(within(self.carried_out(money, seed), late))
    }
}

async fn within<T>(
    asked: impl Future<Output = Result<T, TreasuryError>>,
    late: fn() -> TreasuryError,
) -> Result<T, TreasuryError> {
    tokio::time::timeout(TIME_MAX, asked).await.unwrap_or_else(|_| Err(late()))
}

/// What the token says that a deposit moves, by the numbers of Stellar's own
/// tokens (CAP-46-6): they come through as if they were the escrow's, which itself
/// refuses a deposit with others.
fn of_token(error: &PrepareError) -> Option<TreasuryError> {
    match error {
        PrepareError::Contract(10) => {
            Some(TreasuryError::Insufficient("who pays has less on the chain than that and its reserve".to_owned()))
        }
        PrepareError::Contract(11) => Some(TreasuryError::Refused("the token is frozen for who pays".to_owned())),
        PrepareError::Contract(13) => Some(TreasuryError::Refused("who pays has no trust line".to_owned())),
        _ => None,
    }
}

fn unprepared(error: PrepareError) -> TreasuryError {
    match error {
        PrepareError::Rpc(why) => unreached(&why),
        PrepareError::Contract(code) if Refusal::of(code) == Refusal::BalanceTooLow => {
            TreasuryError::Insufficient("the contract has less of this account's than that".to_owned())
        }
        PrepareError::Contract(code) => TreasuryError::Refused(format!("the contract refuses: {}", Refusal::of(code))),
        PrepareError::Host(why) => {
            TreasuryError::Refused(format!("the call would fail; whoever pays needs the amount and fees: {why}"))
        }
        other => TreasuryError::Refused(other.to_string()),
    }
}

fn unsent(error: SendError) -> TreasuryError {
    match error {
        SendError::Prepare(why) => unprepared(why),
        SendError::GaveUp(why) => TreasuryError::Unavailable(why),
        unknown @ SendError::Unknown { .. } => TreasuryError::Unknown(unknown.to_string()),
    }
}

fn ungiven(error: FaucetError) -> TreasuryError {
    match error {
        FaucetError::Rpc(why) => unreached(&why),
        FaucetError::Send(why) => unsent(why),
        FaucetError::TooMuch { .. } => TreasuryError::Insufficient(error.to_string()),
        other => TreasuryError::Unavailable(other.to_string()),
    }
}

fn unreached(why: &RpcError) -> TreasuryError {
    TreasuryError::Unavailable(format!("the chain does not answer: {why}"))
}
