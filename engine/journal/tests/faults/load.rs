//! Commands without end: deposits, orders, cancellations, new accounts; some of
//! them are refused.

use berth_domain::{AccountId, Address, CancelOrder, Command, Digest, OpenAccount, OrderId, Seconds};
use berth_journal::{Clock, WallClock};

use crate::cast::{TENANT, deposit, order};

/// Orders of the load live so long: some of a later run's timers fire.
const LIFE: Seconds = Seconds(5);

/// A load; a later run goes on where the one before ended.
#[derive(Default)]
pub(crate) struct Load {
    said: u64,
}

impl Load {
    /// Goes on behind what a load has said that was begun elsewhere.
    pub(crate) const fn from(said: u64) -> Self {
        Self { said }
    }

    pub(crate) const fn said(&self) -> u64 {
        self.said
    }

    pub(crate) fn next(&mut self) -> (AccountId, Command) {
        self.said += 1;
        let n = self.said;
        match n % 8 {
            1 | 2 | 5 => (AccountId::EXCHANGE, deposit(n).into()),
            3 | 6 => (TENANT, order(Digest(address(n).0), WallClock.now().plus(LIFE)).into()),
            4 => (TENANT, CancelOrder { order: OrderId(n.saturating_sub(1)) }.into()),
            7 => (TENANT, CancelOrder { order: OrderId(n / 2) }.into()),
            _ => (AccountId::EXCHANGE, OpenAccount { address: address(n) }.into()),
        }
    }
}

fn address(n: u64) -> Address {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Address(bytes)
}
