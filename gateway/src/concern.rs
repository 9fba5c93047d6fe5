//! Whom an event concerns, and whether it moves their money.

use berth_domain::{AccountId, BidId, Event, LeaseId, OrderId};
use berth_exchange::Exchange;

use crate::frame::lease_of;

/// Accounts that one event concerns at most: of the standby's lease that takes
/// over, the tenant, who failed, and who takes over.
const CONCERNED_MAX: usize = 3;

/// The accounts that an event concerns.
pub(crate) type Concerned = [Option<AccountId>; CONCERNED_MAX];

/// Whom an event concerns; `x` is the state behind it, or a later one.
pub(crate) fn accounts_of(event: &Event, x: &Exchange) -> Concerned {
    let one = |account: Option<AccountId>| [account, None, None];
    let of_order = |id: OrderId| one(x.order(id).map(|order| order.account));
    let of_bid = |id: BidId| one(x.bid(id).map(|bid| bid.account));
    let tenant_of = |id: LeaseId| one(x.lease(id).map(|lease| lease.tenant));
    match event {
        Event::AccountOpened(e) => one(Some(e.account)),
        Event::DepositCredited(e) => one(Some(e.account)),
        Event::WithdrawalRequested(e) => one(Some(e.account)),
        Event::WithdrawalPaid(e) => one(Some(e.account)),
        Event::WithdrawalCancelled(e) => one(Some(e.account)),
        Event::ProviderRegistered(e) => one(Some(e.account)),
        Event::StakeChanged(e) => one(Some(e.account)),
        Event::Attested(e) => one(Some(e.account)),
        Event::TrustChanged(e) => one(Some(e.account)),
        Event::ReputationChanged(e) => one(Some(e.account)),
        Event::DeadManSet(e) => one(Some(e.account)),
        Event::MandateSet(e) => one(Some(e.account)),
        Event::KeyRegistered(e) => one(Some(e.account)),
        Event::KeyRevoked(e) => one(Some(e.account)),
        Event::CommandRefused(e) => one(Some(e.account)),
        Event::ProviderChanged(e) => one(x.provider(e.provider).map(|provider| provider.account)),
        Event::OrderAccepted(e) => one(Some(e.account)),
        Event::OrderFilled(e) => of_order(e.order),
        Event::OrderCancelled(e) => of_order(e.order),
        Event::OrderExpired(e) => of_order(e.order),
        Event::OrderAmended(e) => of_order(e.order),
        Event::OrderParked(e) => of_order(e.order),
        Event::OrderResumed(e) => of_order(e.order),
        Event::BidAccepted(e) => of_bid(e.bid),
        Event::BidParked(e) => of_bid(e.bid),
        Event::BidResumed(e) => of_bid(e.bid),
        Event::BidLost(e) => of_bid(e.bid),
        Event::BidCancelled(e) => of_bid(e.bid),
        Event::BidAmended(e) => of_bid(e.bid),
        Event::BidExpired(e) => of_bid(e.bid),
        // The order is the tenant's alone.
        Event::OrderContinued(e) => tenant_of(e.lease),
        Event::OrderDiscontinued(e) => tenant_of(e.lease),
        Event::LeaseOpened(e) => both_of(x, e.lease),
        Event::StandbyReserved(e) => with(both_of(x, e.lease), x.bid(e.bid).map(|bid| bid.account)),
        Event::StandbyReleased(e) => with(both_of(x, e.lease), x.bid(e.bid).map(|bid| bid.account)),
        Event::LeaseFailedOver(e) => with(both_of(x, e.from), x.lease(e.to).map(|lease| lease.provider_account)),
        Event::ExchangeOpened(_)
        | Event::MarketOpened(_)
        | Event::MarketPaused(_)
        | Event::MarketResumed(_)
        | Event::ChangeAnnounced(_)
        | Event::ExchangeReconfigured(_)
        | Event::ExchangeUpgraded(_) => [None; CONCERNED_MAX],
        // What is left is about a lease.
        other => lease_of(other).map_or([None; CONCERNED_MAX], |id| both_of(x, id)),
    }
}

fn both_of(x: &Exchange, id: LeaseId) -> Concerned {
    let lease = x.lease(id);
    [lease.map(|lease| lease.tenant), lease.map(|lease| lease.provider_account), None]
}

fn with(concerned: Concerned, third: Option<AccountId>) -> Concerned {
    [concerned[0], concerned[1], third]
}

/// Whether an event may move money of those whom it concerns.
pub(crate) const fn moves_money(event: &Event) -> bool {
    matches!(
        event,
        Event::DepositCredited(_)
            | Event::WithdrawalRequested(_)
            | Event::WithdrawalPaid(_)
            | Event::WithdrawalCancelled(_)
            | Event::OrderAccepted(_)
            | Event::OrderFilled(_)
            | Event::OrderCancelled(_)
            | Event::OrderExpired(_)
            | Event::OrderAmended(_)
            | Event::OrderParked(_)
            | Event::OrderResumed(_)
            | Event::LeaseOpened(_)
            | Event::TopUpRequested(_)
            | Event::LeaseToppedUp(_)
            | Event::TopUpReleased(_)
            | Event::LeaseClosed(_)
            | Event::LeasePaid(_)
            | Event::StandbyReserved(_)
            | Event::StandbyReleased(_)
            | Event::LeaseFailedOver(_)
            | Event::StakeChanged(_)
            | Event::StakeSlashed(_)
    )
}
