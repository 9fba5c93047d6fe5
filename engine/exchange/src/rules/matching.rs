//! Matching: price, then trust, then time.

use berth_domain::{
    Age, BidId, BidState, BidTarget, CancelReason, OrderId, OrderState, Rate, Stroops, TrustLevel, owed,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Bid, Order, Provider};

/// What a scan for a counterpart came to.
pub(crate) enum Scan<T> {
    /// The best eligible one.
    Found(T),
    /// The best eligible one belongs to the same account.
    SelfTrade,
    /// None is eligible.
    Nothing,
    /// More were skipped than the exchange allows.
    Limit,
}

/// Whether a bid and an order may trade.
enum Pair {
    Eligible,
    SameAccount,
    Filtered,
}

impl Exchange {
    /// Fills an order that has entered, as far as bids allow.
    pub(crate) fn match_order(&mut self, step: &mut Step<'_>, id: OrderId) {
        loop {
            let order = self.order(id).expect("the caller entered it");
            if order.state != OrderState::Open {
                break;
            }
            // Checked before the scan, so that what is left never rests crossed.
            if step.fills_left == 0 {
                self.end_order(step, id, CancelReason::ScanLimit);
                break;
            }
            match self.best_bid(order) {
                Scan::Found(bid) => {
                    let price = self.bid(bid).expect("the scan found it").price;
                    self.fill(step, id, bid, price);
                }
                Scan::Nothing => break,
                Scan::SelfTrade => self.end_order(step, id, CancelReason::SelfTrade),
                Scan::Limit if is(Planted::LimitRests) => break,
                Scan::Limit => self.end_order(step, id, CancelReason::ScanLimit),
            }
        }
    }

    /// Fills a standing bid that has entered, as far as orders allow. Each
    /// lease trades at the resting order's limit for the bid's level.
    pub(crate) fn match_bid(&mut self, step: &mut Step<'_>, id: BidId) {
        loop {
            let bid = self.bid(id).expect("the caller entered it");
            if bid.state != BidState::Open {
                break;
            }
            if step.fills_left == 0 {
                self.cancel_bid(step, id, CancelReason::ScanLimit);
                break;
            }
            match self.best_order(bid) {
                Scan::Found((order, limit)) => self.fill(step, order, id, limit),
                Scan::Nothing => break,
                Scan::SelfTrade => self.cancel_bid(step, id, CancelReason::SelfTrade),
                Scan::Limit => self.cancel_bid(step, id, CancelReason::ScanLimit),
            }
        }
    }

    /// The bid that an order takes: among the best of its accepted levels
    /// within that level's limit, the lowest price; at equal price the higher
    /// trust; at equal trust the older.
    pub(crate) fn best_bid(&self, order: &Order) -> Scan<BidId> {
        let Some(market) = self.market(order.market) else { return Scan::Nothing };
        let mut ladders: Vec<_> =
            order.limits.iter().map(|(level, limit)| (level, market.bids_up_to(level, limit).peekable())).collect();
        let rank = |level: TrustLevel, price: Rate, age: Age| {
            let older = if is(Planted::TrustIgnored) { age } else { Age(0) };
            (price, older, std::cmp::Reverse(level), age)
        };
        let mut skipped = 0;
        loop {
            let best = ladders
                .iter_mut()
                .filter_map(|(level, ladder)| ladder.peek().map(|(price, age, _)| rank(*level, *price, *age)))
                .min();
            let Some((_, _, std::cmp::Reverse(level), _)) = best else { return Scan::Nothing };
            let ladder = ladders.iter_mut().find(|(l, _)| *l == level).map(|(_, ladder)| ladder);
            let Some((price, _, id)) = ladder.and_then(Iterator::next) else { return Scan::Nothing };
            let bid = self.bid(id).expect("what rests in a book is there");
            match self.pair(order, bid, price) {
                Pair::Eligible => return Scan::Found(id),
                Pair::SameAccount => return Scan::SelfTrade,
                Pair::Filtered => skipped += 1,
            }
            if skipped > self.bounds().scan {
                return Scan::Limit;
            }
        }
    }

    /// The order that a standing bid takes, and that order's limit: the
    /// highest limit at the bid's own level, then the older.
    pub(crate) fn best_order(&self, bid: &Bid) -> Scan<(OrderId, Rate)> {
        let Some(market) = self.market(bid.market) else { return Scan::Nothing };
        let mut skipped = 0;
        for (limit, _, id) in market.orders_down_to(self.level_of(bid.account), bid.price) {
            let order = self.order(id).expect("what rests in a book is there");
            match self.pair(order, bid, limit) {
                Pair::Eligible => return Scan::Found((id, limit)),
                Pair::SameAccount => return Scan::SelfTrade,
                Pair::Filtered => skipped += 1,
            }
            if skipped > self.bounds().scan {
                return Scan::Limit;
            }
        }
        Scan::Nothing
    }

    /// The filters: they skip a pair and never block. Self-trade looks only at
    /// pairs that would otherwise trade.
    fn pair(&self, order: &Order, bid: &Bid, price: Rate) -> Pair {
        let BidTarget::Standing { min_duration, max_duration, .. } = bid.target else { return Pair::Filtered };
        let provider = self.provider(bid.provider).expect("a bid's provider is registered");
        let eligible = bid.remaining >= order.units
            && (min_duration..=max_duration).contains(&order.duration)
            && self.offers(provider, order)
            && self.room(provider, order) > 0
            && self.has_escrow(order, price);
        match eligible {
            false => Pair::Filtered,
            true if order.account == bid.account && !is(Planted::SelfTrades) => Pair::SameAccount,
            true => Pair::Eligible,
        }
    }

    /// Whether a provider offers every attribute that an order requires.
    pub(crate) fn offers(&self, provider: &Provider, order: &Order) -> bool {
        order.requires.iter().all(|required| provider.attributes.binary_search(required).is_ok())
    }

    /// How many replicas of an order fit on a provider now.
    pub(crate) fn room(&self, provider: &Provider, order: &Order) -> u32 {
        self.market(order.market).map_or(0, |market| provider.fits(&market.class, order.units, &order.resources))
    }

    /// Whether one replica at this price would put anything into an escrow: a
    /// lease that costs less than a stroop cannot be settled.
    pub(crate) fn has_escrow(&self, order: &Order, price: Rate) -> bool {
        price.of(order.units, 1).and_then(|rate| owed(rate, order.prepay)).is_some_and(|escrow| escrow > Stroops::ZERO)
    }
}
