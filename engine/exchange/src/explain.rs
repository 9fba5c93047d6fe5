//! Why not: for an order, what rules out every provider; for a bid, what rules
//! out every order. Pure reads, which walk all there is.

use berth_domain::{
    AccountId, Attribute, BidId, BidState, BidTarget, MarketId, Micros, Mode, OrderId, OrderState, ProviderId, Rate,
    Seconds, TrustLevel, Uptime,
};

use crate::exchange::Exchange;
use crate::rules::has_escrow;
use crate::state::{Bid, Entrant, Order, Provider};

/// Why an order has not traded, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The order.
    pub order: OrderId,
    /// Why it trades with nobody by itself, whatever they bid. Empty for an
    /// order that looks for bids.
    pub waits: Vec<Wait>,
    /// Every provider, in the order of their ids.
    pub providers: Vec<ProviderVerdict>,
}

/// Why a bid has not been matched, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidExplanation {
    /// The bid.
    pub bid: BidId,
    /// Why it trades with nobody by itself, whatever they ask for. Empty for a
    /// bid that looks for orders.
    pub waits: Vec<Wait>,
    /// For a standing bid every live order of its market, in the order of their
    /// ids; for a directed one its order.
    pub orders: Vec<OrderVerdict>,
}

/// What an order or a bid waits for, or why it waits no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The order is over.
    OrderOver(OrderState),
    /// The bid is over.
    BidOver(BidState),
    /// The order is parked: its funds or its mandate do not allow it.
    OrderParked,
    /// The operator has stopped trade in the market.
    MarketPaused,
    /// The order takes directed bids only, and its tenant accepts one.
    Acceptance,
    /// The auction closes then.
    AuctionClose(Micros),
    /// The bid's provider takes no leases.
    Drained,
    /// The bid's provider has no unit of the market free.
    NoFreeUnit,
    /// The bid asks less than its owner's mandate lets it.
    BelowFloor,
    /// All units that the bid has left stand by for leases of others.
    StandsBy,
    /// It became eligible and enters the book again in the next tick.
    Reentry,
}

/// What one provider comes to for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderVerdict {
    /// The host.
    pub provider: ProviderId,
    /// What rules it out, whatever it bids.
    pub obstacles: Vec<Obstacle>,
    /// Its live bids that the order could meet, from the oldest: standing ones
    /// of the market for an `auto` order, and those directed at the order.
    pub bids: Vec<BidVerdict>,
}

impl ProviderVerdict {
    /// Whether the two would trade if the order came in now.
    #[must_use]
    pub fn would_trade(&self) -> bool {
        self.obstacles.is_empty() && self.bids.iter().any(|bid| bid.obstacles.is_empty())
    }
}

/// What rules out one bid of a provider that is not ruled out itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidVerdict {
    /// The bid.
    pub bid: BidId,
    /// Its price.
    pub price: Rate,
    /// What rules it out.
    pub obstacles: Vec<Obstacle>,
}

/// What rules out one order for a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderVerdict {
    /// The order.
    pub order: OrderId,
    /// What rules it out; when nothing does, they would trade if the bid came
    /// in now.
    pub obstacles: Vec<Obstacle>,
}

/// A filter or a limit that keeps an order and a bid apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The provider has no live bid that the order could meet.
    NoBid,
    /// Both sides are one account.
    SameAccount,
    /// The order does not accept the provider's trust level.
    LevelNotAccepted(TrustLevel),
    /// The bid asks more than the order gives at the provider's level.
    PriceAboveLimit {
        /// What the bid asks.
        price: Rate,
        /// What the order gives.
        limit: Rate,
    },
    /// The order's duration is outside what the bid takes.
    Duration {
        /// The shortest lease that it takes.
        min: Seconds,
        /// The longest.
        max: Seconds,
    },
    /// The provider does not offer what the order requires.
    AttributeMissing(Attribute),
    /// The provider's owner was up too little.
    Uptime {
        /// Its share of time.
        uptime: Uptime,
        /// What the order requires.
        least: Uptime,
    },
    /// The provider has less free than one replica needs.
    NoRoom {
        /// Of what.
        resource: Resource,
        /// What one replica needs.
        needed: u64,
        /// What is free.
        free: u64,
    },
    /// The bid has fewer units left than one replica takes.
    QuantityTooSmall {
        /// What it has left.
        remaining: u32,
        /// What one replica takes.
        units: u32,
    },
    /// The bid asks less than its owner's mandate lets it.
    BelowFloor,
    /// One replica's escrow would be less than a stroop.
    NothingToEscrow,
    /// The provider takes no leases.
    Drained,
    /// The operator has stopped trade in the market.
    MarketPaused,
    /// The order takes directed bids only.
    DirectedOnly,
    /// The order looks at another bid only.
    AimedElsewhere(BidId),
    /// The order is over or parked.
    OrderState(OrderState),
    /// The bid is out of the book still, and enters it again in the next tick.
    AwaitsReentry,
}

