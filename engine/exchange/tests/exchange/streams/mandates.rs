//! Mandates, tight enough to be felt.

use berth_domain::{AccountId, Command, Micros, OrderId, OrderState, Seconds, SetMandate, Verify};

use super::dice::{Dice, ids};
use super::funding::may_grow;
use super::leasing::stroops;
use crate::oracle::{Lease, Oracle};

const PLATFORM: AccountId = AccountId(1);

pub(crate) fn mandate(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let mut account = AccountId(dice.pick(&[7, 7, 8, 7, 8, 9, 2, 3, 4]));
    // A day's budget that is nearly spent, of whoever may top up a lease.
    let tops_up = x.leases.iter().rev().find(|lease| may_grow(lease)).filter(|_| dice.once_in(2));
    account = tops_up.map_or(account, |lease| lease.tenant);
    // Or of the platform, which pays for what is run again.
    let checks = x.orders.iter().any(|order| order.place.verify == Verify::Spot);
    if checks && dice.once_in(6) {
        account = PLATFORM;
    }
    let spent = x.spent(account);
    // What one replica of an order costs at most, so that some are allowed.
    let own = x.orders.iter().filter(|order| order.account == account && order.is_live());
    let order = x.find_order(OrderId(dice.id(&ids(own.map(|order| order.id.0)))));
    let one = order.map_or(7_200, |order| order.hold_of_one());
    if tops_up.is_some() {
        let per_day = Some(stroops((spent + one).clamp(0, i64::MAX.into())));
        return (account, SetMandate { per_lease: None, per_day, floor: None, until: None }.into());
    }
    let per_lease = dice.pick(&[None, Some(2 * one), Some(one), Some(3 * one - 1), Some(2 * one), Some(one / 2)]);
    let more = dice.pick(&[None, None, Some(one), Some(3 * one), Some(2 * one + 1), Some(0)]);
    let per_day = more.map(|more: i128| spent + more);
    let floor = dice.once_in(3).then(|| dice.rate());
    let until = match dice.below(8) {
        5 => Some(now.plus(Seconds(10))),
        6 => Some(now.plus(Seconds(60))),
        7 => Some(now),
        _ => None,
    };
    let is_none = dice.once_in(5);
    let limit = |amount: i128| stroops(amount.clamp(0, i64::MAX.into()));
    let (per_lease, per_day) = (per_lease.map(limit), per_day.map(limit));
    let set = match is_none {
        true => SetMandate { per_lease: None, per_day: None, floor: None, until },
        false => SetMandate { per_lease, per_day, floor, until },
    };
    (account, set.into())
}

/// A mandate that lets a lease which has failed go on for less time, or leaves
/// nothing for the tenant's orders when it does.
pub(crate) fn spent_by_failover(x: &Oracle, lease: &Lease, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (spent, rest) = (x.spent(lease.tenant), lease.escrow() - lease.pay);
    let limit = |amount: i128| Some(stroops(amount.clamp(0, i64::MAX.into())));
    let open = x.orders.iter().filter(|order| order.account == lease.tenant && order.state == OrderState::Open);
    let one = open.map(|order| order.hold_of_one()).max();
    let (per_lease, per_day) = match (dice.below(4), one) {
        (0, _) => (limit(rest / 2), None),
        (2 | 3, Some(one)) => (None, limit(spent + rest.max(one))),
        _ => (None, limit(spent + rest / 2)),
    };
    (lease.tenant, SetMandate { per_lease, per_day, floor: None, until: None }.into())
}
