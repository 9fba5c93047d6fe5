//! What operators, owners of hosts and auditors say, and what an account says of
//! itself.

use berth_domain::{
    AccountId, Attest, CancelAll, Command, CycleMarket, FeeBps, GpuInventory, Micros, OpenAccount, OpenMarket,
    PauseMarket, Reconfigure, RegisterProvider, Resources, ResumeMarket, SetDeadMan, SetMandate, UpdateProvider,
    Upgrade,
};
use berth_exchange::Exchange;

use crate::dice::{Dice, text};
use crate::orders::{host, market, trader};
use crate::rules::{self, AUDITOR, CLASSES, OPERATOR, address, class};

pub(crate) fn register(dice: &mut Dice<'_>) -> (AccountId, Command) {
    (trader(dice), a_host(dice).into())
}

pub(crate) fn a_host(dice: &mut Dice<'_>) -> RegisterProvider {
    let kinds = dice.byte();
    let gpus = (1..CLASSES.len()).filter(|n| *n == 1 || kinds >> n & 1 == 1);
    let mut gpus: Vec<_> =
        gpus.map(|n| GpuInventory { class: class(CLASSES[n]), count: dice.count().saturating_mul(2) }).collect();
    gpus.sort_by(|one, other| one.class.cmp(&other.class));
    RegisterProvider {
        resources: Resources {
            cpu: if dice.rarely() { dice.count() } else { dice.pick(&[64, 8, 4, 16]) },
            memory: if dice.rarely() { dice.pick(&[0, 1 << 40, u64::MAX]) } else { dice.pick(&[64, 64, 16, 8]) },
            storage: if dice.rarely() { u64::MAX } else { 100 },
        },
        bandwidth: 0,
        gpus,
        hostname: text("host.example"),
        port: 22,
        attributes: dice.attributes(),
        own_agent: dice.flag(),
        client_id: None,
    }
}

pub(crate) fn update_host(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, provider) = host(x, dice);
    (account, UpdateProvider { provider, available: dice.byte() % 4 != 3, attributes: dice.attributes() }.into())
}

pub(crate) fn of_markets(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (choice, market) = (dice.byte(), market(dice));
    let command = match choice % 8 {
        0 => OpenMarket { class: class(dice.pick(&CLASSES)) }.into(),
        1 => PauseMarket { market }.into(),
        2..6 => ResumeMarket { market }.into(),
        _ => CycleMarket { market }.into(),
    };
    (operator(x), command)
}

pub(crate) fn of_rules(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let effective_at = dice.time(now);
    if dice.rarely() {
        return (operator(x), Upgrade { rules: dice.byte().into(), effective_at }.into());
    }
    let fee = dice.perhaps(|dice| FeeBps::new(u16::from(dice.byte()) * 39)).flatten();
    let (timing, bounds) = (dice.perhaps(rules::timing), dice.perhaps(rules::bounds));
    (operator(x), Reconfigure { fee, timing, bounds, effective_at }.into())
}

pub(crate) fn attest(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let auditor = x.account_by_address(address(AUDITOR)).unwrap_or_default();
    (auditor, Attest { address: address(2 + dice.byte() % 8), until: dice.time(now) }.into())
}

pub(crate) fn mandate(now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (per_lease, per_day) = (dice.perhaps(Dice::amount), dice.perhaps(Dice::amount));
    let (floor, until) = (dice.perhaps(Dice::rate), dice.perhaps(|dice| dice.time(now)));
    (trader(dice), SetMandate { per_lease, per_day, floor, until }.into())
}

pub(crate) fn cancel_all(dice: &mut Dice<'_>) -> (AccountId, Command) {
    let session = dice.perhaps(|dice| u64::from(dice.byte() % 2));
    (trader(dice), CancelAll { market: dice.perhaps(market), session }.into())
}

pub(crate) fn dead_man(dice: &mut Dice<'_>) -> (AccountId, Command) {
    (trader(dice), SetDeadMan { millis: dice.pick(&[0, 1, 1_000, 60_000, u32::MAX]) }.into())
}

pub(crate) fn open_account(dice: &mut Dice<'_>) -> (AccountId, Command) {
    (AccountId::EXCHANGE, OpenAccount { address: address(dice.byte() % 16) }.into())
}

fn operator(x: &Exchange) -> AccountId {
    x.account_by_address(address(OPERATOR)).unwrap_or_default()
}
