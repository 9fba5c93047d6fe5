//! Payments, of the native asset and of credit.

use crate::account::spendable;
use crate::asset::{AUTHORIZED, held_by_trust, issuer, put_trust_line, trust_line};
use crate::state::{Overlay, Read as _};
use stellar_xdr::{AccountId, Asset, PaymentOp, PaymentResult, TrustLineAsset};

pub(super) fn pay(overlay: &mut Overlay, source: &AccountId, operation: &PaymentOp) -> Result<(), PaymentResult> {
    let destination = operation.destination.clone().account_id();
    let (asset, amount) = (&operation.asset, operation.amount);
    let Some(credit) = held_by_trust(asset) else {
        return pay_native(overlay, source, &destination, amount);
    };
    // Credit can go back to an issuer that is no more.
    if issuer(asset) != Some(&destination) && overlay.account(&destination).is_none() {
        return Err(PaymentResult::NoDestination);
    }
    receive(overlay, &destination, asset, &credit, amount)?;
    give(overlay, source, asset, &credit, amount)
}

fn pay_native(
    overlay: &mut Overlay,
    source: &AccountId,
    destination: &AccountId,
    amount: i64,
) -> Result<(), PaymentResult> {
    if destination == source {
        return Ok(());
    }
    let mut receiver = overlay.account(destination).ok_or(PaymentResult::NoDestination)?.clone();
    receiver.balance = receiver.balance.checked_add(amount).ok_or(PaymentResult::LineFull)?;
    let payer = overlay.account(source).filter(|payer| spendable(payer) >= amount);
    let mut payer = payer.ok_or(PaymentResult::Underfunded)?.clone();
    payer.balance -= amount;
    overlay.put_account(payer);
    overlay.put_account(receiver);
    Ok(())
}

/// An issuer holds no line of its own: it makes credit out of nothing, and
/// what comes back to it is no more.
fn receive(
    overlay: &mut Overlay,
    account: &AccountId,
    asset: &Asset,
    credit: &TrustLineAsset,
    amount: i64,
) -> Result<(), PaymentResult> {
    if issuer(asset) == Some(account) {
        return Ok(());
    }
    let mut line = trust_line(overlay, account, credit).ok_or(PaymentResult::NoTrust)?.clone();
    if line.flags & AUTHORIZED == 0 {
        return Err(PaymentResult::NotAuthorized);
    }
    let balance = line.balance.checked_add(amount).filter(|balance| *balance <= line.limit);
    line.balance = balance.ok_or(PaymentResult::LineFull)?;
    put_trust_line(overlay, line);
    Ok(())
}

fn give(
    overlay: &mut Overlay,
    account: &AccountId,
    asset: &Asset,
    credit: &TrustLineAsset,
    amount: i64,
) -> Result<(), PaymentResult> {
    if issuer(asset) == Some(account) {
        return Ok(());
    }
    let mut line = trust_line(overlay, account, credit).ok_or(PaymentResult::SrcNoTrust)?.clone();
    if line.flags & AUTHORIZED == 0 {
        return Err(PaymentResult::SrcNotAuthorized);
    }
    let balance = line.balance.checked_sub(amount).filter(|balance| *balance >= 0);
    line.balance = balance.ok_or(PaymentResult::Underfunded)?;
    put_trust_line(overlay, line);
    Ok(())
}
