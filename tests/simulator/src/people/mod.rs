//! People and programs around the exchange. Whoever has a turn does one of the
//! things of a table; a new command is a function and a line in it.
//!
//! Everybody acts on what is durable, and what he says arrives later: it may be
//! wrong by then.

mod agent;
mod bot;
mod keys;
mod operator;
mod owner;
mod stranger;
mod tenant;
mod wish;

use berth_domain::{AccountId, ClientId, Command, MarketId, Micros, OpenAccount, Rate, SelfTrade, Stroops, TrustRules};
use berth_exchange::Exchange;

pub(crate) use self::agent::Agent;
use crate::cast::{self, AUDITOR, OWNERS, TENANTS, TREASURY, address};
use crate::chain::{Call, Chain};
use crate::dice::Dice;
use crate::line::Voice;
use crate::referee::client_id;
use crate::setting::SECOND;

/// What somebody does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// He says something to the exchange.
    Say(AccountId, Command),
    /// The same, by another voice.
    SayBy(AccountId, Voice, Command),
    /// He calls the contract.
    Call(Call),
}

/// What is there to act on.
pub(crate) struct Scene<'a> {
    pub(crate) x: &'a Exchange,
    pub(crate) chain: &'a Chain,
    pub(crate) now: Micros,
    pub(crate) dice: &'a mut Dice,
    pub(crate) memory: &'a mut Memory,
}

/// What people remember of what they said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    client_ids: u64,
    /// The last commands, to be said again.
    said: Vec<(AccountId, Command)>,
}

impl Memory {
    const SAID: usize = 60;

    pub(crate) fn keep(&mut self, account: AccountId, command: &Command) {
        if self.said.len() == Self::SAID {
            self.said.remove(0);
        }
        self.said.push((account, command.clone()));
    }
}

