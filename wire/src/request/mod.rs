//! What clients send: JSON shapes that are parsed once into the domain.
//!
//! Each shape has public fields, so that the SDK can fill it in, and a `parse`
//! that gives what the exchange takes. Unknown fields are refused: a field that
//! is misspelt must not be ignored where money follows from it.

mod bid;
mod fact;
mod lease;
mod order;
mod provider;
mod specification;

pub use bid::{AcceptRequest, CancelRequest, DirectedBid, NewBid, NewBidTarget, StandingBid};
pub use fact::{Fact, FactEscrowFailed, FactEscrowed, FactMovement, FactPaid, FactRefunded};
pub use lease::{
    ContainerReport, FINISH_DETAIL_BYTES_MAX, FinishRequest, HeartbeatRequest, PortReport, StartRequest, StopRequest,
};
pub use order::{NewOrder, OrderMode, OrderRequest, OrderTime};
pub use provider::{Agent, GpuRequest, NewProvider, ProviderRequest, ResourcesRequest};
pub use specification::{GpuSpecification, PortSpecification, Protocol, Specification, specification_hash};

use berth_domain::{Attribute, Text};

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

/// Attributes that a provider may offer or an order require.
const ATTRIBUTES_MAX: usize = 64;
