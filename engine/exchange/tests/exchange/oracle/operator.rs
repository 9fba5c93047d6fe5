//! What the operator says: markets that open, stop and go on; terms and rules
//! that are announced and come into force by themselves. And hosts whose owners
//! say what they offer now.

use berth_domain::{
    BidId, Bounds, Change, ChangeAnnounced, Code, ExchangeReconfigured, ExchangeUpgraded, FeeBps, Genesis, MarketId,
    MarketPaused, MarketResumed, Micros, OpenMarket, OrderId, ProviderChanged, ProviderId, Reconfigure, Seconds,
    Timing, UpdateProvider, Upgrade,
};

use super::host::is_strictly_sorted;
use super::reentry::Entrant;
use super::{Answer, Bid, NOTHING, Oracle, Reply, Rule};

/// What the operator has said of the exchange beside its genesis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) paused: Vec<MarketId>,
    /// The genesis as it was told, and all fees and timeouts since then.
    pub(super) told: Option<Genesis>,
    pub(super) terms: Vec<(FeeBps, Timing)>,
    pub(crate) announced_terms: Option<Reconfigure>,
    pub(crate) announced_rules: Option<Upgrade>,
    /// The version of the rules, once it was announced.
    rules: Option<u16>,
}

/// Whether an exchange can keep these.
pub(super) fn are_sound(t: &Timing, b: &Bounds) -> bool {
    const CENTURY: Seconds = Seconds(100 * 366 * 86_400);
    let times = [t.escrow_timeout, t.start_timeout, t.heartbeat_interval, t.heartbeat_grace, t.dark_after];
    let more = [t.closing_timeout, t.settle_grace, t.suspend_timeout, t.reconfigure_delay, t.runway_warning];
    let times = [&times[..], &more, &[t.backlog_window, b.duration]].concat();
    let any_is_zero = b.tick == 0 || b.scan == 0 || b.fills == 0 || t.missed_checks == 0;
    !any_is_zero && b.replicas <= 65_535 && times.iter().all(|time| *time <= CENTURY)
}

impl Oracle {
    fn check_operator(&self) -> Result<(), Code> {
        let operator = self.rules().operator;
        let is_operator = self.account(self.step.account).address == operator;
        if is_operator { Ok(()) } else { Err(Code::NotTheOperator) }
    }

    pub(crate) fn is_paused(&self, market: MarketId) -> bool {
        self.operation.paused.contains(&market)
    }

    /// Whether a market is there and trades.
    pub(super) fn check_trade(&self, market: MarketId) -> Result<(), Code> {
        self.market(market).ok_or(Code::UnknownMarket)?;
        if self.is_paused(market) { Err(Code::MarketPaused) } else { Ok(()) }
    }

    /// The version of the rules that entries carry now.
    pub(crate) fn rules_in_force(&self) -> u16 {
        self.operation.rules.unwrap_or(1)
    }

    pub(super) fn open_market_asked(&mut self, open: &OpenMarket) -> Result<Answer, Code> {
        self.check_operator()?;
        let is_open = self.markets.contains(&open.class);
        self.open_market(&open.class);
        let place = self.markets.iter().position(|class| *class == open.class).expect("it is open now");
        let reply = Reply::Market(MarketId(u16::try_from(place + 1).expect("few markets")));
        Ok(if is_open { Answer::Repeated(reply) } else { Answer::Done(reply) })
    }

    pub(super) fn pause_market(&mut self, market: MarketId) -> Result<Answer, Code> {
        self.check_operator()?;
        self.market(market).ok_or(Code::UnknownMarket)?;
        if self.is_paused(market) {
            return Ok(Answer::Repeated(Reply::Market(market)));
        }
        self.operation.paused.push(market);
        self.tell(MarketPaused { market });
        Ok(Answer::Done(Reply::Market(market)))
    }

    /// The auctions that were due close, in the order in which they were, then
    /// everything enters again. Behind one that this entry cannot close, all of
    /// it waits for the next tick, which keeps the order.
    pub(super) fn resume_market(&mut self, market: MarketId) -> Result<Answer, Code> {
        self.check_operator()?;
        self.market(market).ok_or(Code::UnknownMarket)?;
        if !self.is_paused(market) {
            return Ok(Answer::Repeated(Reply::Market(market)));
        }
        self.operation.paused.retain(|paused| *paused != market);
        self.tell(MarketResumed { market });
        let was_due = |order: &&super::Order| order.place.market == market && order.is_postponed && order.is_live();
        let due = self.orders.iter().filter(was_due).map(|order| (order.place.closes_at, order.id));
        let mut due: Vec<(Option<Micros>, OrderId)> = due.collect();
        due.sort_unstable();
        due.iter().for_each(|(_, id)| self.order_mut(*id).is_postponed = false);
        let mut all_closed = true;
        for (_, id) in due {
            all_closed = all_closed && self.close_auction(id);
            if all_closed {
                self.reach(Rule::PostponedAuctionCloses);
            }
        }
        self.reenter_market(market, all_closed);
        Ok(Answer::Done(Reply::Market(market)))
    }

    pub(super) fn cycle_market(&mut self, market: MarketId) -> Result<Answer, Code> {
        self.check_operator()?;
        self.check_trade(market)?;
        self.reenter_market(market, true);
        Ok(Answer::Done(Reply::Market(market)))
    }

