//! Matching: price, then trust, then time. Pure: a taker is walked along the
//! resting side and a [`Plan`] comes of it.

use berth_book::Node;
use berth_domain::{
    AccountId, BidId, BidState, BidTarget, Limits, OrderId, Rate, SelfTrade, Stroops, TrustLevel, owed,
};

use super::plan::{Action, Budget, Plan, Stop};
use crate::exchange::Exchange;
use crate::planted::{Planted, is};
use crate::state::{Bid, Market, Order, Provider, Room, bid_key, order_key};

/// Whether the taker's wish only to rest counts: it does when the taker comes,
/// not when it enters again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entering {
    Anew,
    Again,
}

/// What becomes of a walk after a counterpart of the taker's own account.
enum OwnAccount {
    Stop(Stop),
    EndMaker,
    Skip,
}

impl Exchange {
    /// Walks an order along the bids: among the best of its accepted levels
    /// within that level's limit, the lowest price; at equal price the higher
    /// trust; at equal trust the older.
    pub(crate) fn plan_order(&self, order: &Order, entering: Entering, budget: Budget, plan: &mut Plan) {
        plan.begin(order.remaining, budget);
        let Some(market) = self.market(order.market) else { return };
        if let Some(aim) = order.aim {
            self.plan_aimed(order, aim, entering, plan);
            return;
        }
        let mut heads = [None; 5];
        let mut is_crossed = false;
        for (level, limit) in order.limits.iter() {
            let head = market.crossed_bid(level, limit);
            heads[level.index()] = head;
            is_crossed |= head.is_some();
        }
        while is_crossed && let Some((level, node)) = best_head(market, &heads) {
            heads[level.index()] = next_within(market, node, &order.limits, level);
            let bid = self.resting_bid(BidId(market.ladders().owner(node)));
            if !self.offer(order, bid, entering, plan) {
                return;
            }
        }
    }

    /// Whether an order with these limits could meet any bid: most that are
    /// moved do not, and need no plan.
    #[inline]
    pub(crate) fn crosses_a_bid(&self, order: &Order, limits: &Limits) -> bool {
        let market = self.market(order.market).expect("an order's market is open");
        for (level, limit) in limits.iter() {
            if market.crosses_a_bid(level, limit) {
                return true;
            }
        }
        false
    }

    /// Whether a bid at this price could meet any order.
    #[inline]
    pub(crate) fn crosses_an_order(&self, bid: &Bid, level: TrustLevel, price: Rate) -> bool {
        let market = self.market(bid.market).expect("a bid's market is open");
        market.crosses_an_order(level, price)
    }

    /// An order for one named bid meets that one or none.
    fn plan_aimed(&self, order: &Order, aim: BidId, entering: Entering, plan: &mut Plan) {
        let Some(bid) = self.bid(aim) else { return };
        let limit = order.limits.at(self.level_of(bid.account));
        let stands = bid.state == BidState::Open && bid.is_standing() && bid.market == order.market;
        if stands && limit.is_some_and(|limit| bid.price <= limit) {
            self.offer(order, bid, entering, plan);
        }
    }

    /// Offers a bid to an order that is being walked; answers whether the walk
    /// goes on.
    fn offer(&self, order: &Order, bid: &Bid, entering: Entering, plan: &mut Plan) -> bool {
        let host = self.host_of(bid);
        let (offered, price, provider) = (times(bid.remaining, order.units), bid.price, bid.provider);
        let all_room = host.room(bid.slot, order.units, &order.resources);
        let all_room = if !order.spreads() {
            all_room
        } else if self.has_part(plan, bid.account) {
            0
        } else {
            all_room.min(1)
        };
        let mut taken = 0;
        loop {
            let room = if plan.actions.is_empty() { all_room } else { all_room.saturating_sub(plan.on(provider)) };
            let lot = self.lot(order, plan.left, offered - taken, room, price, plan);
            // Where the mandate cut a lot there may be another behind it.
            if taken > 0 && lot.replicas == 0 {
                return plan.left > 0;
            }
            if lot.replicas == 0 || !self.is_eligible(order, bid, host, price) {
                return plan.skip();
            }
            if order.account == bid.account && !is(Planted::SelfTrades) {
                return match own_account(order.self_trade, order.post_only && entering == Entering::Anew) {
                    OwnAccount::Skip => plan.skip(),
                    OwnAccount::EndMaker => {
                        plan.actions.push(Action::EndBid(bid.id));
                        true
                    }
                    OwnAccount::Stop(stop) => {
                        plan.stop = stop;
                        false
                    }
                };
            }
            if order.post_only && entering == Entering::Anew {
                plan.stop = Stop::Crosses;
                return false;
            }
            let replicas = lot.replicas;
            if !plan.fill(Action::Fill { order: order.id, bid: bid.id, provider, price, replicas }, replicas) {
                return false;
            }
            Self::count_spending(order, price, replicas, plan);
            if !lot.is_cut {
                return plan.left > 0;
            }
            taken += replicas;
        }
    }

