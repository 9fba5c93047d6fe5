//! When, and after what, a transaction may enter.

use crate::account::sequence_moved;
use crate::apply::Context;
use stellar_xdr::{
    AccountEntry, LedgerBounds, Preconditions, PreconditionsV2, SignerKey, SignerKeyEd25519SignedPayload, TimeBounds,
    Transaction, TransactionResultResult as Code,
};

/// Signers that must sign besides the accounts' own.
pub(super) fn extra_signers(tx: &Transaction) -> &[SignerKey] {
    match &tx.cond {
        Preconditions::V2(conditions) => &conditions.extra_signers,
        Preconditions::None | Preconditions::Time(_) => &[],
    }
}

/// No extra signer twice, and none with nothing to sign.
pub(super) fn extra_signers_are_sound(tx: &Transaction) -> bool {
    let signers = extra_signers(tx);
    let empty = |signer: &SignerKey| {
        matches!(signer, SignerKey::Ed25519SignedPayload(SignerKeyEd25519SignedPayload { payload, .. })
            if payload.is_empty())
    };
    let twice = matches!(signers, [first, second] if first == second);
    !twice && !signers.iter().any(empty)
}

/// Checks the bounds of time and ledger.
pub(super) fn bounds(context: &Context, tx: &Transaction) -> Result<(), Code> {
    let (times, ledgers) = match &tx.cond {
        Preconditions::None => (None, None),
        Preconditions::Time(times) => (Some(times), None),
        Preconditions::V2(conditions) => (conditions.time_bounds.as_ref(), conditions.ledger_bounds.as_ref()),
    };
    let too_early = times.is_some_and(|TimeBounds { min_time, .. }| context.time < min_time.0)
        || ledgers.is_some_and(|LedgerBounds { min_ledger, .. }| context.seq < *min_ledger);
    let too_late = times.is_some_and(|TimeBounds { max_time, .. }| max_time.0 != 0 && context.time > max_time.0)
        || ledgers.is_some_and(|LedgerBounds { max_ledger, .. }| *max_ledger != 0 && context.seq >= *max_ledger);
    match (too_early, too_late) {
        (true, _) => Err(Code::TxTooEarly),
        (_, true) => Err(Code::TxTooLate),
        _ => Ok(()),
    }
}

/// Checks that the transaction's sequence number follows its account's.
pub(super) fn sequence(context: &Context, tx: &Transaction, account: &AccountEntry) -> Result<(), Code> {
    let (current, next) = (account.seq_num.0, tx.seq_num.0);
    let least = match &tx.cond {
        Preconditions::V2(PreconditionsV2 { min_seq_num, .. }) => min_seq_num.as_ref(),
        Preconditions::None | Preconditions::Time(_) => None,
    };
    let follows = match least {
        // With a bound, gaps are allowed, but never a step back.
        Some(least) => current >= least.0 && next > current,
        None => current.checked_add(1) == Some(next),
    };
    // With the number that a new account starts at, it could be applied twice
    // after its account was merged and made again.
    let starting = i64::from(context.seq) << 32;
    if follows && next != starting { Ok(()) } else { Err(Code::TxBadSeq) }
}

/// Checks how long the account's sequence number must have rested.
pub(super) fn rested(context: &Context, tx: &Transaction, account: &AccountEntry) -> Result<(), Code> {
    let Preconditions::V2(PreconditionsV2 { min_seq_age, min_seq_ledger_gap, .. }) = &tx.cond else { return Ok(()) };
    let (seq, time) = sequence_moved(account);
    let long_ago = context.time.checked_sub(min_seq_age.0).is_some_and(|latest| latest >= time);
    let far_behind = context.seq.checked_sub(*min_seq_ledger_gap).is_some_and(|latest| latest >= seq);
    if long_ago && far_behind { Ok(()) } else { Err(Code::TxBadMinSeqAgeOrGap) }
}
