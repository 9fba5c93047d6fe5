//! Words and pictures of trust.

use berth_domain::{
    AccountId, Address, Attest, ChainEventId, Command, Event, LeaseId, Micros, Seconds, StakeFact, Stroops, TrustCause,
    Uptime,
};
use berth_exchange::Exchange;

use crate::cast::address;
use crate::picture;
use crate::words::{id_of, number, option};

/// `dee attest ada +60`; `+0` takes it back.
pub(crate) fn attest(who: &str, until: &str, now: Micros) -> Command {
    let until = now.plus(Seconds(number(until.trim_start_matches('+'))));
    Attest { address: address(who), until }.into()
}

/// `chain stakes ada 100`, with `slashed=l1` when the chain took some.
pub(crate) fn fact(event: ChainEventId, address: Address, staked: Stroops, options: &[&str]) -> Command {
    let slashed = option(options, "slashed").map(|lease| LeaseId(id_of('l', lease)));
    StakeFact { event, address, staked, slashed }.into()
}

/// `uptime=9900`: hundredths of a percent.
pub(crate) fn uptime(bps: &str) -> Uptime {
    u16::try_from(number(bps)).ok().and_then(Uptime::new).expect("an uptime")
}

/// What an event of trust says.
pub(crate) fn told(event: &Event, names: &dyn Fn(AccountId) -> String) -> Option<String> {
    Some(match event {
        Event::StakeChanged(e) => format!("{} stakes {}", names(e.account), e.staked),
        Event::StakeSlashed(e) => format!("{} forfeits {} for l{}", names(e.account), e.amount, e.lease),
        Event::Attested(e) => match e.until {
            Some(until) => format!("{} attests {} until {}", names(e.auditor), names(e.account), picture::clock(until)),
            None => format!("{} takes back its word for {}", names(e.auditor), names(e.account)),
        },
        Event::TrustChanged(e) => {
            let cause = match e.cause {
                TrustCause::Lease(lease) | TrustCause::Slash(lease) => format!("{} l{lease}", e.cause.as_str()),
                TrustCause::Attestation(auditor) => format!("attestation of {}", names(auditor)),
                TrustCause::Stake(_) | TrustCause::Expiry => e.cause.as_str().to_owned(),
            };
            format!("{} is {}, was {} ({cause})", names(e.account), e.to, e.from)
        }
        Event::ReputationChanged(e) => {
            format!("{} has {} of 100, had {} ({} l{})", names(e.account), e.to.get(), e.from.get(), e.cause, e.lease)
        }
        _ => return None,
    })
}

/// The standing of some accounts.
pub(crate) fn table(x: &Exchange, accounts: &[(String, AccountId)]) -> Vec<String> {
    let row = |(name, id): &(String, AccountId)| {
        let account = x.account(*id).expect("an account");
        let record = account.record();
        vec![
            name.clone(),
            account.level.to_string(),
            account.reputation.get().to_string(),
            x.ledger().stake(*id).to_string(),
            format!("{}/{}", record.completed, record.counted),
            format!("{}+{}", record.failed, record.dark),
            record.tenants.to_string(),
            account.uptime.to_string(),
        ]
    };
    let head = ["account", "level", "reputation", "stake", "completed", "failed+dark", "tenants", "uptime"];
    picture::table(&head, accounts.iter().map(row).collect())
}
