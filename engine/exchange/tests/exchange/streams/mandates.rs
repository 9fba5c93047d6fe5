//! Mandates, tight enough to be felt.

use berth_domain::{AccountId, Command, Micros, Seconds, SetMandate};

use super::dice::Dice;
use super::leasing::stroops;
use crate::oracle::Oracle;

pub(crate) fn mandate(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let account = AccountId(dice.pick(&[7, 7, 8, 7, 8, 9, 2, 3, 4]));
    let spent = x.spent(account);
    let amount = |dice: &mut Dice<'_>| dice.pick(&[None, Some(7_200), Some(3_600), Some(20_000), Some(500), Some(0)]);
    let per_lease = amount(dice);
    let per_day = dice.once_in(2).then(|| amount(dice)).flatten().map(|more: i128| spent + more);
    let floor = dice.once_in(3).then(|| dice.rate());
    let until = match dice.below(8) {
        5 => Some(now.plus(Seconds(10))),
        6 => Some(now.plus(Seconds(60))),
        7 => Some(now),
        _ => None,
    };
    let is_none = dice.once_in(5);
    let (per_lease, per_day) = (per_lease.map(stroops), per_day.map(stroops));
    let set = match is_none {
        true => SetMandate { per_lease: None, per_day: None, floor: None, until },
        false => SetMandate { per_lease, per_day, floor, until },
    };
    (account, set.into())
}
