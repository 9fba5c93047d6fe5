//! Registered keys: what they may say, until when, and once.

use berth_domain::{AccountId, Authority, Event, KEYS_MAX, Micros, RegisterKey, RevokeKey, Scope, Scopes, Seconds};
use berth_exchange::Exchange;

use crate::cast::{address, genesis};
use crate::desk::Desk;
use crate::picture::clock;
use crate::script::{Stage, check};
use crate::words::{number, option};

pub(crate) fn register(key: &str, options: &[&str], now: Micros) -> RegisterKey {
    let after = |text: &str| now.plus(Seconds(number(text.trim_start_matches('+'))));
    let scopes: Scopes = options.iter().filter_map(|word| Scope::from_name(word)).collect();
    // The state machine does not look whether a key asked for it.
    RegisterKey { key: address(key).0, scopes, expires_at: option(options, "until").map(after), proof: [9; 64] }
}

pub(crate) fn revoke(key: &str) -> RevokeKey {
    RevokeKey { key: address(key).0 }
}

/// By `k1`, or by the account's `own` key; signed now, or `k1@-30` so many seconds
/// ago. What is not signed at a named time is signed after what was before.
pub(crate) fn authority(desk: &Desk, account: AccountId, how: &str, key: &str) -> Authority {
    let (name, when) = key.split_once('@').map_or((key, None), |(name, when)| (name, Some(when)));
    let known = desk.exchange.account(account).expect("it speaks");
    let key = if name == "own" { known.address.0 } else { address(name).0 };
    let of_key = known.keys().iter().find(|known| known.key == key).map_or(0, |known| known.nonce);
    let last = if name == "own" { known.nonce() } else { of_key };
    let nonce = match when {
        None => desk.now.0.max(last + 1),
        Some(when) => {
            let seconds: i64 = when.parse().expect("seconds from now");
            desk.now.0.checked_add_signed(seconds * 1_000_000).expect("near")
        }
    };
    let signature = [3; 64];
    match how {
        "by" => Authority::KeyAttested { key },
        "signs" => Authority::Signed { key, nonce, signature },
        _ => Authority::SignedMessage { key, nonce, signature },
    }
}

/// An event in words.
pub(crate) fn told(event: &Event, names: &dyn Fn(AccountId) -> String) -> Option<String> {
    let name = |key: &[u8; 32]| String::from_utf8_lossy(key).trim_end_matches('\0').to_owned();
    Some(match event {
        Event::KeyRegistered(e) => {
            let scopes: Vec<_> = e.scopes.iter().map(Scope::as_str).collect();
            let until = e.expires_at.map(|end| format!(" until {}", clock(end))).unwrap_or_default();
            format!("key {} of {}: {}{until}", name(&e.key), names(e.account), scopes.join(", "))
        }
        Event::KeyRevoked(e) => format!("key {} of {} revoked", name(&e.key), names(e.account)),
        _ => return None,
    })
}

#[test]
fn a_key_says_what_its_scopes_cover() {
    check(
        "
        tom key k1 trade
          key k1 of tom: trade
        ada key k2 provide
          key k2 of ada: provide
        tim key k3 read withdraw
          key k3 of tim: read, withdraw
        ada by k2 bid p1 H100-80 1 @ 2
          bid b1 open
        tom by k1 order H100-80 1x1 @ 2
          order o1 open, holds 2
          lease l1: o1 on b1, 1x1 at 2 (One), escrow 2
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        tom by k1 start l1
          refused KEY_NOT_ALLOWED
        ada by k2 start l1
          lease l1 runs until 01:00:00
        ada by k2 beat l1
          lease l1 evidenced 0 s, cost 0
        ada by k2 stop l1
          refused KEY_NOT_ALLOWED
        tom by k1 mandate lease=5
          refused KEY_NOT_ALLOWED
        ada by k2 mandate floor=1
          refused KEY_NOT_ALLOWED
        tim by k3 order CPU 1x1 @ 1
          refused KEY_NOT_ALLOWED
        tim by k3 dead-man 60
          refused KEY_NOT_ALLOWED
        tom by k1 dead-man 60
          dead-man timer of tom armed until 00:01:00
        ada by k2 dead-man 60
          dead-man timer of ada armed until 00:01:00
        tom by k2 cancel-all
          refused KEY_NOT_ALLOWED
        tom by k4 cancel-all
          refused KEY_NOT_ALLOWED
        ",
    );
}

#[test]
fn what_is_an_account_s_own_to_say_no_key_says() {
    check(
        "
        treasury key k1 read trade provide withdraw
          key k1 of treasury: read, trade, provide, withdraw
        treasury by k1 pause H100-80
          refused KEY_NOT_ALLOWED
        treasury by k1 key k2 trade
          refused KEY_NOT_ALLOWED
        treasury by k1 mandate lease=5
          refused KEY_NOT_ALLOWED
        treasury key k2 trade
          key k2 of treasury: trade
        treasury by k1 revoke k2
          refused KEY_NOT_ALLOWED
        treasury by k1 revoke k1
          key k1 of treasury revoked
        treasury by k1 cancel-all
          refused KEY_NOT_ALLOWED
        treasury wallet own revoke k2
          key k2 of treasury revoked
        ",
    );
}

