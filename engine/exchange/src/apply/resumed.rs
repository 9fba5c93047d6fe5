//! The node was down. While it was, no agent could be heard and no follower
//! could report, so what waits for them waits anew from when it was up: the
//! control plane's absence kills no lease. The ends of leases and orders do not
//! move.

use berth_domain::{LeaseState, Resumed};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, _resumed: &Resumed) -> Outcome {
    let timing = *x.timing();
    for lease in &x.leases {
        let wait = match lease.state {
            LeaseState::Opened => timing.escrow_timeout,
            LeaseState::Escrowed => timing.start_timeout,
            LeaseState::Running if is(Planted::AbsenceKills) => continue,
            LeaseState::Running => timing.dark_after,
            LeaseState::Closing => timing.closing_timeout,
            LeaseState::Closed => continue,
        };
        let timer = Timer::LeasePhase(lease.id);
        if x.timers.deadline(timer).is_some() {
            x.timers.set(timer, step.at.plus(wait));
        }
        let end = Timer::LeaseEnd(lease.id);
        if is(Planted::EndsMove) && x.timers.deadline(end).is_some() {
            x.timers.set(end, step.at.plus(lease.duration.min(lease.prepay)));
        }
    }
    Outcome::Done(Reply::None)
}
