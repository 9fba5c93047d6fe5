//! The exchange's vocabulary: ids, money, time, trust, resources, orders, bids,
//! leases, and the commands and events made of them, with their canonical bytes.
//!
//! Everything here is plain data. There is no clock, no I/O, no float and no
//! serialisation framework: the outer layers parse what arrives into these
//! types once, and from then on a value is valid because it exists.

pub mod codec;

mod bid;
mod command;
mod entry;
mod event;
mod genesis;
mod ids;
mod lease;
mod market;
mod money;
mod order;
mod proof;
mod refusal;
mod resources;
mod text;
mod time;
mod trust;

pub use bid::{BidState, BidTarget};
pub use command::{
    AcceptBid, CancelBid, CancelOrder, Command, ContainerReport, Deposit, EscrowFailed, Escrowed, FinishLease,
    FinishOutcome, Heartbeat, JobResult, OpenAccount, PlaceBid, PlaceOrder, PortBinding, RegisterProvider, Resumed,
    SettlementPaid, SettlementRefunded, StartLease, StopLease, Tick, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};
pub use entry::{Authority, Entry, RULES_VERSION};
pub use event::{
    AccountOpened, BidAccepted, BidCancelled, BidChanged, BidLost, BidResumed, CommandRefused, DepositCredited, Event,
    ExchangeOpened, LeaseAccrued, LeaseClosed, LeaseClosing, LeaseEscrowed, LeaseOpened, LeasePaid, LeaseStarted,
    MarketOpened, OrderAccepted, OrderEnded, OrderExpired, OrderFilled, ProofStepped, ProviderRegistered,
    WithdrawalMoved, WithdrawalPaid, WithdrawalReturned,
};
pub use genesis::{Bounds, Genesis, Grant, Timing};
pub use ids::{
    AccountId, Address, Age, BidId, ChainEventId, Digest, LeaseId, MarketId, OrderId, ProviderId, Seq, TxHash,
};
pub use lease::{CloseReason, LeaseState};
pub use market::{ResourceClass, ResourceClassError};
pub use money::{FeeBps, MoneyError, Rate, RatePerHour, Stroops, fee, owed};
pub use order::{CancelReason, Mode, OrderState, TimeInForce};
pub use proof::{ProofPayload, ProofStep, ProofValue};
pub use refusal::{Code, Subject};
pub use resources::{Attribute, GpuInventory, Resources};
pub use text::{ClientId, Text, TextError};
pub use time::{Micros, Seconds};
pub use trust::{Limits, TrustLevel, TrustSet};
