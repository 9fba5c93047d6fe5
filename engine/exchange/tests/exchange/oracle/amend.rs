//! Amending: less of it alone keeps the age; any other change is a new age, and
//! enters as incoming.

use berth_domain::{
    AmendBid, AmendOrder, BidAmended, BidLost, BidState, BidTarget, Code, Event, Micros, Mode, OrderAmended, OrderId,
    OrderState, TimeInForce,
};

use super::bid::QUANTITY_MAX;
use super::order::{owed, stroops};
use super::reentry::Entrant;
use super::{Bid, Oracle, Order, Reply, Rule};

impl Oracle {
    pub(super) fn amend_order(&mut self, amend: &AmendOrder) -> Result<Reply, Code> {
        let old = self.own_live_order(amend.order)?.clone();
        // Bids are sealed against the terms that they have seen.
        if old.place.mode == Mode::Auction {
            self.reach(Rule::AuctionTakesNoAmend);
            return Err(Code::AuctionOpen);
        }
        let mut new = old.clone();
        let leased = old.place.replicas - old.left;
        if let Some(replicas) = amend.replicas {
            // None without a lease would be a cancellation.
            if replicas <= leased || replicas > self.rules().bounds.replicas {
                return Err(Code::OutOfBounds);
            }
            new.place.replicas = replicas;
            new.left = replicas - leased;
        }
        if let Some(limits) = amend.limits {
            new.place.limits = limits;
        }
        new.place.expires_at = self.amended_end(old.place.time_in_force, old.place.expires_at, amend.expires_at)?;

        let is_same_but_size = new.place.limits == old.place.limits && new.place.expires_at == old.place.expires_at;
        if is_same_but_size && new.left == old.left {
            self.reach(Rule::OrderAmendedToNothingNew);
            self.tell(told_order(&new));
            return Ok(Reply::Order(old.id));
        }
        // Parked it holds nothing until it is paid for anew.
        let hold = self.check_hold(&Order { state: OrderState::Open, ..new.clone() })?;
        if new.state == OrderState::Open && hold > self.available(old.account) + old.hold() {
            self.reach(Rule::OrderAmendLacksFunds);
            return Err(Code::InsufficientFunds);
        }
        if is_same_but_size && new.left < old.left {
            self.reach(Rule::OrderAmendedToFewer);
            self.tell(told_order(&new));
            *self.order_mut(old.id) = new;
            return Ok(Reply::Order(old.id));
        }
        self.check_trade(new.place.market)?;
        new.age = self.step.seq.0;
        let told = told_order(&new);
        let (id, opened) = (new.id, self.step.opened);
        if new.state == OrderState::Parked {
            // It enters with its new terms when it is paid for: at the end of
            // this entry, since it can be.
            self.reach(Rule::ParkedOrderAmended);
            *self.order_mut(id) = new;
            self.tell(told);
            self.lose_dear_bids(id);
            return Ok(Reply::Order(id));
        }
        if self.is_beyond_mandate(&new) {
            *self.order_mut(id) = new;
            self.tell(told);
            self.lose_dear_bids(id);
            self.park_unless_allowed(id);
            return Ok(Reply::Order(id));
        }
        let entered = self.order_enters(new, told);
        self.reach(if entered.is_ok() { Rule::OrderAmendedAnew } else { Rule::OrderAmendRefusedByPlan });
        entered?;
        if self.step.opened > opened {
            self.reach(Rule::OrderAmendFills);
        }
        self.lose_dear_bids(id);
        Ok(Reply::Order(id))
    }

