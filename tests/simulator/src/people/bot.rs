//! Quoting bots: each owner's program keeps bids on the owner's hosts.

use berth_domain::{
    AccountId, AmendBid, BidId, BidTarget, CancelAll, CancelBid, MassQuote, Micros, OrderId, PlaceBid, ProviderId,
    Quote, Seconds, TimeInForce,
};

use super::{Deed, Scene};
use crate::reads;
use crate::setting::SECOND;

/// How long standing bids stay: most until they are matched.
const IN_FORCE: [TimeInForce; 10] = {
    use TimeInForce::{Fok, Gtc, Gtd, Ioc};
    [Gtc, Gtc, Gtc, Gtc, Gtc, Gtc, Gtc, Gtd, Ioc, Fok]
};

/// A standing bid on some host.
pub(super) fn quotes(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, provider) = host(scene)?;
    let bid = standing(scene, provider)?;
    Some(vec![Deed::Say(account, bid.into())])
}

pub(super) fn standing(scene: &mut Scene<'_>, provider: ProviderId) -> Option<PlaceBid> {
    let host = scene.x.provider(provider)?;
    let is_sound = !scene.dice.once_in(20);
    let markets = scene.x.markets().filter(|market| !is_sound || host.trades(&market.class)).map(|market| market.id);
    let markets: Vec<_> = markets.collect();
    let market = scene.dice.choose(&markets)?;
    let target = BidTarget::Standing {
        market,
        quantity: scene.dice.small(1, 5),
        min_duration: Seconds(scene.dice.pick(&[0, 0, 0, 30])),
        max_duration: Seconds(scene.dice.pick(&[100_000, 100_000, 100_000, 100])),
    };
    Some(bid(scene, provider, target))
}

fn bid(scene: &mut Scene<'_>, provider: ProviderId, target: BidTarget) -> PlaceBid {
    let time_in_force = match target {
        BidTarget::Standing { .. } => scene.dice.pick(&IN_FORCE),
        BidTarget::Directed { .. } if scene.dice.once_in(6) => TimeInForce::Gtd,
        BidTarget::Directed { .. } => TimeInForce::Gtc,
    };
    let ends = time_in_force == TimeInForce::Gtd;
    let at = Micros(scene.now.0 + scene.dice.between(SECOND / 2, 120 * SECOND));
    PlaceBid {
        provider,
        target,
        price: scene.rate(),
        time_in_force,
        expires_at: ends.then_some(at),
        post_only: false,
        self_trade: scene.self_trade(),
        session: None,
        client_id: scene.client_id(),
    }
}

/// Takes a quote back and gives another, both at once: on their way they may
/// change places.
pub(super) fn requotes(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, bid, provider) = live_bid(scene)?;
    let place = standing(scene, provider)?;
    Some(vec![Deed::Say(account, CancelBid { bid }.into()), Deed::Say(account, place.into())])
}

/// Another price, quantity or both.
pub(super) fn amends_a_bid(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, bid, _) = live_bid(scene)?;
    let what = scene.dice.below(3);
    let price = (what != 0).then(|| scene.rate());
    let quantity = (what != 1).then(|| scene.dice.small(1, 6));
    Some(vec![Deed::Say(account, AmendBid { bid, price, quantity, expires_at: None }.into())])
}

/// All quotes of a set, at once.
pub(super) fn quotes_many(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, provider) = host(scene)?;
    let mut quotes = Vec::new();
    for _ in 0..scene.dice.below(4) {
        let PlaceBid { target, price, .. } = standing(scene, provider)?;
        let BidTarget::Standing { market, quantity, min_duration, max_duration } = target else { continue };
        let quantity = if scene.dice.once_in(6) { 0 } else { quantity };
        quotes.push(Quote { provider, market, price, quantity, min_duration, max_duration });
    }
    let set = scene.dice.small(1, 2);
    let mass =
        MassQuote { set, post_only: scene.dice.once_in(4), self_trade: scene.self_trade(), session: None, quotes };
    Some(vec![Deed::Say(account, mass.into())])
}

/// All bids of an owner.
pub(super) fn ends_all(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, _) = host(scene)?;
    Some(vec![Deed::Say(account, CancelAll { market: None, session: None }.into())])
}

pub(super) fn cancels_a_bid(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, bid, _) = live_bid(scene)?;
    Some(vec![Deed::Say(account, CancelBid { bid }.into())])
}

/// A directed bid.
pub(super) fn answers_an_order(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, provider) = host(scene)?;
    let open: Vec<OrderId> = scene.x.orders().filter(|order| reads::is_open(order)).map(|order| order.id).collect();
    let order = scene.dice.choose(&open)?;
    let target = BidTarget::Directed { order };
    let bid = bid(scene, provider, target);
    Some(vec![Deed::Say(account, bid.into())])
}

pub(super) fn host(scene: &mut Scene<'_>) -> Option<(AccountId, ProviderId)> {
    let hosts: Vec<_> = scene.x.providers().map(|provider| (provider.account, provider.id)).collect();
    scene.dice.choose(&hosts)
}

pub(super) fn live_bid(scene: &mut Scene<'_>) -> Option<(AccountId, BidId, ProviderId)> {
    let live = scene.x.bids().filter(|bid| bid.is_live()).map(|bid| (bid.account, bid.id, bid.provider));
    let live: Vec<_> = live.collect();
    scene.dice.choose(&live)
}
