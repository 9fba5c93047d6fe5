//! A second asset, whose contract is used as a token.

use crate::classic::{credit, line, trust};
use crate::client::{Network, Person};
use crate::contract::{amount, contract_id, invoke, view_of};
use stellar_xdr::*;

/// Deploys the contract of `issuer`'s credit.
pub(crate) async fn token(network: &Network, issuer: &Person) -> ContractId {
    let preimage = ContractIdPreimage::Asset(credit(issuer));
    let create = HostFunction::CreateContract(CreateContractArgs {
        contract_id_preimage: preimage.clone(),
        executable: ContractExecutable::StellarAsset,
    });
    network.perform(issuer, invoke(create)).await;
    contract_id(preimage)
}

fn call(token: &ContractId, function: &str, args: Vec<ScVal>) -> OperationBody {
    invoke(HostFunction::InvokeContract(InvokeContractArgs {
        contract_address: ScAddress::Contract(token.clone()),
        function_name: ScSymbol(function.try_into().unwrap()),
        args: args.try_into().unwrap(),
    }))
}

pub(crate) fn mint(token: &ContractId, to: &Person, stroops: i128) -> OperationBody {
    call(token, "mint", vec![to.value(), amount(stroops)])
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_and_its_contract_are_one_money() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (issuer, alice, bob) = (network.person().await, network.person().await, network.person().await);
    let usdc = token(&network, &issuer).await;
    for holder in [&alice, &bob] {
        network.operate(holder, vec![trust(&issuer, 1_000)]).await;
    }
    network.perform(&issuer, mint(&usdc, &alice, 500)).await;
    let transfer = |from: &Person, to: ScVal, stroops| call(&usdc, "transfer", vec![from.value(), to, amount(stroops)]);
    network.perform(&alice, transfer(&alice, bob.value(), 120)).await;
    network.operate(&bob, vec![crate::classic::pay_credit(&issuer, &alice, 20)]).await;
    let lines = [line(&network, &alice, &issuer).await.unwrap(), line(&network, &bob, &issuer).await.unwrap()];
    assert_eq!(lines.map(|line| line.balance), [400, 100]);
    for (holder, expected) in [(&alice, 400), (&bob, 100)] {
        let tx = network.transaction(&alice, call(&usdc, "balance", vec![holder.value()])).await;
        assert_eq!(view_of(&network, tx).await, amount(expected));
    }
    // More than the line holds, and to someone without one.
    let stranger = network.person().await;
    for refused in [transfer(&bob, alice.value(), 101), transfer(&bob, stranger.value(), 1)] {
        let tx = network.transaction(&bob, refused).await;
        assert!(network.prepare(tx).await.unwrap_err().contains("Error(Contract"));
    }
    // A second contract of the same asset cannot be made.
    let create = HostFunction::CreateContract(CreateContractArgs {
        contract_id_preimage: ContractIdPreimage::Asset(credit(&issuer)),
        executable: ContractExecutable::StellarAsset,
    });
    let tx = network.transaction(&alice, invoke(create)).await;
    assert!(network.prepare(tx).await.is_err());
}
