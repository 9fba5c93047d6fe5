//! What an account says of itself: flags, thresholds, signers, data.

use crate::account::{NoRoom, SIGNERS_MAX, add_subentry, remove_signer, set_signers};
use crate::state::{Overlay, Read as _};
use stellar_xdr::{
    AccountEntry, AccountFlags, AccountId, DataEntry, DataEntryExt, LedgerEntry, LedgerEntryData, LedgerEntryExt,
    LedgerKey, LedgerKeyData, ManageDataOp, ManageDataResult, OperationResult, OperationResultTr, SetOptionsOp,
    SetOptionsResult, Signer, Thresholds,
};

const AUTHORIZATION_FLAGS: u32 =
    AccountFlags::RequiredFlag as u32 | AccountFlags::RevocableFlag as u32 | AccountFlags::ImmutableFlag as u32;

pub(super) fn set(overlay: &mut Overlay, source: &AccountId, operation: &SetOptionsOp) -> Result<(), OperationResult> {
    let failed = |result| OperationResult::OpInner(OperationResultTr::SetOptions(result));
    let mut account = overlay.account(source).ok_or(OperationResult::OpNoAccount)?.clone();
    if let Some(destination) = &operation.inflation_dest {
        if overlay.account(destination).is_none() {
            return Err(failed(SetOptionsResult::InvalidInflation));
        }
        account.inflation_dest = Some(destination.clone());
    }
    set_flags(&mut account, operation).map_err(failed)?;
    if let Some(domain) = &operation.home_domain {
        account.home_domain = domain.clone();
    }
    let weights = [operation.master_weight, operation.low_threshold, operation.med_threshold, operation.high_threshold];
    let mut thresholds = account.thresholds.0;
    for (threshold, weight) in thresholds.iter_mut().zip(weights) {
        // The check let none above 255 pass.
        *threshold = weight.and_then(|weight| u8::try_from(weight).ok()).unwrap_or(*threshold);
    }
    account.thresholds = Thresholds(thresholds);
    if let Some(signer) = &operation.signer {
        set_signer(&mut account, signer)?;
    }
    overlay.put_account(account);
    Ok(())
}

fn set_flags(account: &mut AccountEntry, operation: &SetOptionsOp) -> Result<(), SetOptionsResult> {
    let (set, clear) = (operation.set_flags.unwrap_or(0), operation.clear_flags.unwrap_or(0));
    let immutable = account.flags & AccountFlags::ImmutableFlag as u32 != 0;
    if immutable && (set | clear) & AUTHORIZATION_FLAGS != 0 {
        return Err(SetOptionsResult::CantChange);
    }
    account.flags = account.flags & !clear | set;
    let has = |flag: AccountFlags| account.flags & flag as u32 != 0;
    if has(AccountFlags::ClawbackEnabledFlag) && !has(AccountFlags::RevocableFlag) {
        return Err(SetOptionsResult::AuthRevocableRequired);
    }
    Ok(())
}

/// Adds or changes a signer; one of weight 0 is removed.
fn set_signer(account: &mut AccountEntry, signer: &Signer) -> Result<(), OperationResult> {
    let failed = |result| OperationResult::OpInner(OperationResultTr::SetOptions(result));
    if signer.weight == 0 {
        remove_signer(account, &signer.key);
        return Ok(());
    }
    let mut signers = account.signers.to_vec();
    match signers.binary_search_by(|other| other.key.cmp(&signer.key)) {
        Ok(at) => signers[at].weight = signer.weight,
        Err(_) if signers.len() == SIGNERS_MAX => return Err(failed(SetOptionsResult::TooManySigners)),
        Err(at) => {
            add_subentry(account).map_err(|no_room| match no_room {
                NoRoom::TooMany => OperationResult::OpTooManySubentries,
                NoRoom::LowReserve => failed(SetOptionsResult::LowReserve),
            })?;
            signers.insert(at, signer.clone());
        }
    }
    set_signers(account, signers);
    Ok(())
}

/// Keeps, changes or removes a named value of an account.
pub(super) fn manage_data(
    overlay: &mut Overlay,
    source: &AccountId,
    operation: &ManageDataOp,
) -> Result<(), OperationResult> {
    let failed = |result| OperationResult::OpInner(OperationResultTr::ManageData(result));
    let name = operation.data_name.clone();
    let key = LedgerKey::Data(LedgerKeyData { account_id: source.clone(), data_name: name.clone() });
    let mut account = overlay.account(source).ok_or(OperationResult::OpNoAccount)?.clone();
    let is_there = overlay.slot(&key).is_some();
    let Some(value) = &operation.data_value else {
        if !is_there {
            return Err(failed(ManageDataResult::NameNotFound));
        }
        account.num_sub_entries -= 1;
        overlay.put_account(account);
        overlay.remove(key);
        return Ok(());
    };
    if !is_there {
        add_subentry(&mut account).map_err(|no_room| match no_room {
            NoRoom::TooMany => OperationResult::OpTooManySubentries,
            NoRoom::LowReserve => failed(ManageDataResult::LowReserve),
        })?;
        overlay.put_account(account);
    }
    let data =
        DataEntry { account_id: source.clone(), data_name: name, data_value: value.clone(), ext: DataEntryExt::V0 };
    let data = LedgerEntryData::Data(data);
    overlay.put(LedgerEntry { last_modified_ledger_seq: 0, data, ext: LedgerEntryExt::V0 }, None);
    Ok(())
}
