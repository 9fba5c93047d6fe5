//! The two operations on the lives of entries: extend and restore.

use crate::apply::{Context, Failure, Outcome};
use crate::codec::encode;
use crate::fees::count;
use crate::state::{Overlay, Read as _, is_gone};
use soroban_env_host::e2e_invoke::entry_size_for_rent;
use soroban_env_host::fees::LedgerEntryRentChange;
use soroban_env_host::ledger_info::get_key_durability;
use stellar_xdr::{ContractDataDurability, LedgerEntry, LedgerKey, SorobanTransactionData};

/// Lets every live entry of the read-only footprint live for `extend_to` more
/// ledgers, counted from this one. What lives longer, or is not there, is left
/// alone.
pub(crate) fn extend(
    context: &Context,
    overlay: &mut Overlay,
    data: &SorobanTransactionData,
    extend_to: u32,
) -> Result<Outcome, Failure> {
    let until = context.seq.saturating_add(extend_to);
    let mut rent = Vec::new();
    for key in data.resources.footprint.read_only.iter() {
        let Some(slot) = overlay.slot(key) else { continue };
        let Some(before) = slot.live_until.filter(|live_until| (context.seq..until).contains(live_until)) else {
            continue;
        };
        let size = rent_size(context, &slot.entry)?;
        rent.push(LedgerEntryRentChange {
            is_persistent: get_key_durability(key) == Some(ContractDataDurability::Persistent),
            is_code_entry: matches!(key, LedgerKey::ContractCode(_)),
            old_size_bytes: size,
            new_size_bytes: size,
            old_live_until_ledger: before,
            new_live_until_ledger: until,
        });
        overlay.extend(key, until);
    }
    Ok(Outcome { value: None, events: Vec::new(), rent })
}

/// Brings every archived entry of the read-write footprint back to life.
pub(crate) fn restore(
    context: &Context,
    overlay: &mut Overlay,
    data: &SorobanTransactionData,
) -> Result<Outcome, Failure> {
    let until = context.restored_until();
    let (mut rent, mut bytes) = (Vec::new(), 0);
    for key in data.resources.footprint.read_write.iter() {
        let Some(slot) = overlay.slot(key).filter(|slot| !is_gone(key, slot, context.seq)) else { continue };
        if slot.live_until >= Some(context.seq) {
            continue;
        }
        bytes += encode(&slot.entry).len();
        rent.push(LedgerEntryRentChange {
            is_persistent: true,
            is_code_entry: matches!(key, LedgerKey::ContractCode(_)),
            old_size_bytes: 0,
            new_size_bytes: rent_size(context, &slot.entry)?,
            old_live_until_ledger: 0,
            new_live_until_ledger: until,
        });
        overlay.extend(key, until);
    }
    let declared = data.resources.disk_read_bytes.min(data.resources.write_bytes);
    if bytes > declared as usize {
        return Err(Failure::ResourceLimitExceeded);
    }
    Ok(Outcome { value: None, events: Vec::new(), rent })
}

/// Bytes that rent is paid for: of code, what the compiled module takes.
fn rent_size(context: &Context, entry: &LedgerEntry) -> Result<u32, Failure> {
    let budget = context.settings.budget(u32::MAX).map_err(|_| Failure::ResourceLimitExceeded)?;
    entry_size_for_rent(&budget, entry, count(encode(entry).len())).map_err(|_| Failure::ResourceLimitExceeded)
}