    pub(super) fn amend_bid(&mut self, amend: &AmendBid) -> Result<Reply, Code> {
        let old = self.own_live_bid(amend.bid)?.clone();
        let mut new = old.clone();
        new.place.expires_at = self.amended_end(old.place.time_in_force, old.place.expires_at, amend.expires_at)?;
        if let Some(units) = amend.quantity {
            // A directed bid takes what fits and names no quantity.
            let BidTarget::Standing { quantity, .. } = &mut new.place.target else { return Err(Code::OutOfBounds) };
            let leased = *quantity - old.left;
            if units <= leased || units > QUANTITY_MAX {
                return Err(Code::OutOfBounds);
            }
            *quantity = units;
            new.left = units - leased;
        }
        // All of it that is not leased stands by: it can be given more.
        if new.is_standing() && new.left == 0 {
            return Err(Code::OutOfBounds);
        }
        if let Some(price) = amend.price {
            new.place.price = price;
        }

        let is_same_but_size = new.place.price == old.place.price && new.place.expires_at == old.place.expires_at;
        if is_same_but_size && new.left == old.left {
            self.reach(Rule::BidAmendedToNothingNew);
            self.tell(told_bid(&new));
            return Ok(Reply::Bid(old.id));
        }
        if is_same_but_size && new.left < old.left {
            self.reach(Rule::BidAmendedToFewer);
            self.tell(told_bid(&new));
            *self.bid_mut(old.id) = new;
            return Ok(Reply::Bid(old.id));
        }
        if let Some(order) = new.answers() {
            let order = self.order(order);
            self.check_within(new.place.provider, new.place.price, order)?;
            if owed(new.place.price, order.place.units, 1, order.place.prepay) == 0 {
                return Err(Code::OutOfBounds);
            }
            self.reach(Rule::DirectedBidAmended);
        }
        self.check_trade(new.market)?;
        new.age = self.step.seq.0;
        let told = told_bid(&new);
        let (id, opened) = (new.id, self.step.opened);
        if new.is_standing() && new.state == BidState::Parked {
            // It may be met now.
            self.reach(Rule::ParkedBidAmended);
            self.put_bid(new);
            self.tell(told);
            if old.left == 0 {
                self.reach(Rule::AmendedToMoreThanStandsBy);
                self.freed.push(old.place.provider);
            }
            self.reenter(vec![Entrant::Bid(id)]);
            return Ok(Reply::Bid(id));
        }
        let entered = self.bid_enters(new, told);
        self.reach(if entered.is_ok() { Rule::BidAmendedAnew } else { Rule::BidAmendRefusedByPlan });
        entered?;
        if self.step.opened > opened {
            self.reach(Rule::BidAmendFills);
        }
        Ok(Reply::Bid(id))
    }

    /// Directed bids that ask more than their order now gives have lost.
    fn lose_dear_bids(&mut self, id: OrderId) {
        let order = self.order(id);
        let is_dear = |bid: &&Bid| self.check_within(bid.place.provider, bid.place.price, order).is_err();
        let waits = |bid: &&Bid| bid.is_live() && bid.answers() == Some(id);
        let dear: Vec<_> = self.bids.iter().filter(waits).filter(is_dear).map(|bid| (bid.id, bid.market)).collect();
        for (bid, market) in dear {
            self.reach(Rule::DirectedBidsLostByAmend);
            self.bid_mut(bid).state = BidState::Lost;
            self.tell(BidLost { bid, market });
        }
    }

    /// When a thing ends now. Only what was placed with an end can be given
    /// another.
    fn amended_end(
        &self,
        time_in_force: TimeInForce,
        old: Option<Micros>,
        new: Option<Micros>,
    ) -> Result<Option<Micros>, Code> {
        let Some(new) = new else { return Ok(old) };
        if time_in_force != TimeInForce::Gtd {
            return Err(Code::OutOfBounds);
        }
        if new <= self.step.at { Err(Code::TimeInPast) } else { Ok(Some(new)) }
    }
}

fn told_order(order: &Order) -> Event {
    OrderAmended {
        order: order.id,
        market: order.place.market,
        replicas: order.place.replicas,
        remaining: order.left,
        limits: order.place.limits,
        hold: stroops(order.hold()),
    }
    .into()
}

fn told_bid(bid: &Bid) -> Event {
    BidAmended { bid: bid.id, market: bid.market, price: bid.place.price, remaining: bid.left }.into()
}
