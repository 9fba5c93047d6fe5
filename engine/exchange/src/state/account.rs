//! Accounts.

use std::collections::BTreeMap;

use berth_domain::codec::Encode;
use berth_domain::{AccountId, Address, OrderId, ProviderId, TrustLevel, Uptime};

/// A key that trades: tenant, owner of providers, or both.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its key.
    pub address: Address,
    /// Its trust level.
    pub level: TrustLevel,
    /// Orders that are open or parked.
    pub open_orders: u32,
    /// Bids that are open or parked.
    pub live_bids: u32,
    /// Hosts that it has registered.
    pub providers: u32,
    /// The share of time that its hosts were up.
    pub uptime: Uptime,
    /// How long it may be silent before its dead-man timer fires, in
    /// milliseconds; zero when the timer is not armed.
    pub dead_man_millis: u32,
    /// Its live orders, from the youngest; linked through the orders.
    pub(crate) youngest_order: OrderId,
    /// Its hosts, in the order of their ids.
    pub(crate) hosts: Vec<ProviderId>,
}

impl Encode for Account {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.address.encode(out);
        self.level.encode(out);
        self.open_orders.encode(out);
        self.live_bids.encode(out);
        self.providers.encode(out);
        self.uptime.encode(out);
        self.dead_man_millis.encode(out);
    }
}

/// All accounts, by id and by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    by_id: Vec<Account>,
    by_address: BTreeMap<Address, AccountId>,
}

impl Accounts {
    pub(crate) fn reserve(&mut self, accounts: usize) {
        self.by_id.reserve(accounts);
    }

    pub(crate) fn open(&mut self, address: Address, level: TrustLevel) -> AccountId {
        let id = AccountId(u32::try_from(self.by_id.len() + 1).expect("fewer accounts than 2³²"));
        self.by_id.push(Account {
            id,
            address,
            level,
            open_orders: 0,
            live_bids: 0,
            providers: 0,
            uptime: Uptime::MAX,
            dead_man_millis: 0,
            youngest_order: OrderId(0),
            hosts: Vec::new(),
        });
        self.by_address.insert(address, id);
        id
    }

    #[inline]
    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.by_id.get((id.0 as usize).wrapping_sub(1))
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: AccountId) -> Option<&mut Account> {
        self.by_id.get_mut((id.0 as usize).wrapping_sub(1))
    }

    pub(crate) fn by_address(&self, address: Address) -> Option<AccountId> {
        self.by_address.get(&address).copied()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Account> {
        self.by_id.iter()
    }
}
