//! Accounts: made, merged away, and their sequence numbers moved on.

use crate::account::{note_sequence_moved, spendable};
use crate::apply::Context;
use crate::settings::BASE_RESERVE;
use crate::state::{Overlay, Read as _, account_key, new_account};
use stellar_xdr::{AccountFlags, AccountId, AccountMergeResult, CreateAccountOp, CreateAccountResult};

/// Makes an account out of `source`'s money. Its sequence numbers begin with
/// the ledger, so that those of an account that was there before never repeat.
pub(super) fn create(
    overlay: &mut Overlay,
    seq: u32,
    source: &AccountId,
    operation: &CreateAccountOp,
) -> Result<(), CreateAccountResult> {
    let starting = operation.starting_balance;
    if overlay.account(&operation.destination).is_some() {
        return Err(CreateAccountResult::AlreadyExist);
    }
    if starting < 2 * i64::from(BASE_RESERVE) {
        return Err(CreateAccountResult::LowReserve);
    }
    let payer = overlay.account(source).filter(|payer| spendable(payer) >= starting);
    let mut payer = payer.ok_or(CreateAccountResult::Underfunded)?.clone();
    payer.balance -= starting;
    overlay.put_account(payer);
    overlay.put_account(new_account(operation.destination.clone(), starting, i64::from(seq) << 32));
    Ok(())
}

/// Gives all of `source`'s money to `destination` and removes it; answers how
/// much it was, in stroops.
pub(super) fn merge(
    overlay: &mut Overlay,
    seq: u32,
    source: &AccountId,
    destination: &AccountId,
) -> Result<i64, AccountMergeResult> {
    let mut receiver = overlay.account(destination).ok_or(AccountMergeResult::NoAccount)?.clone();
    let merged = overlay.account(source).ok_or(AccountMergeResult::NoAccount)?.clone();
    if merged.flags & AccountFlags::ImmutableFlag as u32 != 0 {
        return Err(AccountMergeResult::ImmutableSet);
    }
    // Signers go with the account, trust lines and data do not.
    if merged.num_sub_entries as usize != merged.signers.len() {
        return Err(AccountMergeResult::HasSubEntries);
    }
    // Made again, it would start at a number that it has used.
    if merged.seq_num.0 >= i64::from(seq) << 32 {
        return Err(AccountMergeResult::SeqnumTooFar);
    }
    receiver.balance = receiver.balance.checked_add(merged.balance).ok_or(AccountMergeResult::DestFull)?;
    overlay.put_account(receiver);
    overlay.remove(account_key(source));
    Ok(merged.balance)
}

/// Moves the sequence number of `source` on to `to`, never back.
pub(super) fn bump_sequence(context: &Context, overlay: &mut Overlay, source: &AccountId, to: i64) {
    if let Some(mut account) = overlay.account(source).cloned() {
        account.seq_num.0 = account.seq_num.0.max(to);
        note_sequence_moved(&mut account, context.seq, context.time);
        overlay.put_account(account);
    }
}
