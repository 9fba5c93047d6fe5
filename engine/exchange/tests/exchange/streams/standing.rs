//! What trust rests on beside leases: stakes, attestations, and rules under
//! which few leases move everything.

use berth_domain::{
    AccountId, Attest, ChainEventId, Command, Genesis, Grant, LeaseId, Micros, Seconds, Share, StakeFact, TrustLevel,
    TrustRules, Uptime,
};

use super::dice::{Dice, ids};
use super::leasing::stroops;
use crate::cast::{address, genesis};
use crate::oracle::Oracle;

/// What streams must meet of trust.
pub(crate) const TO_MEET: [&str; 19] = [
    "stake.fact done",
    "stake.fact repeated",
    "trust.attest done",
    "trust.attest repeated",
    "refused NOT_AN_AUDITOR",
    "stake.changed",
    "trust.attested",
    "trust by lease",
    "trust by stake",
    "trust by attestation",
    "trust by expiry",
    "trust to One",
    "trust to Two",
    "trust to Three",
    "trust to Four",
    "trust to Five",
    "reputation by completed",
    "reputation by failed",
    "reputation by dark",
];

/// Under a quarter of the rules no lease counts for anybody.
pub(crate) fn trust_rules(choice: u8) -> TrustRules {
    let pick = |by: u8| usize::from(choice / by % 4);
    let bps = |bps| Share::new(bps).expect("a share");
    TrustRules {
        min_fee: stroops([0, 1, 60, i64::MAX.into()][usize::from(choice / 3 % 4)]),
        tenant_share: bps([4_000, 0, 5_000, 10_000][pick(1)]),
        min_tenants: [1, 2, 0, 3][pick(4)],
        window: [9, 2, 4, 1_000][pick(16)],
        stake_two: stroops(100),
        stake_three: stroops(1_000),
        min_leases: [1, 2][usize::from(choice / 2 % 2)],
        completed_three: bps(5_000),
        completed_four: bps(6_000),
        uptime_four: Uptime::new(6_000).expect("an uptime"),
        uptime_days: [1, 2, 1, 1][pick(64)],
        slash_min: stroops(50),
        slash_max: stroops(1_000),
        ..TrustRules::default()
    }
}

/// Whether most leases of a stream go well, so that names are made.
pub(crate) const fn goes_well(choice: u8) -> bool {
    (choice / 3).is_multiple_of(4) || choice % 32 == 1
}

/// Where leases go well, owners have staked enough for any level.
pub(crate) fn stakes() -> Vec<(AccountId, Command)> {
    let stake = |(toid, (name, amount))| {
        let event = ChainEventId { toid, index: 0 };
        let fact = StakeFact { event, address: address(name), staked: stroops(amount), slashed: None };
        (AccountId::EXCHANGE, fact.into())
    };
    let stakes = [("ada", 1_000), ("bob", 100), ("cem", 5_000), ("dee", 5_000), ("tom", 1_000), ("eve", 120)];
    (1..).zip(stakes).map(stake).collect()
}

/// Under half of the rules little is granted, so that levels are to be earned.
pub(crate) fn grants(choice: u8) -> Vec<Grant> {
    let low = ["cem", "dee"].map(|name| Grant { address: address(name), level: TrustLevel::Two });
    if choice.is_multiple_of(2) { genesis().grants } else { low.into() }
}

/// Who may attest: two owners, one of them with hosts that many lease, and a
/// tenant.
pub(crate) fn auditors() -> Genesis {
    let auditors = ["dee", "eve", "tia"].map(address).into();
    Genesis { auditors, ..genesis() }
}

pub(crate) fn standing(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let whose = address(dice.pick(&["ada", "tom", "ada", "bob", "tia", "cem", "dee", "eve"]));
    if dice.once_in(2) { attest(x, now, dice) } else { (AccountId::EXCHANGE, staked(x, whose, dice)) }
}

fn staked(x: &Oracle, address: berth_domain::Address, dice: &mut Dice<'_>) -> Command {
    // As with funds, ids of events grow with the log, and some come again.
    let toid = x.head().0.0 + 10 - if dice.once_in(6) { 9 } else { 0 };
    let amount = match dice.below(32) {
        31 => i64::MAX,
        roll => [1_000, 100, 1_000, 0, 99, 1_000, 5_000, 999][usize::try_from(roll % 8).expect("small")],
    };
    let forfeits = x.accounts.iter().find(|account| !account.standing.forfeits.is_empty());
    let address = match forfeits {
        Some(account) if dice.once_in(2) => account.address,
        _ if dice.once_in(20) => crate::cast::address("nobody"),
        _ => address,
    };
    let known = x.accounts.iter().find(|account| account.address == address);
    let forfeits = known.map_or(&[][..], |account| &account.standing.forfeits);
    let slashed = LeaseId(dice.id(&ids(forfeits.iter().map(|(lease, _)| lease.0))));
    let slashed = dice.once_in(3).then_some(slashed);
    StakeFact { event: ChainEventId { toid, index: 0 }, address, staked: stroops(amount.into()), slashed }.into()
}

fn attest(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    // Account two is no auditor.
    let auditor = AccountId(dice.pick(&[5, 6, 8, 5, 6, 8, 5, 2]));
    let near = x.accounts.iter().find(|account| account.level >= TrustLevel::Four && account.id.0 != auditor.0);
    let near = near.filter(|_| dice.once_in(3)).map(|account| account.address);
    let name = dice.pick(&["ada", "tom", "ada", "bob", "tia", "dee", "cem", "pat"]);
    let address = near.unwrap_or(address(name));
    let until = match dice.below(6) {
        0 => Micros(now.0 - 1),
        1 => now,
        2 => now.plus(Seconds(20)),
        // The same moment, said again and again.
        3 => Micros(now.0.next_multiple_of(600_000_000)),
        _ => now.plus(Seconds(dice.pick(&[300, 2_000, 100_000]))),
    };
    (auditor, Attest { address, until }.into())
}
