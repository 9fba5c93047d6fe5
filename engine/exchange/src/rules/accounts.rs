//! Accounts, markets, and the client ids that make a repeated command safe.

use berth_domain::codec::Encode;
use berth_domain::{
    AccountId, AccountOpened, Address, ClientId, Code, Command, Digest, MarketId, MarketOpened, ResourceClass,
    TrustLevel,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::Reply;
use crate::planted::{Planted, is};
use crate::state::{Account, Market};

impl Exchange {
    /// The account of a key, opened when it is new.
    pub(crate) fn account_of(&mut self, step: &mut Step<'_>, address: Address) -> AccountId {
        if let Some(account) = self.accounts.by_address(address) {
            return account;
        }
        let level = self.granted_level(address);
        let account = self.accounts.open(address, level);
        step.emit(AccountOpened { account, address, level });
        account
    }

    /// The level that the genesis grants to a key.
    pub(crate) fn granted_level(&self, address: Address) -> TrustLevel {
        let genesis = self.genesis.as_ref().expect("no entry is applied before the genesis");
        let grant = genesis.grants.iter().find(|grant| grant.address == address);
        grant.map_or(genesis.default_level, |grant| grant.level)
    }

    /// Opens the market of a class unless it is open.
    pub(crate) fn open_market(&mut self, step: &mut Step<'_>, class: &ResourceClass) {
        if self.markets_by_class.contains_key(class) {
            return;
        }
        // The id space is the bound: a class beyond it has no market.
        let Ok(id) = u16::try_from(self.markets.len() + 1).map(MarketId) else { return };
        self.markets.push(Market::new(id, class.clone()));
        self.markets_by_class.insert(class.clone(), id);
        step.emit(MarketOpened { market: id, class: class.clone() });
    }

    pub(crate) fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts.get_mut(id).expect("an account that has acted is open")
    }

    pub(crate) fn level_of(&self, id: AccountId) -> TrustLevel {
        self.accounts.get(id).expect("an account that owns something is open").level
    }

    /// What this account's command with this client id answered before, if it
    /// was the same command.
    pub(crate) fn seen(
        &self,
        account: AccountId,
        client_id: Option<&ClientId>,
        command: impl FnOnce() -> Command,
    ) -> Result<Option<Reply>, Code> {
        let Some(id) = client_id else { return Ok(None) };
        match self.accounts.get(account).and_then(|account| account.client_id(id)) {
            Some((_, Reply::Order(id)))
                if is(Planted::IdForgotten)
                    && self.order(*id).is_some_and(|order| order.state != berth_domain::OrderState::Open) =>
            {
                Ok(None)
            }
            None => Ok(None),
            Some((payload, reply)) if *payload == digest(&command()) => Ok(Some(*reply)),
            Some(_) => Err(Code::ClientIdReused),
        }
    }

    /// Remembers what a command with a client id answered.
    pub(crate) fn remember(
        &mut self,
        account: AccountId,
        client_id: Option<&ClientId>,
        command: impl FnOnce() -> Command,
        reply: Reply,
    ) {
        let Some(id) = client_id else { return };
        let window = self.bounds().client_ids.saturating_sub(u32::from(is(Planted::WindowShort)));
        let Self { accounts, orders, bids, .. } = self;
        let is_live = |reply| match reply {
            Reply::Order(id) => {
                crate::state::place(orders, id.0).is_some_and(|order| order.state == berth_domain::OrderState::Open)
            }
            Reply::Bid(id) => crate::state::place(bids, id.0).is_some_and(crate::state::Bid::is_live),
            Reply::Provider(_) => true,
            Reply::None | Reply::Account(_) | Reply::Lease(_) => false,
        };
        let account = accounts.get_mut(account).expect("an account that has acted is open");
        account.remember(id.clone(), digest(&command()), reply, window, is_live);
    }
}

fn digest(command: &Command) -> Digest {
    Digest(blake3::hash(&command.to_bytes()).into())
}
