//! Parked orders: out of the ladders, with their age and without a hold, until
//! their account can pay for them again and its mandate allows them.

use berth_domain::{AccountId, OrderId, OrderParked, OrderResumed, OrderState};

use crate::exchange::{Exchange, Step};
use crate::state::{Entrant, Order, Place};

impl Exchange {
    /// Parks an open order and gives back its hold.
    pub(crate) fn park_order(&mut self, step: &mut Step<'_>, id: OrderId) {
        self.unrest_order(id);
        let released = self.release_hold(id);
        let order = self.order_mut(id);
        order.state = OrderState::Parked;
        let market = order.market;
        self.count_parked(id, true);
        step.emit(OrderParked { order: id, market, released });
    }

    /// Opens a parked order, which is in no ladder then, when its account has
    /// what it must hold and may spend it. Answers whether it did.
    pub(crate) fn resume_order(&mut self, step: &mut Step<'_>, id: OrderId) -> bool {
        let order = self.order(id).expect("the caller has it");
        if !self.may_resume(order) {
            return false;
        }
        let (account, market) = (order.account, order.market);
        let hold = Self::hold_for(order, order.remaining).expect("it was counted when the order was placed");
        self.ledger.post(Place::Available(account), Place::Held(account), hold);
        let order = self.order_mut(id);
        order.state = OrderState::Open;
        order.hold = hold;
        self.count_parked(id, false);
        step.emit(OrderResumed { order: id, market, hold });
        true
    }

    /// More became available in accounts that have parked orders: those that
    /// can be paid for enter again, unless a timer that is due looks at them
    /// anyway, in its turn.
    #[inline]
    pub(crate) fn resume_funded(&mut self, step: &mut Step<'_>) {
        // What enters may give back a hold, and so on: each time something is
        // resumed, so this ends.
        while let Some(accounts) = self.ledger.take_credited() {
            let awaits = |account: &AccountId| self.awaits_the_clock(*account, step.at);
            let accounts = accounts.into_iter().filter(|account| !awaits(account));
            let parked = accounts.flat_map(|account| self.live_orders(account));
            let parked = parked.filter(|order| order.state == OrderState::Parked && self.may_resume(order));
            let parked = parked.map(|order| (order.age, Entrant::Order(order.id)));
            let parked = parked.filter(|waits| !self.reentering.contains(waits)).collect();
            self.reenter_all(step, parked);
        }
    }

    /// Whether a parked order's account can pay for it, and its mandate allows
    /// it.
    fn may_resume(&self, order: &Order) -> bool {
        let hold = Self::hold_for(order, order.remaining);
        hold.is_some_and(|hold| hold <= self.ledger.available(order.account)) && !self.is_beyond_mandate(order)
    }

    /// Counts an order in or out of its account's parked ones.
    pub(crate) fn count_parked(&mut self, id: OrderId, is_parked: bool) {
        let account = self.order_mut(id).account;
        let owner = self.account_mut(account);
        if is_parked {
            owner.parked_orders += 1;
        } else {
            owner.parked_orders -= 1;
        }
        let waits = owner.parked_orders > 0;
        self.ledger.watch(account, waits);
    }
}
