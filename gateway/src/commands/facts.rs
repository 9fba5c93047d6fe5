//! Facts of the chain, which the settler reports with the operator's token.

use berth_domain::{AccountId, Authority, Code};
use berth_wire::errors::EdgeCode;
use berth_wire::request::Fact;
use berth_wire::response::Acknowledged;

use crate::caller::{Actor, Caller};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;

/// Has a fact sequenced in the exchange's own name. One that is known already
/// is acknowledged again.
pub(crate) async fn report(node: &Node, caller: Caller, fact: Fact, turn: Turn) -> Result<Acknowledged, Refusal> {
    if caller != Caller::Operator {
        return Err(Refusal::new(EdgeCode::Unauthorized, "facts of the chain need the operator's bearer token"));
    }
    let exchange = Actor { account: AccountId::EXCHANGE, authority: Authority::Exchange };
    let done = node.submit(exchange, fact.command(), turn, field).await?;
    Ok(Acknowledged { seq: done.seq.0, entry_hash: done.entry_hash })
}

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::UnknownLease | Code::LeaseState => Some("leaseId"),
        Code::OutOfBounds | Code::AmountTooLarge => Some("amount"),
        _ => None,
    }
}
