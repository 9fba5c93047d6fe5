//! One command out of a few bytes, most often sound in the state that it meets.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{AccountId, ChainEventId, Command, Deposit, Micros, OpenAccount, Resumed, Stroops, Tick};
use berth_exchange::Exchange;

use crate::dice::Dice;
use crate::rules::{self, TRADERS, address};
use crate::{chain, keys, leases, operators, orders};

/// Accounts, a host for most of them, and money.
pub(crate) fn opening(dice: &mut Dice<'_>) -> Vec<(AccountId, Command)> {
    let mut opening = Vec::new();
    for key in TRADERS {
        opening.push((AccountId::EXCHANGE, OpenAccount { address: address(key) }.into()));
        let event = ChainEventId { toid: key.into(), index: 0 };
        let amount = Stroops::new(1_000_000).expect("it is positive");
        opening.push((AccountId::EXCHANGE, Deposit { event, address: address(key), amount }.into()));
    }
    // The first account is the treasury's and the second the operator's.
    opening.extend((4..8).map(|owner| (AccountId(owner), operators::a_host(dice).into())));
    opening
}

/// The next command and who gives it.
pub(crate) fn next(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let has_leases = x.leases().any(|lease| !leases::is_over(lease));
    let (account, command) = match dice.byte() % 64 {
        32..41 if !has_leases => orders::place_order(x, now, dice),
        41..50 if !has_leases => orders::place_bid(x, now, dice),
        0..12 => orders::place_order(x, now, dice),
        12..22 => orders::place_bid(x, now, dice),
        22..24 => orders::amend_order(x, now, dice),
        24..26 => orders::amend_bid(x, now, dice),
        26 => orders::replace_order(x, now, dice),
        27 => orders::replace_bid(x, now, dice),
        28..30 => orders::mass_quote(x, dice),
        30 => orders::cancel_order(x, dice),
        31 => orders::cancel_bid(x, dice),
        32..50 => leases::next(x, dice),
        50 => leases::accept(x, dice),
        51 => operators::cancel_all(dice),
        52 => operators::dead_man(dice),
        53 => operators::mandate(now, dice),
        54 => operators::register(dice),
        55 => operators::update_host(x, dice),
        56 => operators::of_markets(x, dice),
        57 => operators::of_rules(x, now, dice),
        58 => operators::attest(x, now, dice),
        59 => chain::stake(x, dice),
        60 => chain::money(x, dice),
        61 => keys::next(now, dice),
        62 => operators::open_account(dice),
        _ => of_the_exchange(x, now, dice),
    };
    // Now and then with a byte changed, and now and then somebody else says it.
    let command = if dice.rarely() { damaged(&command, dice) } else { command };
    if dice.rarely() { (AccountId(dice.pick(&[0, 1, 3, 5, 8, u32::MAX])), command) } else { (account, command) }
}

fn of_the_exchange(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    match dice.byte() % 4 {
        0 => (AccountId::EXCHANGE, Tick.into()),
        1 => (AccountId::EXCHANGE, Resumed { down_from: x.last_at(), up_at: now }.into()),
        2 => chain::of_no_lease(dice),
        _ => (AccountId::EXCHANGE, rules::genesis(dice).into()),
    }
}

/// The command with one byte of its encoding changed, where that is a command.
fn damaged(command: &Command, dice: &mut Dice<'_>) -> Command {
    let mut bytes = command.to_bytes();
    // Every place can be reached, also in long ones.
    let place = (usize::from(dice.byte()) << 8 | usize::from(dice.byte())) % bytes.len();
    bytes[place] = dice.byte();
    match Command::from_bytes(&bytes) {
        // What was meant for a resumption says what the log says, or it is no log.
        Ok(Command::Resumed(_)) | Err(_) => command.clone(),
        Ok(damaged) => damaged,
    }
}
