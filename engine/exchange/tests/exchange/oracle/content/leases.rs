//! Leases, what waits for them, and timers.

use std::collections::BTreeSet;

use berth_domain::Micros;

use super::super::order::stroops;
use super::super::timers::Timer;
use super::super::{Lease, Oracle, Origin};
use super::{put, sequence};

impl Oracle {
    pub(super) fn leases(&self) -> Vec<u8> {
        let mut out = Vec::new();
        sequence(&mut out, &self.leases, put_lease);
        let mut standbys = self.standbys.clone();
        standbys.sort_unstable_by_key(|standby| standby.lease);
        sequence(&mut out, &standbys, |out, it| {
            put(out, &[&it.lease, &it.bid, &it.host, &it.price, &it.units, &stroops(it.hold)]);
        });
        sequence(&mut out, &each_once(&self.seeking), |out, lease| put(out, &[lease]));
        sequence(&mut out, &each_once(&self.freed), |out, host| put(out, &[host]));
        let mut gangs: Vec<_> = self.gangs.iter().collect();
        gangs.sort_by_key(|gang| gang.order);
        sequence(&mut out, &gangs, |out, gang| {
            put(out, &[&gang.order, &u32::try_from(gang.missing).expect("few"), &gang.closes_next()]);
        });
        let mut checks: Vec<_> = self.checks.iter().collect();
        checks.sort_unstable_by_key(|check| check.lease);
        sequence(&mut out, &checks, |out, check| {
            let rerun = |n: usize| check.reruns.get(n).copied();
            put(out, &[&check.lease, &check.ledger, &check.hash, &rerun(0), &rerun(1)]);
        });
        sequence(&mut out, &self.timers(), |out, (deadline, timer)| {
            put(out, &[deadline]);
            put_timer(out, *timer);
        });
        out
    }
}

fn each_once<T: Ord + Copy>(items: &[T]) -> Vec<T> {
    items.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

fn put_lease(out: &mut Vec<u8>, lease: &Lease) {
    let record = &lease.record;
    put(out, &[&lease.id, &lease.order, &lease.bid]);
    match lease.origin {
        Origin::Match => put(out, &[&0_u8]),
        Origin::Failover(from) => put(out, &[&1_u8, &from]),
        Origin::Rerun(of) => put(out, &[&2_u8, &of]),
    }
    put(out, &[&lease.market, &lease.host, &lease.owner, &lease.tenant, &lease.level, &lease.price]);
    let rate = lease.price.of(lease.units, lease.replicas).expect("it was counted");
    put(out, &[&rate, &lease.units, &lease.resources, &lease.replicas, &lease.duration, &lease.prepay]);
    put(out, &[&stroops(lease.escrow()), &lease.state, &lease.reason, &lease.detail]);
    put(out, &[&record.opened_at, &record.opened_seq, &record.escrowed_at, &lease.started_at, &lease.ends_at]);
    put(out, &[&lease.closing_at, &record.closed_at, &record.paid_at, &record.chain_deadline]);
    put(out, &[&lease.escrow_tx, &lease.paid_tx, &lease.image, &lease.containers, &lease.finished, &lease.result]);
    put(out, &[&record.cpu_millis, &record.memory_bytes]);
    put_evidence(out, lease);
    put_funding(out, lease);
    put(out, &[&record.proof, &stroops(lease.pay), &stroops(lease.fee)]);
    put(out, &[&u32::try_from(record.terms).expect("few")]);
}

fn put_evidence(out: &mut Vec<u8>, lease: &Lease) {
    let is_unseen = lease.started_at.is_some() && lease.heard_at.is_none();
    put(out, &[&lease.record.seen_until, &lease.ran_micros, &lease.record.heartbeats, &lease.failed_checks]);
    put(out, &[&is_unseen, &lease.gap.is_some()]);
    if let Some(gap) = lease.gap {
        put(out, &[&gap.from, &gap.to, &Micros(gap.from.0 + gap.payable)]);
    }
}

fn put_funding(out: &mut Vec<u8>, lease: &Lease) {
    let funding = &lease.funding;
    let pending = funding.pending();
    put(out, &[&pending.is_some()]);
    if let Some((number, top_up)) = pending {
        put(out, &[&number, &top_up.seconds, &stroops(top_up.amount)]);
    }
    put(out, &[&u32::try_from(funding.top_ups.len()).expect("few")]);
    sequence(out, &funding.came(), |out, tx| put(out, &[tx]));
    put(out, &[&funding.is_warned, &funding.suspended_at, &funding.suspended_micros]);
}

fn put_timer(out: &mut Vec<u8>, timer: Timer) {
    match timer {
        Timer::OrderExpiry(id) => put(out, &[&0_u8, &id]),
        Timer::AuctionClose(id) => put(out, &[&1_u8, &id]),
        Timer::BidExpiry(id) => put(out, &[&2_u8, &id]),
        Timer::LeaseEnd(id) => put(out, &[&3_u8, &id]),
        Timer::LeaseOverdue(id) => put(out, &[&4_u8, &id]),
        Timer::DeadMan(id) => put(out, &[&5_u8, &id]),
        Timer::Trust(id) => put(out, &[&6_u8, &id]),
        Timer::Mandate(id) => put(out, &[&7_u8, &id]),
        Timer::Gang(id) => put(out, &[&8_u8, &id]),
        Timer::Reentry => put(out, &[&9_u8]),
        Timer::NewTerms => put(out, &[&10_u8]),
        Timer::NewRules => put(out, &[&11_u8]),
    }
}
