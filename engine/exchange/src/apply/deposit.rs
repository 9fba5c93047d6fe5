//! A deposit on the chain.

use berth_domain::{Code, Deposit, DepositCredited, Stroops};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::Place;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, deposit: &Deposit) -> Result<Outcome, Code> {
    let is_old =
        if is(Planted::DepositAgain) { deposit.event == x.chain_cursor } else { deposit.event <= x.chain_cursor };
    if is_old {
        return Ok(Outcome::Repeated(Reply::None));
    }
    // The asset's supply fits into an i64, and what has left may come back any
    // number of times; so this only refuses a follower that reports what cannot
    // be.
    if !x.ledger.has_room_for(deposit.amount) {
        return Err(Code::AmountTooLarge);
    }
    if deposit.amount == Stroops::ZERO {
        return Err(Code::OutOfBounds);
    }
    x.chain_cursor = deposit.event;
    let account = x.account_of(step, deposit.address);
    x.ledger.post(Place::World, Place::Available(account), deposit.amount);
    step.emit(DepositCredited { account, amount: deposit.amount, event: deposit.event });
    Ok(Outcome::Done(Reply::Account(account)))
}
