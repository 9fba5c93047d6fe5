//! Events: every output of the exchange. They follow from the log alone.

mod account;
mod bid;
mod exchange;
mod failover;
mod funds;
mod lease;
mod operator;
mod order;
mod provider;
mod trust;
mod verification;

pub use account::{AccountOpened, DeadManSet, KeyRegistered, KeyRevoked, MandateSet};
pub use bid::{BidAccepted, BidAmended, BidCancelled, BidChanged, BidExpired, BidLost, BidResumed};
pub use exchange::{CommandRefused, ExchangeOpened, MarketOpened};
pub use failover::{
    LeaseFailedOver, OrderContinued, OrderDiscontinued, StandbyMissing, StandbyReleased, StandbyReserved,
};
pub use funds::{DepositCredited, WithdrawalMoved, WithdrawalPaid, WithdrawalReturned};
pub use lease::{
    LeaseAccrued, LeaseClosed, LeaseClosing, LeaseEscrowed, LeaseOpened, LeasePaid, LeaseResumed, LeaseRunway,
    LeaseStarted, LeaseSuspended, LeaseToppedUp, ProofStepped, TopUpReleased, TopUpRequested,
};
pub use operator::{Change, ChangeAnnounced, ExchangeReconfigured, ExchangeUpgraded, MarketPaused, MarketResumed};
pub use order::{OrderAccepted, OrderAmended, OrderEnded, OrderExpired, OrderFilled, OrderParked, OrderResumed};
pub use provider::{ProviderChanged, ProviderRegistered};
pub use trust::{Attested, ReputationChanged, StakeChanged, StakeSlashed, TrustChanged};
pub use verification::{VerificationDrawn, VerificationEnded, VerificationRerun, VerificationStarted};

use crate::codec::codec_tagged;

