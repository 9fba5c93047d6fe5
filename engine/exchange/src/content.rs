//! The whole content of the state as bytes, in four components: what the state
//! hash covers. `docs/state.md` draws it.

use std::collections::BTreeMap;

use berth_domain::codec::Encode;
use berth_domain::{AccountId, ClientId, Digest};

use crate::exchange::Exchange;
use crate::state::StateHash;

/// A part of what the exchange knows, so that two builds which disagree can be
/// told where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Balances, stakes, escrows, and how far the chain has been read.
    Ledger,
    /// Markets, orders and bids.
    Books,
    /// Leases, what waits for them, and timers.
    Leases,
    /// Genesis, terms, accounts, providers and client ids.
    Providers,
}

impl Component {
    /// All of them, in the order of the root.
    pub const ALL: [Self; 4] = [Self::Ledger, Self::Books, Self::Leases, Self::Providers];

    /// Its name, which its hash begins with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Books => "books",
            Self::Leases => "leases",
            Self::Providers => "providers",
        }
    }

    /// What its content is hashed with.
    pub(crate) fn hasher(self) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.name().as_bytes());
        hasher
    }
}

impl Exchange {
    /// Hands out the content of a component, piece by piece and in order: never
    /// all of it at once, since it may be large.
    pub fn content(&self, component: Component, take: &mut dyn FnMut(&[u8])) {
        let mut to = Pieces { take, piece: Vec::with_capacity(2 * PIECE) };
        match component {
            Component::Ledger => {
                to.one(&self.ledger);
                to.one(&self.chain_cursor);
                to.one(&self.stake_cursor);
            }
            Component::Books => {
                to.all(self.markets.iter());
                to.all(self.orders.iter());
                to.all(self.bids.iter());
                to.all(self.reentering.iter());
            }
            Component::Leases => {
                to.all(self.leases.iter());
                to.all(self.standbys.iter());
                to.all(self.standbys.seeking().iter());
                to.all(self.standbys.freed_hosts().iter());
                to.all(self.gangs.values());
                to.all(self.checks.values());
                to.one(&self.timers);
            }
            Component::Providers => {
                to.one(&self.genesis);
                to.one(&self.config);
                to.all(self.accounts.iter());
                to.all(self.providers.iter());
                self.remembered(&mut to);
            }
        }
        to.hand_out();
    }

    /// The client ids that are remembered, by account.
    fn remembered(&self, to: &mut Pieces<'_>) {
        let mut of_live: BTreeMap<AccountId, Vec<ClientId>> = BTreeMap::new();
        let orders = self.orders().filter(|order| order.is_live()).map(|order| (order.account, order.client_id));
        let bids = self.bids().filter(|bid| bid.is_live()).map(|bid| (bid.account, bid.client_id));
        let providers = self.providers().map(|provider| (provider.account, provider.client_id));
        for (account, id) in orders.chain(bids).chain(providers) {
            of_live.entry(account).or_default().extend(id);
        }
        for account in self.accounts() {
            let live = of_live.get(&account.id).map_or(&[][..], Vec::as_slice);
            to.piece(|out| self.client_ids.encode(account.id, live, out));
        }
    }

    /// A digest of everything that the exchange knows. Walks all of it: for
    /// checkpoints, audits and tests.
    #[must_use]
    pub fn state_hash(&self) -> StateHash {
        let [ledger, books, leases, providers] = Component::ALL.map(|component| self.component_hash(component));
        StateHash { ledger, books, leases, providers }
    }

    fn component_hash(&self, component: Component) -> Digest {
        let mut hasher = component.hasher();
        self.content(component, &mut |piece| {
            hasher.update(piece);
        });
        Digest(hasher.finalize().into())
    }
}

/// Bytes of a piece, or little more: hashing and writing many small ones takes
/// several times as long.
const PIECE: usize = 64 << 10;

/// Hands out values one after the other.
struct Pieces<'a> {
    take: &'a mut dyn FnMut(&[u8]),
    piece: Vec<u8>,
}

impl Pieces<'_> {
    fn piece(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.piece);
        if self.piece.len() >= PIECE {
            self.hand_out();
        }
    }

    fn hand_out(&mut self) {
        (self.take)(&self.piece);
        self.piece.clear();
    }

    fn one(&mut self, value: &impl Encode) {
        self.piece(|out| value.encode(out));
    }

    /// How many, then each of them.
    fn all<'b, T: Encode + 'b>(&mut self, values: impl Iterator<Item = &'b T> + Clone) {
        self.one(&(values.clone().count() as u64));
        values.for_each(|value| self.one(value));
    }
}
