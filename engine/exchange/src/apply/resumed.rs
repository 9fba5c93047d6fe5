//! The node was down. While it was, no agent could be heard and no follower
//! could report, so what waits for them waits anew from when it was up: the
//! control plane's absence kills no lease. The ends of leases and orders do not
//! move.

use berth_domain::{LeaseState, Resumed, Verify};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::{Lease, Origin, Timer};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, _resumed: &Resumed) -> Outcome {
    for lease in &x.leases {
        let timing = &x.config.terms[lease.terms as usize].timing;
        let deadline = match lease.state {
            LeaseState::Opened => step.at.plus(timing.escrow_timeout),
            LeaseState::Escrowed => step.at.plus(timing.start_timeout),
            LeaseState::Running => step.at.plus(timing.dark_after),
            LeaseState::Suspended => lease.funding.closes_at(step.at, timing.suspend_timeout),
            LeaseState::Closing => step.at.plus(timing.closing_timeout),
            // The ledger that draws it; what other runs take does not move.
            LeaseState::Verifying if awaits_ledger(x, lease) => step.at.plus(timing.escrow_timeout),
            LeaseState::Verifying => continue,
            LeaseState::Closed => continue,
        };
        if is(Planted::AbsenceKills) && lease.state == LeaseState::Running {
            continue;
        }
        let end = Timer::LeaseEnd(lease.id);
        if is(Planted::EndsMove) && x.timers.deadline(end).is_some() {
            x.timers.set(end, step.at.plus(lease.duration.min(lease.prepay)));
        }
        let timer = Timer::LeasePhase(lease.id);
        if x.timers.deadline(timer).is_some() {
            x.timers.set(timer, deadline);
        }
    }
    let silent: Vec<_> = x.accounts.iter().filter(|a| a.dead_man_millis > 0).map(|a| a.id).collect();
    for account in silent {
        x.heard(account, step.at);
    }
    Outcome::Done(Reply::None)
}

/// Whether the chain is still to say if a lease is run again.
fn awaits_ledger(x: &Exchange, lease: &Lease) -> bool {
    x.verify_of(lease) == Verify::Spot && !matches!(lease.origin, Origin::Rerun(_)) && !x.checks.contains_key(&lease.id)
}
