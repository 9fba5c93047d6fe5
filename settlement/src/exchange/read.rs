//! The exchange's events as JSON, as far as the settler needs them.

use std::str::FromStr;

use berth_wire::domain::{Digest, LeaseId, Stroops};
use berth_wire::event::EventFrame;
use serde_json::Value;

use super::{ExchangeError, Frame};
use crate::chain::Address;
use crate::contract::Terms;
use crate::plan::ExchangeEvent;

/// The types of events that the settler follows: a stream may leave out all
/// others.
pub const EVENT_TYPES: [&str; 5] =
    ["lease.opened", "lease.topUpRequested", "lease.toppedUp", "lease.closed", "withdrawal.requested"];

/// Reads a frame; events of other types are left out. The exchange's leases are
/// all in `token`.
///
/// # Errors
/// When an event of a known type is not what the protocol promises. Money
/// follows from it, so nothing is guessed.
pub fn read_frame(frame: &EventFrame, token: Address) -> Result<Frame, ExchangeError> {
    let events = frame.events.iter().filter_map(|event| read(event, token).transpose());
    let events = events.collect::<Result<_, _>>();
    events
        .map(|events| Frame { seq: frame.seq, events })
        .map_err(|what| ExchangeError::Malformed(format!("entry {}: {what}", frame.seq)))
}

fn read(event: &Value, token: Address) -> Result<Option<ExchangeEvent>, String> {
    Ok(Some(match event["type"].as_str() {
        Some("lease.opened") => ExchangeEvent::LeaseOpened {
            lease: lease(event)?,
            terms: Terms {
                tenant: text(event, "tenantAddress")?,
                provider: text(event, "providerAddress")?,
                token,
                rate_per_hour: text::<Stroops>(event, "ratePerHour")?,
                amount: text(event, "escrow")?,
                deadline: number(event, "chainDeadline")?,
            },
        },
        Some("lease.topUpRequested") => ExchangeEvent::TopUpRequested {
            lease: lease(event)?,
            number: u32::try_from(number(event, "number")?).map_err(|_| "number is too large".to_owned())?,
            amount: text(event, "amount")?,
        },
        Some("lease.toppedUp") => ExchangeEvent::ToppedUp { lease: lease(event)? },
        Some("lease.closed") => ExchangeEvent::LeaseClosed {
            lease: lease(event)?,
            seconds: number(event, "evidencedSeconds")?,
            proof: digest(event, "proofHash")?,
            escrowed: event["escrowed"].as_bool().ok_or("escrowed is missing")?,
        },
        Some("withdrawal.requested") => {
            ExchangeEvent::WithdrawalRequested { account: text(event, "address")?, total: text(event, "amount")? }
        }
        _ => return Ok(None),
    }))
}

fn lease(event: &Value) -> Result<LeaseId, String> {
    number(event, "leaseId").map(LeaseId)
}

fn number(event: &Value, field: &str) -> Result<u64, String> {
    event[field].as_u64().ok_or_else(|| format!("{field} is no whole number"))
}

fn text<T: FromStr<Err: ToString>>(event: &Value, field: &str) -> Result<T, String> {
    let text = event[field].as_str().ok_or_else(|| format!("{field} is no text"))?;
    text.parse().map_err(|error: T::Err| format!("{field} {}", error.to_string()))
}

fn digest(event: &Value, field: &str) -> Result<Digest, String> {
    let mut bytes = [0; 32];
    let text = event[field].as_str().ok_or_else(|| format!("{field} is no text"))?;
    hex::decode_to_slice(text, &mut bytes).map_err(|error| format!("{field}: {error}"))?;
    Ok(Digest(bytes))
}

#[cfg(test)]
mod tests {
    use berth_wire::domain::{
        AccountId, Address, BidId, CloseReason, Event, LeaseClosed, LeaseOpened, MarketId, OrderId, ProviderId, Rate,
        Seconds, Text, TrustLevel, WithdrawalMoved,
    };
    use berth_wire::event::{Names, event_json};

    use super::*;
    use crate::chain;

    const TOKEN: chain::Address = chain::Address::Contract([3; 32]);

    struct Nobody;

