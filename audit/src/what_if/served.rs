//! What agents and the chain would have said of leases that only the other log
//! has: that all went well.

use std::collections::BTreeSet;

use berth_domain::{
    AccountId, Authority, Command, Escrowed, FinishLease, FinishOutcome, Heartbeat, LeaseId, LeaseState, Micros,
    SettlementPaid, StartLease, Stroops, Text, TxHash,
};
use berth_exchange::Exchange;

/// Leases that are served, and when something is to be said of each.
#[derive(Clone, Debug, Default)]
pub struct Served {
    due: BTreeSet<(Micros, LeaseId)>,
    leases: BTreeSet<LeaseId>,
}

impl Served {
    /// Serves a lease from now on.
    pub fn serve(&mut self, now: Micros, lease: LeaseId) {
        self.plan(now, lease);
    }

    pub(super) fn has(&self, lease: LeaseId) -> bool {
        self.leases.contains(&lease)
    }

    /// When something is to be said next.
    #[must_use]
    pub fn next(&self) -> Option<Micros> {
        self.due.first().map(|(at, _)| *at)
    }

    fn plan(&mut self, at: Micros, lease: LeaseId) {
        self.due.insert((at, lease));
        self.leases.insert(lease);
    }

    /// The next thing to say; none when there is nothing more to say of that
    /// lease.
    pub fn take(&mut self, x: &Exchange) -> Option<Command> {
        let (at, id) = self.due.pop_first()?;
        let lease = x.lease(id)?;
        let tx = TxHash([0; 32]);
        let beat = x.terms_of(lease).timing.heartbeat_interval;
        match lease.state {
            LeaseState::Opened => {
                self.plan(at, id);
                Some(Escrowed { lease: id, tx, ledger: 0 }.into())
            }
            LeaseState::Escrowed => {
                self.plan(at.plus(beat), id);
                let containers = (0..lease.replicas)
                    .map(|_| berth_domain::ContainerReport { id: Text::lossy("served"), ports: Vec::new() });
                Some(StartLease { lease: id, image: Text::lossy("served"), containers: containers.collect() }.into())
            }
            LeaseState::Running => {
                let ends = lease.ends_at.unwrap_or(at);
                self.plan(at.plus(beat).min(ends.max(Micros(at.0 + 1))), id);
                Some(Heartbeat { lease: id, cpu_millis: 0, memory_bytes: 0, healthy: true }.into())
            }
            LeaseState::Closing => {
                self.plan(at.plus(beat), id);
                let outcome = FinishOutcome::Stopped;
                let finish = FinishLease { lease: id, outcome, exit_code: None, result: None, detail: Text::default() };
                Some(finish.into())
            }
            LeaseState::Closed if lease.is_escrowed() && lease.paid_at.is_none() => {
                let refund = lease.escrow.checked_sub(lease.pay).unwrap_or(Stroops::ZERO);
                Some(SettlementPaid { lease: id, tx, ledger: 0, pay: lease.pay, fee: lease.fee, refund }.into())
            }
            LeaseState::Closed => None,
            // Nobody tops it up; its funds end, and it closes by itself.
            _ => {
                self.plan(at.plus(beat), id);
                None
            }
        }
    }
}

/// Who says it: the provider's agent, or the exchange where it is the chain's.
#[must_use]
pub fn speaker(x: &Exchange, command: &Command) -> (AccountId, Authority) {
    let lease = match command {
        Command::StartLease(c) => c.lease,
        Command::Heartbeat(c) => c.lease,
        Command::FinishLease(c) => c.lease,
        _ => return (AccountId::EXCHANGE, Authority::Exchange),
    };
    let agent = x.lease(lease).map(|lease| lease.provider_account).unwrap_or_default();
    (agent, Authority::OperatorAttested)
}
