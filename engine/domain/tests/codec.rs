//! One value, one encoding: commands, events and their words survive their
//! bytes, and no other bytes are taken for them.

use std::collections::BTreeSet;

use berth_domain::codec::{Decode, DecodeError, Encode};
use berth_domain::{
    AccountId, AmendBid, AmendOrder, Attribute, BidAmended, BidExpired, BidId, BidTarget, Bounds, CancelAll, ClientId,
    Command, DeadManSet, Digest, Event, Limits, MarketId, MassQuote, Micros, Mode, OrderAmended, OrderId, PlaceBid,
    PlaceOrder, ProviderId, Quote, Rate, ReplaceBid, ReplaceOrder, Resources, Seconds, SelfTrade, SetDeadMan, Stroops,
    Text, TimeInForce, TrustLevel, Uptime, Verify,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn rate() -> impl Strategy<Value = Rate> {
    (1..=Rate::MAX.get()).prop_map(|stroops| Rate::new(stroops).expect("in range"))
}

fn limits() -> impl Strategy<Value = Limits> {
    vec((select(TrustLevel::ALL), rate()), 1..9).prop_map(|pairs| Limits::new(pairs).expect("in range"))
}

fn client_id() -> impl Strategy<Value = ClientId> {
    "\\PC{0,9}".prop_map(|text| ClientId::new(text).expect("in range"))
}

fn attribute() -> impl Strategy<Value = Attribute> {
    ("\\PC{0,8}", "\\PC{0,16}").prop_map(|(key, value)| Attribute {
        key: Text::new(key).expect("in range"),
        value: Text::new(value).expect("in range"),
    })
}

fn target() -> impl Strategy<Value = BidTarget> {
    prop_oneof![
        any::<u64>().prop_map(|order| BidTarget::Directed { order: OrderId(order) }),
        any::<(u16, u32, u64, u64)>().prop_map(|(market, quantity, min, max)| BidTarget::Standing {
            market: MarketId(market),
            quantity,
            min_duration: Seconds(min),
            max_duration: Seconds(max),
        }),
    ]
}

/// When a thing ends and what it does where it would trade.
fn terms() -> impl Strategy<Value = (TimeInForce, Option<Micros>, bool, SelfTrade, Option<u64>)> {
    let expires_at = of(any::<u64>().prop_map(Micros));
    (select(TimeInForce::ALL), expires_at, any::<bool>(), select(SelfTrade::ALL), any::<Option<u64>>())
}

fn bid() -> impl Strategy<Value = PlaceBid> {
    (any::<u32>(), target(), rate(), terms(), of(client_id())).prop_map(
        |(provider, target, price, terms, client_id)| {
            let (time_in_force, expires_at, post_only, self_trade, session) = terms;
            let provider = ProviderId(provider);
            PlaceBid { provider, target, price, time_in_force, expires_at, post_only, self_trade, session, client_id }
        },
    )
}

fn order() -> impl Strategy<Value = PlaceOrder> {
    let needs = (any::<(u16, u32, u32)>(), any::<(u32, u64, u64)>(), vec(attribute(), 0..4), of(0..=10_000_u16));
    let how = (select(Mode::ALL), any::<(u64, u64, Option<u64>)>(), of(any::<u64>()), any::<(bool, u8)>());
    (needs, how, limits(), terms(), any::<[u8; 32]>(), of(client_id())).prop_map(
        |(needs, how, limits, terms, spec_hash, client_id)| {
            let ((market, units, replicas), (cpu, memory, storage), requires, uptime) = needs;
            let (mode, (duration, prepay, closes_at), aim, (failover, verify)) = how;
            let (time_in_force, expires_at, post_only, self_trade, session) = terms;
            PlaceOrder {
                market: MarketId(market),
                units,
                resources: Resources { cpu, memory, storage },
                replicas,
                limits,
                duration: Seconds(duration),
                prepay: Seconds(prepay),
                mode,
                closes_at: closes_at.map(Micros),
                time_in_force,
                expires_at,
                post_only,
                self_trade,
                requires,
                min_uptime: uptime.map(|bps| Uptime::new(bps).expect("in range")),
                aim: aim.map(BidId),
                failover,
                verify: [Verify::None, Verify::Spot, Verify::Replicas(verify)][usize::from(verify % 3)],
                spec_hash: Digest(spec_hash),
                session,
                client_id,
            }
        },
    )
}

fn quote() -> impl Strategy<Value = Quote> {
    (any::<(u32, u16, u32, u64, u64)>(), rate()).prop_map(|((provider, market, quantity, min, max), price)| Quote {
        provider: ProviderId(provider),
        market: MarketId(market),
        price,
        quantity,
        min_duration: Seconds(min),
        max_duration: Seconds(max),
    })
}

fn command() -> impl Strategy<Value = Command> {
    let micros = || of(any::<u64>().prop_map(Micros));
    prop_oneof![
        bid().prop_map(Command::from),
        order().prop_map(Command::from),
        (any::<u64>(), any::<Option<u32>>(), of(limits()), micros()).prop_map(
            |(order, replicas, limits, expires_at)| AmendOrder { order: OrderId(order), replicas, limits, expires_at }
                .into()
        ),
        (any::<u64>(), of(rate()), any::<Option<u32>>(), micros()).prop_map(|(bid, price, quantity, expires_at)| {
            AmendBid { bid: BidId(bid), price, quantity, expires_at }.into()
        }),
        (any::<u64>(), order()).prop_map(|(order, place)| ReplaceOrder { order: OrderId(order), place }.into()),
        (any::<u64>(), bid()).prop_map(|(bid, place)| ReplaceBid { bid: BidId(bid), place }.into()),
        (any::<u32>(), terms(), vec(quote(), 0..5)).prop_map(
            |(set, (_, _, post_only, self_trade, session), quotes)| {
                MassQuote { set, post_only, self_trade, session, quotes }.into()
            }
        ),
        any::<(Option<u16>, Option<u64>)>().prop_map(|(market, session)| CancelAll {
            market: market.map(MarketId),
            session
        }
        .into()),
        any::<u32>().prop_map(|millis| SetDeadMan { millis }.into()),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<(u64, u16, u32, u32)>(), limits(), 0..=i64::MAX).prop_map(
            |((order, market, replicas, remaining), limits, hold)| OrderAmended {
                order: OrderId(order),
                market: MarketId(market),
                replicas,
                remaining,
                limits,
                hold: Stroops::new(hold).expect("in range"),
            }
            .into()
        ),
        (any::<(u64, u16, u32)>(), rate()).prop_map(|((bid, market, remaining), price)| {
            BidAmended { bid: BidId(bid), market: MarketId(market), price, remaining }.into()
        }),
        any::<(u64, u16)>().prop_map(|(bid, market)| BidExpired { bid: BidId(bid), market: MarketId(market) }.into()),
        any::<(u32, Option<u64>)>().prop_map(|(account, deadline)| DeadManSet {
            account: AccountId(account),
            deadline: deadline.map(Micros)
        }
        .into()),
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
    fn a_command_is_its_bytes(command in command(), flip in any::<usize>()) {
        check(&command, flip)?;
    }

    #[test]
    fn a_repeat_says_the_same_in_another_session(
        bid in bid(), order in order(), id in any::<u64>(), session in any::<Option<u64>>(), name in of(client_id()),
    ) {
        let content = |command: Command| {
            let mut out = vec![7];
            command.encode_content(&mut out);
            out
        };
        let other = PlaceBid { session, client_id: name, ..bid.clone() };
        let dearer = PlaceBid { post_only: !bid.post_only, ..bid.clone() };
        prop_assert_eq!(content(bid.clone().into()), content(other.clone().into()));
        prop_assert_ne!(content(bid.clone().into()), content(dearer.into()));
        let replace = |place| Command::from(ReplaceBid { bid: BidId(id), place });
        prop_assert_eq!(content(replace(bid.clone())), content(replace(other)));
        prop_assert_ne!(content(replace(bid.clone())), content(bid.into()));

        let other = PlaceOrder { session, client_id: name, ..order.clone() };
        let longer = PlaceOrder { spec_hash: Digest([9; 32]), ..order.clone() };
        prop_assert_eq!(content(order.clone().into()), content(other.clone().into()));
        prop_assert_ne!(content(order.clone().into()), content(longer.into()));
        let replace = |place| Command::from(ReplaceOrder { order: OrderId(id), place });
        prop_assert_eq!(content(replace(order)), content(replace(other)));
    }

    #[test]
    fn an_event_is_its_bytes(event in event(), flip in any::<usize>()) {
        check(&event, flip)?;
    }

    #[test]
    fn limits_answer_what_they_were_made_of(pairs in vec((select(TrustLevel::ALL), rate()), 1..9)) {
        let limits = Limits::new(pairs.clone()).expect("in range");
        let last = |level| pairs.iter().rev().find(|pair| pair.0 == level).map(|pair| pair.1);
        let expected: Vec<_> = TrustLevel::ALL.iter().filter_map(|level| Some((*level, last(*level)?))).collect();
        prop_assert_eq!(limits.iter().collect::<Vec<_>>(), expected.clone());
        prop_assert_eq!(limits.levels().iter().collect::<Vec<_>>(), expected.iter().map(|p| p.0).collect::<Vec<_>>());
        prop_assert_eq!(Some(limits.highest()), expected.iter().map(|pair| pair.1).max());
        prop_assert!(TrustLevel::ALL.iter().all(|level| limits.at(*level) == last(*level)));
    }
}

#[test]
fn every_tag_and_name_is_used_once() {
    for tags in [Command::TAGS, Event::TAGS] {
        assert!(tags.is_sorted_by_key(|(tag, ..)| tag));
        assert_eq!(tags.iter().map(|(tag, ..)| tag).collect::<BTreeSet<_>>().len(), tags.len());
        assert_eq!(tags.iter().map(|(_, name, _)| name).collect::<BTreeSet<_>>().len(), tags.len());
    }
}

#[test]
fn an_uptime_is_at_most_all_of_the_time() {
    assert_eq!(Uptime::new(10_001), None);
    assert_eq!(Uptime::from_bytes(&10_001_u16.to_bytes()), Err(DecodeError::Range("uptime")));
    for (bps, text) in [(0, "0"), (1, "0.0001"), (9_900, "0.99"), (9_999, "0.9999"), (10_000, "1")] {
        assert_eq!(Uptime::new(bps).expect("in range").to_string(), text);
    }
}

#[test]
fn the_bounds_of_a_new_exchange_hold_a_book_and_a_mass_quote() {
    let bounds = Bounds::default();
    assert_eq!((bounds.depth, bounds.quotes), (1_000_000, 200));
    assert_eq!(Bounds::from_bytes(&bounds.to_bytes()), Ok(bounds));
}
