//! What becomes of a lease that failed when the chain has settled it: its standby
//! takes over, or an order stands for what is left of it.

use berth_domain::{
    BidState, CloseReason, Code, LeaseFailedOver, LeaseId, OrderAccepted, OrderContinued, OrderDiscontinued, OrderId,
    OrderState, Seconds, StandbyEnd, TimeInForce,
};

use super::lease::{Opening, Origin};
use super::order::{Placed, owed, stroops};
use super::standby::{Standby, fails_over};
use super::{Oracle, Order, Rule};

impl Oracle {
    /// The chain has settled a lease that closed, or was about to, for a
    /// reason.
    pub(super) fn take_over(&mut self, id: LeaseId, reason: Option<CloseReason>) {
        let lease = self.find_lease(id).expect("it is settled").clone();
        let wants = self.order(lease.order).place.failover && !matches!(lease.origin, Origin::Rerun(_));
        if !wants || !reason.is_some_and(fails_over) {
            return;
        }
        let used = lease.evidenced().0;
        let duration = Seconds(lease.duration.0.saturating_sub(used));
        let prepay = Seconds(lease.prepay.0.saturating_sub(used));
        if let Some(standby) = self.standby_of(id) {
            self.fail_over(standby, duration, prepay);
        } else if prepay > Seconds(0) {
            match self.continue_order(id, duration, prepay) {
                Ok(order) => self.tell(OrderContinued { lease: id, order }),
                Err(code) => {
                    self.reach(Rule::Discontinued);
                    self.tell(OrderDiscontinued { lease: id, code });
                }
            }
        }
    }

    fn fail_over(&mut self, standby: Standby, duration: Seconds, prepay: Seconds) {
        let Standby { lease: id, bid, price, hold, .. } = standby;
        let lease = self.find_lease(id).expect("it is settled").clone();
        // Some of what came back may have paid what the tenant owed.
        let funds = (lease.escrow() - lease.pay + hold).min(self.available(lease.tenant) + hold);
        let cap = self.cap(lease.tenant, 0).filter(|cap| *cap < funds);
        if cap.is_some_and(|cap| cap < owed(price, lease.units, lease.replicas, prepay)) {
            self.reach(Rule::FailoverCutByAMandate);
        }
        let funds = cap.unwrap_or(funds);
        let costs = |seconds: &u64| owed(price, lease.units, lease.replicas, Seconds(*seconds));
        let affordable = (0..=prepay.0).rev().find(|seconds| costs(seconds) <= funds).expect("no time costs nothing");
        let prepay = Seconds(affordable);
        if owed(price, lease.units, lease.replicas, prepay) == 0 {
            self.reach(Rule::NothingLeftToFailOver);
            self.release_standby(id, StandbyEnd::LeaseEnded);
            return;
        }
        self.standbys.retain(|standby| standby.lease != id);
        let (order, replicas, tenant, origin) = (lease.order, lease.replicas, lease.tenant, Origin::Failover(id));
        let to = self.new_lease(&Opening { order, bid, replicas, price, duration, prepay, tenant, origin });
        self.tell(LeaseFailedOver { from: id, to });
        let reserved = self.reserved(bid);
        let bid = self.bid_mut(bid);
        if bid.is_live() && bid.left == 0 && reserved == 0 {
            bid.state = BidState::Matched;
        }
        self.seek_standby(to);
        self.park_beyond_mandate(tenant, Rule::ParkedByAFailover);
    }

    /// An order of its own for what is left of a lease.
    fn continue_order(&mut self, id: LeaseId, duration: Seconds, prepay: Seconds) -> Result<OrderId, Code> {
        let lease = self.find_lease(id).expect("it is settled").clone();
        let old = self.order(lease.order).clone();
        let (seq, at, account) = (self.step.seq, self.step.at, old.account);
        let next = OrderId(self.orders.len() as u64 + 1);
        let placed = Placed { seq, at, replicas: lease.replicas };
        let mut place = old.place;
        (place.replicas, place.duration, place.prepay) = (lease.replicas, duration, prepay);
        (place.post_only, place.client_id) = (false, None);
        if place.expires_at.is_some_and(|expires_at| expires_at <= at) {
            self.reach(Rule::ContinuedAtOnceOrNever);
            (place.time_in_force, place.expires_at) = (TimeInForce::Ioc, None);
        }
        let (market, replicas) = (place.market, place.replicas);
        let order = Order {
            id: next,
            account,
            state: OrderState::Open,
            age: seq.0,
            place,
            left: replicas,
            is_postponed: false,
            placed,
        };
        self.check_trade(market)?;
        let hold = self.check_hold(&order)?;
        let open = self.orders.iter().filter(|order| order.account == account && order.is_live()).count();
        if open >= self.rules().bounds.orders as usize {
            return Err(Code::TooManyOrders);
        }
        let address = self.account(account).address;
        let told = |hold| OrderAccepted { order: next, account, address, market, replicas, hold: stroops(hold) };
        if hold <= self.available(account) {
            self.reach(Rule::Continued);
            self.order_enters(order, told(hold).into())?;
            return Ok(next);
        }
        self.reach(Rule::ContinuedAndParked);
        self.orders.push(Order { state: OrderState::Parked, ..order });
        self.tell(told(0));
        self.tell(berth_domain::OrderParked { order: next, market, released: stroops(0) });
        Ok(next)
    }
}
