//! Leases: what they cost, and that they follow from their order and bid.

use berth_domain::{BidTarget, CloseReason, Event, LeaseState, Stroops};
use berth_exchange::{Exchange, Lease};

use super::{Checked, ensure, rule};
use crate::reads;

pub(super) fn check(x: &Exchange, events: &[Event]) -> Checked {
    // Orders and bids may change later, so what was agreed is looked at now.
    for event in events {
        if let Event::LeaseOpened(opened) = event {
            let lease =
                x.lease(opened.lease).ok_or_else(|| rule::LEASE.broken(format!("{opened:?} opened nothing")))?;
            agreed(x, lease)?;
        }
    }
    let bps = i128::from(x.genesis().map_or(0, |genesis| genesis.fee.get()));
    for lease in x.leases() {
        let id = lease.id;
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
        // A refund gives all back, whatever there is evidence for.
        let owed = reads::owed(lease.price, lease.units, lease.replicas, seconds.0);
        let is_refunded = lease.reason == Some(CloseReason::Refunded);
        let due = if is_closed && ran && !is_refunded { owed } else { 0 };
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
    let is_theirs = (lease.tenant, lease.market, lease.units, lease.duration, lease.prepay)
        == (order.account, order.market, order.units, order.duration, order.prepay)
        && (lease.provider, lease.provider_account) == (bid.provider, bid.account)
        && lease.replicas > 0;
    ensure!(is_theirs, rule::LEASE, "lease {id} is not of its order and bid: {lease:?}");
    ensure!(lease.tenant != lease.provider_account, rule::LEASE, "lease {id} has one account on both sides");
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
    let provider = x.provider(lease.provider).expect("a bid has a provider");
    let is_offered = order.requires.iter().all(|required| provider.attributes.contains(required));
    ensure!(is_offered, rule::LEASE, "lease {id} is with a provider that does not offer what its order requires");
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
