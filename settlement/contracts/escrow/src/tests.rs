//! The contract, each test twice: on the native host, where panics say where
//! they come from, and as the committed wasm, which is what is deployed. With
//! real authorization unless a test says otherwise.

extern crate std;

mod archival;
mod authority;
mod budget;
mod cancel;
mod conservation;
mod deployment;
mod deposit;
mod lease;
mod mandate;
mod receipt;
mod refund;
mod settle;
mod top_up;
mod vault;
mod withdraw;

use crate::{Config, Error, Escrow, EscrowClient, Lease, Terms};
use ed25519_dalek::{Signer as _, SigningKey};
use soroban_sdk::{
    Address, BytesN, ConversionError, Env, InvokeError, Vec,
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    token::{StellarAssetClient, TokenClient},
    vec,
};

/// What is deployed.
const WASM: &[u8] = include_bytes!("../../wasm/escrow.wasm");
/// When every world begins, in unix seconds: 16:00 UTC.
const NOW: u64 = 1_699_977_600;
const DELAY: u64 = 600;
const WINDOW: u64 = 300;
const CANCEL_AFTER: u64 = 1_200;
const DEADLINE: u64 = NOW + 3_600;

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

fn deploy(env: &Env, host: Host, config: Config) -> Address {
    match host {
        Host::Native => env.register(Escrow, (config,)),
        Host::Wasm => env.register(WASM, (config,)),
    }
}

/// A deployed escrow, its two tokens, and four people with 1,000 stroops of each.
struct World {
    env: Env,
    escrow: EscrowClient<'static>,
    token: TokenClient<'static>,
    /// The second of the contract's tokens.
    other: TokenClient<'static>,
    operator: Address,
    treasury: Address,
    tenant: Address,
    provider: Address,
    node: SigningKey,
}

impl World {
    /// Everyone has signed whatever they are asked for, but no mandate.
    fn new(host: Host) -> Self {
        let env = environment();
        env.mock_all_auths();
        env.ledger().set_timestamp(NOW);
        let people: [Address; 4] = core::array::from_fn(|_| Address::generate(&env));
        let [token, other] = core::array::from_fn(|_| {
            let asset = env.register_stellar_asset_contract_v2(Address::generate(&env)).address();
            for person in &people {
                StellarAssetClient::new(&env, &asset).mint(person, &1_000);
            }
            TokenClient::new(&env, &asset)
        });
        let [operator, treasury, tenant, provider] = people;
        let node = SigningKey::from_bytes(&[9; 32]);
        let config = Config {
            operator: operator.clone(),
            treasury: treasury.clone(),
            tokens: vec![&env, token.address.clone(), other.address.clone()],
            fee_bps: 500,
            withdraw_delay: DELAY,
            receipt_key: BytesN::from_array(&env, node.verifying_key().as_bytes()),
            window: WINDOW,
            cancel_after: CANCEL_AFTER,
        };
        let escrow = EscrowClient::new(&env, &deploy(&env, host, config));
        Self { env, escrow, token, other, operator, treasury, tenant, provider, node }
    }

    /// A world whose tenant has `amount` in the contract, and has signed that
    /// all of it may be locked.
    fn with_deposit(host: Host, amount: i128) -> Self {
        let world = Self::new(host);
        world.deposit(&world.tenant, amount);
        world.allow(&world.tenant, 1_000, 1_000_000);
        world
    }

    fn deposit(&self, account: &Address, amount: i128) {
        self.escrow.deposit(account, account, &self.token.address, &amount);
    }

    fn allow(&self, account: &Address, per_lease: i128, per_day: i128) {
        self.escrow.set_tenant_mandate(account, &self.token.address, &per_lease, &per_day, &u64::MAX);
    }

    fn at(&self, seconds: u64) -> &Self {
        self.env.ledger().set_timestamp(seconds);
        self
    }

    /// One stroop a second, until the usual deadline.
    fn terms(&self, amount: i128) -> Terms {
        Terms {
            tenant: self.tenant.clone(),
            provider: self.provider.clone(),
            token: self.token.address.clone(),
            rate_per_hour: 3_600,
            amount,
            deadline: DEADLINE,
        }
    }

    fn open(&self, lease: u64, amount: i128) -> Result<(), Error> {
        self.open_on(lease, &self.terms(amount))
    }

    fn open_on(&self, lease: u64, terms: &Terms) -> Result<(), Error> {
        refusal(self.escrow.try_open(&lease, terms))
    }

    fn top_up(&self, lease: u64, number: u32, amount: i128, deadline: u64) -> Result<(), Error> {
        refusal(self.escrow.try_top_up(&lease, &number, &amount, &deadline))
    }

    fn settle(&self, lease: u64, seconds: u64) -> Result<(), Error> {
        refusal(self.escrow.try_settle(&lease, &seconds, &self.proof()))
    }

    /// Submits what the node would sign.
    fn receipt(&self, lease: u64, seconds: u64, seq: u64) -> Result<(), Error> {
        let signature = self.signed(lease, seconds, seq);
        refusal(self.escrow.try_submit_receipt(&lease, &seconds, &seq, &signature))
    }

    fn signed(&self, lease: u64, seconds: u64, seq: u64) -> BytesN<64> {
        let message = self.env.as_contract(&self.escrow.address, || {
            crate::receipt::message(&self.env, lease, seconds, seq).iter().collect::<std::vec::Vec<u8>>()
        });
        BytesN::from_array(&self.env, &self.node.sign(&message).to_bytes())
    }

    fn cancel(&self, lease: u64) -> Result<(), Error> {
        refusal(self.escrow.try_cancel(&lease))
    }

    fn refund(&self, lease: u64) -> Result<(), Error> {
        refusal(self.escrow.try_refund(&lease))
    }

    fn lease(&self, lease: u64) -> Lease {
        self.escrow.lease(&lease).unwrap()
    }

    fn proof(&self) -> BytesN<32> {
        BytesN::from_array(&self.env, &[7; 32])
    }

    fn balance(&self, who: &Address) -> i128 {
        self.escrow.balance(who, &self.token.address)
    }

    /// Balances of tenant, provider and treasury in the contract.
    fn balances(&self) -> [i128; 3] {
        [&self.tenant, &self.provider, &self.treasury].map(|who| self.balance(who))
    }

    /// What the contract holds of the token.
    fn held(&self) -> i128 {
        self.token.balance(&self.escrow.address)
    }

    fn requested(&self) -> i128 {
        self.escrow.requested(&self.tenant, &self.token.address).map_or(0, |request| request.amount)
    }

    /// Asserts that the last call published this, and nothing else of the
    /// contract.
    fn published(&self, event: &impl soroban_sdk::Event) {
        use soroban_sdk::testutils::Events as _;
        let events = self.env.events().all().filter_by_contract(&self.escrow.address);
        assert_eq!(events, [event.to_xdr(&self.env, &self.escrow.address)]);
    }

    /// Asserts that the last call published nothing.
    fn published_nothing(&self) {
        use soroban_sdk::testutils::Events as _;
        assert_eq!(self.env.events().all().filter_by_contract(&self.escrow.address), []);
    }
}

/// The typed refusal of a call, which must not fail in any other way.
fn refusal<T, C: core::fmt::Debug>(outcome: Result<Result<T, C>, Result<Error, InvokeError>>) -> Result<T, Error> {
    match outcome {
        Ok(value) => Ok(value.unwrap()),
        Err(error) => Err(error.expect("a typed error of the contract")),
    }
}
