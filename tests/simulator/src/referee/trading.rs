//! Orders and bids: their states, what is left of them, and the counters of
//! their accounts.

use berth_domain::{Age, BidState, BidTarget, Entry, Event, OrderState};
use berth_exchange::Exchange;

use super::mandate::Mandates;
use super::survey::{Survey, at};
use super::{Checked, ensure, rule};
use crate::reads;

pub(super) fn check(x: &Exchange, survey: &Survey, mandates: &Mandates) -> Checked {
    orders(x, survey)?;
    bids(x, survey, mandates)?;
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

fn bids(x: &Exchange, survey: &Survey, mandates: &Mandates) -> Checked {
    let is_pending = reads::is_pending(x);
    for bid in x.bids() {
        let id = bid.id;
        match bid.target {
            BidTarget::Standing { quantity, .. } => {
                let taken = survey.taken[at(id.0)];
                ensure!(
                    taken + bid.remaining == quantity
                        && (bid.state == BidState::Matched) == (bid.remaining + bid.reserved == 0),
                    rule::TRADING,
                    "bid {id} of {quantity} units is {}, {taken} are leased or stand by and {} left",
                    bid.state,
                    bid.remaining
                );
                let provider = x.provider(bid.provider).expect("a bid has a provider");
                let has_room = reads::free_units(provider, reads::class(x, bid.market)) > 0;
                let is_offered = provider.available
                    && has_room
                    && bid.remaining > 0
                    && !mandates.is_below_floor(bid.account, bid.price);
                // In a paused market what was parked waits for its resumption.
                let is_paused = x.market(bid.market).is_some_and(|market| market.paused);
                let waits = bid.state == BidState::Parked && is_paused;
                ensure!(
                    is_pending || !bid.is_live() || waits || (bid.state == BidState::Open) == is_offered,
                    rule::TRADING,
                    "bid {id} is {}, and {} be met",
                    bid.state,
                    if is_offered { "can" } else { "cannot" }
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

/// The ages of what was placed: only its owner's change takes a new one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ages {
    orders: Vec<Age>,
    bids: Vec<Age>,
}

impl Ages {
    pub(super) fn after(&mut self, x: &Exchange, entry: &Entry, events: &[Event]) -> Checked {
        let is_new = |age: Age| age == Age(entry.seq.0);
        for order in x.orders().skip(self.orders.len()) {
            ensure!(is_new(order.age), rule::AGE, "order {} is new and has age {:?}", order.id, order.age);
            self.orders.push(order.age);
        }
        for bid in x.bids().skip(self.bids.len()) {
            ensure!(is_new(bid.age), rule::AGE, "bid {} is new and has age {:?}", bid.id, bid.age);
            self.bids.push(bid.age);
        }
        for event in events {
            match event {
                Event::OrderAmended(amended) => {
                    let age = x.order(amended.order).expect("it was amended").age;
                    self.orders[at(amended.order.0) - 1] = age;
                }
                Event::BidAmended(amended) => {
                    let age = x.bid(amended.bid).expect("it was amended").age;
                    self.bids[at(amended.bid.0) - 1] = age;
                }
                _ => {}
            }
        }
        for (order, age) in x.orders().zip(&self.orders) {
            ensure!(order.age == *age, rule::AGE, "order {} is of {age:?} and now of {:?}", order.id, order.age);
        }
        for (bid, age) in x.bids().zip(&self.bids) {
            ensure!(bid.age == *age, rule::AGE, "bid {} is of {age:?} and now of {:?}", bid.id, bid.age);
        }
        Ok(())
    }
}
