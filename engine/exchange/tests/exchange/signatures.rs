//! Signed commands: whose key, once, and in their time.

use berth_domain::{AccountId, Authority, CancelAll, Code, Command, Entry, Micros, OpenAccount, RULES_VERSION};
use berth_exchange::{Exchange, LogViolation, Outcome, Reply};

use crate::cast::{address, genesis};
use crate::script::Stage;

/// Any command that is always carried out.
fn cancel_all() -> Command {
    CancelAll { market: None, session: None }.into()
}

struct Signer {
    x: Exchange,
    at: Micros,
}

impl Signer {
    fn new() -> Self {
        let stage = Stage::new(genesis());
        Self { at: stage.desk.now, x: stage.desk.exchange }
    }

    fn say(&mut self, account: AccountId, authority: Authority, command: Command) -> Result<Outcome, LogViolation> {
        let (seq, at) = (self.x.head().next(), self.at);
        self.x.apply(&Entry { rules: RULES_VERSION, seq, at, account, authority, command }, &mut Vec::new())
    }

    fn signed(&mut self, nonce: u64) -> Outcome {
        let tom = self.tom();
        let authority = Authority::Signed { key: address("tom").0, nonce, signature: [0; 64] };
        self.say(tom, authority, cancel_all()).expect("his key")
    }

    fn tom(&self) -> AccountId {
        self.x.account_by_address(address("tom")).expect("one of the cast")
    }
}

const DONE: Outcome = Outcome::Done(Reply::None);
const USED: Outcome = Outcome::Refused(Code::NonceUsed);
const EXPIRED: Outcome = Outcome::Refused(Code::SignatureExpired);

#[test]
fn a_nonce_stands_once_and_above_all_before() {
    let mut s = Signer::new();
    let now = s.at.0;
    assert_eq!(s.signed(now), DONE);
    let before = s.x.state_hash();
    assert_eq!([s.signed(now), s.signed(now - 1)], [USED, USED]);
    assert_eq!(s.x.state_hash(), before);
    assert_eq!([s.signed(now + 1), s.signed(now + 1)], [DONE, USED]);
    // What nobody signed needs none.
    let tom = s.tom();
    assert_eq!(s.say(tom, Authority::OperatorAttested, cancel_all()), Ok(DONE));
    assert_eq!(s.signed(now + 2), DONE);
}

#[test]
fn a_signature_stands_for_a_minute_around_its_time() {
    const MINUTE: u64 = 60_000_000;
    let mut s = Signer::new();
    let now = s.at.0;
    assert_eq!([s.signed(now - MINUTE - 1), s.signed(now + MINUTE + 1)], [EXPIRED, EXPIRED]);
    assert_eq!([s.signed(0), s.signed(u64::MAX)], [USED, EXPIRED]);
    assert_eq!([s.signed(now - MINUTE), s.signed(now + MINUTE)], [DONE, DONE]);
}

#[test]
fn what_is_refused_uses_no_nonce_up() {
    let mut s = Signer::new();
    let (now, tom) = (s.at.0, s.tom());
    let authority = Authority::Signed { key: address("tom").0, nonce: now, signature: [0; 64] };
    let not_his = OpenAccount { address: address("ned") };
    assert_eq!(s.say(tom, authority, not_his.into()), Ok(Outcome::Refused(Code::NotTheExchange)));
    assert_eq!(s.signed(now), DONE);
}

/// A key may be revoked while what it says is under way: so that is a refusal. The
/// exchange itself has no key.
#[test]
fn another_s_key_is_refused_and_the_exchange_has_none() {
    let mut s = Signer::new();
    let (now, tom) = (s.at.0, s.tom());
    let authority = |name| Authority::Signed { key: address(name).0, nonce: now, signature: [0; 64] };
    assert_eq!(s.say(tom, authority("tia"), cancel_all()), Ok(Outcome::Refused(Code::KeyNotAllowed)));
    assert_eq!(s.say(AccountId(99), authority("tia"), cancel_all()), Ok(Outcome::Refused(Code::UnknownAccount)));
    let head = s.x.head();
    for authority in [authority("tia"), Authority::KeyAttested { key: address("tia").0 }] {
        let of_none = s.say(AccountId::EXCHANGE, authority, cancel_all());
        assert_eq!(of_none, Err(LogViolation::Authority(head.next())));
    }
}
