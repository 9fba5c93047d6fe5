//! Commands: every input of the exchange.

mod account;
mod bid;
mod fact;
mod funds;
mod lease;
mod operator;
mod order;
mod provider;
mod time;
mod trust;

pub use account::{CancelAll, OpenAccount, RegisterKey, RevokeKey, SetDeadMan, SetMandate};
pub use bid::{AmendBid, CancelBid, MassQuote, PlaceBid, Quote, ReplaceBid};
pub use fact::{EscrowFailed, Escrowed, LedgerSeen, SettlementPaid, SettlementRefunded, TopUpFailed, ToppedUp};
pub use funds::{Deposit, WithdrawalCancelled, WithdrawalFact, Withdrawn};
pub use lease::{
    AcceptBid, ContainerReport, FinishLease, FinishOutcome, Heartbeat, JobResult, LeaseBacklog, PortBinding,
    StartLease, StopLease, TopUpLease,
};
pub use operator::{CycleMarket, OpenMarket, PauseMarket, Reconfigure, ResumeMarket, Upgrade};
pub use order::{AmendOrder, CancelOrder, PlaceOrder, ReplaceOrder};
pub use provider::{RegisterProvider, UpdateProvider};
pub use time::{Resumed, Tick};
pub use trust::{Attest, StakeFact};

use crate::client_id::ClientId;
use crate::codec::{Encode, codec_tagged};
use crate::genesis::Genesis;

codec_tagged! {
    /// One input of the exchange. Tags are never reused: logs are kept for ever.
    pub enum Command {
        /// The first entry of a log, and only that.
        Genesis(Genesis) = 0 "genesis",
        /// Fires due timers.
        Tick(Tick) = 1 "tick",
        /// The node was down and is up again.
        Resumed(Resumed) = 2 "resumed",
        /// Opens an account for a key.
        OpenAccount(OpenAccount) = 3 "account.open",
        /// A deposit on the chain; opens the account when it is new.
        Deposit(Deposit) = 4 "deposit.fact",
        /// An account asked the contract for a withdrawal.
        WithdrawalRequested(WithdrawalFact) = 5 "withdrawal.requested",
        /// The contract paid a withdrawal.
        Withdrawn(Withdrawn) = 6 "withdrawal.paid",
        /// An account took its request back.
        WithdrawalCancelled(WithdrawalCancelled) = 7 "withdrawal.cancelled",
        /// Registers a host.
        RegisterProvider(RegisterProvider) = 8 "provider.register",
        /// Places a bid.
        PlaceBid(PlaceBid) = 9 "bid.place",
        /// Ends what is left of a bid.
        CancelBid(CancelBid) = 10 "bid.cancel",
        /// Places an order.
        PlaceOrder(PlaceOrder) = 11 "order.place",
        /// Ends what is left of an order.
        CancelOrder(CancelOrder) = 12 "order.cancel",
        /// A tenant accepts a directed bid.
        AcceptBid(AcceptBid) = 13 "lease.accept",
        /// The contract locked a lease's escrow.
        Escrowed(Escrowed) = 14 "lease.escrowed",
        /// The contract refused a lease's escrow for good.
        EscrowFailed(EscrowFailed) = 15 "lease.escrowFailed",
        /// The provider's agent started a lease's containers.
        StartLease(StartLease) = 16 "lease.start",
        /// The agent saw the containers run.
        Heartbeat(Heartbeat) = 17 "lease.heartbeat",
        /// The agent saw the containers end, or removed them.
        FinishLease(FinishLease) = 18 "lease.finish",
        /// The tenant stops a lease.
        StopLease(StopLease) = 19 "lease.stop",
        /// The contract paid a lease out.
        SettlementPaid(SettlementPaid) = 20 "lease.paid",
        /// The contract refunded a lease after its deadline.
        SettlementRefunded(SettlementRefunded) = 21 "lease.refunded",
        /// Changes an order.
        AmendOrder(AmendOrder) = 22 "order.amend",
        /// Changes a bid.
        AmendBid(AmendBid) = 23 "bid.amend",
        /// Ends one order and places another.
        ReplaceOrder(ReplaceOrder) = 24 "order.replace",
        /// Ends one bid and places another.
        ReplaceBid(ReplaceBid) = 25 "bid.replace",
        /// Replaces the bids of a quote set.
        MassQuote(MassQuote) = 26 "bid.mass",
        /// Ends an account's orders and bids.
        CancelAll(CancelAll) = 27 "cancel.all",
        /// Arms or disarms an account's dead-man timer.
        SetDeadMan(SetDeadMan) = 28 "deadman.set",
        /// Opens a market.
        OpenMarket(OpenMarket) = 30 "market.open",
        /// Stops trade in a market.
        PauseMarket(PauseMarket) = 31 "market.pause",
        /// Lets trade in a market go on.
        ResumeMarket(ResumeMarket) = 32 "market.resume",
        /// Lets what waits in a market enter it again.
        CycleMarket(CycleMarket) = 33 "market.cycle",
        /// Announces new terms.
        Reconfigure(Reconfigure) = 34 "exchange.reconfigure",
        /// Announces new rules.
        Upgrade(Upgrade) = 35 "exchange.upgrade",
        /// Says whether a host takes leases and what it offers.
        UpdateProvider(UpdateProvider) = 36 "provider.update",
        /// A stake changed on the chain.
        StakeFact(StakeFact) = 40 "stake.fact",
        /// An auditor gives its word for an account, or takes it back.
        Attest(Attest) = 41 "trust.attest",
        /// A tenant pays for more of a lease in advance.
        TopUpLease(TopUpLease) = 50 "lease.topup",
        /// The contract added a top-up to a lease's escrow.
        ToppedUp(ToppedUp) = 51 "lease.toppedUp",
        /// The contract refused a top-up for good.
        TopUpFailed(TopUpFailed) = 52 "lease.topUpFailed",
        /// Sets an account's mandate.
        SetMandate(SetMandate) = 53 "mandate.set",
        /// What the agent recorded while it could not be heard.
        LeaseBacklog(LeaseBacklog) = 54 "lease.backlog",
        /// The ledger that says whether a lease is run again.
        LedgerSeen(LedgerSeen) = 60 "lease.ledgerSeen",
        /// Lets a key speak for the account.
        RegisterKey(RegisterKey) = 61 "key.register",
        /// Lets a key no longer speak for the account.
        RevokeKey(RevokeKey) = 62 "key.revoke",
    }
}

impl Command {
    /// Appends what a repeat of the command says again: its canonical bytes
    /// without the session and the client id that they end with. Who lost a
    /// connection and asks again on another means the same.
    pub fn encode_content(&self, out: &mut Vec<u8>) {
        self.encode(out);
        let tail = match self {
            Self::RegisterProvider(register) => id_len(register.client_id),
            Self::PlaceBid(place) | Self::ReplaceBid(ReplaceBid { place, .. }) => {
                session_len(place.session) + id_len(place.client_id)
            }
            Self::PlaceOrder(place) | Self::ReplaceOrder(ReplaceOrder { place, .. }) => {
                session_len(place.session) + id_len(place.client_id)
            }
            _ => 0,
        };
        out.truncate(out.len() - tail);
    }
}

fn session_len(session: Option<u64>) -> usize {
    1 + session.map_or(0, |_| size_of::<u64>())
}

fn id_len(id: Option<ClientId>) -> usize {
    1 + id.map_or(0, |id| 1 + id.as_bytes().len())
}
