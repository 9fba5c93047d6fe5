//! Tenants: they order, accept, stop, and move their money.

use berth_domain::{
    AcceptBid, AccountId, Address, AmendOrder, BidTarget, CancelAll, CancelOrder, LeaseState, Micros, OrderId,
    ReplaceOrder, Seconds, SetDeadMan, SetMandate, StopLease, Stroops, TopUpLease,
};
use berth_exchange::{Exchange, Lease};

use super::{Deed, Scene, wish};
use crate::cast::{OWNERS, TENANTS, TREASURY, address};
use crate::chain::Call;
use crate::setting::SECOND;

pub(super) fn places_an_order(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = scene.tenant()?;
    let order = wish::order(scene)?;
    Some(vec![Deed::Say(account, order.into())])
}

/// One order for another.
pub(super) fn replaces_an_order(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, order) = live_order(scene)?;
    let place = wish::order(scene)?;
    Some(vec![Deed::Say(account, ReplaceOrder { order, place }.into())])
}

pub(super) fn cancels_an_order(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, order) = live_order(scene)?;
    Some(vec![Deed::Say(account, CancelOrder { order }.into())])
}

/// More or fewer replicas, other limits, or another end.
pub(super) fn amends_an_order(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let (account, order) = live_order(scene)?;
    let what = scene.dice.below(4);
    let limits = if what == 1 { Some(wish::limits(scene)) } else { None };
    let dice = &mut *scene.dice;
    let replicas = (what != 1).then(|| dice.small(1, 6));
    let lasts = dice.between(SECOND / 2, 120 * SECOND);
    let expires_at = (what == 3).then_some(Micros(scene.now.0 + lasts));
    Some(vec![Deed::Say(account, AmendOrder { order, replicas, limits, expires_at }.into())])
}

/// All orders, or those in one market.
pub(super) fn ends_all(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = scene.tenant()?;
    let market = if scene.dice.once_in(2) { scene.market() } else { None };
    Some(vec![Deed::Say(account, CancelAll { market, session: None }.into())])
}

pub(super) fn sets_a_dead_man(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = scene.tenant()?;
    let millis = scene.dice.pick(&[0, 500, 5_000, 60_000]);
    Some(vec![Deed::Say(account, SetDeadMan { millis }.into())])
}

pub(super) fn accepts_a_bid(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let directed = scene.x.bids().rev().take(12).filter_map(|bid| match bid.target {
        BidTarget::Directed { order } => Some((scene.x.order(order)?.account, bid.id)),
        BidTarget::Standing { .. } => None,
    });
    let directed: Vec<_> = directed.collect();
    let (account, bid) = scene.dice.choose(&directed)?;
    Some(vec![Deed::Say(account, AcceptBid { bid }.into())])
}

pub(super) fn stops_a_lease(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let live = scene.x.leases().filter(|lease| lease.state != LeaseState::Closed).map(|l| (l.tenant, l.id));
    let live: Vec<_> = live.collect();
    let (account, lease) = scene.dice.choose(&live)?;
    Some(vec![Deed::Say(account, StopLease { lease }.into())])
}

/// More of a lease that is not paid to its end, or more than there is of it.
pub(super) fn tops_up_a_lease(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let is_meant = |lease: &&Lease| {
        matches!(lease.state, LeaseState::Running | LeaseState::Suspended) && lease.prepay < lease.duration
    };
    let live: Vec<_> = scene.x.leases().filter(is_meant).map(|l| (l.tenant, l.id, l.duration.0 - l.prepay.0)).collect();
    let (account, lease, left) = scene.dice.choose(&live)?;
    let seconds = Seconds(scene.dice.pick(&[left, left / 2 + 1, left / 4 + 1, 1, left + 1]));
    Some(vec![Deed::Say(account, TopUpLease { lease, seconds }.into())])
}

