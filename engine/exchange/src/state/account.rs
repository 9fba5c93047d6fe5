//! Accounts.

use std::collections::BTreeMap;

use berth_book::prefetch;
use berth_domain::codec::Encode;
use berth_domain::{AccountId, Address, Mandate, Micros, OrderId, ProviderId, Reputation, Stroops, TrustLevel, Uptime};

use super::content::content;
use super::history::Record;
use super::key::AccountKey;
use super::recall::{Parts, Recall, Unread};
use super::standing::Standing;

use crate::planted::{Planted, is};

/// A key that trades: tenant, owner of providers, or both.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its key.
    pub address: Address,
    /// Its trust level: what it earned, or what it was granted when that is
    /// more.
    pub level: TrustLevel,
    /// The level that the genesis grants it.
    pub granted: TrustLevel,
    /// What its leases made of its name.
    pub reputation: Reputation,
    /// Orders that are open or parked.
    pub open_orders: u32,
    /// Bids that are open or parked.
    pub live_bids: u32,
    /// Hosts that it has registered.
    pub providers: u32,
    /// The share of time that its hosts were up, over the last days, by its
    /// counted leases; all of it when there is none.
    pub uptime: Uptime,
    /// How long it may be silent before its dead-man timer fires, in
    /// milliseconds; zero when the timer is not armed.
    pub dead_man_millis: u32,
    /// What it lets be done in its name; nothing is limited without one.
    pub mandate: Option<Mandate>,
    /// The end of the day that `spent` counts.
    pub(crate) day_ends_at: Micros,
    /// What went into escrows on that day.
    pub(crate) spent: Stroops,
    /// What is held for top-ups of its leases: the part of what it holds that
    /// only the chain's answer releases.
    pub(crate) topping_up: Stroops,
    /// Those of its orders that are parked.
    pub(crate) parked_orders: u32,
    /// Its live orders, from the youngest; linked through the orders.
    pub(crate) youngest_order: OrderId,
    /// Its hosts, in the order of their ids.
    pub(crate) hosts: Vec<ProviderId>,
    /// What trust in it rests on, its signatures and its keys; nothing for an
    /// account that no lease, auditor or verdict has told of and that has neither.
    pub(crate) standing: Option<Box<Standing>>,
}

impl Account {
    /// An account that has done nothing yet.
    fn new(id: AccountId, address: Address, level: TrustLevel) -> Self {
        Self {
            id,
            address,
            level,
            granted: level,
            reputation: Reputation::MAX,
            open_orders: 0,
            live_bids: 0,
            providers: 0,
            uptime: Uptime::MAX,
            dead_man_millis: 0,
            mandate: None,
            day_ends_at: Micros::default(),
            spent: Stroops::ZERO,
            topping_up: Stroops::ZERO,
            parked_orders: 0,
            youngest_order: OrderId(0),
            hosts: Vec::new(),
            standing: None,
        }
    }

    /// Asks for the memory of what nearly every command reads of it.
    #[inline]
    pub(crate) fn ask(&self) {
        prefetch(&self.level);
        prefetch(&self.dead_man_millis);
        prefetch(&self.mandate);
    }

    /// Its record as a provider.
    #[must_use]
    pub fn record(&self) -> Record {
        self.standing.as_deref().map_or_else(Record::default, |standing| standing.history.record())
    }

    /// That of its last signed command that was carried out; zero before.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.standing.as_deref().map_or(0, |standing| standing.nonce)
    }

    /// Keys that speak for it beside its own, in the order of their bytes; among
    /// them those that are over and of which something signed might come again.
    #[must_use]
    pub fn keys(&self) -> &[AccountKey] {
        self.standing.as_deref().map_or(&[], |standing| &standing.keys)
    }

    /// With the rest of its standing; what says nothing is none.
    fn with_standing(mut self, standing: Standing) -> Self {
        let standing = Standing { nonce: self.nonce(), ..standing };
        self.standing = Some(standing).filter(|standing| !standing.is_empty()).map(Box::new);
        self
    }

    /// Stake that is forfeited and that the chain has not taken yet.
    #[must_use]
    pub fn forfeited(&self) -> Stroops {
        self.standing.as_deref().map_or(Stroops::ZERO, Standing::forfeited)
    }

    /// What has gone into escrows since midnight (UTC).
    #[must_use]
    pub fn spent_on(&self, at: Micros) -> Stroops {
        if at < self.day_ends_at || is(Planted::DayNotReset) { self.spent } else { Stroops::ZERO }
    }

    /// Counts what goes into an escrow.
    #[inline]
    pub(crate) fn spend(&mut self, at: Micros, amount: Stroops) {
        if at >= self.day_ends_at && !is(Planted::DayNotReset) {
            self.day_ends_at = next_midnight(at);
            self.spent = Stroops::ZERO;
        }
        // The same money may go into escrows and come back any number of times.
        self.spent = self.spent.checked_add(amount).unwrap_or(Stroops::MAX);
    }

    /// Whether its mandate limits what it may spend.
    #[inline]
    pub(crate) fn is_capped(&self) -> bool {
        self.mandate.is_some_and(|mandate| mandate.per_lease.is_some() || mandate.per_day.is_some())
    }

    /// Auditors whose word for it holds, and until when.
    pub fn attestations(&self) -> impl Iterator<Item = (AccountId, Micros)> + '_ {
        self.standing.iter().flat_map(|standing| standing.attestations.iter().copied())
    }
}

