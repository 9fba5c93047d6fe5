//! Orders: what they are, what they hold, and what is refused.

use berth_domain::{
    AccountId, Code, Micros, Mode, OrderAccepted, OrderId, OrderState, PlaceOrder, ProviderId, Rate, ReplaceOrder,
    Seconds, Seq, Stroops, TimeInForce, TrustLevel, Verify,
};

use super::host::is_strictly_sorted;
use super::{Oracle, Reply, Rule};

/// Units that one replica may take.
const UNITS_MAX: u32 = 1_024;

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) account: AccountId,
    pub(crate) state: OrderState,
    pub(crate) age: u64,
    /// What was asked for, as it was last amended.
    pub(crate) place: PlaceOrder,
    /// Replicas without a lease.
    pub(crate) left: u32,
    /// An auction that was due while its market was paused.
    pub(super) is_postponed: bool,
    pub(super) placed: Placed,
}

/// How it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) seq: Seq,
    pub(super) at: Micros,
    pub(super) replicas: u32,
}

impl Order {
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, OrderState::Open | OrderState::Parked)
    }

    /// Whether it stands in the book.
    pub(crate) fn rests(&self) -> bool {
        self.state == OrderState::Open && self.place.mode == Mode::Auto
    }

    /// What it holds while it is open: at its highest limit, for the replicas
    /// without a lease.
    pub(crate) fn hold(&self) -> i128 {
        let highest = self.place.limits.iter().map(|(_, limit)| limit).max().expect("an order accepts a level");
        if self.state == OrderState::Open { owed(highest, self.place.units, self.left, self.place.prepay) } else { 0 }
    }

    /// Its limit for a level, when it accepts it.
    pub(super) fn limit(&self, level: TrustLevel) -> Option<Rate> {
        self.place.limits.iter().find(|(accepted, _)| *accepted == level).map(|(_, limit)| limit)
    }
}

/// `floor(price × units × replicas × seconds / 3600)`.
pub(super) fn owed(price: Rate, units: u32, replicas: u32, time: Seconds) -> i128 {
    i128::from(price.get()) * i128::from(units) * i128::from(replicas) * i128::from(time.0) / 3_600
}

pub(super) fn stroops(amount: i128) -> Stroops {
    i64::try_from(amount).ok().and_then(Stroops::new).expect("an amount that was checked")
}

impl Oracle {
    pub(crate) fn find_order(&self, id: OrderId) -> Option<&Order> {
        super::nth(&self.orders, id.0)
    }

    pub(super) fn order(&self, id: OrderId) -> &Order {
        self.find_order(id).expect("what names an order was checked")
    }

    pub(super) fn order_mut(&mut self, id: OrderId) -> &mut Order {
        let place = usize::try_from(id.0).expect("few orders") - 1;
        &mut self.orders[place]
    }

    /// The account's order, while it lives.
    pub(super) fn own_live_order(&self, id: OrderId) -> Result<&Order, Code> {
        let order = self.find_order(id).ok_or(Code::UnknownOrder)?;
        if order.account != self.step.account {
            return Err(Code::NotYours);
        }
        if order.is_live() { Ok(order) } else { Err(Code::OrderClosed) }
    }

    pub(super) fn place_order(&mut self, place: &PlaceOrder) -> Result<Reply, Code> {
        self.check_order(place)?;
        let account = self.step.account;
        let id = OrderId(self.orders.len() as u64 + 1);
        let order = Order {
            id,
            account,
            state: OrderState::Open,
            age: self.step.seq.0,
            place: place.clone(),
            left: place.replicas,
            is_postponed: false,
            placed: Placed { seq: self.step.seq, at: self.step.at, replicas: place.replicas },
        };
        let hold = self.check_hold(&order)?;
        let open = self.orders.iter().filter(|order| order.account == account && order.is_live()).count();
        if open >= self.rules().bounds.orders as usize {
            return Err(Code::TooManyOrders);
        }
        if self.available(account) < hold {
            return Err(Code::InsufficientFunds);
        }
        let (address, hold) = (self.account(account).address, stroops(hold));
        let (market, replicas) = (place.market, place.replicas);
        let accepted = OrderAccepted { order: id, account, address, market, replicas, hold };
        self.order_enters(order, accepted.into())?;
        Ok(Reply::Order(id))
    }

