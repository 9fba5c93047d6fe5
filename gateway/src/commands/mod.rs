//! What clients can have done: one file for each kind of thing. REST and
//! WebSocket call the same functions, so they cannot come to differ.

pub(crate) mod accounts;
pub(crate) mod bids;
pub(crate) mod facts;
pub(crate) mod gpus;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod operator;
pub(crate) mod orders;
pub(crate) mod paid;
pub(crate) mod providers;
pub(crate) mod quotes;
pub(crate) mod signed;
pub(crate) mod transfers;

use berth_domain::Code;
use berth_exchange::Exchange;
use berth_wire::errors::EdgeCode;
use berth_wire::response::Changed;

use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Done;

/// The thing that a command made or touched, as it now is.
fn changed<T>(node: &Node, done: Done, show: impl FnOnce(&Exchange) -> Option<T>) -> Result<Changed<T>, Refusal> {
    // The view has the command, and nothing is ever removed from it; a client
    // had better look than be told a thing that is not so.
    let object = node.view.read(show).ok_or(EdgeCode::OutcomeUnknown)?;
    Ok(Changed::new(object, done.seq, done.entry_hash))
}

/// A refusal because there is no such thing, about `field`.
fn unknown(code: Code, field: &'static str) -> Refusal {
    Refusal::from(code).at(field)
}
