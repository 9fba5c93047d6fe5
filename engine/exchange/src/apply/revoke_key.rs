//! A key speaks for an account no longer. It is kept a while, as one that is over,
//! so that nothing it signed can come again.

use berth_domain::{Code, KeyRevoked, RevokeKey};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, revoke: &RevokeKey) -> Result<Outcome, Code> {
    let (account, at) = (step.account, step.at);
    let found = x.accounts.by_key(&revoke.key);
    if !found.is_some_and(|(owner, key)| owner == account && key.is_live(at)) {
        return Err(Code::UnknownKey);
    }

    if !is(Planted::RevokedKeySpeaks) {
        x.accounts.key_mut(&revoke.key).expect("it was found").expires_at = Some(at);
    }
    step.emit(KeyRevoked { account, key: revoke.key });
    Ok(Outcome::Done(Reply::Account(account)))
}
