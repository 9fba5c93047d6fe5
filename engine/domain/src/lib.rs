//! The exchange's vocabulary: ids, money, time, trust, resources, orders, bids,
//! leases, and the commands and events made of them, with their canonical bytes
//! and those of the entries and batches of a log.
//!
//! Everything here is plain data. There is no clock, no I/O, no float and no
//! serialisation framework: the outer layers parse what arrives into these
//! types once, and from then on a value is valid because it exists.

pub mod batch;
pub mod codec;

mod bid;
mod client_id;
mod command;
mod entry;
mod event;
mod failover;
mod fingerprint;
mod genesis;
mod ids;
mod key;
mod lease;
mod mandate;
mod market;
mod money;
mod order;
mod proof;
mod refusal;
mod resources;
mod signature;
mod standing;
mod text;
mod time;
mod trust;
mod trust_rules;
mod uptime;
mod verify;

pub use bid::{BidState, BidTarget};
pub use client_id::ClientId;
pub use command::{
    AcceptBid, AmendBid, AmendOrder, Attest, CancelAll, CancelBid, CancelOrder, Command, ContainerReport, CycleMarket,
    Deposit, EscrowFailed, Escrowed, FinishLease, FinishOutcome, Heartbeat, JobResult, LeaseBacklog, LedgerSeen,
    MassQuote, OpenAccount, OpenMarket, PauseMarket, PlaceBid, PlaceOrder, PortBinding, Quote, Reconfigure,
    RegisterKey, RegisterProvider, ReplaceBid, ReplaceOrder, ResumeMarket, Resumed, RevokeKey, SetDeadMan, SetMandate,
    SettlementPaid, SettlementRefunded, StakeFact, StartLease, StopLease, Tick, TopUpFailed, TopUpLease, ToppedUp,
    UpdateProvider, Upgrade, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};
pub use entry::{Authority, Entry, RULES_VERSION};
pub use event::{
    AccountOpened, Attested, BidAccepted, BidAmended, BidCancelled, BidChanged, BidExpired, BidLost, BidResumed,
    Change, ChangeAnnounced, CommandRefused, DeadManSet, DepositCredited, Event, ExchangeOpened, ExchangeReconfigured,
    ExchangeUpgraded, KeyRegistered, KeyRevoked, LeaseAccrued, LeaseClosed, LeaseClosing, LeaseEscrowed,
    LeaseFailedOver, LeaseOpened, LeasePaid, LeaseResumed, LeaseRunway, LeaseStarted, LeaseSuspended, LeaseToppedUp,
    MandateSet, MarketOpened, MarketPaused, MarketResumed, OrderAccepted, OrderAmended, OrderContinued,
    OrderDiscontinued, OrderEnded, OrderExpired, OrderFilled, OrderParked, OrderResumed, ProofStepped, ProviderChanged,
    ProviderRegistered, ReputationChanged, StakeChanged, StakeSlashed, StandbyMissing, StandbyReleased,
    StandbyReserved, TopUpReleased, TopUpRequested, TrustChanged, VerificationDrawn, VerificationEnded,
    VerificationRerun, VerificationStarted, WithdrawalMoved, WithdrawalPaid, WithdrawalReturned,
};
pub use failover::StandbyEnd;
pub use fingerprint::{Fingerprint, hash_with};
pub use genesis::{Bounds, Genesis, Grant, Timing};
pub use ids::{
    AccountId, Address, Age, BidId, ChainEventId, Digest, LeaseId, MarketId, OrderId, ProviderId, Seq, TxHash,
};
pub use key::{KEYS_MAX, Scope, Scopes};
pub use lease::{CloseReason, LeaseState};
pub use mandate::Mandate;
pub use market::{ResourceClass, ResourceClassError};
pub use money::{FeeBps, MoneyError, Rate, RatePerHour, Stroops, fee, owed};
pub use order::{CancelReason, Mode, OrderState, SelfTrade, TimeInForce};
pub use proof::{ProofPayload, ProofStep, ProofValue};
pub use refusal::{Code, Subject};
pub use resources::{Attribute, GpuInventory, Resources};
pub use signature::{key_proof_bytes, message_hash, signed_bytes, signed_text};
pub use standing::{Reputation, ReputationCause, Share, TrustCause};
pub use text::{Text, TextError};
pub use time::{Micros, Seconds};
pub use trust::{Limits, TrustLevel, TrustSet};
pub use trust_rules::TrustRules;
pub use uptime::Uptime;
pub use verify::{Verdict, Verify, is_drawn};
