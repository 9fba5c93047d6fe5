//! Commands: every input of the exchange.

use crate::bid::BidTarget;
use crate::codec::{codec_names, codec_struct, codec_tagged};
use crate::genesis::Genesis;
use crate::ids::{Address, BidId, ChainEventId, Digest, LeaseId, MarketId, OrderId, ProviderId, TxHash};
use crate::money::{Rate, Stroops};
use crate::order::{Mode, TimeInForce};
use crate::resources::{Attribute, GpuInventory, Resources};
use crate::text::{ClientId, Text};
use crate::time::{Micros, Seconds};
use crate::trust::Limits;

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
    }
}

/// Fires due timers, at most `Bounds::tick` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick;
codec_struct!(Tick {});

/// The node was down: agents could not be heard in between, so what waits for
/// them waits anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Stamp of the last entry before.
    pub down_from: Micros,
    /// When the node was up again.
    pub up_at: Micros,
}
codec_struct!(Resumed { down_from, up_at });

/// Opens an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAccount {
    /// Its key.
    pub address: Address,
}
codec_struct!(OpenAccount { address });

/// A deposit on the chain, known by its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// The chain's id of the event: a deposit counts once.
    pub event: ChainEventId,
    /// Whose balance in the contract grew.
    pub address: Address,
    /// By how much.
    pub amount: Stroops,
}
codec_struct!(Deposit { event, address, amount });

macro_rules! withdrawal {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The chain's id of the event.
            pub event: ChainEventId,
            /// The account.
            pub address: Address,
            /// The amount that the event names.
            pub amount: Stroops,
        }
        codec_struct!($name { event, address, amount });
    };
}
withdrawal!(
    /// A request for a withdrawal: `amount` is all that is now requested.
    WithdrawalFact
);
withdrawal!(
    /// A paid withdrawal.
    Withdrawn
);
withdrawal!(
    /// A request taken back.
    WithdrawalCancelled
);

/// Registers a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterProvider {
    /// Processors, memory and disk.
    pub resources: Resources,
    /// Network bandwidth in Mbit/s.
    pub bandwidth: u32,
    /// GPUs by class, each class once.
    pub gpus: Vec<GpuInventory>,
    /// Where the host is reached.
    pub hostname: Text<253>,
    /// The port there.
    pub port: u16,
    /// What it offers, sorted by key, each key once.
    pub attributes: Vec<Attribute>,
    /// Whether an agent of the provider's own serves its leases; otherwise the
    /// node's house agent does.
    pub own_agent: bool,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
}
codec_struct!(RegisterProvider { resources, bandwidth, gpus, hostname, port, attributes, own_agent, client_id });

/// Places a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceBid {
    /// The host.
    pub provider: ProviderId,
    /// A market's book, or one order.
    pub target: BidTarget,
    /// The lowest price.
    pub price: Rate,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
}
codec_struct!(PlaceBid { provider, target, price, client_id });

/// Ends what is left of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelBid {
    /// The bid.
    pub bid: BidId,
}
codec_struct!(CancelBid { bid });

/// Places an order. The specification itself stays in the private store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The market.
    pub market: MarketId,
    /// Units that one replica takes, from 1.
    pub units: u32,
    /// What else one replica takes; in the CPU market its processors are its
    /// units.
    pub resources: Resources,
    /// Replicas, from 1.
    pub replicas: u32,
    /// The highest price for each accepted level.
    pub limits: Limits,
    /// How long a lease runs.
    pub duration: Seconds,
    /// What hold and escrow cover, 1 second to the duration.
    pub prepay: Seconds,
    /// How it meets bids.
    pub mode: Mode,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// What a provider must offer, sorted by key, each key once.
    pub requires: Vec<Attribute>,
    /// SHA-256 over salt and specification.
    pub spec_hash: Digest,
    /// The tenant's own id for it.
    pub client_id: Option<ClientId>,
}
codec_struct!(PlaceOrder {
    market,
    units,
    resources,
    replicas,
    limits,
    duration,
    prepay,
    mode,
    time_in_force,
    expires_at,
    requires,
    spec_hash,
    client_id,
});

/// Ends what is left of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// The order.
    pub order: OrderId,
}
codec_struct!(CancelOrder { order });

/// Accepts a directed bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptBid {
    /// The bid.
    pub bid: BidId,
}
codec_struct!(AcceptBid { bid });

/// The contract locked a lease's escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escrowed {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
}
codec_struct!(Escrowed { lease, tx, ledger });

/// The contract refused a lease's escrow for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowFailed {
    /// The lease.
    pub lease: LeaseId,
    /// The contract's reason in words.
    pub reason: Text<200>,
}
codec_struct!(EscrowFailed { lease, reason });

/// A published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortBinding {
    /// Inside the container.
    pub container: u16,
    /// On the host.
    pub host: u16,
    /// UDP rather than TCP.
    pub udp: bool,
}
codec_struct!(PortBinding { container, host, udp });

/// A started container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerReport {
    /// The engine's id of it.
    pub id: Text<64>,
    /// Its published ports.
    pub ports: Vec<PortBinding>,
}
codec_struct!(ContainerReport { id, ports });

/// The agent started a lease's containers, one a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartLease {
    /// The lease.
    pub lease: LeaseId,
    /// The image that the tag was resolved to.
    pub image: Text<128>,
    /// The containers, by replica.
    pub containers: Vec<ContainerReport>,
}
codec_struct!(StartLease { lease, image, containers });

/// The agent saw the containers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The lease.
    pub lease: LeaseId,
    /// Processor time used since the start, in milliseconds.
    pub cpu_millis: u64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
}
codec_struct!(Heartbeat { lease, cpu_millis, memory_bytes });

codec_names! {
    /// How a lease's containers ended.
    pub enum FinishOutcome {
        /// They were removed, as asked.
        Stopped = 0 "stopped",
        /// They ended by themselves.
        Exited = 1 "exited",
        /// They could not be started, or are gone and nobody saw how.
        Failed = 2 "failed",
    }
}

/// What a lease left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobResult {
    /// SHA-256 of the result's bytes.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
}
codec_struct!(JobResult { sha256, size });

/// The agent saw the containers end, or removed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishLease {
    /// The lease.
    pub lease: LeaseId,
    /// How they ended.
    pub outcome: FinishOutcome,
    /// The exit code, when they ended by themselves.
    pub exit_code: Option<i32>,
    /// What they left behind.
    pub result: Option<JobResult>,
    /// More in words, for the tenant.
    pub detail: Text<200>,
}
codec_struct!(FinishLease { lease, outcome, exit_code, result, detail });

/// The tenant stops a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopLease {
    /// The lease.
    pub lease: LeaseId,
}
codec_struct!(StopLease { lease });

/// The contract paid a lease out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementPaid {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// What the lease cost: the provider's part and the fee.
    pub pay: Stroops,
    /// The platform's part of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
}
codec_struct!(SettlementPaid { lease, tx, ledger, pay, fee, refund });

/// The contract refunded a lease after its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementRefunded {
    /// The lease.
    pub lease: LeaseId,
    /// The transaction that did it.
    pub tx: TxHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// What went back to the tenant.
    pub amount: Stroops,
}
codec_struct!(SettlementRefunded { lease, tx, ledger, amount });
