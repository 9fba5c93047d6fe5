//! Why each provider was or was not chosen for an order, at the moment of the
//! decision.
//!
//! What rules a provider out is looked at just before the entry: behind it the room,
//! the bids and the order that traded are gone. The order itself is taken as the
//! entry left it, since one that the entry places is not there before. What cannot
//! be told from these two states is not told.

use std::cmp::Reverse;

use berth_domain::{
    Age, BidId, BidState, CancelReason, Command, Event, LeaseOpened, Mode, OrderId, OrderState, ProviderId, Rate,
    TrustLevel,
};
use berth_exchange::{Bid, Exchange, Explanation, Order, Origin};
use serde_json::{Value, json};

use crate::player::Moment;

/// A bid's place among those that could have the order: price, trust, age.
type Rank = (Rate, Reverse<TrustLevel>, Age, BidId);

/// How an order and a bid met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The order came to the bids that stood, and took the first by rank.
    OrderCame,
    /// The auction closed, and took the first by rank.
    Auction,
    /// The bid came to the order that stood.
    BidCame,
    /// The tenant accepted the bid.
    Accepted,
    /// Both moved in the entry.
    Unclear,
}

/// What an entry did for one order.
struct Decision<'a> {
    before: &'a Exchange,
    moment: &'a Moment<'a>,
    order: &'a Order,
    opened: Vec<&'a LeaseOpened>,
    /// How its leases came about; none when nothing was matched.
    way: Option<Way>,
    /// The bids that could have it, the best first, where rank decides.
    ranks: Vec<(Rank, ProviderId)>,
    /// Rank of the last that was chosen, when nothing was left for those behind.
    last: Option<Rank>,
}

/// For an order that an entry brought, changed or matched, or whose auction it
/// closed: what each provider came to.
pub(crate) fn reasons(before: &Exchange, moment: &Moment<'_>, id: OrderId) -> Option<Value> {
    if !moment.events.iter().any(|event| concerns(event, moment.after, id)) {
        return None;
    }
    let order = moment.after.order(id)?;
    let mut explanation = before.explain_order_as(order);
    let decision = Decision::of(before, moment, order, &explanation);
    if decision.way.is_some() {
        // What became of it since is in the events.
        explanation.waits.clear();
    }
    let json = serde_json::to_value(berth_render::explain_order(moment.after, &explanation));
    let mut json = json.expect("an explanation is JSON");
    for (verdict, host) in json["providers"].as_array_mut().into_iter().flatten().zip(&explanation.providers) {
        decision.tell(verdict, host.provider);
    }
    Some(json)
}

fn concerns(event: &Event, after: &Exchange, id: OrderId) -> bool {
    match event {
        Event::OrderAccepted(e) => e.order == id,
        Event::OrderAmended(e) => e.order == id,
        Event::OrderResumed(e) => e.order == id,
        Event::OrderCancelled(e) => e.order == id && e.reason == CancelReason::AuctionUnfilled,
        Event::LeaseOpened(e) => e.order == id && is_match(after, e),
        _ => false,
    }
}

/// Whether a lease is for replicas that had none, and neither takes over nor checks.
fn is_match(after: &Exchange, opened: &LeaseOpened) -> bool {
    after.lease(opened.lease).is_some_and(|lease| lease.origin == Origin::Match)
}

impl<'a> Decision<'a> {
    fn of(before: &'a Exchange, moment: &'a Moment<'a>, order: &'a Order, explanation: &Explanation) -> Self {
        let opened = moment.events.iter().filter_map(|event| match event {
            Event::LeaseOpened(opened) if opened.order == order.id => Some(opened),
            _ => None,
        });
        let opened: Vec<_> = opened.collect();
        let mut it = Self { before, moment, order, opened, way: None, ranks: Vec::new(), last: None };
        let ways: Vec<Way> = it.matched().map(|opened| it.way_of(opened)).collect();
        it.way = ways.first().map(|first| if ways.iter().all(|way| way == first) { *first } else { Way::Unclear });
        if matches!(it.way, Some(Way::OrderCame | Way::Auction)) {
            it.rank(explanation);
        }
        it
    }

