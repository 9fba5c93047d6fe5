//! Deposits and withdrawals. Who signs a transaction shows by that who they are, so
//! nothing else is asked for: what the chain does comes back as a fact.

use berth_domain::Address;
use berth_wire::address::{self, Name};
use berth_wire::errors::EdgeCode;
use berth_wire::request::NewTransfer;
use berth_wire::response::{Transfer, TransferState};

use crate::caller::Caller;
use crate::node::Node;
use crate::problem::Refusal;
use crate::treasury::{Counter, Money, ToSign, Way};

/// Begins a transfer, or goes on with it.
pub(crate) async fn transfer(node: &Node, caller: Caller, way: Way, wanted: NewTransfer) -> Result<Transfer, Refusal> {
    let counter = node.treasury.as_ref();
    let counter = counter.ok_or_else(|| Refusal::new(EdgeCode::ChainUnavailable, "this node has no chain to ask"))?;
    let (name, from, amount) = match wanted {
        NewTransfer::HandIn(transaction) => {
            let hash = counter.ask(|treasury| treasury.hand_in(way, transaction)).await?;
            let handed_in = told(node, counter, TransferState::HandedIn);
            return Ok(Transfer { transaction_hash: Some(hash), ..handed_in });
        }
        NewTransfer::Begin { address, from, amount } => (address, from, amount),
    };
    let account = whose(node, caller, name.as_ref())?;
    let signer = from.as_ref().map_or(Ok(account), |from| node.address(from, "from"))?;
    let money = Money { way, signer, account, amount };
    let seed = name.as_ref().and_then(|name| address::open_address(name).seed);
    // In open mode nobody has to sign for test money, nor for a name, whose key is
    // everybody's; a wallet's own key is its own there, too.
    let is_test = match way {
        Way::In => from.is_none(),
        Way::Out => seed.is_some(),
    };
    if node.open && caller == Caller::Anyone && is_test {
        counter.ask(|treasury| treasury.carry_out(money, seed)).await?;
        return Ok(told(node, counter, TransferState::Done));
    }
    let ToSign { transaction, hash, fee, valid_until } = counter.ask(|treasury| treasury.prepare(money)).await?;
    Ok(Transfer {
        transaction: Some(transaction),
        transaction_hash: Some(hash),
        fee: Some(fee),
        valid_until: Some(valid_until.0),
        ..told(node, counter, TransferState::ToSign)
    })
}

/// The account that is named, else that of whoever asks.
fn whose(node: &Node, caller: Caller, name: Option<&Name>) -> Result<Address, Refusal> {
    match (name, caller.account()) {
        (Some(name), _) => node.address(name, "address"),
        (None, Some(own)) => Ok(own),
        (None, None) => Err(Refusal::malformed("address", "is missing")),
    }
}

fn told(node: &Node, counter: &Counter, state: TransferState) -> Transfer {
    Transfer {
        state,
        contract: counter.contract(),
        network_passphrase: node.identity.web_auth.passphrase().to_owned(),
        transaction: None,
        transaction_hash: None,
        fee: None,
        valid_until: None,
    }
}
