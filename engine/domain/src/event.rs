//! Events: every output of the exchange. They follow from the log alone.

use crate::bid::BidTarget;
use crate::codec::{codec_struct, codec_tagged};
use crate::ids::{
    AccountId, Address, BidId, ChainEventId, Digest, LeaseId, MarketId, OrderId, ProviderId, Seq, TxHash,
};
use crate::lease::CloseReason;
use crate::market::ResourceClass;
use crate::money::{Rate, RatePerHour, Stroops};
use crate::order::CancelReason;
use crate::proof::{ProofPayload, ProofStep};
use crate::refusal::{Code, Subject};
use crate::text::Text;
use crate::time::{Micros, Seconds};
use crate::trust::TrustLevel;

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
        /// A bid's provider has no room.
        BidParked(BidChanged) = 13 "bid.parked",
        /// A bid's provider has room again.
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
    }
}

/// The log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeOpened {
    /// The network that it settles on: SHA-256 of the passphrase.
    pub network: Digest,
    /// Its escrow contract.
    pub escrow_contract: Digest,
}
codec_struct!(ExchangeOpened { network, escrow_contract });

/// A market takes orders and bids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketOpened {
    /// Its id.
    pub market: MarketId,
    /// What it trades.
    pub class: ResourceClass,
}
codec_struct!(MarketOpened { market, class });

/// A key has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountOpened {
    /// The account.
    pub account: AccountId,
    /// Its key.
    pub address: Address,
    /// Its trust level.
    pub level: TrustLevel,
}
codec_struct!(AccountOpened { account, address, level });

/// A deposit is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositCredited {
    /// The account.
    pub account: AccountId,
    /// How much came.
    pub amount: Stroops,
    /// The event on the chain.
    pub event: ChainEventId,
}
codec_struct!(DepositCredited { account, amount, event });

macro_rules! withdrawal {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The account.
            pub account: AccountId,
            /// Its key.
            pub address: Address,
            /// How much moved.
            pub amount: Stroops,
        }
        codec_struct!($name { account, address, amount });
    };
}
withdrawal!(
    /// Funds wait to be withdrawn; `amount` is all that waits now.
    WithdrawalMoved
);
withdrawal!(
    /// Funds have left.
    WithdrawalPaid
);
withdrawal!(
    /// Funds that waited are available again.
    WithdrawalReturned
);

/// A host has joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderRegistered {
    /// Its id.
    pub provider: ProviderId,
    /// Its owner.
    pub account: AccountId,
    /// The owner's key.
    pub address: Address,
    /// Whether it has an agent of its own.
    pub own_agent: bool,
}
codec_struct!(ProviderRegistered { provider, account, address, own_agent });

/// An order has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderAccepted {
    /// Its id.
    pub order: OrderId,
    /// The tenant.
    pub account: AccountId,
    /// The tenant's key.
    pub address: Address,
    /// The market.
    pub market: MarketId,
    /// Replicas asked for.
    pub replicas: u32,
    /// What is held for it.
    pub hold: Stroops,
}
codec_struct!(OrderAccepted { order, account, address, market, replicas, hold });

/// Replicas of an order have a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFilled {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// The lease.
    pub lease: LeaseId,
    /// Replicas that it has.
    pub replicas: u32,
    /// Replicas without a lease.
    pub remaining: u32,
    /// What is still held for those.
    pub hold: Stroops,
}
codec_struct!(OrderFilled { order, market, lease, replicas, remaining, hold });

/// What is left of an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEnded {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// Why.
    pub reason: CancelReason,
    /// What is no longer held.
    pub released: Stroops,
}
codec_struct!(OrderEnded { order, market, reason, released });

/// An order's time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderExpired {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub market: MarketId,
    /// What is no longer held.
    pub released: Stroops,
}
codec_struct!(OrderExpired { order, market, released });

/// A bid has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidAccepted {
    /// Its id.
    pub bid: BidId,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub address: Address,
    /// The market.
    pub market: MarketId,
    /// What it is for.
    pub target: BidTarget,
    /// Its price.
    pub price: Rate,
}
codec_struct!(BidAccepted { bid, provider, address, market, target, price });

