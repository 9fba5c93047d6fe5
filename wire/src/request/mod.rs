//! What clients send: JSON shapes that are parsed once into the domain.
//!
//! Each shape has public fields, so that the SDK can fill it in, and a `parse`
//! that gives what the exchange takes. Unknown fields are refused: a field that
//! is misspelt must not be ignored where money follows from it.

mod account;
mod amend;
mod bid;
mod fact;
mod gpu;
mod job;
mod key;
mod lease;
mod login;
mod market;
mod order;
mod order_status;
mod output;
mod payment;
mod provider;
mod quote;
mod session;
mod signed;
mod specification;
mod transfer;
mod update;

pub use account::{CancelAllRequest, DeadManRequest, MandateRequest, NewCancelAll};
pub use amend::{AmendBidRequest, AmendOrderRequest, BidChange, OrderChange, PriceChange};
pub use bid::{AcceptRequest, CancelRequest, DirectedBid, NewBid, NewBidTarget, StandingBid};
pub use fact::{
    Fact, FactEscrowFailed, FactEscrowed, FactMovement, FactPaid, FactRefunded, FactTopUpFailed, FactToppedUp,
};
pub use gpu::{AmendGpuRequest, GpuListing, Listed, NewListing, RentRequest};
pub use job::{JOB_ID_BYTES_MAX, JOB_PREFIX, JobRequest};
pub use key::RegisterKeyRequest;
pub use lease::{
    BacklogRequest, ContainerReport, FINISH_DETAIL_BYTES_MAX, FinishRequest, HeartbeatRequest, PortReport,
    StartRequest, StopRequest, TopUpRequest,
};
pub use login::LoginRequest;
pub use market::OpenMarketRequest;
pub use order::{AuctionEnd, NewOrder, OrderRequest};
pub use order_status::{OrderStatusRequest, WantedOrder};
pub use output::{OutputChunk, OutputLine};
pub use payment::PaidDepositRequest;
pub use provider::{Agent, GpuRequest, NewProvider, ProviderRequest, ResourcesRequest};
pub use quote::{MassQuoteRequest, NewMassQuote, NewQuote, QuoteRequest};
pub use session::LogonRequest;
pub use signed::{NewSigned, Private, Scheme, SignedRequest, placed};
pub use specification::{GpuSpecification, PortSpecification, Protocol, Specification, specification_hash};
pub use transfer::{DepositRequest, NewTransfer, WithdrawalRequest};
pub use update::UpdateProviderRequest;

use berth_domain::{Attribute, Micros, Text, TimeInForce};

use crate::json::Malformed;

/// Attributes sorted by key, as the exchange wants them. A map's keys are
/// sorted and unique already.
fn attributes<'a>(
    pairs: impl Iterator<Item = (&'a String, &'a String)>,
    field: &str,
) -> Result<Vec<Attribute>, Malformed> {
    let attributes = pairs
        .map(|(key, value)| {
            let field = format!("{field}.{key}");
            if key.is_empty() {
                return Err(Malformed::new(field, "has no name"));
            }
            let key = Text::new(key).map_err(|why| Malformed::new(&field, format!("its name {why}")))?;
            let value = Text::new(value).map_err(|why| Malformed::new(&field, why.to_string()))?;
            Ok(Attribute { key, value })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(Malformed::new(field, format!("has more than {ATTRIBUTES_MAX} entries")));
    }
    Ok(attributes)
}

/// When an order or a bid ends by itself; refuses times that do not go
/// together.
fn expiry(time: TimeInForce, expires_at: Option<u64>, post_only: bool) -> Result<Option<Micros>, Malformed> {
    if post_only && matches!(time, TimeInForce::Ioc | TimeInForce::Fok) {
        return Err(Malformed::new("postOnly", format!("leaves nothing to do where timeInForce is {time}")));
    }
    match (time, expires_at) {
        (TimeInForce::Gtd, None) => Err(Malformed::new("expiresAt", "is missing, and timeInForce is gtd")),
        (TimeInForce::Gtd, Some(at)) => Ok(Some(Micros(at))),
        (_, Some(_)) => Err(Malformed::new("expiresAt", "is only for timeInForce gtd")),
        (_, None) => Ok(None),
    }
}

/// Attributes that a provider may offer or an order require.
const ATTRIBUTES_MAX: usize = 64;