    /// The first of the bids, in the rank of an incoming order, that takes so
    /// many replicas whole and is none of these accounts'.
    pub(crate) fn next_best(
        &self,
        order: &Order,
        replicas: u32,
        others: &[AccountId],
        skips: &mut u32,
    ) -> Option<BidId> {
        let market = self.market(order.market)?;
        let mut heads = [None; 5];
        for (level, limit) in order.limits.iter() {
            heads[level.index()] = market.crossed_bid(level, limit);
        }
        while let Some((level, node)) = best_head(market, &heads) {
            heads[level.index()] = next_within(market, node, &order.limits, level);
            let bid = self.resting_bid(BidId(market.ladders().owner(node)));
            let provider = self.host_of(bid);
            let fits = times(bid.remaining, order.units).min(provider.room(bid.slot, order.units, &order.resources));
            if fits >= replicas && !others.contains(&bid.account) && self.is_eligible(order, bid, provider, bid.price) {
                return Some(bid.id);
            }
            *skips = skips.checked_sub(1)?;
        }
        None
    }

    /// Walks a standing bid along the orders: the highest limit at the bid's
    /// own level, then the older. Each lease trades at that limit.
    pub(crate) fn plan_bid(&self, bid: &Bid, entering: Entering, budget: Budget, plan: &mut Plan) {
        plan.begin(bid.remaining, budget);
        let Some(market) = self.market(bid.market) else { return };
        let level = self.level_of(bid.account);
        let mut head = market.crossed_order(level, bid.price);
        if head.is_none() {
            return;
        }
        let mut room = self.host_of(bid).room_left(bid.slot);
        // Once the host has no unit left, nobody can be met: what is left of the
        // bid is parked, and passes over nobody before.
        while let Some(node) = head.filter(|_| !room.is_used_up()) {
            let next = market.ladders().next(node);
            head = next.filter(|next| market.ladders().key(*next) <= order_key(bid.price));
            let order = self.resting_order(OrderId(market.ladders().owner(node)));
            let limit = order.limits.at(level).expect("it rests in the ladder of a level that it accepts");
            if !self.offer_to(bid, order, limit, entering, &mut room, plan) {
                return;
            }
        }
    }

    /// Offers an order, at its limit, to a standing bid that is being walked;
    /// answers whether the walk goes on.
    #[inline]
    fn offer_to(
        &self,
        bid: &Bid,
        order: &Order,
        limit: Rate,
        entering: Entering,
        room: &mut Room,
        plan: &mut Plan,
    ) -> bool {
        let mut taken = 0;
        loop {
            let (offered, fits) = (times(plan.left, order.units), room.fits(order.units, &order.resources));
            let lot = self.lot(order, order.remaining - taken, offered, fits, limit, plan);
            // Where the mandate cut a lot there may be another behind it.
            if taken > 0 && lot.replicas == 0 {
                return plan.left > 0;
            }
            if lot.replicas == 0 || !self.is_eligible(order, bid, self.host_of(bid), limit) {
                return plan.skip();
            }
            if order.account == bid.account && !is(Planted::SelfTrades) {
                return match own_account(bid.self_trade, bid.post_only && entering == Entering::Anew) {
                    OwnAccount::Skip => plan.skip(),
                    OwnAccount::EndMaker => {
                        plan.actions.push(Action::EndOrder(order.id));
                        true
                    }
                    OwnAccount::Stop(stop) => {
                        plan.stop = stop;
                        false
                    }
                };
            }
            if bid.post_only && entering == Entering::Anew {
                plan.stop = Stop::Crosses;
                return false;
            }
            let replicas = lot.replicas;
            let fill = Action::Fill { order: order.id, bid: bid.id, provider: bid.provider, price: limit, replicas };
            room.take(order.units, &order.resources, replicas);
            if !plan.fill(fill, order.units * replicas) {
                return false;
            }
            Self::count_spending(order, limit, replicas, plan);
            if !lot.is_cut {
                return plan.left > 0;
            }
            taken += replicas;
        }
    }