    fn matched(&self) -> impl Iterator<Item = &'a LeaseOpened> + '_ {
        let after = self.moment.after;
        self.opened.iter().copied().filter(move |opened| is_match(after, opened))
    }

    fn way_of(&self, opened: &LeaseOpened) -> Way {
        if self.order.mode == Mode::Auction {
            return Way::Auction;
        }
        if matches!(&self.moment.entry.command, Command::AcceptBid(accept) if accept.bid == opened.bid) {
            return Way::Accepted;
        }
        let Some(bid) = self.moment.after.bid(opened.bid) else { return Way::Unclear };
        let old_order = self.before.order(self.order.id);
        let order_stood = old_order.is_some_and(|old| old.age == self.order.age && old.state == OrderState::Open);
        let old_bid = self.before.bid(bid.id);
        let bid_stood = old_bid.is_some_and(|old| old.age == bid.age && old.state == BidState::Open);
        match (order_stood, bid_stood) {
            (false, true) if bid.is_standing() => Way::OrderCame,
            (true, false) => Way::BidCame,
            _ => Way::Unclear,
        }
    }

    /// Ranks the bids that nothing ruled out, and those that were taken.
    fn rank(&mut self, explanation: &Explanation) {
        let waited = |bid: &Bid| bid.is_standing() == (self.way == Some(Way::OrderCame));
        let mut ranks = Vec::new();
        let mut taken = Vec::new();
        for host in &explanation.providers {
            for verdict in &host.bids {
                let Some(bid) = self.before.bid(verdict.bid).filter(|bid| waited(bid)) else { continue };
                let Some(owner) = self.before.account(bid.account) else { continue };
                let rank = (bid.price, Reverse(owner.level), bid.age, bid.id);
                let is_taken = self.matched().any(|opened| opened.bid == bid.id);
                if is_taken {
                    taken.push(rank);
                }
                if is_taken || host.obstacles.is_empty() && verdict.obstacles.is_empty() {
                    ranks.push((rank, host.provider));
                }
            }
        }
        ranks.sort_unstable();
        let is_full = self.order.remaining == 0 && self.order.state == OrderState::Filled;
        self.last = taken.into_iter().max().filter(|_| is_full);
        self.ranks = ranks;
    }

    /// Writes what one provider came to into its verdict.
    fn tell(&self, verdict: &mut Value, provider: ProviderId) {
        let chosen: Vec<_> = self.opened.iter().filter(|opened| opened.provider == provider).collect();
        for opened in self.matched().filter(|opened| opened.provider == provider) {
            // The room may have come in the same entry, and so may the bid.
            verdict["wouldTrade"] = true.into();
            verdict["obstacles"] = json!([]);
            let Some(bids) = verdict["bids"].as_array_mut() else { continue };
            match bids.iter_mut().find(|bid| bid["bidId"] == opened.bid.0) {
                Some(bid) => bid["obstacles"] = json!([]),
                None => {
                    let price = self.moment.after.bid(opened.bid).map_or(opened.price, |bid| bid.price);
                    bids.push(json!({ "bidId": opened.bid.0, "price": price.to_string(), "obstacles": [] }));
                }
            }
        }
        for bid in verdict["bids"].as_array_mut().into_iter().flatten() {
            if let Some(place) = self.ranks.iter().position(|((.., id), _)| bid["bidId"] == id.0) {
                bid["rank"] = (place + 1).into();
            }
        }
        verdict["why"] = if chosen.is_empty() {
            format!("not chosen: {}", self.why_not(verdict, provider)).into()
        } else {
            let leases: Vec<_> = chosen.iter().map(|opened| self.lease(opened)).collect();
            format!("chosen: {}", leases.join("; ")).into()
        };
        verdict["chosen"] = chosen.iter().map(|opened| opened.lease.0).collect();
    }

