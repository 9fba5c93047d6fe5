//! Top-ups, backlogs and mandates, and what comes of them, survive their bytes.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{
    AccountId, Command, Event, Heartbeat, LeaseAccrued, LeaseBacklog, LeaseId, LeaseResumed, LeaseRunway,
    LeaseSuspended, LeaseToppedUp, MandateSet, MarketId, Micros, OrderId, OrderParked, OrderResumed, Rate, Seconds,
    SetMandate, Stroops, Text, TopUpFailed, TopUpLease, TopUpReleased, TopUpRequested, ToppedUp, TxHash,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

fn lease() -> impl Strategy<Value = LeaseId> {
    any::<u64>().prop_map(LeaseId)
}

fn micros() -> impl Strategy<Value = Micros> {
    any::<u64>().prop_map(Micros)
}

fn seconds() -> impl Strategy<Value = Seconds> {
    any::<u64>().prop_map(Seconds)
}

fn amount() -> impl Strategy<Value = Stroops> {
    (0..=i64::MAX).prop_map(|stroops| Stroops::new(stroops).expect("in range"))
}

fn rate() -> impl Strategy<Value = Rate> {
    (1..=Rate::MAX.get()).prop_map(|rate| Rate::new(rate).expect("in range"))
}

fn reason() -> impl Strategy<Value = Text<200>> {
    "\\PC{0,40}".prop_map(|text| Text::new(text).expect("in range"))
}

fn tx() -> impl Strategy<Value = TxHash> {
    any::<[u8; 32]>().prop_map(TxHash)
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (lease(), any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(lease, cpu_millis, memory_bytes, healthy)| {
            Heartbeat { lease, cpu_millis, memory_bytes, healthy }.into()
        }),
        (lease(), vec(micros(), 0..9)).prop_map(|(lease, beats)| LeaseBacklog { lease, beats }.into()),
        (lease(), seconds()).prop_map(|(lease, seconds)| TopUpLease { lease, seconds }.into()),
        (lease(), tx(), any::<u32>(), amount()).prop_map(|(lease, tx, ledger, amount)| ToppedUp {
            lease,
            tx,
            ledger,
            amount
        }
        .into()),
        (lease(), any::<u32>(), reason())
            .prop_map(|(lease, number, reason)| TopUpFailed { lease, number, reason }.into()),
        (of(amount()), of(amount()), of(rate()), of(micros()))
            .prop_map(|(per_lease, per_day, floor, until)| SetMandate { per_lease, per_day, floor, until }.into()),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let order = || (any::<u64>(), any::<u16>(), amount());
    prop_oneof![
        (lease(), seconds(), amount(), any::<bool>()).prop_map(|(lease, evidenced, cost, healthy)| LeaseAccrued {
            lease,
            evidenced,
            cost,
            healthy
        }
        .into()),
        (lease(), micros()).prop_map(|(lease, ends_at)| LeaseRunway { lease, ends_at }.into()),
        (lease(), micros()).prop_map(|(lease, closes_at)| LeaseSuspended { lease, closes_at }.into()),
        (lease(), micros()).prop_map(|(lease, ends_at)| LeaseResumed { lease, ends_at }.into()),
        (lease(), any::<u32>(), seconds(), amount()).prop_map(|(lease, number, seconds, amount)| TopUpRequested {
            lease,
            number,
            seconds,
            amount
        }
        .into()),
        (lease(), tx(), amount(), amount(), seconds()).prop_map(|(lease, tx, amount, escrow, prepay)| {
            LeaseToppedUp { lease, tx, amount, escrow, prepay }.into()
        }),
        (lease(), any::<u32>(), amount(), reason()).prop_map(|(lease, number, amount, reason)| TopUpReleased {
            lease,
            number,
            amount,
            reason
        }
        .into()),
        (any::<u32>(), of(amount()), of(amount()), of(rate()), of(micros())).prop_map(
            |(account, per_lease, per_day, floor, until)| {
                MandateSet { account: AccountId(account), per_lease, per_day, floor, until }.into()
            }
        ),
        order().prop_map(|(order, market, released)| {
            OrderParked { order: OrderId(order), market: MarketId(market), released }.into()
        }),
        order().prop_map(|(order, market, hold)| {
            OrderResumed { order: OrderId(order), market: MarketId(market), hold }.into()
        }),
    ]
}

proptest! {
    #[test]
    fn commands_about_leases_are_their_bytes(command in command()) {
        let bytes = command.to_bytes();
        prop_assert_eq!(Command::from_bytes(&bytes), Ok(command));
        prop_assert!(Command::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn events_of_leases_are_their_bytes(event in event()) {
        let bytes = event.to_bytes();
        prop_assert_eq!(Event::from_bytes(&bytes), Ok(event));
        prop_assert!(Event::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
