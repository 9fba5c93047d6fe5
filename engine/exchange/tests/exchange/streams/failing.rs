//! Orders that want to go on when a lease fails: which do, what streams must
//! meet of that, and the standbys of the exchange and the oracle.

use berth_domain::{
    AccountId, AmendBid, BidTarget, CancelBid, ChainEventId, Command, Deposit, Event, FinishLease, FinishOutcome,
    LeaseId, LeaseState, Mode, OrderState, PlaceOrder, SetMandate, SettlementPaid, TimeInForce, TxHash, UpdateProvider,
    WithdrawalFact,
};
use berth_exchange::Exchange;

use super::dice::{Dice, ids, text};
use super::leasing::stroops;
use super::mandates::spent_by_failover;
use crate::oracle::{Oracle, Origin, Standby};

/// What streams must meet of failover.
pub(crate) const TO_MEET: [&str; 14] = [
    "standby.reserved",
    "standby.released",
    "standby.missing",
    "lease.failedOver",
    "order.continued",
    "order.discontinued",
    "standby ends leaseEnded",
    "standby ends bidEnded",
    "standby ends unfunded",
    "standby ends providerUnavailable",
    "discontinued MARKET_PAUSED",
    "discontinued TOO_MANY_ORDERS",
    "discontinued BOOK_FULL",
    "discontinued SCAN_LIMIT",
];

/// What an event says of that, beside its name.
pub(crate) fn met(event: &Event) -> Option<String> {
    match event {
        Event::StandbyReleased(e) => Some(format!("standby ends {}", e.reason)),
        Event::OrderDiscontinued(e) => Some(format!("discontinued {}", e.code)),
        _ => None,
    }
}

/// Most orders that may have standbys want them, and some that may not.
pub(crate) fn wants_standbys(place: &mut PlaceOrder, dice: &mut Dice<'_>) {
    let may = place.mode == Mode::Auto && place.time_in_force != TimeInForce::Fok && place.aim.is_none();
    place.failover = if may { dice.once_in(2) } else { dice.once_in(100) };
}

/// Something that a standby is there for, or that takes it away; or money for an
/// order that waits for it.
pub(crate) fn failing(x: &Oracle, dice: &mut Dice<'_>) -> Option<(AccountId, Command)> {
    let event = ChainEventId { toid: x.head().0.0 + 10, index: 0 };
    if let Some(said) = ends_with_its_lease(x).filter(|_| dice.once_in(2)) {
        return Some(said);
    }
    let tenants = x.accounts.iter().filter(|account| {
        let waits = |order: &&crate::oracle::Order| order.account == account.id && order.state == OrderState::Parked;
        x.orders.iter().find(waits).is_some()
    });
    if let Some(tenant) = tenants.last().filter(|_| dice.once_in(2)) {
        let fact = Deposit { event, address: tenant.address, amount: stroops(20_000) };
        return Some((AccountId::EXCHANGE, fact.into()));
    }
    let lease = LeaseId(dice.id(&ids(x.standbys.iter().map(|standby| standby.lease.0))));
    let standby = x.standbys.iter().find(|standby| standby.lease == lease)?;
    let (lease, bid) = (x.find_lease(lease)?, x.find_bid(standby.bid)?);
    let tenant = x.accounts.iter().find(|account| account.id == lease.tenant)?;
    Some(match dice.below(10) {
        0 => (bid.account, CancelBid { bid: bid.id }.into()),
        1 => (bid.account, UpdateProvider { provider: standby.host, available: false, attributes: vec![] }.into()),
        2 => {
            let BidTarget::Standing { quantity, .. } = bid.place.target else { return None };
            let amend = AmendBid { bid: bid.id, price: None, quantity: Some(quantity + 1), expires_at: None };
            (bid.account, amend.into())
        }
        3 | 4 => {
            let (free, held) = (x.available(tenant.id) + tenant.withdrawing, x.held(tenant.id));
            let amount = stroops(dice.pick(&[free, free + held, free + held / 2, free]));
            (AccountId::EXCHANGE, WithdrawalFact { event, address: tenant.address, amount }.into())
        }
        5 if lease.state != LeaseState::Closed => {
            let per_lease = Some(stroops(lease.escrow()));
            (lease.tenant, SetMandate { per_lease, per_day: None, floor: None, until: None }.into())
        }
        _ if lease.state == LeaseState::Closed && dice.once_in(3) => spent_by_failover(x, lease, dice),
        _ if lease.state == LeaseState::Closed => {
            let [pay, fee, refund] = [lease.pay, lease.fee, lease.escrow() - lease.pay].map(stroops);
            let paid = SettlementPaid { lease: lease.id, tx: TxHash([4; 32]), ledger: 2, pay, fee, refund };
            (AccountId::EXCHANGE, paid.into())
        }
        _ => {
            let (outcome, detail) = (FinishOutcome::Failed, text(""));
            let finish = FinishLease { lease: lease.id, outcome, exit_code: None, result: None, detail };
            (lease.owner, finish.into())
        }
    })
}

/// A standby that would end when its lease does: no other is to follow it.
fn ends_with_its_lease(x: &Oracle) -> Option<(AccountId, Command)> {
    x.standbys.iter().find_map(|standby| {
        let (lease, bid) = (x.find_lease(standby.lease)?, x.find_bid(standby.bid)?);
        let end = match lease.state {
            LeaseState::Opened | LeaseState::Suspended => lease.overdue_at(),
            LeaseState::Running => lease.ends_at,
            _ => None,
        };
        let is_known = end.is_some() && bid.left > 0;
        let may_end_so = bid.place.time_in_force == TimeInForce::Gtd && bid.place.expires_at != end;
        let amend = AmendBid { bid: bid.id, price: None, quantity: None, expires_at: end };
        (is_known && may_end_so).then_some((bid.account, amend.into()))
    })
}

pub(crate) fn compare(x: &Exchange, oracle: &Oracle) {
    let mut known: Vec<Standby> = oracle.standbys.clone();
    known.sort_unstable_by_key(|standby| standby.lease);
    let told = x.standbys().map(|it| {
        let (lease, bid, host, price, units) = (it.lease, it.bid, it.provider, it.price, it.units);
        Standby { lease, bid, host, price, units, hold: it.hold.get().into() }
    });
    assert_eq!(told.collect::<Vec<_>>(), known, "standbys");
    for (it, known) in x.leases().zip(&oracle.leases) {
        let origin = match it.origin {
            berth_exchange::Origin::Match => Origin::Match,
            berth_exchange::Origin::Failover(from) => Origin::Failover(from),
            berth_exchange::Origin::Rerun(of) => Origin::Rerun(of),
        };
        assert_eq!((origin, it.prepay), (known.origin, known.prepay), "where lease {} comes from", it.id);
    }
    for bid in x.bids() {
        assert_eq!(bid.reserved, oracle.reserved(bid.id), "units of bid {} that stand by", bid.id);
    }
}