/// What a tenant lets be spent: little, much, or anything.
pub(super) fn sets_a_mandate(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = scene.tenant()?;
    let amount = |stroops| Stroops::new(stroops).filter(|amount| *amount > Stroops::ZERO);
    let per_lease = amount(scene.dice.pick(&[0, 0, 0, 0, 500, 5_000]));
    let per_day = amount(scene.dice.pick(&[0, 0, 600, 3_000, 30_000]));
    let until = scene.until();
    Some(vec![Deed::Say(account, SetMandate { per_lease, per_day, floor: None, until }.into())])
}

pub(super) fn deposits(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let to = address(scene.dice.pick(&TENANTS));
    let amount = Stroops::new(scene.dice.pick(&[1, 5_000, 50_000, 1_000_000])).expect("positive");
    Some(vec![Deed::Call(Call::Deposit { to, amount })])
}

/// Part of what somebody has in the contract, or all of it, or too much.
pub(super) fn asks_for_a_withdrawal(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = anybody(scene);
    let balance = i64::try_from(scene.chain.contract.balance(account)).ok()?;
    let amount = scene.dice.pick(&[balance, balance / 2, balance / 7, balance + 1]);
    let amount = Stroops::new(amount).filter(|amount| *amount > Stroops::ZERO)?;
    Some(vec![Deed::Call(Call::RequestWithdraw { account, amount })])
}

pub(super) fn takes_a_request_back(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let cancel = |account| Deed::Call(Call::CancelWithdraw { account });
    let account = anybody(scene);
    if scene.chain.contract.requested(account) > 0 {
        return Some(vec![cancel(account)]);
    }
    // Both at once: they may be in one ledger, in either order.
    let mut deeds = asks_for_a_withdrawal(scene)?;
    if let Some(Deed::Call(Call::RequestWithdraw { account, .. })) = deeds.first() {
        deeds.push(cancel(*account));
    }
    Some(deeds)
}

/// Anyone may have a withdrawal paid after its delay.
pub(super) fn has_a_withdrawal_paid(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let waiting: Vec<_> = scene.chain.contract.requesters().collect();
    let account = scene.dice.choose(&waiting)?;
    Some(vec![Deed::Call(Call::PayWithdraw { account, by_operator: false })])
}

/// Anyone may have a lease refunded after its deadline.
pub(super) fn has_a_lease_refunded(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let late: Vec<_> = scene.chain.contract.late_leases(scene.now.unix_seconds()).collect();
    let lease = scene.dice.choose(&late)?;
    Some(vec![Deed::Call(Call::Refund { lease })])
}

fn live_order(scene: &mut Scene<'_>) -> Option<(AccountId, OrderId)> {
    let live: Vec<_> = scene.x.orders().filter(|order| order.is_live()).map(|o| (o.account, o.id)).collect();
    scene.dice.choose(&live)
}

fn anybody(scene: &mut Scene<'_>) -> Address {
    let owner = scene.dice.pick(&OWNERS).0;
    let tenant = scene.dice.pick(&TENANTS);
    address(scene.dice.pick(&[tenant, tenant, tenant, owner, owner, TREASURY]))
}

pub(super) fn ends_orders(x: &Exchange) -> impl Iterator<Item = Deed> {
    let open = x.orders().filter(|order| order.is_live());
    open.map(|order| Deed::Say(order.account, CancelOrder { order: order.id }.into()))
}

/// Stops what would go on for long.
pub(super) fn ends_leases(x: &Exchange, now: Micros) -> impl Iterator<Item = Deed> {
    let goes_on = move |lease: &&berth_exchange::Lease| match lease.state {
        LeaseState::Opened | LeaseState::Escrowed => true,
        LeaseState::Running => lease.ends_at.is_some_and(|ends_at| ends_at > now.plus(Seconds(60))),
        LeaseState::Suspended => true,
        LeaseState::Verifying | LeaseState::Closing | LeaseState::Closed => false,
    };
    x.leases().filter(goes_on).map(|lease| Deed::Say(lease.tenant, StopLease { lease: lease.id }.into()))
}