/// The first midnight (UTC) after a point in time.
pub(crate) const fn next_midnight(at: Micros) -> Micros {
    const DAY: u64 = 86_400_000_000;
    Micros((at.0 / DAY + 1).saturating_mul(DAY))
}

// What counts its things and what it holds for top-ups follow from the things'
// content.
content!(Account {
    id,
    address,
    level,
    granted,
    reputation,
    uptime,
    dead_man_millis,
    nonce with |account, out| account.nonce().encode(out),
    mandate,
    day_ends_at,
    spent,
    standing with encode_standing,
});

impl Recall for Account {
    fn recall(parts: &mut Parts<'_, '_>) -> Result<Self, Unread> {
        let new = Self::new(parts.get("id")?, parts.get("address")?, parts.get("level")?);
        Ok(Self {
            granted: parts.get("granted")?,
            reputation: parts.get("reputation")?,
            uptime: parts.get("uptime")?,
            dead_man_millis: parts.get("dead_man_millis")?,
            standing: Some(Box::new(Standing { nonce: parts.get("nonce")?, ..Standing::default() })),
            mandate: parts.get("mandate")?,
            day_ends_at: parts.get("day_ends_at")?,
            spent: parts.get("spent")?,
            ..new
        }
        .with_standing(Standing::recall(parts)?))
    }
}

/// No standing and an empty one are the same.
fn encode_standing(account: &Account, out: &mut Vec<u8>) {
    match account.standing.as_deref() {
        Some(standing) => standing.encode(out),
        None => Standing::default().encode(out),
    }
}

/// All accounts, by id and by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    by_id: Vec<Account>,
    by_address: BTreeMap<Address, AccountId>,
    /// Whose each registered key is.
    by_key: BTreeMap<[u8; 32], AccountId>,
}

impl Accounts {
    pub(crate) fn reserve(&mut self, accounts: usize) {
        self.by_id.reserve(accounts);
    }

    pub(crate) fn open(&mut self, address: Address, level: TrustLevel) -> AccountId {
        let id = AccountId(u32::try_from(self.by_id.len() + 1).expect("fewer accounts than 2³²"));
        self.add(Account::new(id, address, level));
        id
    }

    /// Adds an account whose id comes next and whose keys have none.
    pub(crate) fn add(&mut self, account: Account) {
        self.by_address.insert(account.address, account.id);
        self.by_key.extend(account.keys().iter().map(|key| (key.key, account.id)));
        self.by_id.push(account);
    }

    pub(crate) const fn len(&self) -> usize {
        self.by_id.len()
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

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Account> + Clone {
        self.by_id.iter()
    }

    /// Whose a registered key is, and what it may; also of one that is over.
    pub(crate) fn by_key(&self, key: &[u8; 32]) -> Option<(AccountId, &AccountKey)> {
        let account = *self.by_key.get(key)?;
        let keys = self.get(account)?.keys();
        Some((account, &keys[place_of(keys, key).ok()?]))
    }

    /// A registered key, to change it.
    pub(crate) fn key_mut(&mut self, key: &[u8; 32]) -> Option<&mut AccountKey> {
        let account = *self.by_key.get(key)?;
        let keys = &mut self.get_mut(account)?.standing.as_deref_mut()?.keys;
        let place = place_of(keys, key).ok()?;
        Some(&mut keys[place])
    }

    /// Registers a key with an account, whosever it was before.
    pub(crate) fn put_key(&mut self, account: AccountId, key: AccountKey) {
        if let Some(before) = self.by_key.insert(key.key, account) {
            self.retain_keys(before, |other| other.key != key.key);
        }
        let account = self.get_mut(account).expect("an account that has acted is open");
        let keys = &mut account.standing.get_or_insert_default().keys;
        let place = place_of(keys, &key.key).unwrap_or_else(|place| place);
        keys.insert(place, key);
    }

    /// Forgets some of an account's keys.
    pub(crate) fn drop_keys(&mut self, account: AccountId, is_gone: impl Fn(&AccountKey) -> bool) {
        let keys = self.get(account).map_or(&[][..], Account::keys);
        let gone: Vec<_> = keys.iter().filter(|key| is_gone(key)).map(|key| key.key).collect();
        for key in &gone {
            self.by_key.remove(key);
        }
        self.retain_keys(account, |key| !gone.contains(&key.key));
    }

    fn retain_keys(&mut self, account: AccountId, stays: impl Fn(&AccountKey) -> bool) {
        if let Some(standing) = self.get_mut(account).and_then(|account| account.standing.as_deref_mut()) {
            standing.keys.retain(stays);
        }
    }
}

/// Where a key is among an account's, or belongs.
fn place_of(keys: &[AccountKey], key: &[u8; 32]) -> Result<usize, usize> {
    keys.binary_search_by_key(key, |it| it.key)
}
