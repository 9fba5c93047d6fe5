//! A key speaks for an account. That the key itself agreed is checked where the
//! command comes in, as signatures are, and by whoever audits the log.

use berth_domain::{Address, Code, KEYS_MAX, KeyRegistered, RegisterKey};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::AccountKey;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, register: &RegisterKey) -> Result<Outcome, Code> {
    let RegisterKey { key, scopes, expires_at, proof: _ } = *register;
    let (account, at) = (step.account, step.at);
    if scopes.is_empty() {
        return Err(Code::OutOfBounds);
    }
    if expires_at.is_some_and(|end| end <= at) {
        return Err(Code::TimeInPast);
    }
    let before = x.accounts.by_key(&key);
    let is_another_s = before.is_some_and(|(owner, before)| owner != account && before.is_live(at));
    if is_another_s || x.accounts.by_address(Address(key)).is_some() {
        return Err(Code::KeyTaken);
    }
    let others = x.accounts.get(account).ok_or(Code::UnknownAccount)?.keys();
    if others.iter().filter(|other| other.key != key && !other.is_past(at)).count() >= KEYS_MAX {
        return Err(Code::TooManyKeys);
    }

    // What it signed before stands no second time, for whomever it spoke then.
    let nonce = before.map_or(0, |(_, before)| before.nonce);
    x.accounts.drop_keys(account, |other| other.is_past(at));
    x.accounts.put_key(account, AccountKey { key, scopes, expires_at, nonce });
    step.emit(KeyRegistered { account, key, scopes, expires_at });
    Ok(Outcome::Done(Reply::Account(account)))
}