    /// Whether a plan has a fill on one of an account's hosts.
    fn has_part(&self, plan: &Plan, account: AccountId) -> bool {
        plan.actions.iter().any(|action| match action {
            Action::Fill { provider, .. } => self.provider(*provider).is_some_and(|host| host.account == account),
            Action::EndOrder(_) | Action::EndBid(_) => false,
        })
    }

    /// The filters that look at neither quantity nor room: they skip a pair and
    /// never block.
    fn is_eligible(&self, order: &Order, bid: &Bid, provider: &Provider, price: Rate) -> bool {
        let BidTarget::Standing { min_duration, max_duration, .. } = bid.target else { return false };
        min_duration <= order.duration
            && order.duration <= max_duration
            && has_escrow(order, price)
            && self.suits(provider, order)
    }

    /// Whether a provider offers what an order requires.
    pub(crate) fn suits(&self, provider: &Provider, order: &Order) -> bool {
        order.requires.iter().all(|required| provider.attributes.binary_search(required).is_ok())
            && order.min_uptime.is_none_or(|least| {
                self.accounts.get(provider.account).expect("an owner has an account").uptime >= least
            })
    }

    #[inline]
    fn host_of(&self, bid: &Bid) -> &Provider {
        self.provider(bid.provider).expect("a bid's provider is registered")
    }

    #[inline]
    fn resting_bid(&self, id: BidId) -> &Bid {
        self.bid(id).expect("what rests in a book is there")
    }

    #[inline]
    fn resting_order(&self, id: OrderId) -> &Order {
        self.order(id).expect("what rests in a book is there")
    }
}

/// The best of the levels' best: the lowest price, then the higher level.
fn best_head(market: &Market, heads: &[Option<Node>; 5]) -> Option<(TrustLevel, Node)> {
    let mut best: Option<(u64, TrustLevel, Node)> = None;
    for &level in TrustLevel::ALL.iter().rev() {
        if let Some(node) = heads[level.index()] {
            let key = market.ladders().key(node);
            let is_older =
                |other| is(Planted::TrustIgnored) && market.ladders().age(node) < market.ladders().age(other);
            if best.is_none_or(|(lowest, _, other)| key < lowest || (key == lowest && is_older(other))) {
                best = Some((key, level, node));
            }
        }
    }
    best.map(|(_, level, node)| (level, node))
}

/// The bid behind this one in its level, when it is within the order's limit.
fn next_within(market: &Market, node: Node, limits: &Limits, level: TrustLevel) -> Option<Node> {
    let next = market.ladders().next(node)?;
    let limit = limits.at(level).expect("only accepted levels are walked");
    (market.ladders().key(next) <= bid_key(limit)).then_some(next)
}

/// What a taker does on meeting its own account. One that is only to rest
/// would trade with it, unless it passes over it.
const fn own_account(policy: SelfTrade, only_rests: bool) -> OwnAccount {
    match policy {
        SelfTrade::Skip => OwnAccount::Skip,
        _ if only_rests => OwnAccount::Stop(Stop::Crosses),
        SelfTrade::ExpireTaker => OwnAccount::Stop(Stop::SelfTrade),
        SelfTrade::ExpireMaker => OwnAccount::EndMaker,
    }
}

/// How often `units` go into `available`. Most replicas take one unit, and
/// dividing is slow.
#[inline]
fn times(available: u32, units: u32) -> u32 {
    if units == 1 { available } else { available / units }
}

/// Whether one replica at this price would put anything into an escrow: a lease
/// that costs less than a stroop cannot be settled.
pub(crate) fn has_escrow(order: &Order, price: Rate) -> bool {
    price.of(order.units, 1).and_then(|rate| owed(rate, order.prepay)).is_some_and(|escrow| escrow > Stroops::ZERO)
}