macro_rules! bid_event {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The bid.
            pub bid: BidId,
            /// Its market.
            pub market: MarketId,
        }
        codec_struct!($name { bid, market });
    };
}
bid_event!(
    /// A bid's provider has no room.
    BidChanged
);
bid_event!(
    /// A bid's provider has room again.
    BidResumed
);
bid_event!(
    /// The order that a bid answered went to others or ended.
    BidLost
);

/// What is left of a bid ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidCancelled {
    /// The bid.
    pub bid: BidId,
    /// Its market.
    pub market: MarketId,
    /// Why.
    pub reason: CancelReason,
}
codec_struct!(BidCancelled { bid, market, reason });

/// A bid and an order met. Carries what the followers need to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseOpened {
    /// Its id.
    pub lease: LeaseId,
    /// The order.
    pub order: OrderId,
    /// The bid.
    pub bid: BidId,
    /// The market.
    pub market: MarketId,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub provider_address: Address,
    /// The tenant.
    pub tenant_address: Address,
    /// Price of a unit: the resting side's.
    pub price: Rate,
    /// Price of all of it.
    pub rate: RatePerHour,
    /// Units a replica.
    pub units: u32,
    /// Replicas.
    pub replicas: u32,
    /// What the escrow must hold.
    pub escrow: Stroops,
    /// How long it runs from its start.
    pub duration: Seconds,
    /// Until when the contract can settle it: seconds since 1970.
    pub chain_deadline: u64,
    /// Trust level of the provider at that moment.
    pub level: TrustLevel,
}
codec_struct!(LeaseOpened {
    lease,
    order,
    bid,
    market,
    provider,
    provider_address,
    tenant_address,
    price,
    rate,
    units,
    replicas,
    escrow,
    duration,
    chain_deadline,
    level,
});

/// The escrow is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEscrowed {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction.
    pub tx: TxHash,
}
codec_struct!(LeaseEscrowed { lease, tx });

/// The containers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseStarted {
    /// The lease.
    pub lease: LeaseId,
    /// When it ends by itself.
    pub ends_at: Micros,
}
codec_struct!(LeaseStarted { lease, ends_at });

/// Pay accrued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseAccrued {
    /// The lease.
    pub lease: LeaseId,
    /// Time that is evidenced so far.
    pub evidenced: Seconds,
    /// What it has cost so far.
    pub cost: Stroops,
}
codec_struct!(LeaseAccrued { lease, evidenced, cost });

/// The containers must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseClosing {
    /// The lease.
    pub lease: LeaseId,
    /// Why.
    pub reason: CloseReason,
}
codec_struct!(LeaseClosing { lease, reason });

/// Over; the amounts are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseClosed {
    /// The lease.
    pub lease: LeaseId,
    /// Why.
    pub reason: CloseReason,
    /// More in words.
    pub detail: Text<200>,
    /// Time that is paid.
    pub evidenced: Seconds,
    /// What it cost: the provider's part and the fee.
    pub pay: Stroops,
    /// The platform's part of it.
    pub fee: Stroops,
    /// What goes back to the tenant.
    pub refund: Stroops,
    /// Whether the contract holds its escrow, so that it must be settled there.
    pub escrowed: bool,
    /// Head of its proof chain.
    pub proof: Digest,
}
codec_struct!(LeaseClosed { lease, reason, detail, evidenced, pay, fee, refund, escrowed, proof });

/// The contract paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasePaid {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction.
    pub tx: TxHash,
    /// What it cost: the provider's part and the fee.
    pub pay: Stroops,
    /// The platform's part of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
}
codec_struct!(LeasePaid { lease, tx, pay, fee, refund });

/// A step of a lease's proof chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStepped {
    /// The lease.
    pub lease: LeaseId,
    /// Which step.
    pub step: ProofStep,
    /// The entry that the step cites.
    pub seq: Seq,
    /// What the step says in public.
    pub payload: ProofPayload,
    /// The chain's new head.
    pub hash: Digest,
}
codec_struct!(ProofStepped { lease, step, seq, payload, hash });

/// A command was refused and changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRefused {
    /// Who gave it.
    pub account: AccountId,
    /// What it was about.
    pub subject: Subject,
    /// Why.
    pub code: Code,
}
codec_struct!(CommandRefused { account, subject, code });
