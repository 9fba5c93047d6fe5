//! Orders and bids: their states, what is left of them, and the counters of
//! their accounts.

use berth_domain::{BidState, BidTarget, OrderState};
use berth_exchange::Exchange;

use super::survey::{Survey, at};
use super::{Checked, ensure, rule};
use crate::reads;

pub(super) fn check(x: &Exchange, survey: &Survey) -> Checked {
    orders(x, survey)?;
    bids(x, survey)?;
    for account in x.accounts() {
        let counted = [account.open_orders, account.live_bids, account.providers];
        let there = survey.counts[account.id.0 as usize];
        ensure!(
            counted == there,
            rule::TRADING,
            "account {} counts {counted:?} orders, bids and hosts, and has {there:?}",
            account.id
        );
    }
    Ok(())
}

fn orders(x: &Exchange, survey: &Survey) -> Checked {
    for order in x.orders() {
        let (id, leased) = (order.id, survey.leased[at(order.id.0)]);
        ensure!(
            leased + order.remaining == order.replicas,
            rule::TRADING,
            "order {id} of {} replicas has {leased} leased and {} left",
            order.replicas,
            order.remaining
        );
        ensure!(
            (order.state == OrderState::Filled) == (order.remaining == 0),
            rule::TRADING,
            "order {id} is {} with {} replicas left",
            order.state,
            order.remaining
        );
        for bid in reads::waiting_bids(order) {
            let waits = x.bid(*bid).is_some_and(|bid| bid.is_live() && bid.target == BidTarget::Directed { order: id });
            ensure!(waits && order.is_live(), rule::TRADING, "bid {bid} waits on order {id}, {}", order.state);
        }
    }
    Ok(())
}

fn bids(x: &Exchange, survey: &Survey) -> Checked {
    let is_pending = reads::is_pending(x);
    for bid in x.bids() {
        let id = bid.id;
        match bid.target {
            BidTarget::Standing { quantity, .. } => {
                let taken = survey.taken[at(id.0)];
                ensure!(
                    taken + bid.remaining == quantity && (bid.state == BidState::Matched) == (bid.remaining == 0),
                    rule::TRADING,
                    "bid {id} of {quantity} units is {}, {taken} are leased and {} left",
                    bid.state,
                    bid.remaining
                );
                let provider = x.provider(bid.provider).expect("a bid has a provider");
                let has_room = reads::free_units(provider, reads::class(x, bid.market)) > 0;
                ensure!(
                    is_pending || !bid.is_live() || (bid.state == BidState::Open) == has_room,
                    rule::TRADING,
                    "bid {id} is {}, and its provider has {}",
                    bid.state,
                    if has_room { "room" } else { "no room" }
                );
            }
            BidTarget::Directed { order } => {
                let waits = x.order(order).is_some_and(|order| reads::waiting_bids(order).contains(&id));
                ensure!(bid.is_live() == waits, rule::TRADING, "bid {id} on order {order} is {}", bid.state);
                ensure!(
                    (bid.state == BidState::Matched) == (reads::leases_of(x, bid) == 1),
                    rule::TRADING,
                    "directed bid {id} is {} and has {} leases",
                    bid.state,
                    reads::leases_of(x, bid)
                );
            }
        }
    }
    Ok(())
}
