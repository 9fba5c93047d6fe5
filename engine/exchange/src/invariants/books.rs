//! Ladders and indexes say what the things say, and nothing that could trade
//! rests side by side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use berth_domain::{
    AccountId, BidId, BidState, BidTarget, LeaseId, MarketId, Mode, OrderId, OrderState, Rate, TrustLevel,
};

use super::Invariants;
use super::money::owed;
use super::things::free_units;
use crate::exchange::Exchange;
use crate::state::{Bid, Book, BookRow, Market, Order};

/// What rests in one ladder: price, age and number of each.
type Rung = (Rate, u64, u64);

/// What rests in a market, by level.
#[derive(Default)]
struct Resting {
    bids: BTreeMap<TrustLevel, Vec<Rung>>,
    orders: BTreeMap<TrustLevel, Vec<Rung>>,
    rows: Rows,
}

/// What rests, added up by level and price.
#[derive(Default)]
struct Rows {
    bids: BTreeMap<(TrustLevel, Rate), (u64, u32)>,
    orders: BTreeMap<(TrustLevel, Rate), (u64, u32)>,
}

pub(super) fn check(x: &Exchange, found: &mut Invariants) {
    let mut resting: BTreeMap<MarketId, Resting> = BTreeMap::new();
    for bid in resting_bids(x) {
        let Some(level) = level(x, bid.account) else { continue };
        let market = resting.entry(bid.market).or_default();
        market.bids.entry(level).or_default().push((bid.price, bid.age.0, bid.id.0));
        add(&mut market.rows.bids, (level, bid.price), bid.remaining.into());
    }
    for order in resting_orders(x) {
        let market = resting.entry(order.market).or_default();
        for (level, limit) in order.limits.iter() {
            market.orders.entry(level).or_default().push((limit, order.age.0, order.id.0));
            add(&mut market.rows.orders, (level, limit), u64::from(order.remaining) * u64::from(order.units));
        }
    }
    for market in x.markets() {
        found.ladders(x, market, resting.remove(&market.id).unwrap_or_default());
    }
    for id in resting.keys() {
        found.holds(false, || format!("something rests in market {id}, which is not there"));
    }
    indexes(x, found);
}

fn add(rows: &mut BTreeMap<(TrustLevel, Rate), (u64, u32)>, key: (TrustLevel, Rate), units: u64) {
    let (quantity, count) = rows.entry(key).or_default();
    *quantity += units;
    *count += 1;
}

impl Invariants {
    /// A market's ladders and its public picture.
    fn ladders(&mut self, x: &Exchange, market: &Market, mut resting: Resting) {
        let rows = |rows: &BTreeMap<(TrustLevel, Rate), (u64, u32)>| -> Vec<BookRow> {
            let row = |(&(level, price), &(quantity, count)): (&(TrustLevel, Rate), &(u64, u32))| BookRow {
                level,
                price,
                quantity,
                count,
            };
            rows.iter().map(row).collect()
        };
        let (mut bids, mut orders) = (rows(&resting.rows.bids), rows(&resting.rows.orders));
        bids.sort_by_key(|row| (row.price, Reverse(row.level)));
        orders.sort_by_key(|row| (Reverse(row.price), Reverse(row.level)));
        let is_so = x.book(market.id) == Some(Book { bids, orders });
        self.holds(is_so, || format!("the book of {} is not what its orders and bids add up to", market.class));
        for &level in TrustLevel::ALL {
            let mut bids = resting.bids.remove(&level).unwrap_or_default();
            bids.sort_unstable();
            let ladder =
                market.resting_bids(level).map(|(price, id)| (price, x.bid(id).map_or(0, |it| it.age.0), id.0));
            self.ladder(ladder, bids, || format!("the bids of level {level} in {}", market.class));
            let mut orders = resting.orders.remove(&level).unwrap_or_default();
            orders.sort_unstable_by_key(|(limit, age, id)| (Reverse(*limit), *age, *id));
            let ladder =
                market.resting_orders(level).map(|(limit, id)| (limit, x.order(id).map_or(0, |it| it.age.0), id.0));
            self.ladder(ladder, orders, || format!("the orders of level {level} in {}", market.class));
        }
    }

    /// A ladder holds these, from the best to the last.
    fn ladder(&mut self, ladder: impl Iterator<Item = Rung>, must: Vec<Rung>, what: impl FnOnce() -> String) {
        let mut must = must.into_iter();
        let mut ladder = ladder;
        loop {
            let (is, belongs) = (ladder.next(), must.next());
            if is != belongs {
                return self.same(is, belongs, what);
            }
            if is.is_none() {
                return;
            }
        }
    }