#[test]
fn a_key_is_over_when_its_time_is_or_when_it_is_revoked() {
    check(
        "
        tom key k1 trade until=+60
          key k1 of tom: trade until 00:01:00
        tom key k2 trade
          key k2 of tom: trade
        wait 59
        tom by k1 order CPU 1x1 @ 1
          order o1 open, holds 1
        wait 1
        tom by k1 cancel o1
          refused KEY_NOT_ALLOWED
        tom revoke k1
          refused UNKNOWN_KEY
        tom by k2 cancel o1
          order o1 cancelled (requested), releases 1
        tom revoke k2
          key k2 of tom revoked
        tom signs k2 cancel-all
          refused KEY_NOT_ALLOWED
        tom revoke k2
          refused UNKNOWN_KEY
        tia revoke k1
          refused UNKNOWN_KEY
        tom key k3 trade until=+0
          refused TIME_IN_PAST
        tom key k3
          refused OUT_OF_BOUNDS
        ",
    );
}

#[test]
fn a_key_is_one_account_s_and_may_be_changed_there() {
    check(
        "
        tom key k1 trade
          key k1 of tom: trade
        tia key k1 trade
          refused KEY_TAKEN
        tia key tom trade
          refused KEY_TAKEN
        tom key tom trade
          refused KEY_TAKEN
        tom key k1 provide until=+60
          key k1 of tom: provide until 00:01:00
        tom key k1 provide until=+60
          key k1 of tom: provide until 00:01:00
        tom by k1 order CPU 1x1 @ 1
          refused KEY_NOT_ALLOWED
        wait 60
        tia key k1 trade
          key k1 of tia: trade
        tom revoke k1
          refused UNKNOWN_KEY
        tia by k1 order CPU 1x1 @ 1
          order o1 open, holds 1
        ",
    );
}

#[test]
fn what_a_key_signs_stands_once_also_when_the_key_comes_back() {
    check(
        "
        wait 100
        tom key k1 trade
          key k1 of tom: trade
        tom signs k1@+30 dead-man 60
          dead-man timer of tom armed until 00:02:40
        tom signs k1@+30 dead-man 90
          refused NONCE_USED
        tom wallet k1@+29 dead-man 90
          refused NONCE_USED
        tom signs own@+29 dead-man 70
          dead-man timer of tom armed until 00:02:50
        tom wallet k1@+61 dead-man 90
          refused SIGNATURE_EXPIRED
        tom by k1 dead-man 80
          dead-man timer of tom armed until 00:03:00
        tom signs k1@+31 revoke k1
          key k1 of tom revoked
        tia key k1 trade
          key k1 of tia: trade
        tia signs k1@+30 dead-man 60
          refused NONCE_USED
        tia signs k1@+31 revoke k1
          refused NONCE_USED
        tia signs k1@+32 revoke k1
          key k1 of tia revoked
        ",
    );
}

/// A signature does not say for which account it is.
#[test]
fn a_key_that_speaks_for_another_account_does_not_speak_for_its_own() {
    let mut stage = Stage::new(genesis());
    stage.play("tom key ned trade");
    stage.play("chain credits ned 5");
    let ned = stage.account("ned");
    let says = |stage: &mut Stage, how: &str, name: &str| {
        let authority = authority(&stage.desk, ned, how, name);
        stage.desk.submit_by(ned, authority, berth_domain::SetDeadMan { millis: 0 });
        format!("{:?}", stage.desk.log.last().expect("it was said").outcome)
    };
    assert_eq!(says(&mut stage, "signs", "own"), "Refused(KeyNotAllowed)");
    stage.play("tom signs ned revoke ned");
    stage.play("wait 60");
    assert_eq!(says(&mut stage, "wallet", "own"), "Refused(KeyNotAllowed)");
    stage.desk.wait(Seconds(1));
    assert_eq!(says(&mut stage, "signs", "own"), format!("Done(Account({ned:?}))"));
}

#[test]
fn an_account_has_so_many_keys_and_those_that_are_over_make_room() {
    let mut stage = Stage::new(genesis());
    for n in 1..=KEYS_MAX {
        stage.play(&format!("tom key k{n} trade until=+{n}"));
    }
    assert_eq!(stage.play("tom key more trade"), ["refused TOO_MANY_KEYS"]);
    stage.play("tom signs k1 cancel-all");
    stage.play("wait 1");
    // What it signed could come again for a minute.
    assert_eq!(stage.play("tom key more trade"), ["refused TOO_MANY_KEYS"]);
    stage.play("wait 1");
    assert_eq!(stage.play("tom key more trade"), ["key more of tom: trade"]);
    let tom = stage.account("tom");
    let kept = |x: &Exchange| x.account(tom).expect("it is tom").keys().len();
    let live = |x: &Exchange| x.keys(tom).count();
    assert_eq!((kept(&stage.desk.exchange), live(&stage.desk.exchange)), (KEYS_MAX, KEYS_MAX - 1));
    let whose = |stage: &Stage, name| stage.desk.exchange.account_of_key(&address(name).0).map(|(account, _)| account);
    assert_eq!(["k1", "k2", "k3", "more"].map(|name| whose(&stage, name)), [None, None, Some(tom), Some(tom)]);
    stage.play("wait 100");
    stage.play("tom key last trade");
    assert_eq!((kept(&stage.desk.exchange), live(&stage.desk.exchange)), (2, 2));
}
