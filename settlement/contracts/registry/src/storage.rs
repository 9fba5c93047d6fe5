//! Where everything is kept: one persistent entry per GPU, per slashed lease
//! and per attestation, at most four per account, and the deployment with its
//! auditors in the instance.

use crate::{Attestation, Badge, Config, Gpu, Stake};
use soroban_sdk::{Address, Env, IntoVal, TryFromVal, Val, Vec, contracttype};

/// A day at one ledger every five seconds.
const LEDGERS_PER_DAY: u32 = 17_280;
/// `extend` leaves alone what lives longer than this.
const TTL_LOW: u32 = 60 * LEDGERS_PER_DAY;
/// How far `extend` reaches.
const TTL_EXTENDED: u32 = 120 * LEDGERS_PER_DAY;

#[contracttype]
pub(crate) enum Key {
    Config,
    Auditors,
    NextGpu,
    Gpu(u64),
    Gpus(Address),
    Stake(Address),
    Claim(Address),
    Badge(Address),
    /// Of an account, by an auditor.
    Attestation(Address, Address),
    /// What was slashed for a lease.
    Slashed(u64),
}

pub(crate) fn config(env: &Env) -> Config {
    env.storage().instance().get(&Key::Config).expect("the constructor has stored it")
}

pub(crate) fn set_config(env: &Env, config: &Config) {
    env.storage().instance().set(&Key::Config, config);
}

pub(crate) fn auditors(env: &Env) -> Vec<Address> {
    env.storage().instance().get(&Key::Auditors).unwrap_or_else(|| Vec::new(env))
}

pub(crate) fn set_auditors(env: &Env, auditors: &Vec<Address>) {
    env.storage().instance().set(&Key::Auditors, auditors);
}

fn get<T: TryFromVal<Env, Val>>(env: &Env, key: &Key) -> Option<T> {
    env.storage().persistent().get(key)
}

fn set(env: &Env, key: &Key, value: &impl IntoVal<Env, Val>) {
    env.storage().persistent().set(key, value);
}

pub(crate) fn next_gpu(env: &Env) -> u64 {
    get(env, &Key::NextGpu).unwrap_or(1)
}

pub(crate) fn set_next_gpu(env: &Env, id: u64) {
    set(env, &Key::NextGpu, &id);
}

pub(crate) fn gpu(env: &Env, id: u64) -> Option<Gpu> {
    get(env, &Key::Gpu(id))
}

pub(crate) fn set_gpu(env: &Env, gpu: &Gpu) {
    set(env, &Key::Gpu(gpu.id), gpu);
}

pub(crate) fn remove_gpu(env: &Env, id: u64) {
    env.storage().persistent().remove(&Key::Gpu(id));
}

pub(crate) fn gpus(env: &Env, provider: &Address) -> Vec<u64> {
    get(env, &Key::Gpus(provider.clone())).unwrap_or_else(|| Vec::new(env))
}

pub(crate) fn set_gpus(env: &Env, provider: &Address, gpus: &Vec<u64>) {
    let key = Key::Gpus(provider.clone());
    if gpus.is_empty() { env.storage().persistent().remove(&key) } else { set(env, &key, gpus) }
}

pub(crate) fn stake(env: &Env, account: &Address) -> Stake {
    let none = Stake { bonded: 0, unbonding: 0, release_at: 0, period: 0, slashed: 0 };
    get(env, &Key::Stake(account.clone())).unwrap_or(none)
}

pub(crate) fn set_stake(env: &Env, account: &Address, stake: &Stake) {
    set(env, &Key::Stake(account.clone()), stake);
}

pub(crate) fn claim(env: &Env, tenant: &Address) -> i128 {
    get(env, &Key::Claim(tenant.clone())).unwrap_or(0)
}

pub(crate) fn set_claim(env: &Env, tenant: &Address, amount: i128) {
    let key = Key::Claim(tenant.clone());
    if amount == 0 { env.storage().persistent().remove(&key) } else { set(env, &key, &amount) }
}

pub(crate) fn slashed(env: &Env, lease: u64) -> Option<i128> {
    get(env, &Key::Slashed(lease))
}

pub(crate) fn set_slashed(env: &Env, lease: u64, amount: i128) {
    set(env, &Key::Slashed(lease), &amount);
}

pub(crate) fn badge(env: &Env, account: &Address) -> Option<Badge> {
    get(env, &Key::Badge(account.clone()))
}

pub(crate) fn set_badge(env: &Env, account: &Address, badge: &Badge) {
    set(env, &Key::Badge(account.clone()), badge);
}

pub(crate) fn attestation(env: &Env, account: &Address, auditor: &Address) -> Option<Attestation> {
    get(env, &Key::Attestation(account.clone(), auditor.clone()))
}

pub(crate) fn set_attestation(env: &Env, account: &Address, auditor: &Address, attestation: &Attestation) {
    set(env, &Key::Attestation(account.clone(), auditor.clone()), attestation);
}

pub(crate) fn remove_attestation(env: &Env, account: &Address, auditor: &Address) {
    env.storage().persistent().remove(&Key::Attestation(account.clone(), auditor.clone()));
}

pub(crate) fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(TTL_LOW, TTL_EXTENDED);
    extend(env, &Key::NextGpu);
}

pub(crate) fn extend_gpu(env: &Env, id: u64) {
    extend(env, &Key::Gpu(id));
}

pub(crate) fn extend_account(env: &Env, account: &Address) {
    for kind in [Key::Gpus, Key::Stake, Key::Claim, Key::Badge] {
        extend(env, &kind(account.clone()));
    }
    for auditor in auditors(env) {
        extend(env, &Key::Attestation(account.clone(), auditor));
    }
}

/// The host traps on an entry that is not there, and one stale name must not
/// keep the others of a call from living on.
fn extend(env: &Env, key: &Key) {
    let storage = env.storage().persistent();
    if storage.has(key) {
        storage.extend_ttl(key, TTL_LOW, TTL_EXTENDED);
    }
}