    /// All live bids of a market enter again, now or in the next tick.
    fn reenter_market(&mut self, market: MarketId, now: bool) {
        let live = self.bids.iter().filter(|bid| bid.is_live() && bid.market == market);
        let live: Vec<_> = live.map(|bid| Entrant::Bid(bid.id)).collect();
        if now {
            self.reenter(live);
        } else {
            live.into_iter().for_each(|bid| self.waits(self.age_of(bid), bid));
        }
    }

    pub(super) fn reconfigure(&mut self, change: &Reconfigure) -> Result<Answer, Code> {
        self.check_operator()?;
        let Reconfigure { fee, timing, bounds, effective_at } = *change;
        let now = self.rules();
        if !are_sound(&timing.unwrap_or(now.timing), &bounds.unwrap_or(now.bounds)) {
            return Err(Code::OutOfBounds);
        }
        self.check_delay(effective_at)?;
        self.reach(match (self.operation.announced_terms, fee, timing, bounds) {
            (Some(_), None, None, None) => Rule::AnnouncementWithdrawn,
            (Some(_), ..) => Rule::AnnouncementReplaced,
            (None, ..) => Rule::Announced,
        });
        self.operation.announced_terms = Some(*change);
        self.tell(ChangeAnnounced { change: Change::Terms { fee, timing, bounds }, effective_at });
        Ok(NOTHING)
    }

    pub(super) fn upgrade(&mut self, upgrade: &Upgrade) -> Result<Answer, Code> {
        self.check_operator()?;
        let Upgrade { rules, effective_at } = *upgrade;
        if rules < self.rules_in_force() {
            return Err(Code::OutOfBounds);
        }
        self.check_delay(effective_at)?;
        self.operation.announced_rules = Some(*upgrade);
        self.tell(ChangeAnnounced { change: Change::Rules { rules }, effective_at });
        Ok(NOTHING)
    }

    fn check_delay(&self, effective_at: Micros) -> Result<(), Code> {
        let earliest = self.step.at.plus(self.rules().timing.reconfigure_delay);
        if effective_at < earliest { Err(Code::TooSoon) } else { Ok(()) }
    }

    /// What was announced is in force.
    pub(super) fn new_terms(&mut self) {
        let change = self.operation.announced_terms.take().expect("it was announced");
        let genesis = self.genesis.as_mut().expect("nothing comes before the genesis");
        genesis.fee = change.fee.unwrap_or(genesis.fee);
        genesis.timing = change.timing.unwrap_or(genesis.timing);
        genesis.bounds = change.bounds.unwrap_or(genesis.bounds);
        let (fee, timing, bounds) = (genesis.fee, genesis.timing, genesis.bounds);
        if self.operation.terms.last() != Some(&(fee, timing)) {
            self.operation.terms.push((fee, timing));
        }
        self.reach(Rule::NewTerms);
        self.tell(ExchangeReconfigured { fee, timing, bounds });
    }

    pub(super) fn new_rules(&mut self) {
        let Upgrade { rules, .. } = self.operation.announced_rules.take().expect("it was announced");
        self.operation.rules = Some(rules);
        self.tell(ExchangeUpgraded { rules });
    }

    /// Whether a bid could be in the book: not all of it stands by, its host takes
    /// leases and has a unit of its market free, and its owner lets it ask so
    /// little.
    pub(super) fn can_be_met(&self, bid: &Bid) -> bool {
        let is_used_up = bid.is_standing() && bid.left == 0;
        let is_offered = self.host(bid.place.provider).available && !self.is_below_floor(bid);
        !is_used_up && is_offered && self.has_free_unit(bid.place.provider, bid.market)
    }

    pub(super) fn update_provider(&mut self, update: &UpdateProvider) -> Result<Answer, Code> {
        let UpdateProvider { provider, available, ref attributes } = *update;
        let host = self.find_host(provider).ok_or(Code::UnknownProvider)?;
        if host.account != self.step.account {
            return Err(Code::NotYours);
        }
        let keys: Vec<_> = attributes.iter().map(|attribute| &attribute.key).collect();
        if !is_strictly_sorted(&keys) {
            return Err(Code::NotCanonical);
        }
        if host.available == available && host.says.attributes == *attributes {
            return Ok(Answer::Repeated(Reply::Provider(provider)));
        }
        let was_available = host.available;
        let host = self.host_mut(provider);
        host.available = available;
        host.says.attributes.clone_from(attributes);
        self.tell(ProviderChanged { provider, available, attributes: attributes.clone() });
        self.reach(match (was_available, available) {
            (_, false) => Rule::HostDrained,
            (false, true) => Rule::HostTakesLeasesAgain,
            (true, true) => Rule::HostOffersSomethingElse,
        });
        if available {
            self.reenter_host(provider);
        } else {
            self.replace_standbys_of(provider);
            self.park_what_cannot_be_met(provider, Rule::ParkedByDraining);
        }
        Ok(Answer::Done(Reply::Provider(provider)))
    }

    /// A host's open standing bids that cannot be met now are parked, by rank.
    pub(super) fn park_what_cannot_be_met(&mut self, host: ProviderId, rule: Rule) {
        let parked = |x: &Self, id: &BidId| x.bid(*id).rests() && !x.can_be_met(x.bid(*id));
        for id in self.live_bids_of(host).into_iter().filter(|id| parked(self, id)).collect::<Vec<_>>() {
            self.reach(rule);
            self.park_bid(id);
        }
    }
}
