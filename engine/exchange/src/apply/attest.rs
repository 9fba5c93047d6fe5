//! An auditor gives its word for an account, or takes it back. Each auditor
//! speaks for itself: one cannot take back what another gave.

use berth_domain::{Attest, Attested, Code, TrustCause};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, attest: &Attest) -> Result<Outcome, Code> {
    let auditor = step.account;
    let own = x.accounts.get(auditor).ok_or(Code::UnknownAccount)?.address;
    let is_auditor = x.genesis().is_some_and(|genesis| genesis.auditors.contains(&own));
    if !is_auditor || own == attest.address {
        return Err(Code::NotAnAuditor);
    }
    let account = x.account_by_address(attest.address).ok_or(Code::UnknownAccount)?;
    let until = Some(attest.until).filter(|until| *until > step.at);
    let words = x.accounts.get(account).and_then(|account| account.standing.as_deref());
    let words = words.map_or(&[][..], |standing| &standing.attestations);
    if words.iter().find(|(by, _)| *by == auditor).map(|(_, until)| *until) == until {
        return Ok(Outcome::Repeated(Reply::Account(account)));
    }

    let words = &mut x.account_mut(account).standing.get_or_insert_default().attestations;
    words.retain(|(by, _)| *by != auditor);
    words.extend(until.map(|until| (auditor, until)));
    step.emit(Attested { account, auditor, until });
    x.weigh(step, account, TrustCause::Attestation(auditor));
    Ok(Outcome::Done(Reply::Account(account)))
}
