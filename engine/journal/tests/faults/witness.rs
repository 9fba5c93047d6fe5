//! What a node promised, and whether it kept it.

use std::collections::BTreeMap;
use std::sync::Arc;

use berth_domain::{Digest, Seq};
use berth_exchange::Exchange;
use berth_journal::{Committed, DataDir, LogReader, Recovered};

use crate::node::Said;

/// Remembers every acknowledgement of a log over all its runs, and keeps a twin:
/// an exchange that never stops and gets the same entries.
#[derive(Clone)]
pub(crate) struct Witness {
    twin: Exchange,
    /// Hashes of entries that were acknowledged and that the twin has not had.
    promised: BTreeMap<Seq, Digest>,
    pub(crate) acknowledged: u64,
}

impl Witness {
    pub(crate) fn new() -> Self {
        Self { twin: Exchange::new(), promised: BTreeMap::new(), acknowledged: 0 }
    }

    pub(crate) fn promise(&mut self, seq: Seq, hash: Digest) {
        self.promised.insert(seq, hash);
        self.acknowledged += 1;
    }

    /// Sees what a run said, up to its end; its twin takes what was published as it
    /// came.
    pub(crate) fn see(&mut self, said: &Said) {
        for ack in &said.acks {
            self.promise(ack.seq, ack.entry_hash);
        }
        self.hear(&said.committed);
    }

    /// Takes what was published: it is a promise, too.
    pub(crate) fn hear(&mut self, published: &[Arc<Committed>]) {
        for committed in published.iter().flat_map(|batch| &batch.entries) {
            self.promised.insert(committed.entry.seq, committed.hash);
            let mut events = Vec::new();
            let outcome = self.twin.apply(&committed.entry, &mut events).unwrap();
            assert_eq!((outcome, &events), (committed.outcome, &committed.events));
        }
    }

    /// Compares the log, which was just recovered, with what was promised; the
    /// twin then takes what was not published, but survived.
    ///
    /// # Errors
    /// What is lost or different, in words.
    pub(crate) fn check(&mut self, dir: &DataDir, recovered: &Recovered) -> Result<(), String> {
        let tip = recovered.tip().seq;
        if let Some((last, _)) = self.promised.last_key_value()
            && *last > tip
        {
            let lost = self.promised.range(tip.next()..).count();
            return Err(format!(
                "{lost} acknowledged entries are lost: the log ends at {tip}, and was told up to {last}"
            ));
        }
        let from = self.promised.keys().next().copied().unwrap_or(tip).min(self.twin.head().next());
        let mut expected = None;
        let log = LogReader::open(dir).map_err(|e| e.to_string())?;
        for batch in log.read(from) {
            for entry in batch.map_err(|e| e.to_string())?.entries {
                if *expected.get_or_insert(entry.seq) != entry.seq {
                    return Err(format!("entry {} stands where {expected:?} belongs", entry.seq));
                }
                expected = Some(entry.seq.next());
                if self.promised.get(&entry.seq).is_some_and(|promised| *promised != entry.hash()) {
                    return Err(format!("entry {} is another than was acknowledged", entry.seq));
                }
                if entry.seq == self.twin.head().next() {
                    self.twin.apply(&entry, &mut Vec::new()).map_err(|e| e.to_string())?;
                }
            }
        }
        if self.twin.head() != tip {
            return Err(format!("the twin stands at {}, the log ends at {tip}", self.twin.head()));
        }
        if self.twin.state_hash() != recovered.exchange().state_hash() {
            return Err(format!("at entry {tip} the state is another than that of a twin that never stopped"));
        }
        self.promised.clear();
        Ok(())
    }
}
