//! The operator announces new terms. They come into force by a timer, and no
//! lease that is open by then is touched: it keeps the terms of its opening.

use berth_domain::{Change, ChangeAnnounced, Code, ExchangeReconfigured, Micros, Reconfigure};

use super::check_operator;
use super::genesis::are_in_bounds;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::{Terms, Timer};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, change: &Reconfigure) -> Result<Outcome, Code> {
    check_operator(x, step)?;
    let Reconfigure { fee, timing, bounds, effective_at } = *change;
    if !are_in_bounds(timing.as_ref().unwrap_or(x.timing()), bounds.as_ref().unwrap_or(x.bounds())) {
        return Err(Code::OutOfBounds);
    }
    check_delay(x, step, effective_at)?;
    x.config.announced_terms = Some(*change);
    x.timers.set(Timer::NewTerms, effective_at);
    step.emit(ChangeAnnounced { change: Change::Terms { fee, timing, bounds }, effective_at });
    Ok(Outcome::Done(Reply::None))
}

/// Whether a change is announced long enough before it comes.
pub(super) fn check_delay(x: &Exchange, step: &Step<'_>, effective_at: Micros) -> Result<(), Code> {
    let earliest = step.at.plus(x.timing().reconfigure_delay);
    if effective_at < earliest { Err(Code::TooSoon) } else { Ok(()) }
}

/// What was announced comes into force.
pub(super) fn fire(x: &mut Exchange, step: &mut Step<'_>) {
    let Some(change) = x.config.announced_terms.take() else { return };
    let old = *x.terms().expect("no timer fires before the genesis");
    let terms = Terms { fee: change.fee.unwrap_or(old.fee), timing: change.timing.unwrap_or(old.timing) };
    if terms != old {
        x.config.terms.push(terms);
    }
    let bounds = change.bounds.unwrap_or(x.config.bounds);
    x.config.bounds = bounds;
    step.emit(ExchangeReconfigured { fee: terms.fee, timing: terms.timing, bounds });
}
