//! The contract, each test twice: on the native host, and as the committed
//! wasm, which is what is deployed.

extern crate std;

mod archival;
mod authority;
mod budget;
mod conservation;
mod deployment;
mod gpu;
mod slash;
mod stake;
mod trust;

use crate::{Config, Error, Registry, RegistryClient};
use soroban_sdk::{
    Address, BytesN, Env, InvokeError, String, Vec,
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    token::{StellarAssetClient, TokenClient},
    vec,
};

/// What is deployed.
const WASM: &[u8] = include_bytes!("../../wasm/registry.wasm");
/// When every world begins, in unix seconds: the beginning of a period.
const NOW: u64 = 1_700_000_000 - 1_700_000_000 % PERIOD;
const PERIOD: u64 = 10_000;
const UNBONDING: u64 = 1_000;
const SLASH_MAX: i128 = 100;
const SLASH_PERIOD_MAX: i128 = 250;

/// What runs the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Native,
    Wasm,
}

/// Makes each of these functions a test on both hosts. One that is left out is
/// dead code.
macro_rules! on_both_hosts {
    ($($test:ident),* $(,)?) => {
        mod native {
            $(#[test] fn $test() { super::$test(super::Host::Native) })*
        }
        mod wasm {
            $(#[test] fn $test() { super::$test(super::Host::Wasm) })*
        }
    };
}
pub(crate) use on_both_hosts;

/// A host that writes no snapshot files.
fn environment() -> Env {
    Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false })
}

fn deploy(env: &Env, host: Host, config: Config, auditors: Vec<Address>) -> Address {
    match host {
        Host::Native => env.register(Registry, (config, auditors)),
        Host::Wasm => env.register(WASM, (config, auditors)),
    }
}

/// A deployed registry, and people with 1,000 stroops of its token each.
struct World {
    env: Env,
    registry: RegistryClient<'static>,
    token: TokenClient<'static>,
    admin: Address,
    operator: Address,
    auditor: Address,
    provider: Address,
    tenant: Address,
}

impl World {
    /// Everyone has signed whatever they are asked for.
    fn new(host: Host) -> Self {
        let env = environment();
        env.mock_all_auths();
        env.ledger().set_timestamp(NOW);
        let people: [Address; 5] = core::array::from_fn(|_| Address::generate(&env));
        let asset = env.register_stellar_asset_contract_v2(Address::generate(&env)).address();
        for person in &people {
            StellarAssetClient::new(&env, &asset).mint(person, &1_000);
        }
        let [admin, operator, auditor, provider, tenant] = people;
        let config = Config {
            admin: admin.clone(),
            operator: operator.clone(),
            token: asset.clone(),
            unbonding: UNBONDING,
            slash_max: SLASH_MAX,
            slash_period_max: SLASH_PERIOD_MAX,
            period: PERIOD,
        };
        let auditors = vec![&env, auditor.clone()];
        let registry = RegistryClient::new(&env, &deploy(&env, host, config, auditors));
        let token = TokenClient::new(&env, &asset);
        Self { env, registry, token, admin, operator, auditor, provider, tenant }
    }

    fn with_stake(host: Host, amount: i128) -> Self {
        let world = Self::new(host);
        world.registry.deposit_stake(&world.provider, &amount);
        world
    }

    fn at(&self, seconds: u64) -> &Self {
        self.env.ledger().set_timestamp(seconds);
        self
    }

    fn register(&self, provider: &Address, model: &str, vram: u32, price: i128) -> Result<u64, Error> {
        let model = String::from_str(&self.env, model);
        refusal(self.registry.try_register_gpu(provider, &model, &vram, &price))
    }

    fn unbond(&self, amount: i128) -> Result<(), Error> {
        refusal(self.registry.try_request_unbonding(&self.provider, &amount))
    }

    fn slash(&self, lease: u64, amount: i128) -> Result<i128, Error> {
        refusal(self.registry.try_slash(&self.provider, &self.tenant, &lease, &amount))
    }

    /// What the provider has bonded and unbonding, and the tenant may claim.
    fn stakes(&self) -> [i128; 3] {
        let stake = self.registry.stake(&self.provider);
        [stake.bonded, stake.unbonding, self.registry.claimable(&self.tenant)]
    }

    fn held(&self) -> i128 {
        self.token.balance(&self.registry.address)
    }

    fn hash(&self, byte: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[byte; 32])
    }

    /// Asserts that the last call published this, and nothing else of the
    /// contract.
    fn published(&self, event: &impl soroban_sdk::Event) {
        use soroban_sdk::testutils::Events as _;
        let events = self.env.events().all().filter_by_contract(&self.registry.address);
        assert_eq!(events, [event.to_xdr(&self.env, &self.registry.address)]);
    }

    /// Asserts that the last call published nothing.
    fn published_nothing(&self) {
        use soroban_sdk::testutils::Events as _;
        assert_eq!(self.env.events().all().filter_by_contract(&self.registry.address), []);
    }
}

/// The typed refusal of a call, which must not fail in any other way.
fn refusal<T, C: core::fmt::Debug>(outcome: Result<Result<T, C>, Result<Error, InvokeError>>) -> Result<T, Error> {
    match outcome {
        Ok(value) => Ok(value.unwrap()),
        Err(error) => Err(error.expect("a typed error of the contract")),
    }
}