codec_tagged! {
    /// One output of the exchange. Tags are never reused.
    pub enum Event {
        /// The log begins.
        ExchangeOpened(ExchangeOpened) = 0 "exchange.opened",
        /// A market takes orders and bids.
        MarketOpened(MarketOpened) = 1 "market.opened",
        /// A key has an account.
        AccountOpened(AccountOpened) = 2 "account.opened",
        /// A deposit is available.
        DepositCredited(DepositCredited) = 3 "deposit.credited",
        /// Funds wait to be withdrawn.
        WithdrawalRequested(WithdrawalMoved) = 4 "withdrawal.requested",
        /// Funds have left.
        WithdrawalPaid(WithdrawalPaid) = 5 "withdrawal.paid",
        /// Funds that waited are available again.
        WithdrawalCancelled(WithdrawalReturned) = 6 "withdrawal.cancelled",
        /// A host has joined.
        ProviderRegistered(ProviderRegistered) = 7 "provider.registered",
        /// An order has its place.
        OrderAccepted(OrderAccepted) = 8 "order.accepted",
        /// Replicas of an order have a lease.
        OrderFilled(OrderFilled) = 9 "order.filled",
        /// What is left of an order ended.
        OrderCancelled(OrderEnded) = 10 "order.cancelled",
        /// An order's time is over.
        OrderExpired(OrderExpired) = 11 "order.expired",
        /// A bid has its place.
        BidAccepted(BidAccepted) = 12 "bid.accepted",
        /// A bid's provider has no room, or takes no leases.
        BidParked(BidChanged) = 13 "bid.parked",
        /// A bid's provider has room again and takes leases.
        BidResumed(BidResumed) = 14 "bid.resumed",
        /// The order that a bid answered went to others or ended.
        BidLost(BidLost) = 15 "bid.lost",
        /// What is left of a bid ended.
        BidCancelled(BidCancelled) = 16 "bid.cancelled",
        /// A bid and an order met.
        LeaseOpened(LeaseOpened) = 17 "lease.opened",
        /// The escrow is locked.
        LeaseEscrowed(LeaseEscrowed) = 18 "lease.escrowed",
        /// The containers run.
        LeaseStarted(LeaseStarted) = 19 "lease.started",
        /// Pay accrued.
        LeaseHeartbeat(LeaseAccrued) = 20 "lease.heartbeat",
        /// The containers must go.
        LeaseClosing(LeaseClosing) = 21 "lease.closing",
        /// Over; the amounts are final.
        LeaseClosed(LeaseClosed) = 22 "lease.closed",
        /// The contract paid.
        LeasePaid(LeasePaid) = 23 "lease.paid",
        /// A step of a lease's proof chain.
        ProofStepped(ProofStepped) = 24 "proof.step",
        /// A command was refused and changed nothing.
        CommandRefused(CommandRefused) = 25 "command.refused",
        /// An order was changed.
        OrderAmended(OrderAmended) = 26 "order.amended",
        /// A bid was changed.
        BidAmended(BidAmended) = 27 "bid.amended",
        /// A bid's time is over.
        BidExpired(BidExpired) = 28 "bid.expired",
        /// An account's dead-man timer was set.
        DeadManSet(DeadManSet) = 29 "account.deadman",
        /// A market takes no orders and bids.
        MarketPaused(MarketPaused) = 30 "market.paused",
        /// A market takes orders and bids again.
        MarketResumed(MarketResumed) = 31 "market.resumed",
        /// The operator announced a change.
        ChangeAnnounced(ChangeAnnounced) = 32 "exchange.announced",
        /// New terms are in force.
        ExchangeReconfigured(ExchangeReconfigured) = 33 "exchange.reconfigured",
        /// New rules are in force.
        ExchangeUpgraded(ExchangeUpgraded) = 34 "exchange.upgraded",
        /// A host takes leases or takes none, or offers something else.
        ProviderChanged(ProviderChanged) = 35 "provider.changed",
        /// A stake changed on the chain.
        StakeChanged(StakeChanged) = 40 "stake.changed",
        /// Stake is forfeited to a harmed tenant.
        StakeSlashed(StakeSlashed) = 41 "stake.slashed",
        /// An auditor gave its word for an account, or took it back.
        Attested(Attested) = 42 "trust.attested",
        /// A trust level is another.
        TrustChanged(TrustChanged) = 43 "trust.changed",
        /// A reputation is another.
        ReputationChanged(ReputationChanged) = 44 "reputation.changed",
        /// A lease's funds end soon.
        LeaseRunway(LeaseRunway) = 50 "lease.runway",
        /// A lease's funds are used up.
        LeaseSuspended(LeaseSuspended) = 51 "lease.suspended",
        /// A suspended lease goes on.
        LeaseResumed(LeaseResumed) = 52 "lease.resumed",
        /// A top-up is held until the chain answers.
        TopUpRequested(TopUpRequested) = 53 "lease.topUpRequested",
        /// A top-up is in the escrow.
        LeaseToppedUp(LeaseToppedUp) = 54 "lease.toppedUp",
        /// A top-up is no longer held.
        TopUpReleased(TopUpReleased) = 55 "lease.topUpFailed",
        /// An account's mandate is another.
        MandateSet(MandateSet) = 56 "mandate.set",
        /// An order's funds or mandate do not allow it now.
        OrderParked(OrderParked) = 57 "order.parked",
        /// An order's funds and mandate allow it again.
        OrderResumed(OrderResumed) = 58 "order.resumed",
        /// Another bid waits for a lease to fail.
        StandbyReserved(StandbyReserved) = 60 "standby.reserved",
        /// It waits no longer.
        StandbyReleased(StandbyReleased) = 61 "standby.released",
        /// No other bid could wait for it.
        StandbyMissing(StandbyMissing) = 62 "standby.missing",
        /// A lease failed and its standby took over.
        LeaseFailedOver(LeaseFailedOver) = 63 "lease.failedOver",
        /// A lease failed and an order stands for what is left of it.
        OrderContinued(OrderContinued) = 64 "order.continued",
        /// A lease failed and no order could stand for what is left of it.
        OrderDiscontinued(OrderDiscontinued) = 65 "order.discontinued",
        /// A lease's result is being checked.
        VerificationStarted(VerificationStarted) = 66 "verification.started",
        /// The chain drew whether a lease is run again.
        VerificationDrawn(VerificationDrawn) = 67 "verification.drawn",
        /// A lease is run again.
        VerificationRerun(VerificationRerun) = 68 "verification.rerun",
        /// A lease's result has been checked.
        VerificationEnded(VerificationEnded) = 69 "verification.ended",
        /// A key speaks for an account.
        KeyRegistered(KeyRegistered) = 70 "account.keyRegistered",
        /// A key speaks for an account no longer.
        KeyRevoked(KeyRevoked) = 71 "account.keyRevoked",
    }
}
