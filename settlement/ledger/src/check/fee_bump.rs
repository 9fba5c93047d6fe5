//! Fee bumps: someone pays, and bids more, for another's transaction.

use super::signatures::{Signatures, Threshold};
use super::{Checked, Refused, Stage, Tagged, least_fee, read, signed_hash, validate};
use crate::account::spendable;
use crate::apply::Context;
use crate::settings::BASE_FEE;
use crate::state::Read;
use stellar_xdr::{FeeBumpTransactionEnvelope, FeeBumpTransactionInnerTx, TransactionResultResult as Code};

pub(super) fn check<'a>(
    context: &Context,
    entries: &dyn Read,
    envelope: &'a FeeBumpTransactionEnvelope,
) -> Result<Checked<'a>, Refused> {
    let bump = &envelope.tx;
    let FeeBumpTransactionInnerTx::Tx(inner) = &bump.inner_tx;
    if bump.fee < 0 {
        return Err(Code::TxMalformed.into());
    }
    let within = signed_hash(context, Tagged::Tx(inner.tx.clone()));
    let mut checked = read(&inner.tx, &inner.signatures, within)?;
    let inner_bid = i64::from(inner.tx.fee) - checked.resource_fee();
    checked.within = Some(within);
    checked.hash = signed_hash(context, Tagged::TxFeeBump(bump.clone()));
    checked.payer = bump.fee_source.clone().account_id();
    checked.fee = checked.fee.saturating_add(i64::from(BASE_FEE));
    checked.bid = bump.fee;
    checked.inclusion = bump.fee - checked.resource_fee();

    let fee = checked.fee;
    let refused = |code: Code| Refused { fee, ..Refused::new(code) };
    bids_enough(&checked, inner_bid).map_err(|fee| Refused { fee, ..Refused::new(Code::TxInsufficientFee) })?;
    let payer = entries.account(&checked.payer).ok_or_else(|| refused(Code::TxNoAccount))?;
    let mut signatures = Signatures::new(checked.hash, &envelope.signatures);
    if !signatures.authorize(payer, Threshold::Low) {
        return Err(refused(Code::TxBadAuth));
    }
    if spendable(payer) < checked.bid {
        return Err(refused(Code::TxInsufficientBalance));
    }
    if signatures.any_unused() {
        return Err(refused(Code::TxBadAuthExtra));
    }
    validate(context, entries, &checked, Stage::Sent).map_err(|inner| Refused {
        within: Some(within),
        fee,
        ..inner
    })?;
    Ok(checked)
}

/// Whether a fee bump bids the least, and no less for each operation than the
/// transaction within it; otherwise how much would be enough, in stroops.
fn bids_enough(checked: &Checked, inner_bid: i64) -> Result<(), i64> {
    let least = i64::from(BASE_FEE) * checked.paid_operations();
    if checked.inclusion < least {
        return Err(checked.fee);
    }
    // A Soroban transaction may leave all of its fee to the bump.
    if inner_bid < 0 {
        return Ok(());
    }
    let inner_least = i128::from(least_fee(checked.transaction));
    let asked = i128::from(inner_bid) * i128::from(least);
    if i128::from(checked.inclusion) * inner_least >= asked {
        return Ok(());
    }
    let enough = (asked + inner_least - 1) / inner_least;
    Err(i64::try_from(enough).unwrap_or(i64::MAX))
}
