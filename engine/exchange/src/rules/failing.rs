//! What becomes of a lease that failed and whose order wants it to go on: its
//! standby takes over, or an order stands for what is left of it. Both only
//! when the chain has settled it, so its provider is paid for nothing more.

use berth_domain::{
    Age, BidState, CloseReason, Code, LeaseFailedOver, LeaseId, OrderContinued, OrderDiscontinued, OrderId,
    RatePerHour, Seconds, StandbyEnd, Stroops, TimeInForce, owed,
};

use super::filling::Opening;
use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Order, Origin, Place};

impl Exchange {
    /// A lease has been settled that closed for this reason.
    pub(crate) fn take_over(&mut self, step: &mut Step<'_>, id: LeaseId, reason: Option<CloseReason>) {
        let lease = self.lease(id).expect("the caller has it");
        let order = self.order(lease.order).expect("a lease's order is there");
        if !order.failover || matches!(lease.origin, Origin::Rerun(_)) || !reason.is_some_and(CloseReason::fails_over) {
            return;
        }
        let used = if is(Planted::FailoverForgets) { 0 } else { lease.evidence.seconds().0 };
        let duration = Seconds(lease.duration.0.saturating_sub(used));
        let prepay = Seconds(lease.prepay.0.saturating_sub(used));
        if self.standbys.get(id).is_some() {
            if !self.fail_over(step, id, duration, prepay) {
                self.release_standby(step, id, StandbyEnd::LeaseEnded);
            }
        } else if prepay > Seconds(0) {
            match self.continue_order(step, id, duration, prepay) {
                Ok(order) => step.emit(OrderContinued { lease: id, order }),
                Err(code) => step.emit(OrderDiscontinued { lease: id, code }),
            }
        }
    }

    /// Opens a lease on the standby for the time that is left. Answers whether
    /// there was anything to open.
    fn fail_over(&mut self, step: &mut Step<'_>, id: LeaseId, duration: Seconds, prepay: Seconds) -> bool {
        let lease = self.lease(id).expect("the caller has it");
        let standby = *self.standbys.get(id).expect("the caller has seen it");
        let rate = standby.price.of(lease.units, lease.replicas).expect("it was counted when it was reserved");
        // What came back and the hold are enough for what was reserved for; a
        // lease that was topped up since goes on for as long as they are, and
        // so does one whose tenant owed some of what came back.
        let funds = lease.escrow - lease.pay + standby.hold;
        let funds = funds.min(self.ledger.available(lease.tenant) + standby.hold);
        let funds = funds.min(self.escrow_cap(lease.tenant, Stroops::ZERO));
        let prepay = prepay.min(affordable(rate, funds));
        let escrow = owed(rate, prepay).expect("it is at most the funds");
        if escrow == Stroops::ZERO {
            return false;
        }
        let (order, tenant, replicas, units) = (lease.order, lease.tenant, lease.replicas, standby.units);

        self.standbys.remove(id);
        self.ledger.post(Place::Held(tenant), Place::Available(tenant), standby.hold);
        let (price, origin) = (standby.price, Origin::Failover(id));
        let opening =
            Opening { order, bid: standby.bid, price, rate, escrow, replicas, duration, prepay, tenant, origin };
        let to = self.open_lease(step, opening);
        self.ledger.post(Place::Available(tenant), Place::Escrow(to, tenant), escrow);
        step.emit(LeaseFailedOver { from: id, to });
        self.link_to_order(order, to);
        self.link_to_bid(standby.bid, to);
        let bid = self.bid_mut(standby.bid);
        bid.reserved -= units;
        if bid.is_live() && bid.remaining == 0 && bid.reserved == 0 {
            self.finish_bid(standby.bid, BidState::Matched);
        }
        self.standbys.seek(to);
        if self.is_capped(tenant) {
            self.park_beyond_mandate(step, tenant);
        }
        true
    }

    /// Places an order for what is left of a lease: one of its own, for other
    /// leases of its order may have other times left.
    fn continue_order(
        &mut self,
        step: &mut Step<'_>,
        id: LeaseId,
        duration: Seconds,
        prepay: Seconds,
    ) -> Result<OrderId, Code> {
        let lease = self.lease(id).expect("the caller has it");
        let old = self.order(lease.order).expect("a lease's order is there");
        self.open_for_trade(old.market)?;
        let next = OrderId(self.orders.len() as u64 + 1);
        let mut order = Order { id: next, replicas: lease.replicas, duration, prepay, ..old.afresh(step.seq, step.at) };
        (order.asked, order.remaining) = (order.replicas, order.replicas);
        order.is_capped = self.is_capped(order.account);
        if order.expires_at.is_some_and(|at| at <= step.at) {
            order.expires_at = None;
            order.time_in_force = TimeInForce::Ioc;
        }
        order.hold = Self::hold_for(&order, order.remaining).ok_or(Code::AmountTooLarge)?;
        if order.hold == Stroops::ZERO {
            return Err(Code::OutOfBounds);
        }
        let tenant = self.accounts.get(order.account).ok_or(Code::UnknownAccount)?;
        if tenant.open_orders >= self.bounds().orders {
            return Err(Code::TooManyOrders);
        }
        if order.hold <= self.ledger.available(order.account) {
            return self.enter_order(step, order, None);
        }
        order.hold = Stroops::ZERO;
        self.accept_order(step, order);
        self.set_order_timers(next);
        self.park_order(step, next);
        Ok(next)
    }
}

impl Order {
    /// The same order as if it were placed now: nothing of it has a lease. It
    /// is no longer only to rest, and has no client id.
    fn afresh(&self, seq: berth_domain::Seq, at: berth_domain::Micros) -> Self {
        Self {
            state: berth_domain::OrderState::Open,
            age: Age(seq.0),
            post_only: false,
            client_id: None,
            directed: Vec::new(),
            placed_seq: seq,
            placed_at: at,
            first_lease: LeaseId(0),
            last_lease: LeaseId(0),
            nodes: [None; 5],
            older: OrderId(0),
            younger: OrderId(0),
            ..self.clone()
        }
    }
}

/// The longest time that these funds pay for at a rate:
/// `floor(rate × seconds / 3600) ≤ funds`.
fn affordable(rate: RatePerHour, funds: Stroops) -> Seconds {
    let seconds = (u128::from(funds.get().unsigned_abs()) * 3_600 + 3_599) / u128::from(rate.get().unsigned_abs());
    Seconds(u64::try_from(seconds).unwrap_or(u64::MAX))
}
