//! The two classic operations: create an account, pay the native asset.

use crate::settings::BASE_RESERVE;
use crate::state::{Overlay, Read as _, new_account, spendable};
use stellar_xdr::{AccountId, CreateAccountOp, CreateAccountResult, PaymentOp, PaymentResult};

/// Makes an account out of `source`'s money. Its sequence numbers begin with
/// the ledger, so that those of an account that was there before never repeat.
pub(crate) fn create_account(
    overlay: &mut Overlay,
    seq: u32,
    source: &AccountId,
    operation: &CreateAccountOp,
) -> CreateAccountResult {
    let starting = operation.starting_balance;
    if starting < 0 || operation.destination == *source {
        return CreateAccountResult::Malformed;
    }
    if overlay.account(&operation.destination).is_some() {
        return CreateAccountResult::AlreadyExist;
    }
    if starting < 2 * i64::from(BASE_RESERVE) {
        return CreateAccountResult::LowReserve;
    }
    let Some(payer) = overlay.account(source).filter(|payer| spendable(payer) >= starting) else {
        return CreateAccountResult::Underfunded;
    };
    let mut payer = payer.clone();
    payer.balance -= starting;
    overlay.put_account(payer);
    overlay.put_account(new_account(operation.destination.clone(), starting, i64::from(seq) << 32));
    CreateAccountResult::Success
}

/// Pays the native asset. Another asset was refused when the transaction was
/// checked.
pub(crate) fn pay(overlay: &mut Overlay, source: &AccountId, operation: &PaymentOp) -> PaymentResult {
    let destination = operation.destination.clone().account_id();
    if operation.amount <= 0 {
        return PaymentResult::Malformed;
    }
    let Some(receiver) = overlay.account(&destination) else {
        return PaymentResult::NoDestination;
    };
    if destination == *source {
        return PaymentResult::Success;
    }
    let mut receiver = receiver.clone();
    let Some(balance) = receiver.balance.checked_add(operation.amount) else {
        return PaymentResult::LineFull;
    };
    let Some(payer) = overlay.account(source).filter(|payer| spendable(payer) >= operation.amount) else {
        return PaymentResult::Underfunded;
    };
    let mut payer = payer.clone();
    payer.balance -= operation.amount;
    receiver.balance = balance;
    overlay.put_account(payer);
    overlay.put_account(receiver);
    PaymentResult::Success
}
