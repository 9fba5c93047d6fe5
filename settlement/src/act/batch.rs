//! Several settlements by one envelope. What the contract refuses of them goes
//! back to planning, to be tried alone and looked at closely; it stops no other.

use super::{ActError, Chain, SealError, landed};
use crate::chain::{Applied, Signed, deliver};
use crate::outbox::{Outbox, Outcome, Record, Stage};
use crate::plan::Intent;

/// Carries a batch out. Afterwards none of it may be applied any more: each is
/// done, or planned again.
///
/// # Errors
/// When something fails in between. Acting again goes on where this ended.
pub(super) async fn act<C: Chain>(
    outbox: &Outbox,
    chain: &C,
    mut records: Vec<Record>,
    lane: u32,
) -> Result<Vec<Record>, ActError> {
    records.retain(|record| !matches!(record.stage, Stage::Done(_)));
    let shared = records.iter().find_map(|record| match record.stage {
        Stage::Batched { hash } => Some(hash),
        _ => None,
    });
    let (signed, fresh) = match shared {
        Some(hash) => (outbox.batch(hash)?.signed, false),
        None => match seal(outbox, chain, &mut records, lane).await? {
            Some(signed) => (signed, true),
            None => return Ok(records),
        },
    };
    let ends = match landed(deliver(chain, &signed, fresh).await?) {
        Ok(applied) => judged(chain, &applied, records.len()),
        Err(why) => vec![Err(why); records.len()],
    };
    outbox.end_batch(&mut records, Some(signed.hash), &ends)?;
    Ok(records)
}

/// Makes the envelope, unless they cannot share one: then each goes alone.
async fn seal<C: Chain>(
    outbox: &Outbox,
    chain: &C,
    records: &mut [Record],
    lane: u32,
) -> Result<Option<Signed>, ActError> {
    let intents: Vec<Intent> = records.iter().map(|record| record.intent.clone()).collect();
    match chain.seal(&intents, lane, 0).await {
        Ok(signed) => {
            outbox.seal_batch(records, lane, &signed)?;
            Ok(Some(signed))
        }
        Err(SealError::Unreachable(why)) => Err(ActError::Unreachable(why)),
        Err(error) => {
            let why = format!("together with others: {error}");
            outbox.end_batch(records, None, &vec![Err(why); records.len()])?;
            Ok(None)
        }
    }
}

/// What became of each of `count` settlements.
fn judged<C: Chain>(chain: &C, applied: &Applied, count: usize) -> Vec<Result<Outcome, String>> {
    match chain.answers(&applied.value) {
        Some(answers) if answers.len() == count => {
            let end = |refusal: Option<_>| match refusal {
                None => Ok(Outcome::of(applied)),
                Some(refusal) => Err(format!("the contract refuses: {refusal}")),
            };
            answers.into_iter().map(end).collect()
        }
        // It is in a ledger, and which of them it settled is for the contract to say.
        _ => vec![Err("the contract's answer makes no sense".to_owned()); count],
    }
}
