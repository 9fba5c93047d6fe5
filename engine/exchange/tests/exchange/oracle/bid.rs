//! Bids: what they are, and what is refused.

use berth_domain::{
    AccountId, BidAccepted, BidId, BidState, BidTarget, CancelReason, Code, Event, MarketId, Micros, PlaceBid,
    ProviderId, ReplaceBid, Seconds, TimeInForce,
};

use super::order::owed;
use super::plan::Plan;
use super::{Host, Oracle, Order, Reply, Rule};

/// Units that one bid may offer.
pub(super) const QUANTITY_MAX: u32 = 1_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Bid {
    pub(crate) id: BidId,
    pub(crate) account: AccountId,
    pub(crate) market: MarketId,
    pub(crate) state: BidState,
    pub(crate) age: u64,
    /// What was asked for, as it was last amended.
    pub(crate) place: PlaceBid,
    /// Units without a lease; zero for a directed bid, which takes what fits.
    pub(crate) left: u32,
    /// The quote set that it belongs to.
    pub(crate) set: Option<u32>,
    pub(super) placed_at: Micros,
}

impl Bid {
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, BidState::Open | BidState::Parked)
    }

    pub(crate) fn is_standing(&self) -> bool {
        matches!(self.place.target, BidTarget::Standing { .. })
    }

    /// Whether it stands in the book.
    pub(crate) fn rests(&self) -> bool {
        self.is_standing() && self.state == BidState::Open
    }

    /// The order that it answers.
    pub(super) fn answers(&self) -> Option<berth_domain::OrderId> {
        match self.place.target {
            BidTarget::Directed { order } => Some(order),
            BidTarget::Standing { .. } => None,
        }
    }
}

impl Oracle {
    pub(crate) fn find_bid(&self, id: BidId) -> Option<&Bid> {
        super::nth(&self.bids, id.0)
    }

    pub(super) fn bid(&self, id: BidId) -> &Bid {
        self.find_bid(id).expect("what names a bid was checked")
    }

    pub(super) fn bid_mut(&mut self, id: BidId) -> &mut Bid {
        let place = usize::try_from(id.0).expect("few bids") - 1;
        &mut self.bids[place]
    }

    /// The account's bid, while it lives.
    pub(super) fn own_live_bid(&self, id: BidId) -> Result<&Bid, Code> {
        let bid = self.find_bid(id).ok_or(Code::UnknownBid)?;
        if bid.account != self.step.account {
            return Err(Code::NotYours);
        }
        if bid.is_live() { Ok(bid) } else { Err(Code::BidClosed) }
    }

    pub(super) fn place_bid(&mut self, place: &PlaceBid) -> Result<Reply, Code> {
        let bid = self.new_bid(place)?;
        let (id, accepted) = (bid.id, self.accepted(&bid));
        self.bid_enters(bid, accepted)?;
        Ok(Reply::Bid(id))
    }

    /// The bid that is asked for, if the account may have it.
    pub(super) fn new_bid(&self, place: &PlaceBid) -> Result<Bid, Code> {
        let account = self.step.account;
        let host = self.find_host(place.provider).ok_or(Code::UnknownProvider)?;
        if host.account != account {
            return Err(Code::NotYours);
        }
        let live = self.bids.iter().filter(|bid| bid.account == account && bid.is_live()).count();
        if live >= self.rules().bounds.bids as usize {
            return Err(Code::TooManyBids);
        }
        let (market, left) = match place.target {
            BidTarget::Standing { market, quantity, min_duration, max_duration } => {
                self.check_trade(market)?;
                if !self.trades(place.provider, market) {
                    return Err(Code::DoesNotFit);
                }
                let lasts = min_duration <= max_duration && max_duration > Seconds(0);
                if !(1..=QUANTITY_MAX).contains(&quantity) || !lasts {
                    return Err(Code::OutOfBounds);
                }
                (market, quantity)
            }
            BidTarget::Directed { order } => {
                let order = self.find_order(order).ok_or(Code::UnknownOrder)?;
                self.check_directed(place, order)?;
                (order.place.market, 0)
            }
        };
        let rests = matches!(place.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd);
        let is_directed = matches!(place.target, BidTarget::Directed { .. });
        let is_sound = (place.time_in_force == TimeInForce::Gtd) == place.expires_at.is_some()
            // What is only to rest in the book has to be able to.
            && (!place.post_only || (rests && !is_directed))
            // What answers an order waits for it.
            && (!is_directed || rests);
        if !is_sound {
            return Err(Code::OutOfBounds);
        }
        if place.expires_at.is_some_and(|at| at <= self.step.at) {
            return Err(Code::TimeInPast);
        }
        let id = BidId(self.bids.len() as u64 + 1);
        let (state, age) = (BidState::Open, self.step.seq.0);
        let placed_at = self.step.at;
        let bid = Bid { id, account, market, state, age, place: place.clone(), left, set: None, placed_at };
        if is_directed {
            self.check_crowd(&bid)?;
        }
        Ok(bid)
    }

