//! Bytes as the content of an exchange, which a snapshot keeps.

use berth_domain::{AccountId, Authority, Entry, Micros, RULES_VERSION, Seq, Tick};
use berth_exchange::{Component, ContentError, Exchange, StateHash};

/// Behind every entry that a content may tell of.
const HEAD: Seq = Seq(1 << 40);
const LAST_AT: Micros = Micros(1 << 60);

/// Ticks that an exchange goes on for.
const TICKS: usize = 20;

/// Reads bytes as a content; looks at the exchange when they are one, and lets
/// it go on.
///
/// # Panics
/// When reading panics, or the exchange is another than was written, cannot be
/// looked at, or has money that came from nowhere.
pub fn restore(bytes: &[u8]) {
    let Ok((x, hash)) = read(HEAD, LAST_AT, bytes) else { return };
    assert!(content_of(&x) == bytes, "a content has one spelling");
    assert_eq!(x.state_hash(), hash, "what was read is what was hashed");
    look_at(&x);
    go_on(x);
}

/// An exchange reads back from its own content as itself.
pub(crate) fn check(x: &Exchange) -> Exchange {
    let (again, hash) = read(x.head(), x.last_at(), &content_of(x)).expect("an exchange reads back");
    assert_eq!((again.state_hash(), hash), (x.state_hash(), x.state_hash()), "it reads back as itself");
    again
}

fn read(head: Seq, last_at: Micros, mut bytes: &[u8]) -> Result<(Exchange, StateHash), ContentError> {
    Exchange::from_content(head, last_at, &mut bytes)
}

fn content_of(x: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    for component in Component::ALL {
        x.content(component, &mut |piece| bytes.extend_from_slice(piece));
    }
    bytes
}

fn look_at(x: &Exchange) {
    assert!(x.ledger().is_conserved(), "money was lost or made");
    for market in x.markets() {
        assert!(x.book(market.id).is_some(), "a market has a book");
    }
    for order in x.orders() {
        let _ = x.explain_order(order.id);
        assert!(x.leases_of_order(order.id).all(|lease| lease.order == order.id), "its own leases");
    }
    for bid in x.bids() {
        let _ = x.explain_bid(bid.id);
        assert!(x.leases_of_bid(bid.id).all(|lease| lease.bid == bid.id), "its own leases");
    }
}

/// Whatever is due happens.
fn go_on(mut x: Exchange) {
    let mut events = Vec::new();
    for _ in 0..TICKS {
        let (Some(due), Some(_), RULES_VERSION) = (x.next_deadline(), x.genesis(), x.rules()) else { return };
        let entry = Entry {
            rules: RULES_VERSION,
            seq: x.head().next(),
            at: x.last_at().max(due),
            account: AccountId::EXCHANGE,
            authority: Authority::Exchange,
            command: Tick.into(),
        };
        x.apply(&entry, &mut events).expect("a tick may always stand");
        assert!(x.ledger().is_conserved(), "money was lost or made by a tick");
    }
}
