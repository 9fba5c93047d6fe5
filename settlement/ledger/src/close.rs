//! Closing a ledger.

use crate::Error;
use crate::apply::{Applied, Context, apply, take_fee};
use crate::chain::{Head, Ledger};
use crate::check::check;
use crate::close_meta::{results_hash, transaction_set_hash};
use crate::codec::sha256;
use crate::friendbot::{GRANTS_PER_LEDGER, Grants};
use crate::genesis::digest;
use crate::header::{Commitments, header};
use crate::pending::Waiting;
use crate::record::Record;
use crate::settings::LEDGER_TRANSACTIONS_MAX;
use crate::state::{Overlay, State, Writes, is_gone};
use std::sync::PoisonError;
use stellar_xdr::{LedgerHeader, TransactionEnvelope};

/// How often expired temporary entries are swept out, in ledgers.
const SWEEP_EVERY: u32 = 64;

impl Ledger {
    /// Closes the next ledger at `now` (unix seconds) with what waits. When
    /// this returns, the ledger is on disk and can be seen.
    pub(crate) fn close(&self, now: u64) -> Result<(), Error> {
        let _one_at_a_time = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        let head = self.head();
        let context = self.next(&head, now);
        let (batch, grants) = {
            let mut pending = self.pending();
            (pending.batch(LEDGER_TRANSACTIONS_MAX), pending.take_grants(GRANTS_PER_LEDGER))
        };
        let grants = Grants::plan(grants, &head.state, &self.network_id);
        let envelopes: Vec<&TransactionEnvelope> =
            grants.envelope.iter().chain(batch.iter().map(|waiting| &waiting.envelope)).collect();

        let (records, mut writes) = apply_all(&context, &head.state, &envelopes);
        sweep(&context, &head.state, &mut writes);
        let header = next_header(&context, &head, &records, &writes);
        // A module that does not compile cannot have been uploaded.
        self.modules.compile_new(&writes)?;
        self.publish(header, writes, &records, &batch)?;

        let granted = grants.envelope.as_ref().and_then(|envelope| envelope.hash(self.network_id).ok());
        let granted = granted.and_then(|hash| records.iter().find(|record| record.hash == hash));
        grants.tell(granted);
        Ok(())
    }

    /// Writes the ledger down, then shows it and forgets what waited for it.
    /// Readers wait for the write, so that none sees a transaction without its
    /// changes, nor one applied that still keeps the next of its account out.
    fn publish(
        &self,
        header: LedgerHeader,
        writes: Writes,
        records: &[Record],
        batch: &[Waiting],
    ) -> Result<(), Error> {
        let mut chain = self.chain.write().unwrap_or_else(PoisonError::into_inner);
        let hash = chain.journal.close(&header, &writes, records, self.retention_ledgers)?;
        chain.head.state.write(&writes);
        chain.head.header = header;
        chain.head.hash = hash;
        chain.fees.note(records);
        self.pending().done(batch);
        Ok(())
    }
}

/// Applies what may enter, in order: all fees first, then each transaction,
/// then what each gets back of its fee.
fn apply_all(context: &Context, state: &State, envelopes: &[&TransactionEnvelope]) -> (Vec<Record>, Writes) {
    let mut ledger = Overlay::new(state, context.seq);
    let mut accepted = Vec::new();
    for &envelope in envelopes {
        match check(context, &ledger, envelope) {
            Ok(checked) => {
                let changes = take_fee(context, &mut ledger, &checked);
                accepted.push((envelope, checked, changes));
            }
            // It was valid when it was sent: its time has run out since, or
            // the faucet spoke for the same account. Its sender asks in vain
            // and sees the bound pass, as on the network.
            Err(refused) => tracing::info!(code = ?refused.code, "a pending transaction did not enter its ledger"),
        }
    }
    let mut applied: Vec<Applied> = Vec::new();
    for (order, (envelope, checked, fee_changes)) in (1..).zip(accepted) {
        applied.push(apply(context, &mut ledger, envelope, &checked, fee_changes, order));
    }
    let records = applied.into_iter().map(|applied| applied.refund(context, &mut ledger)).collect();
    (records, ledger.into_writes())
}

/// Now and then forgets the temporary entries that have run out. Nobody can
/// tell: they count as gone from the ledger on in which they did.
fn sweep(context: &Context, state: &State, writes: &mut Writes) {
    if !context.seq.is_multiple_of(SWEEP_EVERY) {
        return;
    }
    for (key, slot) in state.iter() {
        if is_gone(key, slot, context.seq) && !writes.contains_key(key) {
            writes.insert(key.clone(), None);
        }
    }
}

fn next_header(context: &Context, head: &Head, records: &[Record], writes: &Writes) -> LedgerHeader {
    let fees: i64 = records.iter().map(|record| record.result.fee_charged).sum();
    let entries = head.header.bucket_list_hash.0;
    let commitments = Commitments {
        transactions: transaction_set_hash(head.hash, records),
        results: results_hash(records),
        entries: if writes.is_empty() { entries } else { sha256(&[entries, digest(writes)].concat()) },
        fee_pool: head.header.fee_pool + fees,
    };
    header(context.seq, context.time, head.hash, &commitments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::codec::hash;

    #[test]
    fn ledgers_form_a_chain_and_time_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&Config::new(folder.path())).unwrap();
        let genesis = ledger.head();
        // The wall clock stands still, jumps ahead, and is set back to 1970.
        let ahead = genesis.time() + 1_000;
        for (now, time) in [(genesis.time(), genesis.time()), (ahead, ahead), (0, ahead), (ahead + 1, ahead + 1)] {
            let before = ledger.head();
            ledger.close(now).unwrap();
            let after = ledger.head();
            assert_eq!((after.seq(), after.time()), (before.seq() + 1, time));
            assert_eq!(after.header.previous_ledger_hash.0, before.hash);
            assert_eq!(after.hash, hash(&after.header));
        }
        let last = ledger.head();
        drop(ledger);
        let again = Ledger::open(&Config::new(folder.path())).unwrap().head();
        assert_eq!((again.hash, again.header), (last.hash, last.header));
        assert!(again.state.iter().eq(last.state.iter()));
    }
}
