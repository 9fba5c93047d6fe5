//! The operator: opens markets, stops trade in them and lets it go on, and
//! announces new terms and rules. And auditors, who speak as seldom.

use berth_domain::{
    AccountId, Attest, CycleMarket, FeeBps, MarketId, Micros, OpenMarket, PauseMarket, RULES_VERSION, Reconfigure,
    ResumeMarket, Seconds, Upgrade,
};

use super::{Deed, Scene};
use crate::cast::{self, AUDITOR, OWNERS, address};
use crate::setting::{SECOND, other_bounds, timing};

pub(super) fn opens_a_market(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let class = if scene.dice.once_in(2) { cast::gpu() } else { cast::small_gpu() };
    Some(vec![Deed::Say(scene.x.operator(), OpenMarket { class }.into())])
}

pub(super) fn pauses(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let market = scene.market()?;
    Some(vec![Deed::Say(scene.x.operator(), PauseMarket { market }.into())])
}

/// A market that is paused, if there is one.
pub(super) fn resumes(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let paused: Vec<MarketId> = scene.x.markets().filter(|market| market.paused).map(|market| market.id).collect();
    let market = scene.dice.choose(&paused)?;
    Some(vec![Deed::Say(scene.x.operator(), ResumeMarket { market }.into())])
}

pub(super) fn cycles_a_market(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let market = scene.market()?;
    Some(vec![Deed::Say(scene.x.operator(), CycleMarket { market }.into())])
}

/// Another fee, other timeouts, other bounds, or nothing, which withdraws what
/// was announced before.
pub(super) fn reconfigures(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let effective_at = effective_at(scene)?;
    // How many client ids are remembered stays: the referee counts by it.
    let client_ids = scene.x.bounds().client_ids;
    let dice = &mut *scene.dice;
    let fee = dice.once_in(2).then(|| FeeBps::new(dice.pick(&[0, 250, 1_000])).expect("at most 10,000"));
    let timing = if dice.once_in(2) { Some(timing(dice)) } else { None };
    let bounds = if dice.once_in(2) { Some(other_bounds(client_ids, dice)) } else { None };
    let change = Reconfigure { fee, timing, bounds, effective_at };
    Some(vec![Deed::Say(scene.x.operator(), change.into())])
}

/// The rules of this build: those of another it could not follow.
pub(super) fn upgrades(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let effective_at = effective_at(scene)?;
    let rules = if scene.dice.once_in(8) { 0 } else { RULES_VERSION };
    Some(vec![Deed::Say(scene.x.operator(), Upgrade { rules, effective_at }.into())])
}

/// As soon as may be, or sooner.
fn effective_at(scene: &mut Scene<'_>) -> Option<Micros> {
    let delay = scene.x.terms()?.timing.reconfigure_delay;
    let sooner = if scene.dice.once_in(6) { 2 * SECOND } else { 0 };
    let later = scene.dice.between(SECOND, 20 * SECOND);
    Some(Micros(scene.now.plus(delay).0 + later - sooner.min(later)))
}

/// An auditor gives its word, takes it back, or speaks for itself; and others
/// who are no auditors speak, too.
pub(super) fn attests(scene: &mut Scene<'_>) -> Option<Vec<Deed>> {
    let name = scene.dice.pick(&[AUDITOR, AUDITOR, AUDITOR, OWNERS[0].0, OWNERS[1].0]);
    let account: AccountId = scene.account(name)?;
    let whose = scene.dice.pick(&OWNERS).0;
    let until = scene.now.plus(Seconds(scene.dice.pick(&[0, 30, 300, 3_000])));
    Some(vec![Deed::Say(account, Attest { address: address(whose), until }.into())])
}