    /// What can be told from the order alone.
    fn check_order(&self, place: &PlaceOrder) -> Result<(), Code> {
        self.check_trade(place.market)?;
        let class = self.class(place.market);
        let bounds = &self.rules().bounds;
        let is_fok = place.time_in_force == TimeInForce::Fok;
        let never_rests = matches!(place.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        let is_sound = (1..=UNITS_MAX).contains(&place.units)
            && (1..=bounds.replicas).contains(&place.replicas)
            && (1..=bounds.duration.0).contains(&place.duration.0)
            && (1..=place.duration.0).contains(&place.prepay.0)
            && place.resources.is_in_bounds()
            && (class.is_gpu() || place.resources.cpu == 0)
            && (place.time_in_force == TimeInForce::Gtd) == place.expires_at.is_some()
            && (place.mode == Mode::Auction) == place.closes_at.is_some()
            // What takes directed bids only has to wait for them; an auction
            // until its close.
            && (place.mode == Mode::Auto || !never_rests)
            && (place.mode != Mode::Auction || place.time_in_force == TimeInForce::Gtc)
            // What is only to rest in the book has to be able to.
            && (!place.post_only || (place.mode == Mode::Auto && !never_rests))
            && (place.aim.is_none() || (place.mode == Mode::Auto && never_rests))
            // Replicas that are compared are odd, few and all at once.
            && match place.verify {
                Verify::None | Verify::Spot => true,
                Verify::Replicas(n) => {
                    matches!(n, 3 | 5 | 7)
                        && u32::from(n) == place.replicas
                        && place.mode == Mode::Auto
                        && is_fok
                        && place.aim.is_none()
                }
            }
            // A gang fails as a whole, and nothing else is what is aimed at.
            && (!place.failover || (place.mode == Mode::Auto && !is_fok && place.aim.is_none()));
        let latest = self.step.at.plus(bounds.duration);
        if !is_sound || place.closes_at.is_some_and(|closes_at| closes_at > latest) {
            return Err(Code::OutOfBounds);
        }
        if [place.expires_at, place.closes_at].into_iter().flatten().any(|at| at <= self.step.at) {
            return Err(Code::TimeInPast);
        }
        let keys: Vec<_> = place.requires.iter().map(|attribute| &attribute.key).collect();
        if !is_strictly_sorted(&keys) {
            return Err(Code::NotCanonical);
        }
        Ok(())
    }

    /// What an order must hold: an amount that can be counted, and one that a
    /// lease can be paid from.
    pub(super) fn check_hold(&self, order: &Order) -> Result<i128, Code> {
        let an_hour = owed(order.place.limits.highest(), order.place.units, order.left, Seconds(3_600));
        let hold = order.hold();
        if an_hour > i64::MAX.into() || hold > i64::MAX.into() {
            return Err(Code::AmountTooLarge);
        }
        if hold == 0 { Err(Code::OutOfBounds) } else { Ok(hold) }
    }

    pub(super) fn replace_order(&mut self, replace: &ReplaceOrder) -> Result<Reply, Code> {
        let old = self.own_live_order(replace.order)?;
        let needs_the_old = self.available(self.step.account);
        let old_hold = old.hold();
        self.cancel_order(replace.order, berth_domain::CancelReason::Replaced);
        let placed = self.place_order(&replace.place);
        match placed {
            Ok(Reply::Order(new)) => {
                self.reach(Rule::OrderReplaced);
                let order = self.order(new);
                let first =
                    owed(order.place.limits.highest(), order.place.units, order.place.replicas, order.place.prepay);
                if old_hold > 0 && first > needs_the_old {
                    self.reach(Rule::OrderReplacedByFundsOfTheOld);
                }
            }
            _ => self.reach(Rule::OrderReplaceRefusedWhole),
        }
        placed
    }

    /// Level of a host's owner.
    pub(super) fn level(&self, host: ProviderId) -> TrustLevel {
        self.account(self.host(host).account).level
    }
}
