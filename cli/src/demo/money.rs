//! The exchange's money beside the contract's, to the stroop.

use std::path::Path;

use berth_settlement::chain::Address;
use berth_settlement::reconcile;

use super::cast::Cast;
use crate::fault::{Fault, While};
use crate::output::table;
use crate::settle::Books;

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
        let there = escrow.balance(address).await.or_fault("asking the contract")?;
        rows.push(vec![name.into(), short(address), here.unwrap_or_default().to_string(), there.to_string()]);
    }
    let total = books.exchange.ledger();
    let inside = total.deposited() - total.withdrawn();
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
