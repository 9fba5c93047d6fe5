//! The operator's terms, accounts, hosts and client ids.

use std::collections::BTreeSet;

use berth_domain::{AccountId, ClientId, Fingerprint, KEYS_MAX, Seq};

use super::source::Source;
use super::{ContentError, agree};
use crate::apply::genesis::{are_consistent, are_in_bounds};
use crate::content::Component;
use crate::exchange::Exchange;
use crate::outcome::Reply;
use crate::state::{Account, Accounts, Config};

/// A client id, the fingerprint of what came with it, and what it answered.
type Known = (ClientId, (u64, Reply));

/// The client ids of all accounts.
pub(super) struct Remembered {
    /// For each account its last ones from the oldest, and those of things that
    /// have lived longer.
    by_account: Vec<(Vec<Known>, Vec<Known>)>,
}

impl Remembered {
    pub(super) fn read(source: &mut Source<'_>, accounts: usize) -> Result<Self, ContentError> {
        let each = |_| Ok((source.values("client id")?, source.values("lasting client id")?));
        Ok(Self { by_account: (0..accounts).map(each).collect::<Result<_, ContentError>>()? })
    }
}

fn check(is_so: bool, thing: &'static str, place: u64, field: &'static str) -> Result<(), ContentError> {
    agree(is_so, Component::Providers, thing, place, field)
}

impl Accounts {
    /// Takes accounts in the order of their ids.
    pub(super) fn restore(&mut self, accounts: Vec<Account>) -> Result<(), ContentError> {
        for account in accounts {
            let place = self.len() as u64 + 1;
            check(u64::from(account.id.0) == place, "account", place, "id")?;
            check(self.by_address(account.address).is_none(), "account", place, "address")?;
            let keys = account.keys();
            let are_sound = keys.len() <= KEYS_MAX && keys.is_sorted_by(|a, b| a.key < b.key);
            let are_new = keys.iter().all(|key| !key.scopes.is_empty() && self.by_key(&key.key).is_none());
            check(are_sound && are_new, "account", place, "standing.keys")?;
            self.add(account);
        }
        Ok(())
    }
}

impl Exchange {
    pub(super) fn restore_config(&mut self) -> Result<(), ContentError> {
        let config = |is_so, field| check(is_so, "config", 0, field);
        let Some(genesis) = &self.genesis else {
            let nothing = Config::default();
            config(self.config.bounds == nothing.bounds, "bounds")?;
            config(self.config.rules == nothing.rules, "rules")?;
            config(self.config.terms.is_empty(), "terms")?;
            config(self.config.announced_terms.is_none(), "announced_terms")?;
            config(self.config.announced_rules.is_none(), "announced_rules")?;
            // Everything else belongs to an account or to a market.
            check(self.accounts.len() == 0, "account", 1, "id")?;
            return Ok(());
        };
        check(self.head > Seq(0), "genesis", 0, "seq")?;
        check(are_consistent(&genesis.trust), "genesis", 0, "trust")?;
        let bounds = &self.config.bounds;
        let are_terms = !self.config.terms.is_empty() && u32::try_from(self.config.terms.len()).is_ok();
        config(are_terms && self.config.terms.iter().all(|terms| are_in_bounds(&terms.timing, bounds)), "terms")?;
        let announced = self.config.announced_terms.as_ref();
        let will_be = announced.is_none_or(|next| {
            let timing = next.timing.as_ref().unwrap_or(self.timing());
            are_in_bounds(timing, next.bounds.as_ref().unwrap_or(bounds))
        });
        config(will_be, "announced_terms")?;
        let by_address = |address| self.accounts.by_address(address);
        let (Some(treasury), Some(operator)) = (by_address(genesis.treasury), by_address(genesis.operator)) else {
            return check(false, "genesis", 0, "treasury and operator");
        };
        let window = genesis.trust.window as usize;
        for account in self.accounts.iter() {
            let Some(standing) = account.standing.as_deref() else { continue };
            let known = |id: AccountId| self.has_account(id);
            let history = standing.history.len() <= window && standing.history.lessees().all(known);
            check(history, "account", account.id.0.into(), "standing.history")?;
            let auditors = standing.attestations.iter().all(|(auditor, _)| known(*auditor));
            check(auditors, "account", account.id.0.into(), "standing.attestations")?;
            let forfeits = standing.forfeits.iter().all(|(lease, _)| self.has_lease(*lease));
            check(forfeits, "account", account.id.0.into(), "standing.forfeits")?;
        }
        (self.treasury, self.operator) = (treasury, operator);
        Ok(())
    }

