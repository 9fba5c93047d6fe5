//! What an account keeps about itself besides its balance: when its sequence
//! number moved, and who else may sign for it.

use crate::settings::BASE_RESERVE;
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1, AccountEntryExtensionV1Ext, AccountEntryExtensionV2,
    AccountEntryExtensionV2Ext, AccountEntryExtensionV3, AccountId, ExtensionPoint, Liabilities, Signer, SignerKey,
    SponsorshipDescriptor, TimePoint,
};

/// Signers that an account has at most, besides its own key.
pub(crate) const SIGNERS_MAX: usize = 20;
/// Trust lines, signers and data entries that an account has at most.
const SUBENTRIES_MAX: u32 = 1_000;

/// Stroops that an account may spend: all above its reserve. Accounts here
/// have no offers and no sponsors.
pub(crate) fn spendable(account: &AccountEntry) -> i64 {
    account.balance - (2 + i64::from(account.num_sub_entries)) * i64::from(BASE_RESERVE)
}

/// Why an account takes no further entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    TooMany,
    LowReserve,
}

/// Counts a new entry of `account`, whose reserve it locks.
pub(crate) fn add_subentry(account: &mut AccountEntry) -> Result<(), NoRoom> {
    if account.num_sub_entries >= SUBENTRIES_MAX {
        return Err(NoRoom::TooMany);
    }
    if spendable(account) < i64::from(BASE_RESERVE) {
        return Err(NoRoom::LowReserve);
    }
    account.num_sub_entries += 1;
    Ok(())
}

/// The ledger and the time (unix seconds) in which the sequence number moved
/// last; zeros if it never did.
pub(crate) fn sequence_moved(account: &AccountEntry) -> (u32, u64) {
    let AccountEntryExt::V1(AccountEntryExtensionV1 { ext: AccountEntryExtensionV1Ext::V2(v2), .. }) = &account.ext
    else {
        return (0, 0);
    };
    match &v2.ext {
        AccountEntryExtensionV2Ext::V3(v3) => (v3.seq_ledger, v3.seq_time.0),
        AccountEntryExtensionV2Ext::V0 => (0, 0),
    }
}

/// Notes that the sequence number moved in ledger `seq` at `time`.
pub(crate) fn note_sequence_moved(account: &mut AccountEntry, seq: u32, time: u64) {
    let v3 = AccountEntryExtensionV3 { ext: ExtensionPoint::V0, seq_ledger: seq, seq_time: TimePoint(time) };
    account.ext = AccountEntryExt::V1(AccountEntryExtensionV1 {
        liabilities: Liabilities { buying: 0, selling: 0 },
        ext: AccountEntryExtensionV1Ext::V2(AccountEntryExtensionV2 {
            num_sponsored: 0,
            num_sponsoring: 0,
            signer_sponsoring_i_ds: unsponsored(account.signers.len()),
            ext: AccountEntryExtensionV2Ext::V3(v3),
        }),
    });
}

/// Gives `account` these signers, which are in the order of their keys.
pub(crate) fn set_signers(account: &mut AccountEntry, signers: Vec<Signer>) {
    let count = signers.len();
    account.signers = signers.try_into().unwrap_or_default();
    // The list of sponsors runs beside that of signers.
    if let AccountEntryExt::V1(v1) = &mut account.ext
        && let AccountEntryExtensionV1Ext::V2(v2) = &mut v1.ext
    {
        v2.signer_sponsoring_i_ds = unsponsored(count);
    }
}

/// Takes the signer `key` from `account`, if it has it.
pub(crate) fn remove_signer(account: &mut AccountEntry, key: &SignerKey) -> bool {
    let mut signers = account.signers.to_vec();
    signers.retain(|signer| signer.key != *key);
    let removed = signers.len() < account.signers.len();
    if removed {
        set_signers(account, signers);
        account.num_sub_entries -= 1;
    }
    removed
}

/// The key of an account as a signer's.
pub(crate) fn as_signer(account: &AccountId) -> SignerKey {
    let stellar_xdr::PublicKey::PublicKeyTypeEd25519(key) = account.0.clone();
    SignerKey::Ed25519(key)
}

fn unsponsored(count: usize) -> stellar_xdr::VecM<SponsorshipDescriptor, 20> {
    vec![SponsorshipDescriptor(None); count].try_into().unwrap_or_default()
}
