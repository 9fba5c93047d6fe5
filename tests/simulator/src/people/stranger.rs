//! Strangers: they say again what was said, say it for others, and name what is
//! not there. All of it must be refused, or be a repetition.

use berth_domain::{
    AcceptBid, AccountId, Address, BidId, BidTarget, CancelBid, CancelOrder, ChainEventId, Command, Deposit, Heartbeat,
    LeaseId, Limits, MarketId, OrderId, PlaceBid, PlaceOrder, ProviderId, Rate, Seconds, SelfTrade, StopLease, Stroops,
    Tick, TimeInForce, TrustLevel,
};

use super::{Deed, Scene, bot, wish};

/// What was said before, word for word.
pub(super) fn says_it_again(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, command) = old(scene)?;
    Some(vec![Deed::Say(account, command)])
}

pub(super) fn says_what_another_said(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (_, command) = old(scene)?;
    let accounts: Vec<_> = scene.x.accounts().map(|account| account.id).chain([AccountId(99)]).collect();
    let account = scene.dice.choose(&accounts)?;
    Some(vec![Deed::Say(account, command)])
}

pub(super) fn names_what_is_not_there(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = scene.tenant()?;
    let id = scene.dice.pick(&[0, 1, 7, 1_000, u64::MAX]);
    let command: Command = match scene.dice.below(9) {
        0 => CancelOrder { order: OrderId(id) }.into(),
        1 => CancelBid { bid: BidId(id) }.into(),
        2 => AcceptBid { bid: BidId(id) }.into(),
        3 => StopLease { lease: LeaseId(id) }.into(),
        4 => Heartbeat { lease: LeaseId(id), cpu_millis: 1, memory_bytes: 1, healthy: true }.into(),
        5 => PlaceOrder { market: MarketId(99), ..wish::order(scene)? }.into(),
        6 => PlaceBid {
            provider: ProviderId(u32::try_from(id % 1_000).expect("small")),
            target: BidTarget::Directed { order: OrderId(id) },
            price: scene.rate(),
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            self_trade: SelfTrade::ExpireTaker,
            session: None,
            client_id: None,
        }
        .into(),
        7 => {
            let event = ChainEventId { toid: u64::MAX, index: 0 };
            Deposit { event, address: Address::default(), amount: Stroops::ZERO }.into()
        }
        _ => Tick.into(),
    };
    Some(vec![Deed::Say(account, command)])
}

/// Quantities, durations and prices outside of any bound.
pub(super) fn asks_for_too_much(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    if scene.dice.once_in(2) {
        let account = scene.tenant()?;
        let mut order = wish::order(scene)?;
        match scene.dice.below(5) {
            0 => order.units = scene.dice.pick(&[0, u32::MAX]),
            1 => order.replicas = scene.dice.pick(&[0, 7, u32::MAX]),
            2 => order.duration = Seconds(scene.dice.pick(&[0, u64::MAX])),
            3 => order.prepay = Seconds(0),
            _ => {
                order.limits = Limits::new([(TrustLevel::One, Rate::MAX)])?;
                order.units = scene.dice.pick(&[1, 1_024]);
            }
        }
        return Some(vec![Deed::Say(account, order.into())]);
    }
    let (account, provider) = bot::host(scene)?;
    let mut bid = bot::standing(scene, provider)?;
    if let BidTarget::Standing { quantity, min_duration, max_duration, .. } = &mut bid.target {
        match scene.dice.below(3) {
            0 => *quantity = scene.dice.pick(&[0, u32::MAX]),
            1 => *max_duration = Seconds(0),
            _ => *min_duration = Seconds(u64::MAX),
        }
    }
    Some(vec![Deed::Say(account, bid.into())])
}

/// A client id that was used, with another content.
pub(super) fn uses_an_id_again(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, command) = old(scene)?;
    let command: Command = match command {
        Command::PlaceOrder(old) => PlaceOrder { client_id: old.client_id, ..wish::order(scene)? }.into(),
        Command::PlaceBid(old) => {
            let bid = bot::standing(scene, old.provider)?;
            PlaceBid { client_id: old.client_id, ..bid }.into()
        }
        _ => return None,
    };
    Some(vec![Deed::Say(account, command)])
}

fn old(scene: &mut Scene<'_>) -> Option<(AccountId, Command)> {
    let place = scene.dice.below(scene.memory.said.len() as u64);
    scene.memory.said.get(usize::try_from(place).ok()?).cloned()
}
