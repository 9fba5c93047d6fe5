//! Owners of hosts, beside their bots: they drain hosts and let them work again,
//! change what these offer, stake, and say below which price nobody may sell.

use berth_domain::{
    AccountId, BidTarget, GpuInventory, RegisterProvider, Resources, SetMandate, Stroops, UpdateProvider,
};

use super::{Deed, Scene, bot};
use crate::cast::{self, OWNERS, address, region};
use crate::chain::Call;

pub(super) fn registers_a_host(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = owner(scene)?;
    Some(vec![Deed::Say(account, registration(scene).into())])
}

/// An owner who has no host gets one first.
pub(super) fn registers_a_first_host(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let owners = OWNERS.iter().filter_map(|(name, _)| scene.account(name));
    let owner = owners.into_iter().find(|id| scene.x.account(*id).is_some_and(|account| account.providers == 0))?;
    Some(vec![Deed::Say(owner, registration(scene).into())])
}

fn registration(scene: &mut Scene<'_>) -> RegisterProvider {
    let dice = &mut *scene.dice;
    let mut gpus = Vec::new();
    if !dice.once_in(8) {
        gpus.push(GpuInventory { class: cast::gpu(), count: dice.small(1, 6) });
    }
    if dice.once_in(4) {
        gpus.push(GpuInventory { class: cast::small_gpu(), count: dice.small(1, 2) });
    }
    RegisterProvider {
        resources: Resources { cpu: dice.small(4, 8), memory: dice.between(4, 16), storage: dice.between(6, 24) },
        bandwidth: 100,
        gpus,
        hostname: cast::text("host.example"),
        port: 22,
        attributes: vec![region(dice.pick(&["eu", "us"]))],
        own_agent: true,
        client_id: scene.client_id(),
    }
}

/// Drains a host, lets it work again, or moves it. Most are drained for a short
/// time only.
pub(super) fn updates_a_host(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let drained: Vec<_> =
        scene.x.providers().filter(|host| !host.available).map(|host| (host.account, host.id)).collect();
    let drained = scene.dice.choose(&drained).filter(|_| !scene.dice.once_in(4));
    let (account, provider) = drained.or_else(|| bot::host(scene))?;
    let host = scene.x.provider(provider)?;
    let available = !host.available || scene.dice.once_in(2);
    let attributes =
        if scene.dice.once_in(3) { vec![region(scene.dice.pick(&["eu", "us"]))] } else { host.attributes.clone() };
    Some(vec![Deed::Say(account, UpdateProvider { provider, available, attributes }.into())])
}

/// The lowest price, or any.
pub(super) fn sets_a_floor(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = owner(scene)?;
    let floor = if scene.dice.once_in(2) { Some(scene.rate()) } else { None };
    let until = scene.until();
    Some(vec![Deed::Say(account, SetMandate { per_lease: None, per_day: None, floor, until }.into())])
}

pub(super) fn stakes(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = address(scene.dice.pick(&OWNERS).0);
    let amount = Stroops::new(scene.dice.pick(&[30, 100, 1_000, 3_000])).expect("positive");
    Some(vec![Deed::Call(Call::Stake { account, amount })])
}

/// Part of a stake, or all of it, or more.
pub(super) fn takes_a_stake_back(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = address(scene.dice.pick(&OWNERS).0);
    let staked = i64::try_from(scene.chain.stakes.staked(account)).ok()?;
    let amount = scene.dice.pick(&[staked, staked / 2, staked / 2, staked + 1]);
    let amount = Stroops::new(amount).filter(|amount| *amount > Stroops::ZERO)?;
    Some(vec![Deed::Call(Call::Unstake { account, amount })])
}

/// One bid for another, in the book or at an order.
pub(super) fn replaces_a_bid(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, bid, provider) = bot::live_bid(scene)?;
    let place = bot::standing(scene, provider)?;
    let target = scene.x.bid(bid)?.target;
    let place = match target {
        BidTarget::Directed { .. } if scene.dice.once_in(2) => berth_domain::PlaceBid { target, ..place },
        _ => place,
    };
    Some(vec![Deed::Say(account, berth_domain::ReplaceBid { bid, place }.into())])
}

fn owner(scene: &mut Scene<'_>) -> Option<AccountId> {
    let name = scene.dice.pick(&OWNERS).0;
    scene.account(name)
}
