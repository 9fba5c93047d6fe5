//! Fires due timers, in the order of their deadlines and ids.

use berth_domain::{CloseReason, LeaseId, LeaseState, TrustCause};

use super::{reconfigure, set_dead_man, upgrade};
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>) -> Outcome {
    let bound = x.bounds().tick;
    let most = step.told() + bound as usize;
    for _ in 0..bound {
        // A timer may end very much; what else is due waits then.
        if step.told() >= most {
            break;
        }
        match x.timers.pop_due(step.at) {
            Some(Timer::OrderExpiry(order)) => x.expire_order(step, order),
            Some(Timer::AuctionClose(order)) => {
                if !x.close_auction(step, order) {
                    break;
                }
            }
            Some(Timer::BidExpiry(bid)) => x.expire_bid(step, bid),
            Some(Timer::LeaseEnd(lease)) => x.run_out(step, lease),
            Some(Timer::LeasePhase(lease)) => lease_phase(x, step, lease),
            Some(Timer::DeadMan(account)) => set_dead_man::fire(x, step, account),
            Some(Timer::Trust(account)) => {
                x.weigh(step, account, TrustCause::Expiry);
            }
            Some(Timer::Gang(order)) => {
                x.close_gang(step, order);
                if x.timers.deadline(Timer::Gang(order)).is_some() {
                    break;
                }
            }
            Some(Timer::Mandate(account)) => x.mandate_due(step, account),
            Some(Timer::Reentry) => {
                x.reenter_waiting(step);
                // What still waits does so for a tick of its own.
                if x.timers.deadline(Timer::Reentry).is_some() {
                    break;
                }
            }
            // What is due behind new terms or rules happens under them, so in an
            // entry of its own.
            Some(Timer::NewTerms) => {
                reconfigure::fire(x, step);
                break;
            }
            Some(Timer::NewRules) => {
                upgrade::fire(x, step);
                break;
            }
            None => break,
        }
    }
    if is(Planted::TickForgets) {
        x.timers.pop_due(step.at);
    }
    Outcome::Done(Reply::None)
}

/// What the lease's state waited for has not come.
fn lease_phase(x: &mut Exchange, step: &mut Step<'_>, id: LeaseId) {
    let Some(lease) = x.lease(id) else { return };
    match lease.state {
        LeaseState::Opened => x.begin_closing(step, id, CloseReason::EscrowTimeout),
        LeaseState::Escrowed => x.begin_closing(step, id, CloseReason::StartTimeout),
        LeaseState::Running => x.close(step, id, CloseReason::Dark),
        LeaseState::Suspended => x.begin_closing(step, id, CloseReason::Exhausted),
        LeaseState::Closing => {
            let reason = lease.reason.unwrap_or(CloseReason::Failed);
            x.close(step, id, reason);
        }
        LeaseState::Verifying => x.verification_is_late(step, id),
        LeaseState::Closed => {}
    }
}
