//! Signatures over commands, in the account's own name.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use berth_wire::domain::{Address, Authority, Command, Digest, signed_bytes};
use berth_wire::frame::Pong;
use berth_wire::request::SignedRequest;
use ed25519_dalek::{Signer as _, SigningKey};

/// How far two clocks may be apart before the node's is gone by, in
/// microseconds: a sixth of what the exchange allows, since answers take time.
const APART_MAX: u64 = 10_000_000;

/// A key that signs commands of an account.
#[derive(Clone)]
pub struct Signer {
    account: Address,
    key: SigningKey,
}

/// The key itself is not shown.
impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signer").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Signer {
    /// The account's own key, from its 32-byte Ed25519 seed.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { account: Address(key.verifying_key().to_bytes()), key }
    }

    /// Whose commands it signs.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.account
    }

    /// Signs a command for the log of this id. `nonce` is the time in
    /// microseconds since 1970, and more than in any signed command before.
    #[must_use]
    pub fn sign(&self, log: Digest, nonce: u64, command: &Command) -> SignedRequest {
        let signature = self.key.sign(&signed_bytes(log, nonce, command)).to_bytes();
        let key = self.key.verifying_key().to_bytes();
        SignedRequest::new(self.account, &Authority::Signed { key, nonce, signature }, command)
    }
}

/// A signer at work in one log: it knows the node's time and its last nonce.
#[derive(Debug)]
pub(crate) struct Pen {
    signer: Signer,
    log: Digest,
    /// What is added to this machine's time.
    ahead: i64,
    last: u64,
}

impl Pen {
    pub(crate) const fn new(signer: Signer) -> Self {
        Self { signer, log: Digest([0; 32]), ahead: 0, last: 0 }
    }

    /// What the node says of itself at the beginning of a connection.
    pub(crate) fn learn(&mut self, pong: Pong) {
        if pong.log_id != self.log {
            // Another log knows none of the nonces.
            (self.log, self.last) = (pong.log_id, 0);
        }
        let here = now();
        self.ahead = if pong.time.abs_diff(here) > APART_MAX { pong.time.wrapping_sub(here).cast_signed() } else { 0 };
        if self.ahead != 0 {
            tracing::warn!(
                seconds = self.ahead / 1_000_000,
                "the node's clock is not this machine's; signing by the node's"
            );
        }
    }

    /// Signs a command with the next nonce.
    pub(crate) fn sign(&mut self, command: &Command) -> SignedRequest {
        self.last = now().saturating_add_signed(self.ahead).max(self.last + 1);
        self.signer.sign(self.log, self.last, command)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use berth_wire::domain::{LeaseId, StopLease};

    use super::*;

    fn pen() -> Pen {
        Pen::new(Signer::new(&[7; 32]))
    }

    fn stop(lease: u64) -> Command {
        StopLease { lease: LeaseId(lease) }.into()
    }

    #[test]
    fn what_is_signed_is_for_one_log_and_comes_after_what_was_signed_before() {
        let mut pen = pen();
        let log_id = Digest([3; 32]);
        pen.learn(Pong { log_id, time: now(), session: 1 });
        let mut last = 0;
        for lease in 1..100 {
            let signed = pen.sign(&stop(lease)).parse().expect("a signed command");
            assert_eq!(signed.command, stop(lease));
            assert_eq!(signed.authority.is_signature_of(log_id, &signed.command), Some(true));
            assert_eq!(signed.authority.is_signature_of(Digest([4; 32]), &signed.command), Some(false));
            let Authority::Signed { nonce, .. } = signed.authority else { panic!("not signed") };
            assert!(nonce > last);
            last = nonce;
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_not_signed_by() {
        let mut pen = pen();
        for ahead in [-3_600_000_000_i64, 3_600_000_000] {
            let time = now().saturating_add_signed(ahead);
            pen.learn(Pong { log_id: Digest([u8::try_from(ahead % 7 + 7).expect("small"); 32]), time, session: 1 });
            let nonce = pen.sign(&stop(1)).nonce;
            assert!(nonce.abs_diff(time) < APART_MAX, "{nonce} is not about {time}");
        }
        pen.learn(Pong { log_id: Digest([1; 32]), time: now() + APART_MAX / 2, session: 1 });
        assert!(pen.sign(&stop(1)).nonce.abs_diff(now()) < APART_MAX / 4);
    }

    #[test]
    fn the_key_is_not_printed() {
        let pen = pen();
        assert!(!format!("{pen:?}").contains("key"), "{pen:?}");
    }
}
