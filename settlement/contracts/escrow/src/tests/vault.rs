//! A contract as a tenant: it deposits, signs its mandate and withdraws by
//! calling, and nobody signs anything.
#![expect(unreachable_pub, reason = "what a contract exports is public wherever it lies")]

use super::*;
use soroban_sdk::{
    IntoVal as _, Symbol,
    auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation},
    contract, contractimpl,
};

#[contract]
struct Vault;

#[contractimpl]
impl Vault {
    pub fn fill(env: Env, escrow: Address, token: Address, amount: i128) {
        let own = env.current_contract_address();
        let transfer = SubContractInvocation {
            context: ContractContext {
                contract: token.clone(),
                fn_name: Symbol::new(&env, "transfer"),
                args: (&own, &escrow, amount).into_val(&env),
            },
            sub_invocations: Vec::new(&env),
        };
        env.authorize_as_current_contract(vec![&env, InvokerContractAuthEntry::Contract(transfer)]);
        let escrow = EscrowClient::new(&env, &escrow);
        escrow.deposit(&own, &own, &token, &amount);
        escrow.set_tenant_mandate(&own, &token, &amount, &amount, &u64::MAX);
    }

    pub fn empty(env: Env, escrow: Address, token: Address) {
        let own = env.current_contract_address();
        let escrow = EscrowClient::new(&env, &escrow);
        escrow.request_withdraw(&own, &token, &escrow.balance(&own, &token));
    }

    pub fn stop(env: Env, escrow: Address, lease: u64) {
        EscrowClient::new(&env, &escrow).cancel(&lease);
    }
}

fn a_contract_may_be_a_tenant(host: Host) {
    let world = World::new(host);
    let World { env, escrow, token, operator, .. } = &world;
    let address = env.register(Vault, ());
    let vault = VaultClient::new(env, &address);
    token.transfer(&world.tenant, &address, &500);

    env.mock_auths(&[]);
    vault.fill(&escrow.address, &token.address, &500);
    env.mock_all_auths();
    for lease in [1, 2] {
        world.open_on(lease, &Terms { tenant: address.clone(), ..world.terms(100) }).unwrap();
    }
    world.settle(1, 60).unwrap();
    world.at(NOW + CANCEL_AFTER);
    env.mock_auths(&[]);
    assert!(escrow.try_cancel(&2).is_err(), "nobody else ends it");
    vault.stop(&escrow.address, &2);
    world.at(NOW + CANCEL_AFTER + WINDOW + 1).refund(2).unwrap();
    vault.empty(&escrow.address, &token.address);
    env.mock_all_auths();
    assert_eq!(escrow.pay_withdraw(&address, &token.address, operator), 440);
    assert_eq!((token.balance(&address), world.held()), (440, 60));
}

on_both_hosts!(a_contract_may_be_a_tenant);