/// What a host has of which a replica takes some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Units of the market.
    Units,
    /// Virtual CPUs, in a GPU market.
    Cpu,
    /// Memory in MiB.
    Memory,
    /// Disk in GiB.
    Storage,
}

impl Exchange {
    /// Why an order does not trade: it is looked at as if it came in now, with
    /// one replica left.
    #[must_use]
    pub fn explain_order(&self, id: OrderId) -> Option<Explanation> {
        self.order(id).map(|order| self.explain_order_as(order))
    }

    /// The same for an order of another state of the exchange, such as one that
    /// comes in next: it need not stand here.
    #[must_use]
    pub fn explain_order_as(&self, order: &Order) -> Explanation {
        let providers = self.providers().map(|provider| self.verdict(order, provider)).collect();
        Explanation { order: order.id, waits: self.order_waits(order), providers }
    }

    /// Why such an order trades with nobody by itself: an explanation's `waits`
    /// alone, for those who look at the providers one by one.
    #[must_use]
    pub fn waits_of(&self, order: &Order) -> Vec<Wait> {
        self.order_waits(order)
    }

    /// What one provider comes to for such an order; none when there is no such
    /// provider. It looks at all live bids of that provider.
    #[must_use]
    pub fn verdict_on(&self, order: &Order, provider: ProviderId) -> Option<ProviderVerdict> {
        self.provider(provider).map(|provider| self.verdict(order, provider))
    }

    fn verdict(&self, order: &Order, provider: &Provider) -> ProviderVerdict {
        let mut bids: Vec<&Bid> = self.live_bids(provider.id).filter(|bid| could_meet(order, bid)).collect();
        bids.sort_unstable_by_key(|bid| (bid.age, bid.id));
        let mut obstacles = self.host_obstacles(order, provider);
        if bids.is_empty() {
            obstacles.push(Obstacle::NoBid);
        }
        let bids = bids.into_iter().map(|bid| self.bid_verdict(order, bid)).collect();
        ProviderVerdict { provider: provider.id, obstacles, bids }
    }

    /// Why a bid is not matched: it is looked at as if it came in now.
    #[must_use]
    pub fn explain_bid(&self, id: BidId) -> Option<BidExplanation> {
        let bid = self.bid(id)?;
        let provider = self.provider(bid.provider)?;
        let level = self.level_of(bid.account);
        let verdict = |order: &Order| {
            let mut obstacles = self.host_obstacles(order, provider);
            if order.state != OrderState::Open {
                obstacles.push(Obstacle::OrderState(order.state));
            }
            if bid.is_standing() && order.mode != Mode::Auto {
                obstacles.push(Obstacle::DirectedOnly);
            }
            let price = if bid.is_standing() { order.limits.at(level).unwrap_or(bid.price) } else { bid.price };
            obstacles.extend(self.bid_obstacles(order, bid, price));
            OrderVerdict { order: order.id, obstacles }
        };
        let orders = match bid.target {
            BidTarget::Directed { order } => self.order(order).map(verdict).into_iter().collect(),
            BidTarget::Standing { market, .. } => {
                self.orders().filter(|order| order.market == market && order.is_live()).map(verdict).collect()
            }
        };
        Some(BidExplanation { bid: id, waits: self.bid_waits(bid, provider), orders })
    }

    /// What keeps an order and a bid apart, whatever states they are in; none
    /// when one of them is not there.
    #[must_use]
    pub fn obstacles_between(&self, order: OrderId, bid: BidId) -> Option<Vec<Obstacle>> {
        let (order, bid) = (self.order(order)?, self.bid(bid)?);
        let mut obstacles = self.host_obstacles(order, self.provider(bid.provider)?);
        let price =
            if bid.is_standing() { bid.price.min(order.limits.at(self.level_of(bid.account))?) } else { bid.price };
        obstacles.extend(self.bid_obstacles(order, bid, price));
        Some(obstacles)
    }

    fn order_waits(&self, order: &Order) -> Vec<Wait> {
        let mut waits = Vec::new();
        match order.state {
            OrderState::Open => {}
            OrderState::Parked => waits.push(Wait::OrderParked),
            over => return vec![Wait::OrderOver(over)],
        }
        if self.is_paused(order.market) {
            waits.push(Wait::MarketPaused);
        }
        match order.mode {
            Mode::Auto => {}
            Mode::Manual => waits.push(Wait::Acceptance),
            Mode::Auction => waits.extend(order.closes_at.map(Wait::AuctionClose)),
        }
        waits
    }

