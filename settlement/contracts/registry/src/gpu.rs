//! What providers offer.

use crate::{Error, Gpu, event, storage};
use soroban_sdk::{Address, Env, String, Vec};

/// How many GPUs a provider may have here.
pub const GPUS_PER_PROVIDER_MAX: u32 = 64;
/// How many GPUs one read answers at most.
pub const PAGE_MAX: u32 = 20;
/// Bytes of the longest model's name.
const MODEL_BYTES_MAX: u32 = 64;
/// GiB of the largest video memory.
const VRAM_GB_MAX: u32 = 65_536;

pub(crate) fn register(
    env: &Env,
    provider: Address,
    model: String,
    vram_gb: u32,
    price_per_hour: i128,
) -> Result<u64, Error> {
    if model.is_empty() || model.len() > MODEL_BYTES_MAX {
        return Err(Error::ModelMalformed);
    }
    if vram_gb == 0 || vram_gb > VRAM_GB_MAX {
        return Err(Error::VramMalformed);
    }
    check_price(price_per_hour)?;
    let mut gpus = storage::gpus(env, &provider);
    if gpus.len() >= GPUS_PER_PROVIDER_MAX {
        return Err(Error::TooManyGpus);
    }
    let id = storage::next_gpu(env);
    storage::set_next_gpu(env, id + 1);
    gpus.push_back(id);
    storage::set_gpus(env, &provider, &gpus);
    let registered_at = env.ledger().timestamp();
    let gpu = Gpu { id, provider, model, vram_gb, price_per_hour, available: true, registered_at };
    storage::set_gpu(env, &gpu);
    let Gpu { provider, model, .. } = gpu;
    event::GpuRegistered { id, provider, model, vram_gb, price_per_hour }.publish(env);
    Ok(id)
}

pub(crate) fn set_availability(env: &Env, provider: Address, id: u64, available: bool) -> Result<(), Error> {
    let gpu = Gpu { available, ..own(env, &provider, id)? };
    storage::set_gpu(env, &gpu);
    event::GpuAvailability { id, provider, available }.publish(env);
    Ok(())
}

pub(crate) fn update_price(env: &Env, provider: Address, id: u64, price_per_hour: i128) -> Result<(), Error> {
    check_price(price_per_hour)?;
    let gpu = Gpu { price_per_hour, ..own(env, &provider, id)? };
    storage::set_gpu(env, &gpu);
    event::GpuPrice { id, provider, price_per_hour }.publish(env);
    Ok(())
}

pub(crate) fn remove(env: &Env, provider: Address, id: u64) -> Result<(), Error> {
    own(env, &provider, id)?;
    let mut gpus = storage::gpus(env, &provider);
    if let Some(index) = gpus.first_index_of(id) {
        gpus.remove(index);
    }
    storage::set_gpus(env, &provider, &gpus);
    storage::remove_gpu(env, id);
    event::GpuRemoved { id, provider }.publish(env);
    Ok(())
}

/// The GPUs numbered `from` and up, over at most `limit` numbers.
pub(crate) fn page(env: &Env, from: u64, limit: u32) -> Vec<Gpu> {
    let end = from.saturating_add(limit.min(PAGE_MAX).into()).min(storage::next_gpu(env));
    let mut page = Vec::new(env);
    for id in from..end {
        if let Some(gpu) = storage::gpu(env, id) {
            page.push_back(gpu);
        }
    }
    page
}

fn own(env: &Env, provider: &Address, id: u64) -> Result<Gpu, Error> {
    let gpu = storage::gpu(env, id).ok_or(Error::NoSuchGpu)?;
    if gpu.provider == *provider { Ok(gpu) } else { Err(Error::NotYourGpu) }
}

fn check_price(price: i128) -> Result<(), Error> {
    if price > 0 { Ok(()) } else { Err(Error::PriceNotPositive) }
}
