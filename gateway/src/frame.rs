//! The events of one entry as they go out: rendered once, for every channel,
//! stream and list that shows them.

use std::collections::BTreeSet;

use berth_domain::{BidId, Event, LeaseId, MarketId, Micros, Seq};
use berth_exchange::Exchange;
use berth_wire::event::{event_json, event_type};
use berth_wire::frame::EventFilter;

use berth_render::Named;

/// All events of one entry.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) seq: Seq,
    pub(crate) at: Micros,
    /// The bids that it placed, in their order.
    pub(crate) placed: Box<[BidId]>,
    events: Vec<Rendered>,
}

#[derive(Debug)]
struct Rendered {
    kind: &'static str,
    market: Option<MarketId>,
    json: String,
}

/// Which events somebody wants: of these types, and of this market when it
/// names one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) types: EventFilter,
    pub(crate) market: Option<MarketId>,
}

impl Filter {
    fn passes(&self, event: &Rendered) -> bool {
        self.types.wants(event.kind) && self.market.is_none_or(|market| event.market == Some(market))
    }
}

impl Frame {
    pub(crate) fn new(seq: Seq, at: Micros, events: &[Event], x: &Exchange) -> Self {
        let placed = events.iter().filter_map(|event| match event {
            Event::BidAccepted(accepted) => Some(accepted.bid),
            _ => None,
        });
        let placed = placed.collect();
        let events = events.iter().map(|event| Rendered {
            kind: event_type(event),
            market: market_of(event).or_else(|| lease_of(event).and_then(|id| Some(x.lease(id)?.market))),
            json: event_json(event, &Named(x)).to_string(),
        });
        Self { seq, at, placed, events: events.collect() }
    }

    /// The events that pass, as the inside of a JSON array; `None` when none
    /// does.
    pub(crate) fn select(&self, filter: &Filter) -> Option<String> {
        let mut selected = String::new();
        for event in self.events.iter().filter(|event| filter.passes(event)) {
            if !selected.is_empty() {
                selected.push(',');
            }
            selected.push_str(&event.json);
        }
        if selected.is_empty() { None } else { Some(selected) }
    }
}

/// The markets whose books an event may have changed.
pub(crate) fn books_of(event: &Event, x: &Exchange, touched: &mut BTreeSet<MarketId>) {
    match event {
        // Its bids stand at their owner's level, in any market.
        Event::TrustChanged(_) => touched.extend(x.markets().map(|market| market.id)),
        Event::StandbyReserved(_) | Event::StandbyReleased(_) => {
            touched.extend(lease_of(event).and_then(|id| Some(x.lease(id)?.market)));
        }
        _ => touched.extend(market_of(event)),
    }
}

/// The market that an event names.
fn market_of(event: &Event) -> Option<MarketId> {
    match event {
        Event::MarketOpened(e) => Some(e.market),
        Event::OrderAccepted(e) => Some(e.market),
        Event::OrderFilled(e) => Some(e.market),
        Event::OrderCancelled(e) => Some(e.market),
        Event::OrderExpired(e) => Some(e.market),
        Event::BidAccepted(e) => Some(e.market),
        Event::BidParked(e) => Some(e.market),
        Event::BidResumed(e) => Some(e.market),
        Event::BidLost(e) => Some(e.market),
        Event::BidCancelled(e) => Some(e.market),
        Event::OrderAmended(e) => Some(e.market),
        Event::OrderParked(e) => Some(e.market),
        Event::OrderResumed(e) => Some(e.market),
        Event::BidAmended(e) => Some(e.market),
        Event::BidExpired(e) => Some(e.market),
        Event::MarketPaused(e) => Some(e.market),
        Event::MarketResumed(e) => Some(e.market),
        Event::LeaseOpened(e) => Some(e.market),
        Event::ExchangeOpened(_)
        | Event::AccountOpened(_)
        | Event::DepositCredited(_)
        | Event::WithdrawalRequested(_)
        | Event::WithdrawalPaid(_)
        | Event::WithdrawalCancelled(_)
        | Event::ProviderRegistered(_)
        | Event::ProviderChanged(_)
        | Event::ChangeAnnounced(_)
        | Event::ExchangeReconfigured(_)
        | Event::ExchangeUpgraded(_)
        | Event::StakeChanged(_)
        | Event::StakeSlashed(_)
        | Event::Attested(_)
        | Event::TrustChanged(_)
        | Event::ReputationChanged(_)
        | Event::StandbyReserved(_)
        | Event::StandbyReleased(_)
        | Event::StandbyMissing(_)
        | Event::LeaseFailedOver(_)
        | Event::OrderContinued(_)
        | Event::OrderDiscontinued(_)
        | Event::VerificationStarted(_)
        | Event::VerificationDrawn(_)
        | Event::VerificationRerun(_)
        | Event::VerificationEnded(_)
        | Event::LeaseEscrowed(_)
        | Event::LeaseStarted(_)
        | Event::LeaseRunway(_)
        | Event::LeaseSuspended(_)
        | Event::LeaseResumed(_)
        | Event::TopUpRequested(_)
        | Event::LeaseToppedUp(_)
        | Event::TopUpReleased(_)
        | Event::LeaseHeartbeat(_)
        | Event::LeaseClosing(_)
        | Event::LeaseClosed(_)
        | Event::LeasePaid(_)
        | Event::ProofStepped(_)
        | Event::DeadManSet(_)
        | Event::MandateSet(_)
        | Event::KeyRegistered(_)
        | Event::KeyRevoked(_)
        | Event::CommandRefused(_) => None,
    }
}

fn lease_of(event: &Event) -> Option<LeaseId> {
    match event {
        Event::LeaseEscrowed(e) => Some(e.lease),
        Event::LeaseStarted(e) => Some(e.lease),
        Event::LeaseHeartbeat(e) => Some(e.lease),
        Event::LeaseClosing(e) => Some(e.lease),
        Event::LeaseClosed(e) => Some(e.lease),
        Event::LeasePaid(e) => Some(e.lease),
        Event::ProofStepped(e) => Some(e.lease),
        Event::LeaseRunway(e) => Some(e.lease),
        Event::LeaseSuspended(e) => Some(e.lease),
        Event::LeaseResumed(e) => Some(e.lease),
        Event::TopUpRequested(e) => Some(e.lease),
        Event::LeaseToppedUp(e) => Some(e.lease),
        Event::TopUpReleased(e) => Some(e.lease),
        Event::StakeSlashed(e) => Some(e.lease),
        Event::ReputationChanged(e) => Some(e.lease),
        Event::StandbyReserved(e) => Some(e.lease),
        Event::StandbyReleased(e) => Some(e.lease),
        Event::StandbyMissing(e) => Some(e.lease),
        Event::LeaseFailedOver(e) => Some(e.from),
        Event::OrderContinued(e) => Some(e.lease),
        Event::OrderDiscontinued(e) => Some(e.lease),
        Event::VerificationStarted(e) => Some(e.lease),
        Event::VerificationDrawn(e) => Some(e.lease),
        Event::VerificationRerun(e) => Some(e.lease),
        Event::VerificationEnded(e) => Some(e.lease),
        _ => None,
    }
}
