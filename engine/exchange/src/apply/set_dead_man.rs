//! The dead-man timer: ends all orders and bids of an account that has been
//! silent for as long as it said.

use berth_domain::{AccountId, CancelReason, DeadManSet, Micros, SetDeadMan};

use super::cancel_all::end_all;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, set: &SetDeadMan) -> Outcome {
    x.account_mut(step.account).dead_man_millis = set.millis;
    let deadline = if set.millis == 0 {
        x.timers.clear(Timer::DeadMan(step.account));
        None
    } else {
        Some(x.heard(step.account, step.at))
    };
    step.emit(DeadManSet { account: step.account, deadline });
    Outcome::Done(Reply::Account(step.account))
}

/// The account has been silent.
pub(super) fn fire(x: &mut Exchange, step: &mut Step<'_>, account: AccountId) {
    x.account_mut(account).dead_man_millis = 0;
    end_all(x, step, account, CancelReason::DeadMan, |_, _| true);
    step.emit(DeadManSet { account, deadline: None });
}

impl Exchange {
    /// An account whose timer is armed has been heard; answers when it fires.
    pub(crate) fn heard(&mut self, account: AccountId, at: Micros) -> Micros {
        let millis = self.account_mut(account).dead_man_millis;
        let deadline = Micros(at.0.saturating_add(u64::from(millis) * 1_000));
        self.timers.set(Timer::DeadMan(account), deadline);
        deadline
    }
}
