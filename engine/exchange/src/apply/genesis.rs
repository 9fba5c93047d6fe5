//! The first entry: opens the exchange, its treasury and its markets.

use berth_domain::{AccountOpened, Code, ExchangeOpened, Genesis};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, genesis: &Genesis) -> Result<Outcome, Code> {
    if x.genesis.is_some() {
        return Err(Code::AlreadyOpened);
    }
    // A tick that fires nothing would never catch up, and a scan that may skip
    // nothing would refuse every second order.
    if genesis.bounds.tick == 0 || genesis.bounds.scan == 0 {
        return Err(Code::OutOfBounds);
    }
    x.genesis = Some(genesis.clone());
    step.emit(ExchangeOpened { network: genesis.network, escrow_contract: genesis.escrow_contract });
    let level = x.granted_level(genesis.treasury);
    x.treasury = x.accounts.open(genesis.treasury, level);
    step.emit(AccountOpened { account: x.treasury, address: genesis.treasury, level });
    for class in &genesis.markets {
        x.open_market(step, class);
    }
    Ok(Outcome::Done(Reply::None))
}
