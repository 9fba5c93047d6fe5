//! Commands: one file each, and the one match that branches over them. A
//! command first decides whether it is refused and only then changes anything.

mod accept_bid;
mod amend_bid;
mod amend_order;
mod attest;
mod cancel_all;
mod cancel_bid;
mod cancel_order;
mod cycle_market;
mod deposit;
mod escrow_failed;
mod escrowed;
mod finish_lease;
pub(crate) mod genesis;
mod heartbeat;
mod lease_backlog;
mod ledger_seen;
mod mass_quote;
mod open_account;
mod open_market;
mod pause_market;
pub(crate) mod place_bid;
pub(crate) mod place_order;
mod reconfigure;
mod register_key;
mod register_provider;
mod replace_bid;
mod replace_order;
mod resume_market;
mod resumed;
mod revoke_key;
mod set_dead_man;
mod set_mandate;
mod settlement_paid;
mod settlement_refunded;
mod stake_fact;
mod start_lease;
mod stop_lease;
mod tick;
mod top_up_failed;
mod top_up_lease;
mod topped_up;
mod update_provider;
mod upgrade;
mod withdrawal;

use berth_domain::{AccountId, Code, Command, LeaseId, Subject};

use crate::exchange::{Exchange, Step};
use crate::outcome::Outcome;
use crate::state::Lease;

#[inline(always)]
pub(crate) fn command(x: &mut Exchange, step: &mut Step<'_>, command: &Command) -> Result<Outcome, Code> {
    if is_the_exchanges(command) {
        if step.account != AccountId::EXCHANGE {
            return Err(Code::NotTheExchange);
        }
    } else if x.accounts.get(step.account).is_none() {
        return Err(Code::UnknownAccount);
    }
    match command {
        Command::Genesis(genesis) => genesis::apply(x, step, genesis),
        Command::Tick(_) => Ok(tick::apply(x, step)),
        Command::Resumed(resumed) => Ok(resumed::apply(x, step, resumed)),
        Command::OpenAccount(open) => Ok(open_account::apply(x, step, open)),
        Command::Deposit(deposit) => deposit::apply(x, step, deposit),
        Command::WithdrawalRequested(fact) => Ok(withdrawal::requested(x, step, fact)),
        Command::Withdrawn(fact) => withdrawal::paid(x, step, fact),
        Command::WithdrawalCancelled(fact) => withdrawal::cancelled(x, step, fact),
        Command::RegisterProvider(register) => register_provider::apply(x, step, register),
        Command::PlaceBid(place) => place_bid::apply(x, step, place),
        Command::CancelBid(cancel) => cancel_bid::apply(x, step, cancel),
        Command::PlaceOrder(place) => place_order::apply(x, step, place),
        Command::CancelOrder(cancel) => cancel_order::apply(x, step, cancel),
        Command::AmendOrder(amend) => amend_order::apply(x, step, amend),
        Command::AmendBid(amend) => amend_bid::apply(x, step, amend),
        Command::ReplaceOrder(replace) => replace_order::apply(x, step, replace),
        Command::ReplaceBid(replace) => replace_bid::apply(x, step, replace),
        Command::MassQuote(mass) => mass_quote::apply(x, step, mass),
        Command::CancelAll(cancel) => Ok(cancel_all::apply(x, step, cancel)),
        Command::SetDeadMan(set) => Ok(set_dead_man::apply(x, step, set)),
        Command::AcceptBid(accept) => accept_bid::apply(x, step, accept),
        Command::Escrowed(fact) => escrowed::apply(x, step, fact),
        Command::EscrowFailed(fact) => escrow_failed::apply(x, step, fact),
        Command::StartLease(start) => start_lease::apply(x, step, start),
        Command::Heartbeat(heartbeat) => heartbeat::apply(x, step, heartbeat),
        Command::FinishLease(finish) => finish_lease::apply(x, step, finish),
        Command::StopLease(stop) => stop_lease::apply(x, step, stop),
        Command::TopUpLease(top_up) => top_up_lease::apply(x, step, top_up),
        Command::ToppedUp(fact) => topped_up::apply(x, step, fact),
        Command::TopUpFailed(fact) => top_up_failed::apply(x, step, fact),
        Command::SetMandate(set) => set_mandate::apply(x, step, set),
        Command::LeaseBacklog(backlog) => lease_backlog::apply(x, step, backlog),
        Command::SettlementPaid(fact) => settlement_paid::apply(x, step, fact),
        Command::SettlementRefunded(fact) => settlement_refunded::apply(x, step, fact),
        Command::LedgerSeen(fact) => ledger_seen::apply(x, step, fact),
        Command::OpenMarket(open) => open_market::apply(x, step, open),
        Command::PauseMarket(pause) => pause_market::apply(x, step, pause),
        Command::ResumeMarket(resume) => resume_market::apply(x, step, resume),
        Command::CycleMarket(cycle) => cycle_market::apply(x, step, cycle),
        Command::Reconfigure(change) => reconfigure::apply(x, step, change),
        Command::Upgrade(upgrade) => upgrade::apply(x, step, upgrade),
        Command::UpdateProvider(update) => update_provider::apply(x, step, update),
        Command::StakeFact(fact) => stake_fact::apply(x, step, fact),
        Command::Attest(attest) => attest::apply(x, step, attest),
        Command::RegisterKey(register) => register_key::apply(x, step, register),
        Command::RevokeKey(revoke) => revoke_key::apply(x, step, revoke),
    }
}

