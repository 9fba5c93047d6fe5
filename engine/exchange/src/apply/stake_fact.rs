//! A stake changed on the chain, which alone says what is staked.

use berth_domain::{Code, StakeChanged, StakeFact, TrustCause};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &StakeFact) -> Result<Outcome, Code> {
    // Each fact names all that is staked, so what is not after the last one
    // says nothing new.
    if fact.event <= x.stake_cursor {
        return Ok(Outcome::Repeated(Reply::None));
    }
    let before = x.account_by_address(fact.address).map(|account| x.ledger.stake(account)).unwrap_or_default();
    let others = x.ledger.staked() - before;
    others.checked_add(fact.staked).ok_or(Code::AmountTooLarge)?;
    x.stake_cursor = fact.event;
    let account = x.account_of(step, fact.address);
    x.ledger.set_stake(account, fact.staked);
    if let Some(lease) = fact.slashed
        && let Some(standing) = x.account_mut(account).standing.as_deref_mut()
    {
        standing.forfeits.retain(|(of, _)| *of != lease);
    }
    step.emit(StakeChanged { account, address: fact.address, staked: fact.staked, event: fact.event });
    x.weigh(step, account, TrustCause::Stake(fact.event));
    Ok(Outcome::Done(Reply::Account(account)))
}
