//! Words of trust survive their bytes, and keep within their ranges.

use berth_domain::codec::{Decode, DecodeError, Encode};
use berth_domain::{
    AccountId, Address, Attest, Attested, ChainEventId, Command, Event, LeaseId, Micros, Reputation, ReputationCause,
    ReputationChanged, Share, StakeChanged, StakeFact, StakeSlashed, Stroops, TrustCause, TrustChanged, TrustLevel,
    TrustRules, Uptime,
};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn chain_event() -> impl Strategy<Value = ChainEventId> {
    any::<(u64, u32)>().prop_map(|(toid, index)| ChainEventId { toid, index })
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 32]>().prop_map(Address)
}

fn amount() -> impl Strategy<Value = Stroops> {
    (0..=i64::MAX).prop_map(|n| Stroops::new(n).expect("in range"))
}

fn share() -> impl Strategy<Value = Share> {
    (0..=10_000_u16).prop_map(|bps| Share::new(bps).expect("in range"))
}

fn reputation() -> impl Strategy<Value = Reputation> {
    (0..=100_u8).prop_map(|points| Reputation::new(points).expect("in range"))
}

fn cause() -> impl Strategy<Value = TrustCause> {
    prop_oneof![
        any::<u64>().prop_map(|id| TrustCause::Lease(LeaseId(id))),
        chain_event().prop_map(TrustCause::Stake),
        any::<u64>().prop_map(|id| TrustCause::Slash(LeaseId(id))),
        any::<u32>().prop_map(|id| TrustCause::Attestation(AccountId(id))),
        Just(TrustCause::Expiry),
    ]
}

fn rules() -> impl Strategy<Value = TrustRules> {
    let amounts = (amount(), amount(), amount(), amount(), amount());
    let shares = (share(), share(), share(), 0..=10_000_u16);
    (amounts, shares, any::<([u32; 3], u16, [u8; 4])>()).prop_map(|(amounts, shares, (counts, days, points))| {
        let [min_tenants, window, min_leases] = counts;
        let [completed_gain, failed_loss, dark_loss, verification_loss] = points;
        TrustRules {
            min_fee: amounts.0,
            tenant_share: shares.0,
            min_tenants,
            window,
            stake_two: amounts.1,
            stake_three: amounts.2,
            min_leases,
            completed_three: shares.1,
            completed_four: shares.2,
            uptime_four: Uptime::new(shares.3).expect("in range"),
            uptime_days: days,
            completed_gain,
            failed_loss,
            dark_loss,
            verification_loss,
            slash_min: amounts.3,
            slash_max: amounts.4,
        }
    })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (chain_event(), address(), amount(), of(any::<u64>())).prop_map(|(event, address, staked, slashed)| {
            StakeFact { event, address, staked, slashed: slashed.map(LeaseId) }.into()
        }),
        (address(), any::<u64>()).prop_map(|(address, until)| Attest { address, until: Micros(until) }.into()),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let account = || any::<u32>().prop_map(AccountId);
    let lease = || any::<u64>().prop_map(LeaseId);
    prop_oneof![
        (account(), address(), amount(), chain_event()).prop_map(|(account, address, staked, event)| StakeChanged {
            account,
            address,
            staked,
            event
        }
        .into()),
        (account(), address(), address(), lease(), amount()).prop_map(
            |(account, address, tenant_address, lease, amount)| {
                StakeSlashed { account, address, tenant_address, lease, amount }.into()
            }
        ),
        (account(), account(), of(any::<u64>())).prop_map(|(account, auditor, until)| Attested {
            account,
            auditor,
            until: until.map(Micros)
        }
        .into()),
        (account(), select(TrustLevel::ALL), select(TrustLevel::ALL), cause())
            .prop_map(|(account, from, to, cause)| TrustChanged { account, from, to, cause }.into()),
        (account(), reputation(), reputation(), lease(), select(ReputationCause::ALL))
            .prop_map(|(account, from, to, lease, cause)| ReputationChanged { account, from, to, lease, cause }.into()),
    ]
}

/// The value comes back from its bytes, and only from those.
fn check<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T, flip: usize) -> Result<(), TestCaseError> {
    let mut bytes = value.to_bytes();
    prop_assert_eq!(&T::from_bytes(&bytes).expect("its own bytes"), value);
    for len in 0..bytes.len() {
        prop_assert!(T::from_bytes(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
    }
    bytes.push(0);
    prop_assert_eq!(T::from_bytes(&bytes), Err(DecodeError::Trailing(1)));
    bytes.pop();
    let at = flip % (bytes.len() * 8);
    bytes[at / 8] ^= 1 << (at % 8);
    if let Ok(other) = T::from_bytes(&bytes) {
        prop_assert_ne!(&other, value);
        prop_assert_eq!(other.to_bytes(), bytes);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_command_of_trust_is_its_bytes(command in command(), flip in any::<usize>()) {
        check(&command, flip)?;
    }

    #[test]
    fn an_event_of_trust_is_its_bytes(event in event(), flip in any::<usize>()) {
        check(&event, flip)?;
    }

    #[test]
    fn rules_of_trust_are_their_bytes(rules in rules(), flip in any::<usize>()) {
        check(&rules, flip)?;
    }

    #[test]
    fn a_share_rounds_down_and_is_met_without_rounding(share in share(), part in 0..2_000_u32, whole in 0..2_000_u32) {
        let exact = u64::from(whole) * u64::from(share.bps());
        prop_assert_eq!(u64::from(share.of(whole)), exact / 10_000);
        prop_assert_eq!(share.is_met(part, whole), u64::from(part) * 10_000 >= exact);
    }
}

#[test]
fn a_reputation_stays_between_none_and_all_of_its_points() {
    let of = |points| Reputation::new(points).expect("in range");
    assert_eq!(Reputation::new(101), None);
    assert_eq!(Reputation::from_bytes(&[101]), Err(DecodeError::Range("reputation")));
    assert_eq!((of(99).raised(1), of(99).raised(255), of(0).raised(7)), (of(100), of(100), of(7)));
    assert_eq!((of(5).lowered(5), of(5).lowered(255), of(100).lowered(25)), (of(0), of(0), of(75)));
}

#[test]
fn a_share_is_at_most_the_whole() {
    assert_eq!(Share::new(10_001), None);
    assert_eq!(Share::from_bytes(&10_001_u16.to_bytes()), Err(DecodeError::Range("share")));
}

#[test]
fn the_rules_of_a_new_exchange_are_those_of_the_design() {
    let rules = TrustRules::default();
    let shares = [rules.tenant_share, rules.completed_three, rules.completed_four].map(Share::bps);
    assert_eq!((shares, rules.uptime_four.bps()), ([1_000, 9_500, 9_800], 9_900));
    assert_eq!((rules.min_leases, rules.uptime_days), (10, 30));
    assert!(rules.stake_two < rules.stake_three && rules.slash_min < rules.slash_max);
    assert_eq!(Reputation::MAX.get(), 100);
}
