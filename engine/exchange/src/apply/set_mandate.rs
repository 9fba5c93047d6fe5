//! An account limits what may be done in its name.

use berth_domain::{Code, Mandate, SetMandate};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, set: &SetMandate) -> Result<Outcome, Code> {
    let SetMandate { per_lease, per_day, floor, until } = *set;
    if until.is_some_and(|until| until <= step.at) {
        return Err(Code::TimeInPast);
    }
    let limits_something = per_lease.is_some() || per_day.is_some() || floor.is_some();
    let mandate = limits_something.then_some(Mandate { per_lease, per_day, floor, until });
    x.change_mandate(step, step.account, mandate);
    Ok(Outcome::Done(Reply::Account(step.account)))
}
