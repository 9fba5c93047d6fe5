//! The operator announces the rules that entries must carry from then on. A
//! build that does not know them applies nothing behind the tick that brought
//! them into force: whoever runs it has until then to put a newer one there.

use berth_domain::{Change, ChangeAnnounced, Code, ExchangeUpgraded, Upgrade};

use super::check_operator;
use super::reconfigure::check_delay;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, upgrade: &Upgrade) -> Result<Outcome, Code> {
    check_operator(x, step)?;
    let Upgrade { rules, effective_at } = *upgrade;
    if rules < x.rules() {
        return Err(Code::OutOfBounds);
    }
    check_delay(x, step, effective_at)?;
    x.config.announced_rules = Some(*upgrade);
    x.timers.set(Timer::NewRules, effective_at);
    step.emit(ChangeAnnounced { change: Change::Rules { rules }, effective_at });
    Ok(Outcome::Done(Reply::None))
}

/// What was announced comes into force.
pub(super) fn fire(x: &mut Exchange, step: &mut Step<'_>) {
    let Some(Upgrade { rules, .. }) = x.config.announced_rules.take() else { return };
    x.config.rules = rules;
    step.emit(ExchangeUpgraded { rules });
}
