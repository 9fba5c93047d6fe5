//! Withdrawals: the account asks the contract, the contract pays. The chain is
//! what happened; the ledger follows it.

use berth_domain::{
    AccountId, Code, StandbyEnd, Stroops, WithdrawalCancelled, WithdrawalFact, WithdrawalMoved, WithdrawalPaid,
    WithdrawalReturned, Withdrawn,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::Place;

/// The funds leave what can be traded with: first what is free, then what open
/// orders hold, the youngest first. What escrows hold stays, for `open` ranks
/// before a request in the contract too.
pub(super) fn requested(x: &mut Exchange, step: &mut Step<'_>, fact: &WithdrawalFact) -> Outcome {
    if fact.event <= x.chain_cursor {
        return Outcome::Repeated(Reply::None);
    }
    x.chain_cursor = fact.event;
    let account = x.account_of(step, fact.address);
    let more = fact.amount.checked_sub(x.balances(account).withdrawing).unwrap_or(Stroops::ZERO);
    free(x, step, account, more);
    let more = more.min(x.ledger.available(account));
    x.ledger.post(Place::Available(account), Place::Withdrawing(account), more);
    let amount = x.balances(account).withdrawing;
    step.emit(WithdrawalMoved { account, address: fact.address, amount });
    Outcome::Done(Reply::Account(account))
}

/// The contract has paid, and that is so whatever the exchange had in mind for
/// the money. What it has counted to a lease that the chain has not locked, or
/// to a top-up, the account owes until the chain says that it has not got it,
/// or that more has come in.
pub(super) fn paid(x: &mut Exchange, step: &mut Step<'_>, fact: &Withdrawn) -> Result<Outcome, Code> {
    if fact.event <= x.chain_cursor {
        return Ok(Outcome::Repeated(Reply::None));
    }
    let account = x.account_by_address(fact.address).ok_or(Code::UnknownFact)?;
    // Facts come in the chain's order, so the contract has no more than this.
    if fact.amount > x.ledger.inside() {
        return Err(Code::SettlementMismatch);
    }
    x.chain_cursor = fact.event;
    let before = x.balances(account);
    let mut waiting = fact.amount.min(before.withdrawing);
    if is(Planted::WaitingStays) {
        waiting = fact.amount.checked_sub(before.available + before.held).unwrap_or_default().min(before.withdrawing);
    }
    x.ledger.post(Place::Withdrawing(account), Place::World, waiting);
    let rest = fact.amount - waiting;
    free(x, step, account, rest);
    let there = rest.min(x.ledger.available(account));
    x.ledger.post(Place::Available(account), Place::World, there);
    x.ledger.post(Place::Owed(account), Place::World, rest - there);
    step.emit(WithdrawalPaid { account, address: fact.address, amount: fact.amount });
    Ok(Outcome::Done(Reply::Account(account)))
}

pub(super) fn cancelled(x: &mut Exchange, step: &mut Step<'_>, fact: &WithdrawalCancelled) -> Result<Outcome, Code> {
    if fact.event <= x.chain_cursor {
        return Ok(Outcome::Repeated(Reply::None));
    }
    let account = x.account_by_address(fact.address).ok_or(Code::UnknownFact)?;
    x.chain_cursor = fact.event;
    // The contract returns all that was requested.
    let amount = x.balances(account).withdrawing;
    x.ledger.post(Place::Withdrawing(account), Place::Available(account), amount);
    step.emit(WithdrawalReturned { account, address: fact.address, amount });
    Ok(Outcome::Done(Reply::Account(account)))
}

/// Parks open orders, the youngest first, and then releases standbys, those of
/// the youngest leases first, until `amount` is available or none is left.
fn free(x: &mut Exchange, step: &mut Step<'_>, account: AccountId, amount: Stroops) {
    while x.ledger.available(account) < amount {
        let youngest = x.live_orders(account).find(|order| order.hold > Stroops::ZERO);
        let Some(id) = youngest.map(|order| order.id) else { break };
        x.park_order(step, id);
    }
    while x.ledger.available(account) < amount {
        let Some(lease) = x.youngest_backed(account) else { break };
        x.release_standby(step, lease, StandbyEnd::Unfunded);
    }
}