type Act = fn(&mut Scene<'_>) -> Option<Vec<Deed>>;

/// How often each thing is done.
const ACTS: &[(u64, Act)] = &[
    (34, tenant::places_an_order),
    (5, tenant::cancels_an_order),
    (3, tenant::replaces_an_order),
    (8, tenant::tops_up_a_lease),
    (3, tenant::sets_a_mandate),
    (7, tenant::accepts_a_bid),
    (5, tenant::stops_a_lease),
    (3, tenant::deposits),
    (4, tenant::asks_for_a_withdrawal),
    (2, tenant::takes_a_request_back),
    (4, tenant::has_a_withdrawal_paid),
    (4, tenant::has_a_lease_refunded),
    (32, bot::quotes),
    (8, bot::requotes),
    (3, bot::cancels_a_bid),
    (8, bot::answers_an_order),
    (3, tenant::amends_an_order),
    (3, bot::amends_a_bid),
    (3, bot::quotes_many),
    (1, bot::ends_all),
    (1, tenant::ends_all),
    (1, tenant::sets_a_dead_man),
    (1, owner::registers_a_host),
    (2, owner::updates_a_host),
    (1, owner::sets_a_floor),
    (1, owner::stakes),
    (1, owner::takes_a_stake_back),
    (3, owner::replaces_a_bid),
    (1, operator::pauses),
    (1, operator::opens_a_market),
    (1, operator::cycles_a_market),
    (1, operator::reconfigures),
    (1, operator::upgrades),
    (2, operator::attests),
    (2, stranger::says_it_again),
    (2, stranger::says_what_another_said),
    (2, stranger::names_what_is_not_there),
    (2, stranger::asks_for_too_much),
    (1, stranger::uses_an_id_again),
    (4, keys::registers),
    (1, keys::registers_many),
    (2, keys::revokes),
];

/// What happens before anything else.
pub(crate) fn opening(trust: &TrustRules, dice: &mut Dice) -> Vec<Deed> {
    let names = OWNERS.iter().map(|(name, _)| *name).chain([AUDITOR]);
    let owners = names.map(|name| OpenAccount { address: address(name) });
    let mut deeds: Vec<Deed> = owners.map(|open| Deed::Say(AccountId::EXCHANGE, open.into())).collect();
    for (name, _) in OWNERS {
        if dice.once_in(2) {
            let amount = dice.pick(&[trust.stake_two, trust.stake_three]);
            deeds.push(Deed::Call(Call::Stake { account: address(name), amount }));
        }
    }
    // Without money the platform runs nothing again.
    let amount = Stroops::new(dice.pick(&[300, 100_000, 100_000])).expect("positive");
    deeds.push(Deed::Call(Call::Deposit { to: address(TREASURY), amount }));
    for tenant in TENANTS {
        let amount = Stroops::new(dice.pick(&[30_000, 500_000, 10_000_000])).expect("positive");
        deeds.push(Deed::Call(Call::Deposit { to: address(tenant), amount }));
    }
    deeds
}

/// What somebody does when it is his turn, or has others do by a key.
pub(crate) fn turn(scene: &mut Scene<'_>) -> Vec<Deed> {
    let mut deeds = deeds(scene);
    for deed in &mut deeds {
        if let Deed::Say(account, command) = deed {
            let voice = keys::voice(scene, *account, command);
            *deed = Deed::SayBy(*account, voice, command.clone());
        }
    }
    deeds
}

fn deeds(scene: &mut Scene<'_>) -> Vec<Deed> {
    if let Some(deeds) = owner::registers_a_first_host(scene) {
        return deeds;
    }
    if scene.dice.once_in(8)
        && let Some(deeds) = operator::resumes(scene)
    {
        return deeds;
    }
    // What cannot be done now is tried no longer than a few times.
    for _ in 0..6 {
        let act = scene.dice.weigh(ACTS.iter().map(|(weight, _)| *weight));
        if let Some(deeds) = ACTS[act].1(scene) {
            return deeds;
        }
    }
    Vec::new()
}

/// What everybody does when a run comes to its end: he takes back what he can.
pub(crate) fn sweep(x: &Exchange, now: Micros) -> Vec<Deed> {
    tenant::ends_orders(x).chain(tenant::ends_leases(x, now)).collect()
}

/// Whether saying it twice is no more than saying it once.
pub(crate) fn is_repeatable(command: &Command) -> bool {
    match command {
        Command::PlaceOrder(_)
        | Command::PlaceBid(_)
        | Command::ReplaceOrder(_)
        | Command::ReplaceBid(_)
        | Command::RegisterProvider(_) => client_id(command).is_some(),
        Command::Heartbeat(_) | Command::TopUpLease(_) => false,
        _ => true,
    }
}

impl Scene<'_> {
    /// A fresh client id, if this command is to have one.
    fn client_id(&mut self) -> Option<ClientId> {
        if self.dice.once_in(4) {
            return None;
        }
        self.memory.client_ids += 1;
        Some(cast::client_id(self.memory.client_ids))
    }

    /// Rates that fall together often, and some at which a lease costs a
    /// stroop or nothing.
    fn rate(&mut self) -> Rate {
        let scale = self.dice.pick(&[3_600, 3_600, 3_600, 3_600, 1_234, 1]);
        let step = i64::from(self.dice.small(1, 7));
        Rate::new(step * scale).expect("positive and small")
    }

    /// What happens on meeting one's own account.
    fn self_trade(&mut self) -> SelfTrade {
        self.dice.pick(&[
            SelfTrade::ExpireTaker,
            SelfTrade::ExpireTaker,
            SelfTrade::ExpireTaker,
            SelfTrade::ExpireMaker,
            SelfTrade::Skip,
        ])
    }

    /// When something ends that most leave without an end.
    fn until(&mut self) -> Option<Micros> {
        let lasts = self.dice.between(SECOND, 200 * SECOND);
        self.dice.once_in(3).then_some(Micros(self.now.0 + lasts))
    }

    fn market(&mut self) -> Option<MarketId> {
        let markets: Vec<_> = self.x.markets().map(|market| market.id).collect();
        let place = self.dice.weigh([2, 5, 1].into_iter().take(markets.len()));
        markets.get(place).copied()
    }

    fn account(&self, name: &str) -> Option<AccountId> {
        self.x.account_by_address(address(name))
    }

    /// One of the tenants that have an account.
    fn tenant(&mut self) -> Option<AccountId> {
        let name = self.dice.pick(&TENANTS);
        self.account(name)
    }
}
