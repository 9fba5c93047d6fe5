//! Capacity: what is free, what open leases take and what stands by is all of a
//! provider.

use berth_exchange::Exchange;

use super::survey::Survey;
use super::{Checked, ensure, rule};

pub(super) fn check(x: &Exchange, survey: &Survey) -> Checked {
    for provider in x.providers() {
        let id = provider.id;
        let used = &survey.used[id.0 as usize];
        let (free, total) = (&provider.free, &provider.total);
        for (what, free, used, total) in [
            ("processors", free.cpu.into(), used.cpu, total.cpu.into()),
            ("memory", free.memory, used.memory, total.memory),
            ("storage", free.storage, used.storage, total.storage),
        ] {
            ensure!(
                used <= total && free + used == total,
                rule::CAPACITY,
                "provider {id} has {total} of {what}, {free} free, and leases and standbys take {used}"
            );
        }
        for ((inventory, free), used) in provider.gpus.iter().zip(&provider.free_gpus).zip(&used.gpus) {
            let (class, total) = (&inventory.class, inventory.count);
            ensure!(
                *used <= total.into() && u64::from(*free) + used == u64::from(total),
                rule::CAPACITY,
                "provider {id} has {total} of {class}, {free} free, and leases and standbys take {used}"
            );
        }
    }
    Ok(())
}

/// In the end nothing is taken.
pub(super) fn all_free(x: &Exchange) -> Checked {
    for provider in x.providers() {
        let is_free = provider.free == provider.total
            && provider.gpus.iter().zip(&provider.free_gpus).all(|(inventory, free)| inventory.count == *free);
        ensure!(is_free, rule::CAPACITY, "in the end provider {} is not free: {:?}", provider.id, provider.free);
    }
    Ok(())
}
