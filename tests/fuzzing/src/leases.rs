//! What tenants and agents say of leases.

use berth_domain::{
    AcceptBid, AccountId, BidId, BidState, BidTarget, Command, ContainerReport, FinishLease, FinishOutcome, Heartbeat,
    JobResult, LeaseBacklog, LeaseId, LeaseState, Micros, PortBinding, StartLease, StopLease, TopUpLease,
};
use berth_exchange::{Bid, Exchange, Lease};

use crate::chain;
use crate::dice::{Dice, text};

/// The next step of some lease that is not over, most often.
pub(crate) fn next(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let id = live(x, dice);
    let Some(lease) = x.lease(id) else { return (AccountId(3), beat(id, dice)) };
    let choice = dice.byte();
    if choice >= 0xe0 {
        return any(x, lease, choice, dice);
    }
    match lease.state {
        LeaseState::Opened => chain::escrowed(lease, dice),
        LeaseState::Escrowed => (lease.provider_account, start(lease, dice)),
        LeaseState::Running if choice < 0x60 => (lease.provider_account, beat(id, dice)),
        LeaseState::Suspended => top_up(lease, dice),
        // Stopped before the chain answered.
        LeaseState::Closing if !lease.is_escrowed() => chain::escrowed(lease, dice),
        LeaseState::Running | LeaseState::Closing => (lease.provider_account, finish(id, dice)),
        LeaseState::Verifying => chain::ledger_seen(lease, dice),
        LeaseState::Closed => chain::settled(lease, dice),
    }
}

/// Any step of a lease, whether it is due or not.
fn any(x: &Exchange, lease: &Lease, choice: u8, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (id, agent) = (lease.id, lease.provider_account);
    match choice % 12 {
        0 => chain::escrowed(lease, dice),
        1 => chain::escrow_failed(lease),
        2 => (agent, start(lease, dice)),
        3 => (agent, beat(id, dice)),
        4 => (agent, finish(id, dice)),
        5 => (lease.tenant, StopLease { lease: id }.into()),
        6 => top_up(lease, dice),
        7 => chain::topped_up(lease, dice),
        8 => chain::ledger_seen(lease, dice),
        9 => (agent, backlog(lease, dice)),
        10 => accept(x, dice),
        _ => chain::settled(lease, dice),
    }
}

/// A tenant accepts a directed bid.
pub(crate) fn accept(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let is_meant = |bid: &Bid| !bid.is_standing() && (bid.is_live() || bid.state == BidState::Matched);
    let answers: Vec<u64> = x.bids().filter(|bid| is_meant(bid)).map(|bid| bid.id.0).collect();
    let bid = BidId(dice.id(&answers));
    let tenant = match x.bid(bid).map(|bid| bid.target) {
        Some(BidTarget::Directed { order }) => x.order(order).map(|order| order.account),
        _ => None,
    };
    (tenant.unwrap_or(AccountId(4)), AcceptBid { bid }.into())
}

pub(crate) fn live(x: &Exchange, dice: &mut Dice<'_>) -> LeaseId {
    let live: Vec<u64> = x.leases().filter(|lease| !is_over(lease)).map(|lease| lease.id.0).collect();
    LeaseId(dice.id(&live))
}

/// Whether nothing can come of a lease any more.
pub(crate) fn is_over(lease: &Lease) -> bool {
    lease.state == LeaseState::Closed && (lease.paid_at.is_some() || !lease.is_escrowed())
}

fn start(lease: &Lease, dice: &mut Dice<'_>) -> Command {
    let report =
        ContainerReport { id: text("c"), ports: vec![PortBinding { container: 80, host: u16::MAX, udp: dice.flag() }] };
    let few = if dice.rarely() { 0 } else { lease.replicas as usize };
    StartLease { lease: lease.id, image: text("sha256:0"), containers: vec![report; few] }.into()
}

fn beat(lease: LeaseId, dice: &mut Dice<'_>) -> Command {
    Heartbeat { lease, cpu_millis: u64::MAX, memory_bytes: u64::MAX, healthy: dice.byte() % 4 != 3 }.into()
}

fn finish(lease: LeaseId, dice: &mut Dice<'_>) -> Command {
    let outcome =
        dice.pick(&[FinishOutcome::Exited, FinishOutcome::Exited, FinishOutcome::Stopped, FinishOutcome::Failed]);
    let exit_code = (outcome == FinishOutcome::Exited).then(|| dice.pick(&[0, 0, 0, 1, i32::MIN]));
    let size = if dice.rarely() { u64::MAX } else { 5 };
    let result = (dice.byte() % 4 != 3).then(|| JobResult { sha256: dice.digest(), size });
    FinishLease { lease, outcome, exit_code, result, detail: text("over \" \\ é") }.into()
}

fn top_up(lease: &Lease, dice: &mut Dice<'_>) -> (AccountId, Command) {
    if lease.funding.top_up.is_some() && !dice.rarely() {
        return chain::topped_up(lease, dice);
    }
    (lease.tenant, TopUpLease { lease: lease.id, seconds: dice.seconds() }.into())
}

fn backlog(lease: &Lease, dice: &mut Dice<'_>) -> Command {
    let beats = match lease.evidence.gap() {
        Some(gap) => {
            let every = dice.pick(&[10, 1, 60, 600]) * 1_000_000;
            (1..).map(|n| Micros(gap.from.0 + n * every)).take_while(|at| *at < gap.to).take(50).collect()
        }
        None => (0..dice.byte() % 4).map(|_| dice.time(lease.opened_at)).collect(),
    };
    LeaseBacklog { lease: lease.id, beats }.into()
}
