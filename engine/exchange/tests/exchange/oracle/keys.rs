//! Who speaks for an account: its own key, or one that is registered with it, for
//! as long as it is.

use berth_domain::{AccountId, Code, Command, KeyRegistered, KeyRevoked, Micros, RegisterKey, Scope, Scopes};

use super::{Answer, Oracle, Reply, Rule};

/// How far the time of a signature may be from that of its entry.
const MINUTE: u64 = 60_000_000;

/// Registered keys that an account may have.
const MOST: usize = 32;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) key: [u8; 32],
    pub(crate) scopes: Scopes,
    /// When its time is over, or it was revoked.
    pub(crate) ends_at: Option<Micros>,
    /// When the last was signed of what it signed and what was carried out.
    pub(crate) signed_at: u64,
}

impl Key {
    pub(crate) fn is_live(&self, at: Micros) -> bool {
        self.ends_at.is_none_or(|end| at < end)
    }

    /// Whether it is over, and nothing that it signed would be taken any more.
    fn is_forgotten(&self, at: Micros) -> bool {
        !self.is_live(at) && at.0 > self.signed_at + MINUTE
    }
}

/// What lets a key say this.
pub(crate) fn allowing(command: &Command) -> &'static [Scope] {
    let (kind, verb) = command.name().split_once('.').unwrap_or_default();
    match (kind, verb) {
        ("order", _) | ("lease", "accept" | "stop" | "topup") => &[Scope::Trade],
        ("provider", _) | ("lease", "start" | "heartbeat" | "finish" | "backlog") => &[Scope::Provide],
        ("bid" | "cancel" | "deadman", _) => &[Scope::Trade, Scope::Provide],
        _ => &[],
    }
}

impl Oracle {
    /// Whether the key that speaks may, and whether what it signed, if it did, is
    /// said in time and once.
    pub(super) fn check_key(&self, command: &Command) -> Result<(), Code> {
        let Some(key) = self.step.key else { return Ok(()) };
        let at = self.step.at;
        let account = self.find_account(self.step.account).ok_or(Code::UnknownAccount)?;
        let before = if account.address.0 == key {
            let mut known = self.accounts.iter().flat_map(|account| &account.keys);
            if known.any(|known| known.key == key && !known.is_forgotten(at)) {
                self.reach(Rule::OwnKeySpeaksForAnother);
                return Err(Code::KeyNotAllowed);
            }
            account.nonce
        } else {
            let known = account.keys.iter().find(|known| known.key == key).ok_or(Code::KeyNotAllowed)?;
            let revokes_itself = matches!(command, Command::RevokeKey(revoke) if revoke.key == key);
            if !known.is_live(at) {
                self.reach(Rule::KeyIsOver);
                return Err(Code::KeyNotAllowed);
            }
            if !revokes_itself && !allowing(command).iter().any(|scope| known.scopes.contains(*scope)) {
                self.reach(Rule::KeyHasNoScope);
                return Err(Code::KeyNotAllowed);
            }
            self.reach(if revokes_itself { Rule::KeyRevokesItself } else { Rule::KeySpeaks });
            known.signed_at
        };
        let Some(nonce) = self.step.signed_at else { return Ok(()) };
        if nonce <= before {
            return Err(Code::NonceUsed);
        }
        let is_of_now = (at.0.saturating_sub(MINUTE)..=at.0 + MINUTE).contains(&nonce);
        if is_of_now { Ok(()) } else { Err(Code::SignatureExpired) }
    }

    /// What was signed and carried out is not carried out again.
    pub(super) fn note_nonce(&mut self) {
        let (Some(key), Some(nonce)) = (self.step.key, self.step.signed_at) else { return };
        let account = self.account_mut(self.step.account);
        match account.keys.iter_mut().find(|known| known.key == key) {
            Some(known) => known.signed_at = nonce,
            None => account.nonce = nonce,
        }
    }

    pub(super) fn register_key(&mut self, register: &RegisterKey) -> Result<Answer, Code> {
        let RegisterKey { key, scopes, expires_at, .. } = *register;
        let (id, at) = (self.step.account, self.step.at);
        if scopes.iter().next().is_none() {
            return Err(Code::OutOfBounds);
        }
        if expires_at.is_some_and(|end| end <= at) {
            return Err(Code::TimeInPast);
        }
        let whose = self.accounts.iter().find(|account| account.keys.iter().any(|known| known.key == key));
        let whose: Option<(AccountId, Key)> =
            whose.and_then(|account| Some((account.id, *account.keys.iter().find(|known| known.key == key)?)));
        if self.accounts.iter().any(|account| account.address.0 == key) {
            self.reach(Rule::OwnKeyRegistered);
            return Err(Code::KeyTaken);
        }
        match whose {
            Some((owner, known)) if owner != id && known.is_live(at) => return Err(Code::KeyTaken),
            Some((owner, _)) if owner != id => self.reach(Rule::KeyChangesHands),
            Some((_, known)) if known.is_live(at) => self.reach(Rule::KeyChanged),
            Some(_) => self.reach(Rule::KeyRegisteredAnew),
            None => {}
        }
        let own = &self.account(id).keys;
        if own.iter().any(|known| known.is_forgotten(at)) {
            self.reach(Rule::KeyForgotten);
        }
        if own.iter().any(|known| !known.is_live(at) && !known.is_forgotten(at)) {
            self.reach(Rule::KeyKeptForItsSignatures);
        }
        let signed_at = whose.map_or(0, |(_, known)| known.signed_at);
        self.accounts.iter_mut().for_each(|account| account.keys.retain(|known| known.key != key));
        let own = &mut self.account_mut(id).keys;
        own.retain(|known| !known.is_forgotten(at));
        if own.len() == MOST {
            return Err(Code::TooManyKeys);
        }
        own.push(Key { key, scopes, ends_at: expires_at, signed_at });
        self.tell(KeyRegistered { account: id, key, scopes, expires_at });
        Ok(Answer::Done(Reply::Account(id)))
    }

    pub(super) fn revoke_key(&mut self, key: [u8; 32]) -> Result<Answer, Code> {
        let (account, at) = (self.step.account, self.step.at);
        let own = &mut self.account_mut(account).keys;
        let known = own.iter_mut().find(|known| known.key == key && known.is_live(at)).ok_or(Code::UnknownKey)?;
        known.ends_at = Some(at);
        self.tell(KeyRevoked { account, key });
        Ok(Answer::Done(Reply::Account(account)))
    }
}