/// Whether only the exchange itself may say this: timers, and facts of the
/// chain that its follower reports.
const fn is_the_exchanges(command: &Command) -> bool {
    match command {
        Command::Genesis(_)
        | Command::Tick(_)
        | Command::Resumed(_)
        | Command::OpenAccount(_)
        | Command::Deposit(_)
        | Command::WithdrawalRequested(_)
        | Command::Withdrawn(_)
        | Command::WithdrawalCancelled(_)
        | Command::Escrowed(_)
        | Command::EscrowFailed(_)
        | Command::SettlementPaid(_)
        | Command::LedgerSeen(_)
        | Command::SettlementRefunded(_)
        | Command::StakeFact(_)
        | Command::ToppedUp(_)
        | Command::TopUpFailed(_) => true,
        Command::RegisterProvider(_)
        | Command::PlaceBid(_)
        | Command::CancelBid(_)
        | Command::PlaceOrder(_)
        | Command::CancelOrder(_)
        | Command::AmendOrder(_)
        | Command::AmendBid(_)
        | Command::ReplaceOrder(_)
        | Command::ReplaceBid(_)
        | Command::MassQuote(_)
        | Command::CancelAll(_)
        | Command::SetDeadMan(_)
        | Command::AcceptBid(_)
        | Command::StartLease(_)
        | Command::Heartbeat(_)
        | Command::FinishLease(_)
        | Command::StopLease(_)
        | Command::OpenMarket(_)
        | Command::PauseMarket(_)
        | Command::ResumeMarket(_)
        | Command::CycleMarket(_)
        | Command::Reconfigure(_)
        | Command::Upgrade(_)
        | Command::UpdateProvider(_)
        | Command::Attest(_)
        | Command::TopUpLease(_)
        | Command::SetMandate(_)
        | Command::LeaseBacklog(_)
        | Command::RegisterKey(_)
        | Command::RevokeKey(_) => false,
    }
}

/// What a command is about, for the event that tells of its refusal.
pub(crate) const fn subject(command: &Command) -> Subject {
    match command {
        Command::Genesis(_)
        | Command::Tick(_)
        | Command::Resumed(_)
        | Command::Reconfigure(_)
        | Command::Upgrade(_) => Subject::Exchange,
        Command::OpenMarket(_) | Command::PauseMarket(_) | Command::ResumeMarket(_) | Command::CycleMarket(_) => {
            Subject::Market
        }
        Command::OpenAccount(_)
        | Command::CancelAll(_)
        | Command::SetDeadMan(_)
        | Command::SetMandate(_)
        | Command::StakeFact(_)
        | Command::Attest(_)
        | Command::RegisterKey(_)
        | Command::RevokeKey(_) => Subject::Account,
        Command::Deposit(_) => Subject::Deposit,
        Command::WithdrawalRequested(_) | Command::Withdrawn(_) | Command::WithdrawalCancelled(_) => {
            Subject::Withdrawal
        }
        Command::RegisterProvider(_) | Command::UpdateProvider(_) => Subject::Provider,
        Command::PlaceBid(_)
        | Command::CancelBid(_)
        | Command::AmendBid(_)
        | Command::ReplaceBid(_)
        | Command::MassQuote(_) => Subject::Bid,
        Command::PlaceOrder(_) | Command::CancelOrder(_) | Command::AmendOrder(_) | Command::ReplaceOrder(_) => {
            Subject::Order
        }
        Command::AcceptBid(_)
        | Command::Escrowed(_)
        | Command::EscrowFailed(_)
        | Command::StartLease(_)
        | Command::Heartbeat(_)
        | Command::FinishLease(_)
        | Command::StopLease(_)
        | Command::TopUpLease(_)
        | Command::ToppedUp(_)
        | Command::TopUpFailed(_)
        | Command::LeaseBacklog(_)
        | Command::SettlementPaid(_)
        | Command::LedgerSeen(_)
        | Command::SettlementRefunded(_) => Subject::Lease,
    }
}

/// The lease, when the account that speaks is its provider's.
fn as_provider<'a>(x: &'a Exchange, step: &Step<'_>, id: LeaseId) -> Result<&'a Lease, Code> {
    let lease = x.lease(id).ok_or(Code::UnknownLease)?;
    if lease.provider_account == step.account { Ok(lease) } else { Err(Code::NotYours) }
}

/// Refuses what is only the operator's to say.
fn check_operator(x: &Exchange, step: &Step<'_>) -> Result<(), Code> {
    if step.account == x.operator { Ok(()) } else { Err(Code::NotTheOperator) }
}
