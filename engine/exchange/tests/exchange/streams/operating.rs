//! What the operator says, and owners whose hosts change.

use berth_domain::{
    AccountId, Attribute, Bounds, Command, CycleMarket, FeeBps, MarketId, Micros, OpenMarket, PauseMarket, ProviderId,
    RULES_VERSION, Reconfigure, ResumeMarket, Seconds, Timing, UpdateProvider, Upgrade,
};

use super::dice::{Dice, ids, region};
use super::moves::rules_of;
use crate::cast::class;
use crate::oracle::Oracle;

/// One key for operator and treasury: the first account.
const OPERATOR: AccountId = AccountId(1);

pub(crate) fn operating(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let market = MarketId(dice.pick(&[2, 2, 1, 2, 2, 3, 0, 9]));
    let paused = x.operation.paused.last().copied();
    let account = if dice.once_in(20) { AccountId(7) } else { OPERATOR };
    // A market is seldom paused for long.
    if let Some(market) = paused.filter(|_| !dice.once_in(3)) {
        return (account, ResumeMarket { market }.into());
    }
    let command = match dice.below(16) {
        0..5 => PauseMarket { market }.into(),
        5..7 => CycleMarket { market }.into(),
        7 => ResumeMarket { market }.into(),
        8 => OpenMarket { class: class(dice.pick(&["A100-40", "H100-80", "B200-192"])) }.into(),
        9 => upgrade(x, now, dice).into(),
        _ => reconfigure(x, now, dice).into(),
    };
    (account, command)
}

/// When a change comes: most often as soon as it may.
fn effective_at(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> Micros {
    let delay = x.genesis.as_ref().expect("streams open").timing.reconfigure_delay;
    let soonest = now.plus(delay);
    match dice.below(8) {
        6 => Micros(soonest.0.saturating_sub(1)),
        7 => soonest.plus(Seconds(30)),
        _ => soonest,
    }
}

fn upgrade(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> Upgrade {
    // What this build does not know ends the stream.
    let rules = dice.pick(&[1, 1, 0, 1, 1, 1, 1, 2]);
    assert_eq!(RULES_VERSION, 1, "a build that knows more announces more");
    Upgrade { rules, effective_at: effective_at(x, now, dice) }
}

fn reconfigure(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> Reconfigure {
    let mut byte = || u8::try_from(dice.below(256)).expect("small");
    let other = rules_of([byte(), byte(), byte(), byte(), byte(), byte(), byte(), 0]);
    let (mut timing, mut bounds) = (other.timing, other.bounds);
    match dice.below(24) {
        20 => timing = Timing { missed_checks: 0, ..timing },
        21 => timing = Timing { runway_warning: Seconds(u64::MAX), ..timing },
        22 => bounds = Bounds { fills: 0, ..bounds },
        23 => bounds = Bounds { replicas: 65_536, ..bounds },
        _ => {}
    }
    let fee = FeeBps::new(dice.pick(&[0, 700, 10_000]));
    let (fee, timing, bounds) = match dice.below(6) {
        0 => (fee, None, None),
        1 => (None, Some(timing), None),
        2 => (None, None, Some(bounds)),
        3 => (None, None, None),
        _ => (fee, Some(timing), Some(bounds)),
    };
    Reconfigure { fee, timing, bounds, effective_at: effective_at(x, now, dice) }
}

/// An owner says what a host is good for now.
pub(crate) fn update(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let drained: Vec<u64> = ids(x.hosts.iter().filter(|host| !host.available).map(|host| host.id.0.into()));
    let all = ids(x.hosts.iter().map(|host| host.id.0.into()));
    let answering = x.bids.iter().filter(|bid| bid.is_live() && !bid.is_standing());
    let answering = ids(answering.map(|bid| bid.place.provider.0.into()));
    let comes_back = !drained.is_empty() && !dice.once_in(3);
    let from = match dice.below(2) {
        _ if comes_back => &drained,
        1 if !answering.is_empty() => &answering,
        _ => &all,
    };
    let provider = ProviderId(u32::try_from(dice.id(from)).unwrap_or(u32::MAX));
    let host = x.find_host(provider);
    let account = host.map_or(AccountId(2), |host| host.account);
    let offers = host.map_or(vec![], |host| host.says.attributes.clone());
    let (available, attributes): (bool, Vec<Attribute>) = match dice.below(8) {
        _ if comes_back => (true, offers),
        0..3 => (false, offers),
        3 => (true, vec![region("eu")]),
        4 => (true, vec![region("us")]),
        5 => (true, vec![]),
        6 => (true, offers),
        _ => (true, vec![region("eu"), region("eu")]),
    };
    (account, UpdateProvider { provider, available, attributes }.into())
}
