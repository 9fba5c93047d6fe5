//! Registers a host.

use berth_domain::{BidId, Code, ProviderId, ProviderRegistered, RegisterProvider};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::is_sorted;
use crate::state::Provider;

/// GPUs of one class on one host: a whole cluster may sell itself as one.
const GPUS_MAX: u32 = 65_536;
/// Markets that there may be before a host can open no more by naming what it has.
/// The numbers beyond are the operator's: made-up classes shall not use them up.
const MARKETS_OPENED_BY_HOSTS: usize = 1_024;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, register: &RegisterProvider) -> Result<Outcome, Code> {
    if let Some(reply) = x.seen(step, register.client_id.as_ref())? {
        return Ok(Outcome::Repeated(reply));
    }
    let gpus_fit = register.gpus.iter().all(|gpus| gpus.class.is_gpu() && (1..=GPUS_MAX).contains(&gpus.count));
    if !gpus_fit || !register.resources.is_in_bounds() || (register.resources.cpu == 0 && register.gpus.is_empty()) {
        return Err(Code::OutOfBounds);
    }
    if !is_sorted(&register.gpus, |gpus| &gpus.class) || !is_sorted(&register.attributes, |a| &a.key) {
        return Err(Code::NotCanonical);
    }
    let owner = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?;
    if owner.providers >= x.bounds().providers {
        return Err(Code::TooManyProviders);
    }
    let address = owner.address;

    if x.genesis().is_some_and(|genesis| genesis.open_markets) {
        for gpus in &register.gpus {
            if x.markets.len() < MARKETS_OPENED_BY_HOSTS {
                x.open_market(step, &gpus.class);
            }
        }
    }
    let id = ProviderId(u32::try_from(x.providers.len() + 1).expect("fewer providers than 2³²"));
    x.providers.push(Provider {
        id,
        account: step.account,
        total: register.resources,
        free: register.resources,
        free_gpus: register.gpus.iter().map(|gpus| gpus.count).collect(),
        gpus: register.gpus.clone(),
        bandwidth: register.bandwidth,
        hostname: register.hostname.clone(),
        port: register.port,
        attributes: register.attributes.clone(),
        available: true,
        own_agent: register.own_agent,
        client_id: register.client_id,
        youngest_bid: BidId(0),
    });
    let owner = x.account_mut(step.account);
    owner.providers += 1;
    owner.hosts.push(id);
    step.emit(ProviderRegistered { provider: id, account: step.account, address, own_agent: register.own_agent });
    let reply = Reply::Provider(id);
    x.remember(step, register.client_id.as_ref(), reply);
    Ok(Outcome::Done(reply))
}
