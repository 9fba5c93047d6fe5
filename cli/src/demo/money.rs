//! The tenant's deposit, and the exchange's money beside the contract's, to the
//! stroop.

use std::path::Path;

use berth_client::Client;
use berth_domain::Stroops;
use berth_settlement::chain::{Address, Key, Sender};
use berth_settlement::contract::{Escrow, ViewError};
use berth_settlement::{Faucet, fund, reconcile};
use berth_wire::response::{Account, Balance};

use super::asking::Asked;
use super::cast::Cast;
use crate::fault::{Fault, While};
use crate::output::table;
use crate::settle::Books;

/// What the tenant has for another order, which holds about 2,778 XLM.
const DEPOSIT: &str = "5000";

/// Signs the tenant's mandate, and pays into the contract what it lacks there, beside what is `held`
/// for other orders. It may be cut off and repeated: what has arrived by then
/// is not paid twice.
pub(super) async fn deposit(escrow: &Escrow, tenant: &Key, held: Stroops) -> Result<(), Asked> {
    let amount: Stroops = DEPOSIT.parse().expect("the demo's deposit is an amount");
    let address = tenant.address();
    let token = escrow.rpc().network().native_token();
    fund(escrow.rpc(), address).await.map_err(Asked::away)?;
    // Without its tenant's mandate the contract locks nothing for a lease.
    let faucet = Faucet::new(escrow.clone()).map_err(Asked::away)?;
    faucet.allow(tenant.clone()).await.map_err(Asked::away)?;
    if balance(escrow, address).await.map_err(Asked::away)? < amount + held {
        let call = escrow.deposit(address, address, token, amount);
        Sender::new(escrow.rpc().clone(), tenant.clone()).call(call).await.map_err(Asked::away)?;
    }
    Ok(())
}

/// What the contract has free of an account's XLM.
pub(super) async fn balance(escrow: &Escrow, account: Address) -> Result<Stroops, ViewError> {
    escrow.balance(account, escrow.rpc().network().native_token()).await
}

/// The money of an account, as the node tells it.
pub(super) async fn account(client: &Client, address: Address) -> Result<Balance, Asked> {
    let account: Account = client.get(&format!("/api/v1/accounts/{address}")).await?;
    account.balances.into_iter().next().ok_or_else(|| Asked::away("the account has no balance"))
}

/// Compares all accounts and leases, and draws the table of those who took part.
pub(super) async fn compare(cast: &Cast, node: &Path) -> Result<String, Fault> {
    let books = Books::read(node)?;
    let escrow = books.escrow(cast.rpc_url()).await?;
    let expected = books.expectation();
    let differences = reconcile(&escrow, &expected).await.or_fault("asking the contract")?;
    if let Some(difference) = differences.first() {
        return Err(Fault::Refused(format!("the books differ: {difference}")));
    }
    let held = escrow.token_balance(escrow.rpc().network().native_token(), escrow.id()).await;
    let held = held.or_fault("asking for the contract's balance")?;
    let mut rows = Vec::new();
    let hosts = cast.hosts.iter().map(|host| (host.name, &host.key));
    for (name, key) in [("tenant", &cast.tenant)].into_iter().chain(hosts).chain([("platform", &cast.treasury)]) {
        let address = key.address();
        let here = expected.balances.iter().find(|(account, _)| *account == address).map(|(_, amount)| *amount);
        let there = balance(&escrow, address).await.or_fault("asking the contract")?;
        rows.push(vec![name.into(), short(address), here.unwrap_or_default().to_string(), there.to_string()]);
    }
    let inside = books.exchange.ledger().inside();
    rows.push(vec!["all accounts".into(), "and escrows".into(), inside.to_string(), held.to_string()]);
    if inside != held {
        return Err(Fault::Refused(format!("the contract holds {held}, the exchange counts {inside}")));
    }
    Ok(table(&["XLM", "address", "exchange", "contract"], rows))
}

fn short(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..4], &text[text.len() - 4..])
}
