//! What a Soroban transaction's resources cost.

use crate::settings::Settings;
use soroban_env_host::fees::{TransactionResources, compute_transaction_resource_fee};
use soroban_env_host::ledger_info::get_key_durability;
use stellar_xdr::{OperationBody, SorobanTransactionData, SorobanTransactionDataExt};

/// The two parts of a resource fee, in stroops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceFee {
    /// Taken whatever comes of the call.
    pub(crate) fixed: i64,
    /// Of events; rent comes on top. What is not used of it is refunded.
    pub(crate) events: i64,
}

/// What a transaction is charged for besides what it declares.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    pub(crate) bytes: u32,
    pub(crate) disk_reads: u32,
}

/// The fee of the declared resources of a transaction of this size,
/// with `event_bytes` of events and return value.
pub(crate) fn resource_fee(
    settings: &Settings,
    size: Size,
    data: &SorobanTransactionData,
    event_bytes: u32,
) -> ResourceFee {
    let resources = &data.resources;
    let used = TransactionResources {
        instructions: resources.instructions,
        disk_read_entries: size.disk_reads,
        write_entries: count(resources.footprint.read_write.len()),
        disk_read_bytes: resources.disk_read_bytes,
        write_bytes: resources.write_bytes,
        contract_events_size_bytes: event_bytes,
        transaction_size_bytes: size.bytes,
    };
    let (fixed, events) = compute_transaction_resource_fee(&used, &settings.network.fee_configuration);
    ResourceFee { fixed, events }
}

/// Entries that a validator reads from disk: classic ones, and archived ones
/// that are restored. Live contract entries are held in memory.
pub(crate) fn disk_read_entries(operation: &OperationBody, data: &SorobanTransactionData) -> u32 {
    let footprint = &data.resources.footprint;
    if matches!(operation, OperationBody::RestoreFootprint(_)) {
        return count(footprint.read_write.len());
    }
    let classic = footprint.read_only.iter().chain(footprint.read_write.iter());
    let classic = classic.filter(|key| get_key_durability(key).is_none()).count();
    count(classic + restored(data).len())
}

/// Indices into the read-write footprint of the entries to restore.
pub(crate) fn restored(data: &SorobanTransactionData) -> &[u32] {
    match &data.ext {
        SorobanTransactionDataExt::V0 => &[],
        SorobanTransactionDataExt::V1(ext) => &ext.archived_soroban_entries,
    }
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