    fn lease(&self, opened: &LeaseOpened) -> String {
        let LeaseOpened { lease, replicas, price, bid, .. } = opened;
        let told = format!("lease {lease}, replicas {replicas}, at {price} by bid {bid}");
        match self.moment.after.lease(*lease).map(|lease| lease.origin) {
            Some(Origin::Failover(from)) => return format!("{told}, which stood by for lease {from}"),
            Some(Origin::Rerun(of)) => return format!("{told}, which checks lease {of}"),
            Some(Origin::Match) | None => {}
        }
        match self.way {
            Some(Way::OrderCame | Way::Auction) => format!("{told}{}", self.place_of(*bid)),
            Some(Way::BidCame) => format!("{told}, which came to the waiting order"),
            Some(Way::Accepted) => format!("{told}, which the tenant accepted"),
            Some(Way::Unclear) | None => told,
        }
    }

    /// `, rank 2 of 3`.
    fn place_of(&self, bid: BidId) -> String {
        let place = self.ranks.iter().position(|((.., id), _)| *id == bid);
        place.map_or_else(String::new, |place| format!(", rank {} of {}", place + 1, self.ranks.len()))
    }

    fn why_not(&self, verdict: &Value, provider: ProviderId) -> String {
        if let Some((rank, _)) = self.ranks.iter().find(|(_, host)| *host == provider)
            && let Some(last) = self.last.filter(|last| last < rank)
        {
            return self.behind(*rank, last);
        }
        let of_host = details(&verdict["obstacles"]);
        if !of_host.is_empty() {
            return of_host;
        }
        if self.order.mode == Mode::Auction && self.order.is_live() {
            return "the auction has not closed, and its bids are sealed until then".to_owned();
        }
        if verdict["wouldTrade"] != true {
            let bids = verdict["bids"].as_array().into_iter().flatten();
            let bids = bids.map(|bid| {
                let price = bid["price"].as_str().unwrap_or_default();
                format!("bid {} at {price}: {}", bid["bidId"], details(&bid["obstacles"]))
            });
            return bids.collect::<Vec<_>>().join("; ");
        }
        let taken: Vec<_> = self.matched().map(|opened| opened.bid.to_string()).collect();
        let taken = taken.join(", ");
        match self.way {
            Some(Way::BidCame) => format!("nothing ruled it out, and bid {taken} came to the waiting order"),
            Some(Way::Accepted) => format!("nothing ruled it out, and the tenant accepted bid {taken}"),
            None if self.order.mode == Mode::Manual && self.order.is_live() => {
                "nothing ruled it out, and the tenant has not accepted its bid".to_owned()
            }
            _ if self.order.state == OrderState::Parked => {
                "nothing ruled it out, but the tenant's funds or mandate do not allow the order".to_owned()
            }
            _ => match self.ended() {
                Some(reason) => format!("nothing ruled it out by itself, but the order ended in this entry: {reason}"),
                None => "nothing ruled it out before this entry, which did not take it".to_owned(),
            },
        }
    }

    /// Why the entry ended the order, where it did.
    fn ended(&self) -> Option<CancelReason> {
        self.moment.events.iter().find_map(|event| match event {
            Event::OrderCancelled(e) if e.order == self.order.id => Some(e.reason),
            _ => None,
        })
    }

    /// What put a bid behind the last that was taken.
    fn behind(&self, (price, level, _, bid): Rank, last: Rank) -> String {
        let (last_price, last_level, _, last_bid) = last;
        let than = if last_price < price {
            "which is cheaper".to_owned()
        } else if level != last_level {
            format!("which has more trust at the same price: level {} against {}", last_level.0, level.0)
        } else {
            "which is older at the same price and trust".to_owned()
        };
        format!("bid {bid} at {price}{}, is behind bid {last_bid} at {last_price}, {than}", self.place_of(bid))
    }
}

/// The details of reasons, in one line.
fn details(reasons: &Value) -> String {
    let reasons = reasons.as_array().into_iter().flatten().filter_map(|it| it["detail"].as_str());
    reasons.collect::<Vec<_>>().join("; ")
}
