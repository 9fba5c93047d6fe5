//! What a strategy says, as calls.

use berth_client::{Call, Reply};
use berth_wire::address::Name;
use berth_wire::request::{
    CancelAllRequest, CancelRequest, DeadManRequest, MassQuoteRequest, OrderRequest, StopRequest,
};
use serde::Deserialize;

use crate::out::Action;

/// An action as a call in an account's name.
pub(super) fn call(action: Action, name: Option<&Name>) -> Call {
    let named = || name.cloned();
    match action {
        Action::PlaceOrder(request) => {
            let tenant_address = request.tenant_address.clone().or_else(named);
            Call::place_order(&OrderRequest { tenant_address, ..*request })
        }
        Action::CancelOrder(order) => Call::cancel_order(order.0, &CancelRequest { address: named() }),
        Action::PlaceBid(request) => Call::place_bid(&request),
        Action::CancelBid(bid) => Call::cancel_bid(bid.0, &CancelRequest { address: named() }),
        Action::MassQuote(request) => {
            let address = request.address.clone().or_else(named);
            Call::mass_quote(&MassQuoteRequest { address, ..request })
        }
        Action::CancelAll => Call::cancel_all(&CancelAllRequest { address: named(), ..CancelAllRequest::default() }),
        Action::StopLease(lease) => {
            Call::with("lease.stop", &StopRequest { lease_id: Some(lease.0), tenant_address: named() })
        }
        Action::SetDeadMan(ms) => Call::set_dead_man(&DeadManRequest { address: named(), ms }),
    }
}

/// What a call made, where it made something.
pub(super) fn id(reply: &Reply) -> Option<u64> {
    #[derive(Deserialize)]
    struct Made {
        id: Option<u64>,
    }
    reply.result::<Made>().ok()?.id
}