    pub(super) fn accepted(&self, bid: &Bid) -> Event {
        let address = self.account(bid.account).address;
        let PlaceBid { provider, target, price, .. } = bid.place;
        BidAccepted { bid: bid.id, provider, address, market: bid.market, target, price }.into()
    }

    /// Why a bid could never meet the order that it names.
    pub(super) fn check_directed(&self, place: &PlaceBid, order: &Order) -> Result<(), Code> {
        let host = self.host(place.provider);
        if !order.is_live() {
            return Err(Code::OrderClosed);
        }
        if order.account == host.account {
            return Err(Code::SelfTrade);
        }
        self.check_within(place.provider, place.price, order)?;
        if owed(place.price, order.place.units, 1, order.place.prepay) == 0 {
            return Err(Code::OutOfBounds);
        }
        if !self.offers(host.id, order) {
            return Err(Code::AttributeMissing);
        }
        self.check_trade(order.place.market)?;
        if self.fits(order, self.total(host.id, order.place.market), 1) == 0 {
            return Err(Code::DoesNotFit);
        }
        Ok(())
    }

    /// Whether a host could ever serve an order, at some price.
    pub(crate) fn suits(&self, host: &Host, order: &Order) -> bool {
        order.limit(self.level(host.id)).is_some()
            && order.account != host.account
            && self.offers(host.id, order)
            && self.fits(order, self.total(host.id, order.place.market), 1) > 0
    }

    /// Whether a price is within an order's limit for a host's level.
    pub(super) fn check_within(&self, host: ProviderId, price: berth_domain::Rate, order: &Order) -> Result<(), Code> {
        let limit = order.limit(self.level(host)).ok_or(Code::LevelNotAccepted)?;
        if price > limit { Err(Code::BidAboveLimit) } else { Ok(()) }
    }

    /// Whether a host has all that an order wants of it but room.
    pub(super) fn offers(&self, host: ProviderId, order: &Order) -> bool {
        let host = self.host(host);
        order.place.requires.iter().all(|required| host.says.attributes.contains(required))
            && order.place.min_uptime.is_none_or(|least| self.is_up(host.account, least))
    }

    /// A market's book holds so many orders and bids and no more. What would
    /// only be added to them is refused; what trades may stay, and what cannot
    /// rest needs no place.
    pub(super) fn check_depth(&self, market: MarketId, stays: TimeInForce, plan: &Plan) -> Result<(), Code> {
        if self.resting(market) < self.rules().bounds.depth as usize {
            return Ok(());
        }
        if matches!(stays, TimeInForce::Ioc | TimeInForce::Fok) {
            self.reach(Rule::BookFullSparesIoc);
            return Ok(());
        }
        if !plan.deeds.is_empty() {
            self.reach(Rule::BookFullSparesWhatTrades);
            return Ok(());
        }
        self.reach(Rule::BookFull);
        Err(Code::BookFull)
    }

    /// Orders and bids that rest in a market, each once.
    pub(super) fn resting(&self, market: MarketId) -> usize {
        let orders = self.orders.iter().filter(|order| order.rests() && order.place.market == market).count();
        orders + self.bids.iter().filter(|bid| bid.rests() && bid.market == market).count()
    }

    pub(super) fn replace_bid(&mut self, replace: &ReplaceBid) -> Result<Reply, Code> {
        let old = self.own_live_bid(replace.bid)?;
        let was_full = old.rests() && self.resting(old.market) >= self.rules().bounds.depth as usize;
        self.cancel_bid(replace.bid, CancelReason::Replaced);
        let placed = self.place_bid(&replace.place);
        self.reach(if placed.is_ok() { Rule::BidReplaced } else { Rule::BidReplaceRefusedWhole });
        if was_full && placed.is_ok() {
            self.reach(Rule::BookFullCountsTheReplacedAsGone);
        }
        placed
    }

    /// A host's live bids, by age and then id.
    pub(super) fn live_bids_of(&self, host: ProviderId) -> Vec<BidId> {
        let mut bids: Vec<_> = self.bids.iter().filter(|bid| bid.is_live() && bid.place.provider == host).collect();
        bids.sort_by_key(|bid| (bid.age, bid.id));
        bids.into_iter().map(|bid| bid.id).collect()
    }
}
