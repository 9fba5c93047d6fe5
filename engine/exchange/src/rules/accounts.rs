//! Accounts, markets, and the client ids that make a repeated command safe.

use berth_domain::{
    AccountId, AccountOpened, Address, ClientId, Code, Fingerprint, MarketId, MarketOpened, ResourceClass, TrustLevel,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::Reply;
use crate::planted::{Planted, is};
use crate::state::{Account, Bid, Market, Order, place};

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
        self.markets.push(Market::new(id, class.clone(), self.resting));
        self.markets_by_class.insert(class.clone(), id);
        step.emit(MarketOpened { market: id, class: class.clone() });
    }

    /// A market, unless the operator has stopped trade in it.
    #[inline]
    pub(crate) fn open_for_trade(&self, id: MarketId) -> Result<&Market, Code> {
        let market = self.market(id).ok_or(Code::UnknownMarket)?;
        if market.paused { Err(Code::MarketPaused) } else { Ok(market) }
    }

    #[inline]
    pub(crate) fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts.get_mut(id).expect("an account that has acted is open")
    }

    #[inline]
    pub(crate) fn level_of(&self, id: AccountId) -> TrustLevel {
        self.accounts.get(id).expect("an account that owns something is open").level
    }

    /// What this account's command with this client id answered before, if it
    /// was the same command.
    pub(crate) fn seen(&mut self, step: &Step<'_>, client_id: Option<&ClientId>) -> Result<Option<Reply>, Code> {
        let Some(id) = client_id else { return Ok(None) };
        match self.client_ids.get(step.account, id) {
            None => Ok(None),
            Some((_, Reply::Order(id)))
                if is(Planted::IdForgotten) && self.order(id).is_some_and(|order| !order.is_live()) =>
            {
                Ok(None)
            }
            Some((payload, reply)) if payload == self.fingerprint(step) => Ok(Some(reply)),
            Some(_) => Err(Code::ClientIdReused),
        }
    }

    /// The same as a pure read.
    pub(crate) fn repeats(&self, step: &Step<'_>, client_id: Option<&ClientId>) -> Result<Option<Reply>, Code> {
        let known = client_id.and_then(|id| self.client_ids.get(step.account, id));
        let Some((payload, reply)) = known else { return Ok(None) };
        let mut bytes = Vec::new();
        step.command.encode_content(&mut bytes);
        if payload == Fingerprint::of(&bytes) { Ok(Some(reply)) } else { Err(Code::ClientIdReused) }
    }

    /// Remembers what the step's command answered.
    pub(crate) fn remember(&mut self, step: &Step<'_>, client_id: Option<&ClientId>, reply: Reply) {
        let Some(id) = client_id else { return };
        let payload = self.fingerprint(step);
        let window = self.bounds().client_ids.saturating_sub(u32::from(is(Planted::WindowShort)));
        let Self { client_ids, orders, bids, .. } = self;
        let is_live = |reply| match reply {
            Reply::Order(id) => place(orders, id.0).is_some_and(Order::is_live),
            Reply::Bid(id) => place(bids, id.0).is_some_and(Bid::is_live),
            Reply::Provider(_) => true,
            Reply::None | Reply::Account(_) | Reply::Lease(_) | Reply::Market(_) => false,
        };
        client_ids.remember(step.account, *id, payload, reply, window, is_live);
    }

    fn fingerprint(&mut self, step: &Step<'_>) -> Fingerprint {
        self.bytes.clear();
        step.command.encode_content(&mut self.bytes);
        Fingerprint::of(&self.bytes)
    }
}