    impl Names for Nobody {
        fn market(&self, _: MarketId) -> Option<String> {
            None
        }
        fn address(&self, _: AccountId) -> Option<Address> {
            None
        }
    }

    fn stroops(n: i64) -> Stroops {
        Stroops::new(n).unwrap()
    }

    /// What the node writes, read.
    fn check(event: impl Into<Event>, expected: &ExchangeEvent) {
        let event = event_json(&event.into(), &Nobody);
        assert!(EVENT_TYPES.contains(&event["type"].as_str().unwrap()));
        let frame = read_frame(&EventFrame { seq: 3, at: 4, events: vec![event] }, TOKEN).unwrap();
        assert_eq!(frame, Frame { seq: 3, events: vec![expected.clone()] });
    }

    #[test]
    fn a_lease_is_read_as_the_node_writes_it() {
        let rate = Rate::new(25_000_000).unwrap();
        check(
            LeaseOpened {
                lease: LeaseId(7),
                order: OrderId(1),
                bid: BidId(2),
                market: MarketId(1),
                provider: ProviderId(4),
                provider_address: Address([2; 32]),
                tenant_address: Address([1; 32]),
                price: rate,
                rate: rate.of(2, 3).unwrap(),
                units: 2,
                replicas: 3,
                escrow: stroops(150_000_001),
                duration: Seconds(3_600),
                chain_deadline: 1_800_000_000,
                level: TrustLevel::Five,
            },
            &ExchangeEvent::LeaseOpened {
                lease: LeaseId(7),
                terms: Terms {
                    tenant: chain::Address::Account([1; 32]),
                    provider: chain::Address::Account([2; 32]),
                    token: TOKEN,
                    rate_per_hour: stroops(150_000_000),
                    amount: stroops(150_000_001),
                    deadline: 1_800_000_000,
                },
            },
        );
        check(
            LeaseClosed {
                lease: LeaseId(7),
                reason: CloseReason::Stopped,
                detail: Text::lossy(""),
                evidenced: Seconds(61),
                pay: stroops(5),
                fee: stroops(1),
                refund: stroops(6),
                escrowed: true,
                proof: Digest([0xab; 32]),
            },
            &ExchangeEvent::LeaseClosed { lease: LeaseId(7), seconds: 61, proof: Digest([0xab; 32]), escrowed: true },
        );
    }

    #[test]
    fn a_withdrawal_is_read_as_the_node_writes_it() {
        let moved = WithdrawalMoved { account: AccountId(3), address: Address([5; 32]), amount: stroops(12) };
        check(
            Event::WithdrawalRequested(moved),
            &ExchangeEvent::WithdrawalRequested { account: chain::Address::Account([5; 32]), total: stroops(12) },
        );
    }

    #[test]
    fn what_the_settler_does_not_follow_is_left_out_and_what_is_broken_is_told() {
        let read = |event: &str| {
            let events = vec![serde_json::from_str(event).unwrap()];
            read_frame(&EventFrame { seq: 9, at: 0, events }, TOKEN)
        };
        for other in [
            r#"{"type":"lease.started","leaseId":1}"#,
            r#"{"type":"lease.suspended","leaseId":1}"#,
            r#"{"type":"lease.topUpFailed","leaseId":1,"number":1,"released":"1"}"#,
            r#"{"type":"verification.started","leaseId":1}"#,
            r#"{"type":"verification.ended","leaseId":1,"verdict":"agreed"}"#,
            r#"{"type":"stake.changed","address":"G","amount":"1"}"#,
            r#"{"type":"something.new"}"#,
        ] {
            assert_eq!(read(other).unwrap().events, [], "{other}");
        }
        for broken in [
            r#"{"type":"lease.closed","leaseId":1}"#,
            r#"{"type":"lease.topUpRequested","leaseId":1,"number":1,"amount":"-1"}"#,
            r#"{"type":"lease.topUpRequested","leaseId":1,"number":4294967296,"amount":"1"}"#,
            r#"{"type":"lease.toppedUp"}"#,
            r#"{"type":"withdrawal.requested","address":"G","amount":"1"}"#,
            r#"{"type":"withdrawal.requested","amount":"-1"}"#,
        ] {
            let error = read(broken).unwrap_err().to_string();
            assert!(error.contains("entry 9"), "{error}");
        }
    }
}
