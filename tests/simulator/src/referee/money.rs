//! Money: nothing appears, nothing vanishes, nothing is held for nobody.

use berth_domain::Stroops;
use berth_exchange::Exchange;

use super::survey::Survey;
use super::{Checked, ensure, rule};
use crate::reads;

pub(super) fn check(x: &Exchange, survey: &Survey, staked: i128) -> Checked {
    ensure!(x.ledger().is_conserved(), rule::MONEY, "the ledger says so itself");
    let mut inside = 0;
    for account in x.accounts() {
        let (id, place) = (account.id, account.id.0 as usize);
        let balances = x.balances(id);
        let amounts = [balances.available, balances.held, balances.escrowed, balances.withdrawing];
        inside += amounts.map(|amount| i128::from(amount.get())).iter().sum::<i128>();
        let owed = i128::from(balances.owed.get());
        inside -= owed;
        ensure!(
            owed == 0 || balances.available == Stroops::ZERO,
            rule::MONEY,
            "account {id} owes {owed} and has {} available",
            balances.available
        );
        // The contract pays nothing twice, so it had what it paid: it had not
        // locked all that the exchange had in escrows.
        ensure!(
            owed <= survey.unlocked[place],
            rule::MONEY,
            "account {id} owes {owed}, and its leases that are not locked have {}",
            survey.unlocked[place]
        );
        let (held, escrowed) = (i128::from(balances.held.get()), i128::from(balances.escrowed.get()));
        ensure!(
            held == survey.held[place],
            rule::HOLD,
            "account {id} has {held} held, and its orders, top-ups and standbys hold {}",
            survey.held[place]
        );
        ensure!(
            escrowed == survey.escrowed[place],
            rule::HOLD,
            "account {id} has {escrowed} in escrow, and its leases {}",
            survey.escrowed[place]
        );
    }
    let (deposited, withdrawn) = (x.ledger().deposited(), x.ledger().withdrawn());
    ensure!(
        u128::try_from(inside).is_ok_and(|inside| inside + withdrawn == deposited),
        rule::MONEY,
        "{inside} stroops are inside, {deposited} came in and {withdrawn} went out"
    );
    let there = i128::from(x.ledger().staked().get());
    ensure!(there == staked, rule::MONEY, "{there} stroops are staked, and the chain said {staked}");
    for lease in x.leases() {
        let there = if reads::holds_escrow(lease) { lease.escrow } else { Stroops::ZERO };
        let booked = x.ledger().escrow(lease.id);
        ensure!(booked == there, rule::HOLD, "the escrow of lease {} is {booked} and not {there}", lease.id);
    }
    for order in x.orders() {
        let highest = order.limits.highest();
        let due = reads::owed(highest, order.units, order.remaining, order.prepay.0);
        let due = if reads::is_open(order) { due } else { 0 };
        ensure!(
            i128::from(order.hold.get()) == due,
            rule::HOLD,
            "order {} holds {} and should hold {due} stroops",
            order.id,
            order.hold
        );
    }
    Ok(())
}

/// In the end everything is available, or on its way out.
pub(super) fn nothing_is_held(x: &Exchange) -> Checked {
    for account in x.accounts() {
        let balances = x.balances(account.id);
        let is_free = [balances.held, balances.escrowed, balances.owed] == [Stroops::ZERO; 3];
        ensure!(is_free, rule::HOLD, "in the end account {} still has {balances:?}", account.id);
        let forfeited = account.forfeited();
        ensure!(forfeited == Stroops::ZERO, rule::SLASH, "in the end the chain has not taken {forfeited}");
    }
    Ok(())
}
