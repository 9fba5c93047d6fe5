//! Leases: what they cost, and that they follow from their order and bid.

use berth_domain::{BidTarget, CloseReason, Event, LeaseState, Stroops};
use berth_exchange::{Exchange, Lease, Origin};

use super::course::Courses;
use super::{Checked, ensure, rule};
use crate::reads;

pub(super) fn check(x: &Exchange, courses: &Courses, events: &[Event]) -> Checked {
    // Orders and bids may change later, so what was agreed is looked at now.
    for event in events {
        if let Event::LeaseOpened(opened) = event {
            let lease =
                x.lease(opened.lease).ok_or_else(|| rule::LEASE.broken(format!("{opened:?} opened nothing")))?;
            agreed(x, lease)?;
        }
    }
    for lease in x.leases() {
        let id = lease.id;
        let bps = i128::from(courses.get(id)?.terms.fee.get());
        let escrow = reads::owed(lease.price, lease.units, lease.replicas, lease.prepay.0);
        ensure!(
            escrow > 0 && i128::from(lease.escrow.get()) == escrow,
            rule::LEASE,
            "the escrow of lease {id} is {} and not {escrow} stroops",
            lease.escrow
        );
        let (is_closed, ran) = (lease.state == LeaseState::Closed, lease.started_at.is_some());
        ensure!(is_closed == lease.closed_at.is_some(), rule::LEASE, "lease {id} is {} and says when", lease.state);
        ensure!(!ran || lease.is_escrowed(), rule::LEASE, "lease {id} started without an escrow");
        ensure!(lease.paid_tx.is_none() || is_closed, rule::LEASE, "lease {id} is paid and not closed");
        let most = lease.duration.min(lease.prepay);
        let seconds = lease.evidence.seconds();
        ensure!(seconds <= most, rule::EVIDENCE, "lease {id} is evidenced for {seconds} of {most}");
        ensure!(ran || seconds.0 == 0, rule::EVIDENCE, "lease {id} is evidenced and did not start");
        // What is checked, or closed unpaid, owes nothing.
        let owed = reads::owed(lease.price, lease.units, lease.replicas, seconds.0);
        let is_unpaid = lease.reason.is_some_and(CloseReason::is_unpaid);
        let due = if is_closed && ran && !is_unpaid { owed } else { 0 };
        let (pay, fee) = (i128::from(lease.pay.get()), i128::from(lease.fee.get()));
        ensure!(pay == due, rule::EVIDENCE, "lease {id} pays {pay} for {seconds}, and owes {due} stroops");
        ensure!(fee == pay * bps / 10_000, rule::EVIDENCE, "the fee of lease {id} is {fee} of {pay} stroops");
    }
    Ok(())
}

fn agreed(x: &Exchange, lease: &Lease) -> Checked {
    let id = lease.id;
    let (Some(order), Some(bid)) = (x.order(lease.order), x.bid(lease.bid)) else {
        return Err(rule::LEASE.broken(format!("lease {id} has no order or no bid")));
    };
    let treasury = x.genesis().and_then(|genesis| x.account_by_address(genesis.treasury));
    let (tenant, duration, prepay) = match lease.origin {
        Origin::Match => (Some(order.account), order.duration, order.prepay),
        // What is left of another: the standby's rule says how much.
        Origin::Failover(_) => (Some(order.account), lease.duration, lease.prepay),
        Origin::Rerun(_) => (treasury, order.duration, order.duration),
    };
    let is_theirs = (Some(lease.tenant), lease.market, lease.units) == (tenant, order.market, order.units)
        && (lease.duration, lease.prepay, lease.resources) == (duration, prepay, order.resources)
        && (lease.provider, lease.provider_account) == (bid.provider, bid.account)
        && lease.replicas > 0;
    ensure!(is_theirs, rule::LEASE, "lease {id} is not of its order and bid: {lease:?}");
    ensure!(lease.tenant != lease.provider_account, rule::LEASE, "lease {id} has one account on both sides");
    if let Origin::Failover(_) = lease.origin {
        // Its price was agreed when it began to stand by.
        return Ok(());
    }
    let limit = order.limits.at(lease.level);
    ensure!(
        limit.is_some_and(|limit| bid.price <= lease.price && lease.price <= limit),
        rule::LEASE,
        "lease {id} is at {}, its bid at {}, its order's limit is {limit:?}",
        lease.price,
        bid.price
    );
    let is_directed_here = match bid.target {
        BidTarget::Standing { min_duration, max_duration, .. } => {
            (min_duration..=max_duration).contains(&lease.duration)
        }
        BidTarget::Directed { order } => order == lease.order && lease.price == bid.price,
    };
    ensure!(is_directed_here, rule::LEASE, "lease {id} is not what its bid offers");
    let is_aimed = order.aim.is_none_or(|aim| aim == lease.bid || lease.origin != Origin::Match);
    ensure!(is_aimed, rule::LEASE, "lease {id} is of bid {}, and its order is for bid {:?}", lease.bid, order.aim);
    let provider = x.provider(lease.provider).expect("a bid has a provider");
    let is_offered = order.requires.iter().all(|required| provider.attributes.contains(required));
    ensure!(is_offered, rule::LEASE, "lease {id} is with a provider that does not offer what its order requires");
    ensure!(provider.available, rule::LEASE, "lease {id} is with provider {}, which is drained", provider.id);
    Ok(())
}

/// In the end every lease is closed, and whatever was locked for it is paid out.
pub(super) fn all_resolved(x: &Exchange) -> Checked {
    for lease in x.leases() {
        ensure!(
            reads::is_settled(lease),
            rule::RESOLVED,
            "in the end lease {} is {} ({:?}), its escrow transaction is {:?}, and nothing paid it",
            lease.id,
            lease.state,
            lease.reason,
            lease.escrow_tx
        );
    }
    ensure!(x.ledger().escrowed() == Stroops::ZERO, rule::RESOLVED, "in the end escrows hold money");
    Ok(())
}
