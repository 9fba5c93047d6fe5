//! Keys: accounts let others speak for them, for a while, and take that back; and
//! whoever has a key speaks by it, or tries.

use berth_domain::{AccountId, Command, KEYS_MAX, Micros, RegisterKey, RevokeKey, Scope, Scopes};

use super::{Deed, Scene};
use crate::cast::OWNERS;
use crate::line::Voice;
use crate::setting::SECOND;

/// Keys that there are, so few that they come back, and some to others.
const KEYS: u8 = 8;

/// A key that speaks for an account from now on, or may say something else.
pub(super) fn registers(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let account = holder(scene)?;
    let lasts = scene.dice.between(SECOND, 100 * SECOND);
    let expires_at = scene.dice.once_in(2).then_some(Micros(scene.now.0 + lasts));
    let trade = Scopes::EMPTY.with(Scope::Trade);
    let provide = Scopes::EMPTY.with(Scope::Provide);
    let scopes = scene.dice.pick(&[Scopes::ALL, trade, provide, trade.with(Scope::Provide)]);
    let key = any(scene);
    Some(vec![Deed::Say(account, RegisterKey { key, scopes, expires_at, proof: [1; 64] }.into())])
}

/// More keys than an account may have, for a short time.
pub(super) fn registers_many(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    if !scene.dice.once_in(4) {
        return None;
    }
    let account = holder(scene)?;
    let expires_at = Some(Micros(scene.now.0 + 20 * SECOND));
    let register = |n: usize| {
        let mut key = [200; 32];
        key[0] = u8::try_from(n).expect("a few more than an account may have");
        Deed::Say(account, RegisterKey { key, scopes: Scopes::ALL, expires_at, proof: [1; 64] }.into())
    };
    Some((0..=KEYS_MAX).map(register).collect())
}

/// One of those that speak for an account, or one that may not.
pub(super) fn revokes(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let keys: Vec<_> = scene.x.accounts().flat_map(|it| scene.x.keys(it.id).map(move |key| (it.id, key.key))).collect();
    let known = scene.dice.choose(&keys);
    let (account, key) = match known {
        Some(known) if !scene.dice.once_in(8) => known,
        _ => (holder(scene)?, any(scene)),
    };
    Some(vec![Deed::Say(account, RevokeKey { key }.into())])
}

/// By whom somebody has it said: mostly by himself, else by a key that may, and now
/// and then by one that may not, or no longer.
pub(super) fn voice(scene: &mut Scene<'_>, account: AccountId, command: &Command) -> Voice {
    if account == AccountId::EXCHANGE || !scene.dice.once_in(3) {
        return Voice::Account;
    }
    let may: Vec<_> = scene.x.keys(account).filter(|key| key.scopes.cover(command)).map(|key| key.key).collect();
    let key = match scene.dice.choose(&may) {
        _ if scene.dice.once_in(10) => any(scene),
        Some(key) => key,
        None => match scene.x.account(account) {
            Some(known) if scene.dice.once_in(4) => known.address.0,
            _ => return Voice::Account,
        },
    };
    // Some sign, and say it much later.
    let age = if scene.dice.once_in(20) { 65 * SECOND } else { 0 };
    let nonce = scene.now.0 - age;
    match scene.dice.below(3) {
        0 => Voice::Signed { key, nonce, is_message: false },
        1 => Voice::Signed { key, nonce, is_message: true },
        _ => Voice::Key(key),
    }
}

fn holder(scene: &mut Scene<'_>) -> Option<AccountId> {
    let owner = scene.dice.pick(&OWNERS).0;
    if scene.dice.once_in(3) { scene.account(owner) } else { scene.tenant() }
}

fn any(scene: &mut Scene<'_>) -> [u8; 32] {
    [100 + u8::try_from(scene.dice.below(KEYS.into())).expect("below a few"); 32]
}
