//! The operator's commands and what comes of them survive their bytes.

use berth_domain::codec::{Decode, DecodeError, Encode};
use berth_domain::{
    Attribute, Bounds, Change, ChangeAnnounced, Command, CycleMarket, Event, ExchangeReconfigured, ExchangeUpgraded,
    FeeBps, MarketId, MarketPaused, MarketResumed, Micros, OpenMarket, PauseMarket, ProviderChanged, ProviderId,
    Reconfigure, ResourceClass, ResumeMarket, Seconds, Text, Timing, UpdateProvider, Upgrade,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

fn fee() -> impl Strategy<Value = FeeBps> {
    (0..=10_000_u16).prop_map(|bps| FeeBps::new(bps).expect("in range"))
}

fn timing() -> impl Strategy<Value = Timing> {
    (any::<[u64; 11]>(), any::<u32>()).prop_map(|(s, missed_checks)| Timing {
        escrow_timeout: Seconds(s[0]),
        start_timeout: Seconds(s[1]),
        heartbeat_interval: Seconds(s[2]),
        heartbeat_grace: Seconds(s[3]),
        dark_after: Seconds(s[4]),
        closing_timeout: Seconds(s[5]),
        settle_grace: Seconds(s[6]),
        reconfigure_delay: Seconds(s[7]),
        runway_warning: Seconds(s[8]),
        suspend_timeout: Seconds(s[9]),
        missed_checks,
        backlog_window: Seconds(s[10]),
    })
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (any::<[u32; 11]>(), any::<u64>()).prop_map(|(n, duration)| Bounds {
        scan: n[0],
        tick: n[1],
        orders: n[2],
        bids: n[3],
        providers: n[4],
        replicas: n[5],
        duration: Seconds(duration),
        client_ids: n[6],
        fills: n[7],
        depth: n[8],
        quotes: n[9],
        directed: n[10],
    })
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = ("\\PC{0,8}", "\\PC{0,16}").prop_map(|(key, value)| Attribute {
        key: Text::new(key).expect("in range"),
        value: Text::new(value).expect("in range"),
    });
    vec(attribute, 0..4)
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(OpenMarket { class: ResourceClass::Cpu }.into()),
        (1..u16::MAX)
            .prop_map(|vram| { OpenMarket { class: ResourceClass::gpu("H100", vram).expect("a class") }.into() }),
        any::<u16>().prop_map(|market| PauseMarket { market: MarketId(market) }.into()),
        any::<u16>().prop_map(|market| ResumeMarket { market: MarketId(market) }.into()),
        any::<u16>().prop_map(|market| CycleMarket { market: MarketId(market) }.into()),
        (of(fee()), of(timing()), of(bounds()), any::<u64>()).prop_map(|(fee, timing, bounds, at)| {
            Reconfigure { fee, timing, bounds, effective_at: Micros(at) }.into()
        }),
        any::<(u16, u64)>().prop_map(|(rules, at)| Upgrade { rules, effective_at: Micros(at) }.into()),
        (any::<u32>(), any::<bool>(), attributes()).prop_map(|(provider, available, attributes)| {
            UpdateProvider { provider: ProviderId(provider), available, attributes }.into()
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let change = prop_oneof![
        (of(fee()), of(timing()), of(bounds())).prop_map(|(fee, timing, bounds)| Change::Terms { fee, timing, bounds }),
        any::<u16>().prop_map(|rules| Change::Rules { rules }),
    ];
    prop_oneof![
        any::<u16>().prop_map(|market| MarketPaused { market: MarketId(market) }.into()),
        any::<u16>().prop_map(|market| MarketResumed { market: MarketId(market) }.into()),
        (change, any::<u64>()).prop_map(|(change, at)| ChangeAnnounced { change, effective_at: Micros(at) }.into()),
        (fee(), timing(), bounds())
            .prop_map(|(fee, timing, bounds)| { ExchangeReconfigured { fee, timing, bounds }.into() }),
        any::<u16>().prop_map(|rules| ExchangeUpgraded { rules }.into()),
        (any::<u32>(), any::<bool>(), attributes()).prop_map(|(provider, available, attributes)| {
            ProviderChanged { provider: ProviderId(provider), available, attributes }.into()
        }),
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
    fn an_operators_command_is_its_bytes(command in command(), flip in any::<usize>()) {
        check(&command, flip)?;
    }

    #[test]
    fn what_comes_of_it_is_its_bytes(event in event(), flip in any::<usize>()) {
        check(&event, flip)?;
    }
}
