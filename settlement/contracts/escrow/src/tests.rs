//! The contract on the native host, with real authorization unless a test says
//! otherwise.

extern crate std;

mod authority;
mod conservation;
mod deposit;
mod lease;
mod withdraw;

use crate::{Error, Escrow, EscrowClient};
use soroban_sdk::{
    Address, BytesN, Env, InvokeError,
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    token::{StellarAssetClient, TokenClient},
};

/// When every world begins, in unix seconds.
const NOW: u64 = 1_700_000_000;
const DELAY: u64 = 600;
const DEADLINE: u64 = NOW + 3_600;

/// A host that writes no snapshot files.
fn environment() -> Env {
    Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false })
}

/// A deployed escrow, its token, and four people with 1,000 tokens' stroops
/// each.
struct World {
    env: Env,
    escrow: EscrowClient<'static>,
    token: TokenClient<'static>,
    operator: Address,
    treasury: Address,
    tenant: Address,
    provider: Address,
}

impl World {
    /// Everyone has signed whatever they are asked for.
    fn new() -> Self {
        let env = environment();
        env.mock_all_auths();
        env.ledger().set_timestamp(NOW);
        let asset = env.register_stellar_asset_contract_v2(Address::generate(&env));
        let [operator, treasury, tenant, provider] = core::array::from_fn(|_| Address::generate(&env));
        for person in [&operator, &treasury, &tenant, &provider] {
            StellarAssetClient::new(&env, &asset.address()).mint(person, &1_000);
        }
        let arguments = (operator.clone(), treasury.clone(), asset.address(), 500u32, DELAY);
        let escrow = EscrowClient::new(&env, &env.register(Escrow, arguments));
        let token = TokenClient::new(&env, &asset.address());
        Self { env, escrow, token, operator, treasury, tenant, provider }
    }

    /// A world whose tenant has `amount` in the contract.
    fn with_deposit(amount: i128) -> Self {
        let world = Self::new();
        world.escrow.deposit(&world.tenant, &world.tenant, &amount);
        world
    }

    fn at(&self, seconds: u64) -> &Self {
        self.env.ledger().set_timestamp(seconds);
        self
    }

    fn open(&self, lease: u64, amount: i128) -> Result<(), Error> {
        let World { tenant, provider, .. } = self;
        refusal(self.escrow.try_open(&lease, tenant, provider, &3_600, &amount, &DEADLINE))
    }

    fn settle(&self, lease: u64, seconds: u64) -> Result<(), Error> {
        refusal(self.escrow.try_settle(&lease, &seconds, &self.proof()))
    }

    fn refund(&self, lease: u64) -> Result<(), Error> {
        refusal(self.escrow.try_refund(&lease))
    }

    fn proof(&self) -> BytesN<32> {
        BytesN::from_array(&self.env, &[7; 32])
    }

    /// Balances of tenant, provider and treasury in the contract.
    fn balances(&self) -> [i128; 3] {
        [&self.tenant, &self.provider, &self.treasury].map(|who| self.escrow.balance(who))
    }

    /// What the contract holds of the token.
    fn held(&self) -> i128 {
        self.token.balance(&self.escrow.address)
    }

    fn requested(&self) -> i128 {
        self.escrow.requested(&self.tenant).map_or(0, |request| request.amount)
    }
}

/// The typed refusal of a call, which must not fail in any other way.
fn refusal<T, C: core::fmt::Debug>(outcome: Result<Result<T, C>, Result<Error, InvokeError>>) -> Result<T, Error> {
    match outcome {
        Ok(value) => Ok(value.unwrap()),
        Err(error) => Err(error.expect("a typed error of the contract")),
    }
}