    fn bid_waits(&self, bid: &Bid, provider: &Provider) -> Vec<Wait> {
        if !bid.is_live() {
            return vec![Wait::BidOver(bid.state)];
        }
        let mut waits = Vec::new();
        if self.is_paused(bid.market) {
            waits.push(Wait::MarketPaused);
        }
        if !provider.available {
            waits.push(Wait::Drained);
        }
        if provider.free_in(bid.slot) == 0 {
            waits.push(Wait::NoFreeUnit);
        }
        if self.is_below_floor(bid, bid.price) {
            waits.push(Wait::BelowFloor);
        }
        if bid.is_standing() && bid.remaining == 0 {
            waits.push(Wait::StandsBy);
        }
        if self.reentering.contains(&(bid.age, Entrant::Bid(bid.id))) {
            waits.push(Wait::Reentry);
        }
        waits
    }

    /// What rules a provider out for an order, whatever it bids.
    fn host_obstacles(&self, order: &Order, provider: &Provider) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        if self.is_paused(order.market) {
            obstacles.push(Obstacle::MarketPaused);
        }
        if !provider.available {
            obstacles.push(Obstacle::Drained);
        }
        if provider.account == order.account {
            obstacles.push(Obstacle::SameAccount);
        }
        let level = self.level_of(provider.account);
        if order.limits.at(level).is_none() {
            obstacles.push(Obstacle::LevelNotAccepted(level));
        }
        for required in &order.requires {
            if provider.attributes.binary_search(required).is_err() {
                obstacles.push(Obstacle::AttributeMissing(required.clone()));
            }
        }
        let uptime = self.uptime_of(provider.account);
        if let Some(least) = order.min_uptime
            && uptime < least
        {
            obstacles.push(Obstacle::Uptime { uptime, least });
        }
        obstacles.extend(self.shortages(order, provider));
        obstacles
    }

    /// What one replica needs and the provider has not free.
    fn shortages(&self, order: &Order, provider: &Provider) -> impl Iterator<Item = Obstacle> + use<> {
        let class = self.market(order.market).map(|market| &market.class);
        let units = class.map_or(0, |class| provider.free_units(class));
        let is_gpu = class.is_some_and(|class| class.is_gpu());
        let (need, free) = (order.resources, provider.free);
        // In the CPU market a replica's processors are its units.
        let cpu = if is_gpu { need.cpu } else { 0 };
        let all = [
            (Resource::Units, u64::from(order.units), u64::from(units)),
            (Resource::Cpu, u64::from(cpu), u64::from(free.cpu)),
            (Resource::Memory, need.memory, free.memory),
            (Resource::Storage, need.storage, free.storage),
        ];
        let short = all.into_iter().filter(|(_, needed, free)| free < needed);
        short.map(|(resource, needed, free)| Obstacle::NoRoom { resource, needed, free })
    }

    fn bid_verdict(&self, order: &Order, bid: &Bid) -> BidVerdict {
        let mut obstacles = self.bid_obstacles(order, bid, bid.price);
        if bid.is_standing() && bid.state == BidState::Parked && self.is_offered(bid) {
            obstacles.push(Obstacle::AwaitsReentry);
        }
        BidVerdict { bid: bid.id, price: bid.price, obstacles }
    }

    /// What rules out one bid for an order, at the price at which they would
    /// trade.
    fn bid_obstacles(&self, order: &Order, bid: &Bid, price: Rate) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        if let Some(limit) = order.limits.at(self.level_of(bid.account))
            && bid.price > limit
        {
            obstacles.push(Obstacle::PriceAboveLimit { price: bid.price, limit });
        }
        if let BidTarget::Standing { min_duration: min, max_duration: max, .. } = bid.target {
            if order.duration < min || max < order.duration {
                obstacles.push(Obstacle::Duration { min, max });
            }
            if bid.remaining < order.units {
                obstacles.push(Obstacle::QuantityTooSmall { remaining: bid.remaining, units: order.units });
            }
        }
        if self.is_below_floor(bid, bid.price) {
            obstacles.push(Obstacle::BelowFloor);
        }
        if !has_escrow(order, price) {
            obstacles.push(Obstacle::NothingToEscrow);
        }
        if let Some(aim) = order.aim
            && aim != bid.id
        {
            obstacles.push(Obstacle::AimedElsewhere(aim));
        }
        obstacles
    }

    fn is_paused(&self, market: MarketId) -> bool {
        self.open_for_trade(market).is_err()
    }

    fn uptime_of(&self, account: AccountId) -> Uptime {
        self.account(account).expect("an owner has an account").uptime
    }
}

/// Whether an order looks at a bid at all.
fn could_meet(order: &Order, bid: &Bid) -> bool {
    match bid.target {
        BidTarget::Standing { market, .. } => order.mode == Mode::Auto && market == order.market,
        BidTarget::Directed { order: id } => id == order.id,
    }
}