    pub(super) fn restore_providers(&mut self) -> Result<(), ContentError> {
        for place in 1..=self.providers.len() {
            let host = &self.providers[place - 1];
            let id = place as u64;
            let host_is = |is_so, field| check(is_so, "provider", id, field);
            host_is(u64::from(host.id.0) == id, "id")?;
            host_is(self.has_account(host.account), "account")?;
            let classes: BTreeSet<_> = host.gpus.iter().map(|gpus| &gpus.class).collect();
            let are_gpus = host.gpus.iter().all(|gpus| gpus.class.is_gpu());
            host_is(are_gpus && classes.len() == host.gpus.len(), "gpus")?;
            host_is(host.free_gpus.len() == host.gpus.len(), "free_gpus")?;
            let (host, owner) = (host.id, host.account);
            let owner = self.account_mut(owner);
            owner.hosts.push(host);
            owner.providers += 1;
        }
        Ok(())
    }

    pub(super) fn restore_client_ids(&mut self, remembered: Remembered) -> Result<(), ContentError> {
        // Few ids outlive the last ones of their account, mostly none.
        let has_lasting = remembered.by_account.iter().any(|(_, lasting)| !lasting.is_empty());
        let living = if has_lasting { self.living_ids() } else { BTreeSet::new() };
        let ids = remembered.by_account.iter().map(|(last, lasting)| last.len() + lasting.len()).sum();
        self.client_ids.reserve(self.accounts.len(), ids);
        for (account, (last, lasting)) in (1_u32..).map(AccountId).zip(remembered.by_account) {
            for (place, (id, (payload, reply))) in (1_u64..).zip(last) {
                let is_new = self.client_ids.get(account, &id).is_none();
                check(is_new && self.has_reply(reply), "client id", place, "id or reply")?;
                self.client_ids.remember(account, id, Fingerprint(payload), reply, u32::MAX, |_| true);
            }
            let mut before = None;
            for (place, (id, (payload, reply))) in (1_u64..).zip(lasting) {
                let is_new = self.client_ids.get(account, &id).is_none() && before < Some(id);
                let lives = living.contains(&(account, id)) && self.has_reply(reply);
                check(is_new && lives, "lasting client id", place, "id or reply")?;
                self.client_ids.keep(account, id, Fingerprint(payload), reply);
                before = Some(id);
            }
        }
        Ok(())
    }

    /// The client ids of all that lives.
    fn living_ids(&self) -> BTreeSet<(AccountId, ClientId)> {
        let orders = self.orders.iter().filter(|order| order.is_live()).map(|order| (order.account, order.client_id));
        let bids = self.bids.iter().filter(|bid| bid.is_live()).map(|bid| (bid.account, bid.client_id));
        let hosts = self.providers.iter().map(|host| (host.account, host.client_id));
        orders.chain(bids).chain(hosts).filter_map(|(account, id)| Some((account, id?))).collect()
    }

    /// Whether there is what a command answered with.
    fn has_reply(&self, reply: Reply) -> bool {
        match reply {
            Reply::None => true,
            Reply::Account(id) => self.has_account(id),
            Reply::Provider(id) => self.has_provider(id),
            Reply::Order(id) => self.has_order(id),
            Reply::Bid(id) => self.has_bid(id),
            Reply::Lease(id) => self.has_lease(id),
            Reply::Market(id) => self.has_market(id),
        }
    }
}
