//! The trust level that evidence earns: a pure function.

use berth_domain::{Stroops, TrustLevel, TrustRules, Uptime};

use crate::state::Record;

/// What a level is derived from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grounds {
    /// What is staked and not forfeited.
    pub(crate) stake: Stroops,
    pub(crate) record: Record,
    /// Of the last days, when enough tenants speak for it.
    pub(crate) uptime: Option<Uptime>,
    /// Whether an auditor's word holds.
    pub(crate) attested: bool,
}

/// The highest level whose conditions are all met, and those of the levels
/// below it.
pub(crate) fn earned(grounds: &Grounds, rules: &TrustRules) -> TrustLevel {
    let Grounds { stake, record, uptime, attested } = grounds;
    if *stake < rules.stake_two {
        return TrustLevel::One;
    }
    let is_known = record.counted >= rules.min_leases && record.tenants >= rules.min_tenants;
    if *stake < rules.stake_three || !is_known || !rules.completed_three.is_met(record.completed, record.counted) {
        return TrustLevel::Two;
    }
    let was_up = uptime.is_some_and(|uptime| uptime >= rules.uptime_four);
    if !was_up || !rules.completed_four.is_met(record.completed, record.counted) {
        return TrustLevel::Three;
    }
    if *attested { TrustLevel::Five } else { TrustLevel::Four }
}

#[cfg(test)]
mod tests {
    use berth_domain::Share;

    use super::*;

    fn rules() -> TrustRules {
        TrustRules {
            min_tenants: 8,
            min_leases: 10,
            completed_three: Share::new(9_500).expect("a share"),
            completed_four: Share::new(9_800).expect("a share"),
            uptime_four: Uptime::new(9_900).expect("a share"),
            ..TrustRules::default()
        }
    }

    /// An account just good enough for level Five.
    fn five() -> Grounds {
        let record = Record { counted: 100, completed: 98, failed: 1, dark: 1, tenants: 8 };
        Grounds { stake: rules().stake_three, record, uptime: Uptime::new(9_900), attested: true }
    }

    #[track_caller]
    fn check(grounds: Grounds, expected: TrustLevel) {
        assert_eq!(earned(&grounds, &rules()), expected, "{grounds:?}");
    }

    #[test]
    fn every_condition_of_a_level_counts_at_its_boundary() {
        use TrustLevel::{Five, Four, One, Three, Two};
        let one_less = |amount: Stroops| amount - Stroops::new(1).expect("an amount");
        let record = |record: Record| Grounds { record, ..five() };
        let of =
            |counted, completed| record(Record { counted, completed, failed: counted - completed, ..five().record });
        check(five(), Five);
        check(Grounds { attested: false, ..five() }, Four);
        // Uptime and who speaks for it.
        check(Grounds { uptime: Uptime::new(9_899), ..five() }, Three);
        check(Grounds { uptime: None, ..five() }, Three);
        // Completed share.
        check(of(100, 97), Three);
        check(of(1_000, 980), Five);
        check(of(1_000, 979), Three);
        check(of(100, 95), Three);
        check(of(100, 94), Two);
        check(of(1_000, 950), Three);
        check(of(1_000, 949), Two);
        check(of(100, 0), Two);
        // Leases and tenants.
        check(of(10, 10), Five);
        check(of(9, 9), Two);
        check(of(0, 0), Two);
        check(record(Record { tenants: 7, ..five().record }), Two);
        // Stake.
        check(Grounds { stake: one_less(rules().stake_three), ..five() }, Two);
        check(Grounds { stake: rules().stake_two, ..five() }, Two);
        check(Grounds { stake: one_less(rules().stake_two), ..five() }, One);
        check(Grounds { stake: Stroops::ZERO, ..five() }, One);
        // A stake alone is level Two, a record alone is level One.
        let nothing = Grounds { stake: rules().stake_three, record: Record::default(), uptime: None, attested: true };
        check(nothing, Two);
    }

    #[test]
    fn more_of_anything_is_never_worse() {
        let rules = rules();
        let stakes = [Stroops::ZERO, rules.stake_two, rules.stake_three];
        let uptimes = [None, Uptime::new(9_899), Uptime::new(9_900)];
        let records = [(0, 0, 0), (9, 9, 8), (10, 9, 8), (100, 95, 8), (100, 98, 7), (100, 98, 8), (100, 100, 100)];
        let level = |stake, (counted, completed, tenants), uptime, attested| {
            let record = Record { counted, completed, failed: counted - completed, dark: 0, tenants };
            earned(&Grounds { stake, record, uptime, attested }, &rules)
        };
        for record in records {
            for (s, stake) in stakes.into_iter().enumerate() {
                for (u, uptime) in uptimes.into_iter().enumerate() {
                    for attested in [false, true] {
                        let here = level(stake, record, uptime, attested);
                        assert!(level(stakes[(s + 1).min(2)], record, uptime, attested) >= here);
                        assert!(level(stake, record, uptimes[(u + 1).min(2)], attested) >= here);
                        assert!(level(stake, record, uptime, true) >= here);
                        let all_completed = (record.0, record.0, record.2);
                        assert!(level(stake, all_completed, uptime, attested) >= here);
                    }
                }
            }
        }
    }
}
