//! The words of failover survive their bytes.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{
    BidId, CloseReason, Code, Event, LeaseFailedOver, LeaseId, OrderContinued, OrderDiscontinued, OrderId, ProviderId,
    Rate, StandbyEnd, StandbyMissing, StandbyReleased, StandbyReserved, Stroops,
};

#[test]
fn an_event_of_a_failover_is_its_bytes() {
    let (lease, bid) = (LeaseId(u64::MAX), BidId(3));
    let mut events: Vec<Event> = vec![
        StandbyReserved {
            lease,
            bid,
            provider: ProviderId(2),
            price: Rate::MAX,
            replicas: 2,
            hold: Stroops::new(5).expect("in range"),
        }
        .into(),
        StandbyMissing { lease }.into(),
        LeaseFailedOver { from: lease, to: LeaseId(8) }.into(),
        OrderContinued { lease, order: OrderId(4) }.into(),
        OrderDiscontinued { lease, code: Code::InsufficientFunds }.into(),
    ];
    events.extend(StandbyEnd::ALL.iter().map(|reason| StandbyReleased { lease, bid, reason: *reason }.into()));
    for event in events {
        let bytes = event.to_bytes();
        assert_eq!(Event::from_bytes(&bytes), Ok(event.clone()));
        for len in 0..bytes.len() {
            assert!(Event::from_bytes(&bytes[..len]).is_err(), "{len} bytes of {event:?}");
        }
    }
}

#[test]
fn a_reason_that_fails_over_also_breaks_a_gang() {
    for reason in CloseReason::ALL {
        assert!(!reason.fails_over() || reason.breaks_gang(), "{reason}");
        assert!(!(reason.fails_over() && reason.is_unpaid()), "{reason}");
    }
}
