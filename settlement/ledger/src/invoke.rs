//! Calls of the Soroban host.

use crate::apply::{Context, Failure, Outcome};
use crate::codec::{decode, encode, hash, sha256};
use crate::fees::{count, restored};
use crate::state::{Overlay, Read as _, is_gone};
use soroban_env_host::e2e_invoke::{LedgerEntryChange, extract_rent_changes, invoke_host_function};
use soroban_env_host::ledger_info::get_key_durability;
use stellar_xdr::{
    AccountId, ContractEvent, DiagnosticEvent, Hash, InvokeHostFunctionOp, LedgerEntry, LedgerEntryData, LedgerKey,
    ScErrorType, ScVal, SorobanTransactionData, TtlEntry,
};

/// Runs a host function for `source` and leaves its changes in `overlay`.
pub(crate) fn invoke(
    context: &Context,
    overlay: &mut Overlay,
    source: &AccountId,
    operation: &InvokeHostFunctionOp,
    data: &SorobanTransactionData,
    transaction: [u8; 32],
    diagnostics: &mut Vec<DiagnosticEvent>,
) -> Result<Outcome, Failure> {
    let (entries, ttls) = footprint_entries(context, overlay, data)?;
    let resources = &data.resources;
    let budget = context.settings.budget(resources.instructions).map_err(|_| Failure::Trapped)?;
    let authorizations: Vec<Vec<u8>> = operation.auth.iter().map(encode).collect();
    let seed = sha256(&[&transaction[..], &context.seq.to_be_bytes()].concat());
    let invoked = invoke_host_function(
        &budget,
        true,
        encode(&operation.host_function),
        encode(resources),
        restored(data),
        encode(source),
        authorizations.into_iter(),
        context.ledger_info(),
        entries.into_iter(),
        ttls.into_iter(),
        seed.to_vec(),
        diagnostics,
        None,
        Some(context.modules.cache()),
    );
    let failed = |error: soroban_env_host::HostError| {
        let consumed = budget.get_cpu_insns_consumed().unwrap_or(u64::MAX);
        let over = consumed > u64::from(resources.instructions) || error.error.is_type(ScErrorType::Budget);
        if over { Failure::ResourceLimitExceeded } else { Failure::Trapped }
    };
    let result = invoked.map_err(failed)?;
    let value = result.encoded_invoke_result.map_err(failed)?;
    let value: ScVal = decode(&value).map_err(|_| Failure::Trapped)?;
    let events: Vec<ContractEvent> = result
        .encoded_contract_events
        .iter()
        .map(|event| decode(event))
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Trapped)?;
    let rent = extract_rent_changes(&result.ledger_changes);
    write(context, overlay, data, result.ledger_changes)?;
    Ok(Outcome { value: Some(value), events, rent })
}

type Encoded = Vec<Vec<u8>>;

/// The entries that the footprint names, with their times to live, as the host
/// takes them.
fn footprint_entries(
    context: &Context,
    overlay: &Overlay,
    data: &SorobanTransactionData,
) -> Result<(Encoded, Encoded), Failure> {
    let footprint = &data.resources.footprint;
    let (mut entries, mut ttls) = (Vec::new(), Vec::new());
    let mut disk_bytes = 0;
    let read_only = footprint.read_only.iter().map(|key| (key, false));
    let read_write = footprint.read_write.iter().enumerate();
    let read_write = read_write.map(|(index, key)| (key, restored(data).contains(&count(index))));
    for (key, restore) in read_only.chain(read_write) {
        let Some(slot) = overlay.slot(key).filter(|slot| !is_gone(key, slot, context.seq)) else { continue };
        let archived = slot.live_until.is_some_and(|live_until| live_until < context.seq);
        if archived && !restore {
            return Err(Failure::EntryArchived);
        }
        let encoded = encode(&slot.entry);
        if archived || get_key_durability(key).is_none() {
            disk_bytes += encoded.len();
        }
        entries.push(encoded);
        ttls.push(match slot.live_until {
            None => Vec::new(),
            Some(live_until) => {
                let live_until = if archived { context.restored_until() } else { live_until };
                encode(&TtlEntry { key_hash: Hash(hash(key)), live_until_ledger_seq: live_until })
            }
        });
    }
    if disk_bytes > data.resources.disk_read_bytes as usize {
        return Err(Failure::ResourceLimitExceeded);
    }
    Ok((entries, ttls))
}

fn write(
    context: &Context,
    overlay: &mut Overlay,
    data: &SorobanTransactionData,
    changes: Vec<LedgerEntryChange>,
) -> Result<(), Failure> {
    let written: usize = changes.iter().filter_map(|change| change.encoded_new_value.as_ref()).map(Vec::len).sum();
    if written > data.resources.write_bytes as usize {
        return Err(Failure::ResourceLimitExceeded);
    }
    for change in changes {
        let key: LedgerKey = decode(&change.encoded_key).map_err(|_| Failure::Trapped)?;
        let live_until = change.ttl_change.map(|ttl| ttl.new_live_until_ledger);
        if change.read_only {
            if let Some(live_until) = live_until {
                overlay.extend(&key, live_until);
            }
            continue;
        }
        let Some(encoded) = change.encoded_new_value else {
            if overlay.slot(&key).is_some() {
                overlay.remove(key);
            }
            continue;
        };
        let entry: LedgerEntry = decode(&encoded).map_err(|_| Failure::Trapped)?;
        if !fits(context, &key, &entry, encoded.len()) {
            return Err(Failure::ResourceLimitExceeded);
        }
        overlay.put(entry, live_until);
    }
    Ok(())
}

/// Whether an entry keeps to the network's sizes.
fn fits(context: &Context, key: &LedgerKey, entry: &LedgerEntry, bytes: usize) -> bool {
    let limits = &context.settings.contract;
    match &entry.data {
        LedgerEntryData::ContractData(_) => {
            encode(key).len() <= limits.data_key_bytes_max as usize && bytes <= limits.data_entry_bytes_max as usize
        }
        LedgerEntryData::ContractCode(code) => code.code.len() <= limits.code_bytes_max as usize,
        _ => true,
    }
}
