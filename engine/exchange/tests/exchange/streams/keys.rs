//! Keys: few, so that they change hands, end and come back.

use berth_domain::{
    AccountId, Address, Authority, Command, Micros, OpenAccount, RegisterKey, RevokeKey, Scope, Scopes, Seconds,
    SetDeadMan,
};

use super::dice::Dice;
use crate::cast::address;
use crate::oracle::{Account, Key, Oracle, allowing};

/// What streams must meet of keys.
pub(crate) const TO_MEET: [&str; 14] = [
    "key.register done",
    "key.revoke done",
    "account.keyRegistered",
    "account.keyRevoked",
    "refused KEY_NOT_ALLOWED",
    "refused KEY_TAKEN",
    "refused TOO_MANY_KEYS",
    "refused UNKNOWN_KEY",
    "by a key",
    "by a key that signs",
    "by a key that signs a message",
    "by the account",
    "by its own key",
    "by its own key in a message",
];

/// Who said what was carried out.
pub(crate) fn by(oracle: &Oracle, account: AccountId, authority: &Authority) -> Option<&'static str> {
    let is_own = authority.key().copied() == oracle.find_account(account).map(|account| account.address.0);
    match authority {
        Authority::Exchange => None,
        Authority::OperatorAttested => Some("by the account"),
        Authority::KeyAttested { .. } => Some("by a key"),
        Authority::Signed { .. } if is_own => Some("by its own key"),
        Authority::SignedMessage { .. } if is_own => Some("by its own key in a message"),
        Authority::Signed { .. } => Some("by a key that signs"),
        Authority::SignedMessage { .. } => Some("by a key that signs a message"),
    }
}

/// A tenant who registers more keys than it may have; some come by a key that may
/// not say so.
pub(crate) fn many() -> Vec<(AccountId, Command)> {
    let key = |n: u8| RegisterKey { key: [100 + n; 32], scopes: Scopes::ALL, expires_at: None, proof: [9; 64] };
    (0..40).map(|n| (AccountId(7), key(n).into())).collect()
}

pub(crate) fn keys(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    if let Some(own) = of_two(x).filter(|_| dice.once_in(4)) {
        return own;
    }
    let account = AccountId(dice.pick(&[7, 7, 2, 8, 3, 7, 9, 4]));
    let own = x.find_account(account).map_or(&[][..], |account| &account.keys);
    let known = dice.below(own.len() as u64);
    let known = own.get(usize::try_from(known).expect("few")).map(|known| known.key);
    // Two that are nobody's account yet, and two that are somebody's.
    let names = ["ned", "pat", "tom", "ada"].map(|name| address(name).0);
    let any = match dice.below(8) {
        n @ 0..6 => [u8::try_from(n).expect("small") + 1; 32],
        _ => dice.pick(&names),
    };
    if dice.once_in(3) {
        let key = if dice.once_in(6) { any } else { known.unwrap_or(any) };
        return (account, RevokeKey { key }.into());
    }
    let key = if dice.once_in(4) { known.unwrap_or(any) } else { any };
    let scopes = [
        Scopes::ALL,
        Scopes::EMPTY.with(Scope::Trade).with(Scope::Provide),
        Scopes::EMPTY.with(Scope::Trade),
        Scopes::EMPTY.with(Scope::Provide),
        Scopes::EMPTY.with(Scope::Read).with(Scope::Withdraw),
        Scopes::EMPTY,
    ];
    let scopes = scopes[usize::try_from(dice.below(2) * dice.below(6)).expect("small")];
    let expires_at = match dice.below(6) {
        0 => Some(now),
        1 => Some(now.plus(Seconds(5))),
        2 => Some(now.plus(Seconds(60))),
        3 => Some(now.plus(Seconds(1_000))),
        _ => None,
    };
    (account, RegisterKey { key, scopes, expires_at, proof: [9; 64] }.into())
}

/// A key that is registered, and is to have an account, or has one and speaks for
/// it.
fn of_two(x: &Oracle) -> Option<(AccountId, Command)> {
    let registered = x.accounts.iter().flat_map(|account| &account.keys).map(|key| Address(key.key));
    let address = { registered }.find(|address| ["ned", "pat"].map(crate::cast::address).contains(address))?;
    match x.accounts.iter().find(|account| account.address == address) {
        Some(account) => Some((account.id, SetDeadMan { millis: 0 }.into())),
        None => Some((AccountId::EXCHANGE, OpenAccount { address }.into())),
    }
}

/// A key that says this for an account, mostly one that may.
pub(crate) fn key_of(x: &Oracle, account: &Account, command: &Command) -> Option<Key> {
    let (seq, at) = x.head();
    let any: Vec<Key> = match seq.0 % 11 {
        0 => x.accounts.iter().flat_map(|account| &account.keys).copied().collect(),
        1 => account.keys.clone(),
        _ => {
            let may = |key: &&Key| {
                let is_itself = matches!(command, Command::RevokeKey(revoke) if revoke.key == key.key);
                key.is_live(at) && (is_itself || allowing(command).iter().any(|scope| key.scopes.contains(*scope)))
            };
            account.keys.iter().filter(may).copied().collect()
        }
    };
    any.get(usize::try_from(seq.0 / 11).ok()?.checked_rem(any.len())?).copied()
}
