//! Contents of exchanges, which a snapshot keeps, with other bytes in them.

use berth_domain::{AccountId, Authority, Entry, Micros, RULES_VERSION, Seq, Tick};
use berth_exchange::{Component, ContentError, Exchange, StateHash};

use crate::log;

/// Ticks that an exchange goes on for.
const TICKS: usize = 20;

/// Bytes in front of a program that say what is changed: for each change where,
/// how, and to what.
const CHANGES: usize = 24;
const CHANGE: usize = 6;

/// First byte of what is a content itself.
const RAW: u8 = 0xff;

/// A content, and the last entry before it.
#[derive(Clone, Debug)]
pub struct Content {
    head: Seq,
    last_at: Micros,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Reads bytes as a content in which some bytes are others: that of the log
/// which a program writes, or just the bytes.
///
/// # Panics
/// As [`Content::restore`] does.
pub fn snapshot(bytes: &[u8]) {
    if let Some((&RAW, raw)) = bytes.split_first() {
        Content { head: Seq(1 << 40), last_at: Micros(1 << 60), bytes: raw.to_vec() }.restore();
    } else if let Some((changes, program)) = bytes.split_at_checked(CHANGES) {
        let mut content = Content::after(program);
        for change in changes.as_chunks::<CHANGE>().0 {
            content.change(change);
        }
        content.restore();
    }
}

impl Content {
    /// That of the exchange at the end of the log which a program writes.
    #[must_use]
    pub fn after(program: &[u8]) -> Self {
        let x = log::exchange(program);
        Self { head: x.head(), last_at: x.last_at(), bytes: content_of(&x) }
    }

    fn change(&mut self, change: &[u8; CHANGE]) {
        let [a, b, c, d, how, to] = *change;
        let at = u32::from_le_bytes([a, b, c, d]) as usize % self.bytes.len();
        match how % 4 {
            0 => self.bytes[at] ^= 1 << (to % 8),
            1 => self.bytes[at] = self.bytes[at].wrapping_add(1),
            2 => self.bytes[at] = to,
            // Fewer changes are some, too.
            _ => {}
        }
    }

    /// Reads it; looks at the exchange when it is one, and lets it go on. Answers
    /// whether it is one.
    ///
    /// # Panics
    /// When reading panics, or the exchange is another than was written, cannot
    /// be looked at, or has money that came from nowhere.
    pub fn restore(&self) -> bool {
        let Ok((x, hash)) = read(self.head, self.last_at, &self.bytes) else { return false };
        assert!(content_of(&x) == self.bytes, "a content has one spelling");
        assert_eq!(x.state_hash(), hash, "what was read is what was hashed");
        look_at(&x);
        go_on(x);
        true
    }
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
