//! Closing a ledger.

use crate::Error;
use crate::apply::{Context, apply, take_fee};
use crate::chain::{Head, Ledger};
use crate::check::check;
use crate::codec::{hash, sha256};
use crate::friendbot::{GRANTS_PER_LEDGER, Grants};
use crate::genesis::digest;
use crate::header::{Commitments, header};
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
        self.publish(header, writes, &records)?;

        self.pending().done(&batch);
        let granted = grants.envelope.as_ref().and_then(|envelope| envelope.hash(self.network_id).ok());
        let granted = granted.and_then(|hash| records.iter().find(|record| record.hash == hash));
        grants.tell(granted);
        Ok(())
    }

    /// Writes the ledger down, then shows it. Readers wait for the write, so
    /// that none sees a transaction without its changes.
    fn publish(&self, header: LedgerHeader, writes: Writes, records: &[Record]) -> Result<(), Error> {
        let mut chain = self.chain.write().unwrap_or_else(PoisonError::into_inner);
        let hash = chain.journal.close(&header, &writes, records, self.retention_ledgers)?;
        chain.head.state.write(&writes);
        chain.head.header = header;
        chain.head.hash = hash;
        Ok(())
    }
}

/// Applies what may enter, in order: all fees first, then each transaction.
fn apply_all(context: &Context, state: &State, envelopes: &[&TransactionEnvelope]) -> (Vec<Record>, Writes) {
    let mut ledger = Overlay::new(state, context.seq);
    let mut accepted = Vec::new();
    for &envelope in envelopes {
        match check(context, &ledger, envelope) {
            Ok(checked) => {
                take_fee(&mut ledger, &checked);
                accepted.push((envelope, checked));
            }
            // It was valid when it was sent: its time has run out since, or
            // the faucet spoke for the same account. Its sender asks in vain
            // and sees the bound pass, as on the network.
            Err(refusal) => tracing::info!(?refusal, "a pending transaction did not enter its ledger"),
        }
    }
    let mut records = Vec::new();
    for (order, (envelope, checked)) in (1..).zip(accepted) {
        records.push(apply(context, &mut ledger, envelope, &checked, order));
    }
    (records, ledger.into_writes())
}

/// Now and then forgets the temporary entries that have run out. Nobody can
/// tell: they count as gone from the ledger on in which they did.
fn sweep(context: &Context, state: &State, writes: &mut Writes) {
    if context.seq % SWEEP_EVERY != 0 {
        return;
    }
    for (key, slot) in state.iter() {
        if is_gone(key, slot, context.seq) && !writes.contains_key(key) {
            writes.insert(key.clone(), None);
        }
    }
}

fn next_header(context: &Context, head: &Head, records: &[Record], writes: &Writes) -> LedgerHeader {
    let chain = |parts: &mut dyn Iterator<Item = [u8; 32]>| sha256(&parts.flatten().collect::<Vec<u8>>());
    let fees: i64 = records.iter().map(|record| record.result.fee_charged).sum();
    let entries = head.header.bucket_list_hash.0;
    let commitments = Commitments {
        transactions: chain(&mut records.iter().map(|record| record.hash)),
        results: chain(&mut records.iter().map(|record| hash(&record.result))),
        entries: if writes.is_empty() { entries } else { chain(&mut [entries, digest(writes)].into_iter()) },
        fee_pool: head.header.fee_pool + fees,
    };
    header(context.seq, context.time, head.hash, &commitments)
}
