//! Keys that speak for accounts, and what they say.

use berth_domain::codec::Decode;
use berth_domain::{AccountId, Authority, Command, Micros, RegisterKey, RevokeKey, Scopes};
use berth_exchange::Exchange;

use crate::dice::Dice;
use crate::orders::trader;
use crate::rules::address;

/// Keys of which the first are traders' own: few, so that they change hands.
fn key(dice: &mut Dice<'_>) -> [u8; 32] {
    if dice.rarely() { address(dice.byte() % 16).0 } else { [100 + dice.byte() % 6; 32] }
}

pub(crate) fn next(now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, key) = (trader(dice), key(dice));
    if dice.byte().is_multiple_of(4) {
        return (account, RevokeKey { key }.into());
    }
    let bits = dice.pick(&[15, 15, 2, 4, 6, 9, 0, 15]);
    let scopes = Scopes::from_bytes(&[bits]).expect("four bits are scopes");
    let expires_at = dice.perhaps(|dice| dice.time(now));
    (account, RegisterKey { key, scopes, expires_at, proof: [7; 64] }.into())
}

/// By whom a command is said: of an account that has keys, half of the time by one
/// of them, whether it may or not.
pub(crate) fn authority(x: &Exchange, now: Micros, account: AccountId, command: &Command) -> Authority {
    let (turn, signature) = (x.head().0, [3; 64]);
    let later = |last: u64| now.0.max(last.saturating_add(1));
    let known = x.account(account);
    let keys = known.map_or(&[][..], |known| known.keys());
    let place = usize::try_from(turn / 6).expect("64 bits fit").checked_rem(keys.len());
    let registered = place.map(|place| keys[place]);
    match (command, registered, turn % 6) {
        _ if account == AccountId::EXCHANGE => Authority::Exchange,
        (_, Some(by), 0) => Authority::KeyAttested { key: by.key },
        (_, Some(by), 1) => Authority::Signed { key: by.key, nonce: later(by.nonce), signature },
        (_, Some(by), 2) => Authority::SignedMessage { key: by.key, nonce: by.nonce, signature },
        // Nothing else asks for a signature, and it has to.
        (Command::LeaseBacklog(backlog), ..) if backlog.lease.0 % 4 > 0 => {
            let (key, last) = known.map_or(([1; 32], 0), |known| (known.address.0, known.nonce()));
            Authority::Signed { key, nonce: later(last), signature }
        }
        _ => Authority::OperatorAttested,
    }
}
