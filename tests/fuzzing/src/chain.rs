//! Facts of the chain, sound and unsound: whoever reports them is not believed
//! to be right.

use berth_domain::{
    AccountId, ChainEventId, Command, Deposit, EscrowFailed, Escrowed, LeaseId, LedgerSeen, SettlementPaid,
    SettlementRefunded, StakeFact, TopUpFailed, ToppedUp, TxHash, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};
use berth_exchange::{Exchange, Lease};

use crate::dice::{Dice, text};
use crate::leases;
use crate::rules::address;

const CHAIN: AccountId = AccountId::EXCHANGE;

pub(crate) fn escrowed(lease: &Lease, dice: &mut Dice<'_>) -> (AccountId, Command) {
    if dice.rarely() {
        return escrow_failed(lease);
    }
    (CHAIN, Escrowed { lease: lease.id, tx: tx(dice), ledger: 1 }.into())
}

pub(crate) fn escrow_failed(lease: &Lease) -> (AccountId, Command) {
    (CHAIN, EscrowFailed { lease: lease.id, reason: text("no \"funds\"") }.into())
}

/// A lease that is closed is paid, or given back after its deadline.
pub(crate) fn settled(lease: &Lease, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (id, tx) = (lease.id, tx(dice));
    let choice = dice.byte();
    if choice >= 0xd0 {
        let amount = if choice >= 0xf0 { dice.amount() } else { lease.escrow };
        return (CHAIN, SettlementRefunded { lease: id, tx, ledger: 3, amount }.into());
    }
    let pay = if choice >= 0xc0 { dice.amount() } else { lease.pay };
    let refund = lease.escrow.checked_sub(lease.pay).unwrap_or_default();
    (CHAIN, SettlementPaid { lease: id, tx, ledger: 2, pay, fee: lease.fee, refund }.into())
}

pub(crate) fn topped_up(lease: &Lease, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let number = lease.funding.top_ups;
    if dice.byte() % 4 == 3 {
        let number = if dice.rarely() { dice.count() } else { number };
        return (CHAIN, TopUpFailed { lease: lease.id, number, reason: text("no") }.into());
    }
    let asked = lease.funding.top_up.map(|top_up| top_up.amount);
    let amount = if dice.rarely() { dice.amount() } else { asked.unwrap_or_default() };
    let tx = TxHash([u8::try_from(number % 256).expect("it is less than 256"); 32]);
    (CHAIN, ToppedUp { lease: lease.id, tx, ledger: 1, amount }.into())
}

/// The ledger that draws spot checks: one hash of ten draws a lease.
pub(crate) fn ledger_seen(lease: &Lease, dice: &mut Dice<'_>) -> (AccountId, Command) {
    (CHAIN, LedgerSeen { lease: lease.id, ledger: dice.byte().into(), hash: dice.digest() }.into())
}

/// Money that comes and goes.
pub(crate) fn money(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (event, address) = (event(x, dice), address(2 + dice.byte() % 8));
    let balances = x.account_by_address(address).map(|id| x.balances(id)).unwrap_or_default();
    let choice = dice.byte();
    let amount = match dice.byte() % 8 {
        0 | 1 => dice.amount(),
        2 => balances.available,
        3 => balances.held,
        4 => balances.withdrawing,
        5 => balances.available.checked_add(balances.held).unwrap_or_default(),
        _ => berth_domain::Stroops::new(balances.available.get() / 2).unwrap_or_default(),
    };
    let command = match choice % 8 {
        0 | 1 => Deposit { event, address, amount }.into(),
        2 | 3 => WithdrawalFact { event, address, amount }.into(),
        4 | 5 => Withdrawn { event, address, amount }.into(),
        _ => WithdrawalCancelled { event, address, amount }.into(),
    };
    (CHAIN, command)
}

/// What an account stakes now, or what was slashed of it.
pub(crate) fn stake(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (event, address) = (event(x, dice), address(2 + dice.byte() % 8));
    let slashed = dice.perhaps(|dice| leases::live(x, dice));
    (CHAIN, StakeFact { event, address, staked: dice.amount(), slashed }.into())
}

/// Facts about leases that may not be.
pub(crate) fn of_no_lease(dice: &mut Dice<'_>) -> (AccountId, Command) {
    let lease = LeaseId(dice.id(&[0, u64::MAX]));
    (CHAIN, Escrowed { lease, tx: tx(dice), ledger: u32::MAX }.into())
}

/// Ids of the chain's events grow with the log; now and then one comes again,
/// and now and then the last that there can be.
fn event(x: &Exchange, dice: &mut Dice<'_>) -> ChainEventId {
    let head = x.head().0;
    let toid = match dice.byte() {
        0xf0 => u64::MAX,
        0xf1 => 0,
        0xf2.. => head.saturating_sub(3),
        _ => head + 1,
    };
    ChainEventId { toid, index: 0 }
}

fn tx(dice: &mut Dice<'_>) -> TxHash {
    TxHash([dice.byte() % 4; 32])
}
