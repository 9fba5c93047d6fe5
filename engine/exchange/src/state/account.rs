//! Accounts, and the client ids that each of them has used.

use std::collections::{BTreeMap, VecDeque};

use berth_domain::codec::Encode;
use berth_domain::{AccountId, Address, ClientId, Digest, TrustLevel};

use crate::outcome::Reply;

/// A key that trades: tenant, owner of providers, or both.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its key.
    pub address: Address,
    /// Its trust level.
    pub level: TrustLevel,
    /// Orders that wait for bids.
    pub open_orders: u32,
    /// Bids that are open or parked.
    pub live_bids: u32,
    /// Hosts that it has registered.
    pub providers: u32,
    client_ids: BTreeMap<ClientId, (Digest, Reply)>,
    client_ids_in_age_order: VecDeque<ClientId>,
}

impl Account {
    /// What a command with this client id answered the first time, and the
    /// digest of its payload.
    pub(crate) fn client_id(&self, id: &ClientId) -> Option<&(Digest, Reply)> {
        self.client_ids.get(id)
    }

    /// Remembers what a client id answered. Beyond `window` ids the oldest
    /// whose thing is over is forgotten.
    pub(crate) fn remember(
        &mut self,
        id: ClientId,
        payload: Digest,
        reply: Reply,
        window: u32,
        is_live: impl Fn(Reply) -> bool,
    ) {
        self.client_ids.insert(id.clone(), (payload, reply));
        self.client_ids_in_age_order.push_back(id);
        let mut over = self.client_ids_in_age_order.len().saturating_sub(window as usize);
        let mut kept = VecDeque::new();
        while over > 0 {
            let Some(oldest) = self.client_ids_in_age_order.pop_front() else { break };
            if self.client_ids.get(&oldest).is_some_and(|(_, reply)| is_live(*reply)) {
                kept.push_back(oldest);
            } else {
                self.client_ids.remove(&oldest);
            }
            over -= 1;
        }
        while let Some(live) = kept.pop_back() {
            self.client_ids_in_age_order.push_front(live);
        }
    }
}

impl Encode for Account {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.address.encode(out);
        self.level.encode(out);
        self.open_orders.encode(out);
        self.live_bids.encode(out);
        self.providers.encode(out);
        (self.client_ids.len() as u64).encode(out);
        for (id, (payload, reply)) in &self.client_ids {
            id.encode(out);
            payload.encode(out);
            reply.encode(out);
        }
        // The age order decides what is forgotten next, so it is state too.
        for id in &self.client_ids_in_age_order {
            id.encode(out);
        }
    }
}

/// All accounts, by id and by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    by_id: Vec<Account>,
    by_address: BTreeMap<Address, AccountId>,
}

impl Accounts {
    pub(crate) fn open(&mut self, address: Address, level: TrustLevel) -> AccountId {
        let id = AccountId(u32::try_from(self.by_id.len() + 1).expect("fewer accounts than 2³²"));
        self.by_id.push(Account {
            id,
            address,
            level,
            open_orders: 0,
            live_bids: 0,
            providers: 0,
            client_ids: BTreeMap::new(),
            client_ids_in_age_order: VecDeque::new(),
        });
        self.by_address.insert(address, id);
        id
    }

    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.by_id.get((id.0 as usize).checked_sub(1)?)
    }

    pub(crate) fn get_mut(&mut self, id: AccountId) -> Option<&mut Account> {
        self.by_id.get_mut((id.0 as usize).checked_sub(1)?)
    }

    pub(crate) fn by_address(&self, address: Address) -> Option<AccountId> {
        self.by_address.get(&address).copied()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Account> {
        self.by_id.iter()
    }
}
