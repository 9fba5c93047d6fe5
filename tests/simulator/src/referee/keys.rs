//! Keys: who speaks for an account is its own key or one that it let speak, for as
//! long as it did and of what it did; and what is signed is carried out once.

use std::collections::BTreeMap;

use berth_domain::{AccountId, Code, Command, Entry, Event, KEYS_MAX, Micros, Scope, Scopes};
use berth_exchange::{Exchange, Outcome};

use super::{Checked, ensure, rule};

/// How far the time of a signature may be from its entry's, in microseconds.
const LIFE: u64 = 60_000_000;

/// A key as its account has let it speak.
#[derive(Clone, Copy, Debug)]
struct Held {
    account: AccountId,
    scopes: Scopes,
    ends_at: Option<Micros>,
}

/// Keys that speak, and what each key has ever signed last.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    held: BTreeMap<[u8; 32], Held>,
    signed: BTreeMap<[u8; 32], u64>,
}

impl Keys {
    /// Whether an entry came no further than its key: then it says nothing.
    pub(super) const fn turn_away(outcome: Outcome) -> bool {
        matches!(outcome, Outcome::Refused(Code::KeyNotAllowed | Code::NonceUsed | Code::SignatureExpired))
    }

    pub(super) fn after(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        self.speaks(x, entry, outcome)?;
        self.signs(entry, outcome)?;
        for event in events {
            self.hear(x, entry, event)?;
        }
        let is_about_keys = matches!(entry.command, Command::RegisterKey(_) | Command::RevokeKey(_));
        let told = events.iter().filter(|event| matches!(event, Event::KeyRegistered(_) | Event::KeyRevoked(_)));
        let must = usize::from(is_about_keys && matches!(outcome, Outcome::Done(_)));
        ensure!(told.count() == must, rule::KEYS, "entry {} of a key came to {outcome:?}: {events:?}", entry.seq);
        Ok(())
    }

    /// A key that may speak is heard, and no other.
    fn speaks(&self, x: &Exchange, entry: &Entry, outcome: Outcome) -> Checked {
        let refused = outcome == Outcome::Refused(Code::KeyNotAllowed);
        let Some((key, account)) = entry.authority.key().zip(x.account(entry.account)) else {
            ensure!(!refused, rule::KEYS, "entry {} comes by no key and came to {outcome:?}", entry.seq);
            return Ok(());
        };
        let held = self.held.get(key);
        // In these worlds no key that is registered is an account's own.
        let may = account.address.0 == *key
            || held.is_some_and(|held| {
                let ends_itself = matches!(&entry.command, Command::RevokeKey(revoke) if revoke.key == *key);
                let is_live = held.ends_at.is_none_or(|end| entry.at < end);
                held.account == entry.account && is_live && (ends_itself || covers(held.scopes, &entry.command))
            });
        ensure!(
            refused != may,
            rule::KEYS,
            "entry {} by {held:?} at {:?} says {} and came to {outcome:?}",
            entry.seq,
            entry.at,
            entry.command.name()
        );
        Ok(())
    }

    /// What is signed is carried out once, in the order of its times, and near
    /// them.
    fn signs(&mut self, entry: &Entry, outcome: Outcome) -> Checked {
        let Some((key, nonce)) = entry.authority.key().zip(entry.authority.nonce()) else { return Ok(()) };
        let before = self.signed.get(key).copied().unwrap_or_default();
        let due = match nonce.abs_diff(entry.at.0) > LIFE {
            _ if nonce <= before => Some(Code::NonceUsed),
            true => Some(Code::SignatureExpired),
            false => None,
        };
        let is_turned_away = matches!(outcome, Outcome::Refused(Code::NonceUsed | Code::SignatureExpired));
        let is_so = match due {
            None => !is_turned_away,
            // A key that is long over is forgotten, and so are its times: they are
            // too far from any entry's by then.
            Some(Code::NonceUsed) => is_turned_away || !is_heard(outcome),
            Some(code) => outcome == Outcome::Refused(code) || !is_heard(outcome),
        };
        ensure!(is_so, rule::KEYS, "entry {} was signed at {nonce}, after {before}: {outcome:?}", entry.seq);
        if let Outcome::Done(_) = outcome {
            self.signed.insert(*key, nonce);
        }
        Ok(())
    }

    fn hear(&mut self, x: &Exchange, entry: &Entry, event: &Event) -> Checked {
        let is_own =
            entry.authority.key().is_none_or(|key| x.account(entry.account).is_some_and(|it| it.address.0 == *key));
        match (event, &entry.command) {
            (Event::KeyRegistered(told), Command::RegisterKey(said)) => {
                let as_said = (told.account, told.key, told.scopes, told.expires_at)
                    == (entry.account, said.key, said.scopes, said.expires_at);
                let before = self.held.get(&said.key);
                let is_free = before.is_none_or(|held| {
                    held.account == entry.account || held.ends_at.is_some_and(|end| end <= entry.at)
                });
                ensure!(as_said && is_own && is_free, rule::KEYS, "{told:?} by {entry:?}, before {before:?}");
                self.held
                    .insert(said.key, Held { account: entry.account, scopes: said.scopes, ends_at: said.expires_at });
                let is_live = |held: &&Held| held.ends_at.is_none_or(|end| entry.at < end);
                let live = self.held.values().filter(is_live).filter(|held| held.account == entry.account).count();
                ensure!(live <= KEYS_MAX, rule::KEYS, "account {} has {live} keys", entry.account);
                let there = x.account_of_key(&said.key).map(|(account, key)| (account, key.scopes, key.expires_at));
                let must = Some((entry.account, said.scopes, said.expires_at));
                ensure!(there == must, rule::KEYS, "{there:?} speaks after {told:?}");
            }
            (Event::KeyRevoked(told), Command::RevokeKey(said)) => {
                let ends_itself = entry.authority.key() == Some(&said.key);
                let as_said = (told.account, told.key) == (entry.account, said.key);
                let is_held = self.held.get(&said.key).is_some_and(|held| held.account == entry.account);
                ensure!(as_said && is_held && (is_own || ends_itself), rule::KEYS, "{told:?} by {entry:?}");
                self.held.remove(&said.key);
            }
            (Event::KeyRegistered(_) | Event::KeyRevoked(_), _) => {
                return Err(rule::KEYS.broken(format!("{event:?} by {entry:?}")));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether it was more than looked at.
const fn is_heard(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Refused(Code::KeyNotAllowed | Code::UnknownAccount))
}

fn covers(scopes: Scopes, command: &Command) -> bool {
    let by = |scope| scopes.contains(scope);
    match command.name() {
        "order.place" | "order.cancel" | "order.amend" | "order.replace" | "lease.accept" | "lease.stop"
        | "lease.topup" => by(Scope::Trade),
        "provider.register" | "provider.update" | "lease.start" | "lease.heartbeat" | "lease.finish"
        | "lease.backlog" => by(Scope::Provide),
        "bid.place" | "bid.cancel" | "bid.amend" | "bid.replace" | "bid.mass" | "cancel.all" | "deadman.set" => {
            by(Scope::Trade) || by(Scope::Provide)
        }
        _ => false,
    }
}