    /// Nothing that could trade rests side by side. Only pairs whose prices
    /// cross are looked at, no more than so many.
    pub(super) fn no_crossed_pair(&mut self, x: &Exchange, pairs_max: u64) {
        let mut offered: BTreeMap<(MarketId, TrustLevel), Vec<(Rate, BidId)>> = BTreeMap::new();
        for bid in resting_bids(x) {
            let Some(level) = level(x, bid.account) else { continue };
            offered.entry((bid.market, level)).or_default().push((bid.price, bid.id));
        }
        offered.values_mut().for_each(|bids| bids.sort_unstable());
        for order in resting_orders(x) {
            if x.market(order.market).is_none_or(|market| market.paused) {
                continue;
            }
            for (level, limit) in order.limits.iter() {
                let bids = offered.get(&(order.market, level)).into_iter().flatten();
                for (_, bid) in bids.take_while(|(price, _)| *price <= limit) {
                    if self.pairs == pairs_max {
                        self.is_cut = true;
                        return;
                    }
                    self.pairs += 1;
                    let could = x.bid(*bid).is_some_and(|bid| could_trade(x, order, bid));
                    self.holds(!could, || format!("order {} and bid {bid} could trade and do not", order.id));
                }
            }
        }
    }
}

fn level(x: &Exchange, account: AccountId) -> Option<TrustLevel> {
    x.account(account).map(|owner| owner.level)
}

fn resting_bids(x: &Exchange) -> impl Iterator<Item = &Bid> {
    x.bids().filter(|bid| bid.state == BidState::Open && matches!(bid.target, BidTarget::Standing { .. }))
}

fn resting_orders(x: &Exchange) -> impl Iterator<Item = &Order> {
    x.orders().filter(|order| order.state == OrderState::Open && order.mode == Mode::Auto)
}

/// Whether a pair whose prices cross would trade: no filter keeps it apart, and
/// one replica fits.
fn could_trade(x: &Exchange, order: &Order, bid: &Bid) -> bool {
    let BidTarget::Standing { min_duration, max_duration, .. } = bid.target else { return false };
    let (Some(host), Some(market)) = (x.provider(bid.provider), x.market(order.market)) else { return false };
    let lasts = min_duration <= order.duration && order.duration <= max_duration;
    let up = x.account(bid.account).is_some_and(|owner| order.min_uptime.is_none_or(|least| owner.uptime >= least));
    let offered = order.requires.iter().all(|required| host.attributes.contains(required));
    // A lease of less than a stroop cannot be settled. It trades at the
    // resting side's price, of which the bid's is the lower.
    let costs = owed(bid.price, order.units, 1, order.prepay.0) > 0;
    // One account's own things may pass over each other.
    let apart = order.account != bid.account;
    let cpu = if market.class.is_gpu() { order.resources.cpu } else { 0 };
    let fits = bid.remaining >= order.units
        && free_units(host, &market.class) >= order.units
        && host.free.cpu >= cpu
        && host.free.memory >= order.resources.memory
        && host.free.storage >= order.resources.storage;
    apart && lasts && up && offered && costs && fits
}

/// Whatever leads to a thing leads to that thing, and to all of them.
fn indexes(x: &Exchange, found: &mut Invariants) {
    for account in x.accounts() {
        let is_so = x.account_by_address(account.address) == Some(account.id);
        found.holds(is_so, || format!("the key of account {} leads elsewhere", account.id));
    }
    for market in x.markets() {
        let is_so = x.market_of(&market.class).is_some_and(|found| found.id == market.id);
        found.holds(is_so, || format!("the name of market {} leads elsewhere", market.class));
    }
    let mut of_orders: BTreeMap<OrderId, Vec<LeaseId>> = BTreeMap::new();
    let mut of_bids: BTreeMap<BidId, Vec<LeaseId>> = BTreeMap::new();
    for lease in x.leases() {
        of_orders.entry(lease.order).or_default().push(lease.id);
        of_bids.entry(lease.bid).or_default().push(lease.id);
    }
    for order in x.orders() {
        let must = of_orders.remove(&order.id).unwrap_or_default();
        let is = x.leases_of_order(order.id).map(|lease| lease.id).take(must.len() + 1).collect();
        found.same(is, must, || format!("leases of order {}", order.id));
    }
    for bid in x.bids() {
        let must = of_bids.remove(&bid.id).unwrap_or_default();
        let is = x.leases_of_bid(bid.id).map(|lease| lease.id).take(must.len() + 1).collect();
        found.same(is, must, || format!("leases of bid {}", bid.id));
    }
    found.holds(of_orders.is_empty() && of_bids.is_empty(), || "a lease is of no order or no bid".to_owned());
}
