//! What is kept on disk: one RocksDB, one synced write per closed ledger.
//!
//! ```text
//! family        key                                    value
//! default       "format" "network" "head" "oldest"     u32, 32 bytes, u32, u32
//! entries       LedgerKey (XDR)                        live until u32 (0: for ever), LedgerEntry (XDR)
//! headers       ledger u32                             hash, LedgerHeader (XDR)
//! transactions  hash                                   ledger u32, order u32, closed at u64,
//!                                                      envelope, result, meta, changes by the fee, changes by
//!                                                      the refund (XDR, each after its length u32)
//!               hash within a fee bump                 hash
//! order         ledger u32, order u32                  hash, and that within if it is a fee bump
//! events        ledger u32, order u32, operation u32,  closed at u64 (its highest bit: the transaction
//!               index u32                              failed), transaction's hash, ContractEvent (XDR)
//! ```
//!
//! Numbers are big-endian, so that keys sort as their places do.

mod bytes;
mod history;

use crate::Error;
use crate::chain::Head;
use crate::codec::{decode, encode, hash};
use crate::genesis::GENESIS_SEQ;
use crate::record::{EventPlace, EventRecord, Record};
use crate::state::{Slot, State, Writes};
use rocksdb::{
    ColumnFamily, ColumnFamilyDescriptor, DB, DBRecoveryMode, IteratorMode, Options, WriteBatch, WriteOptions,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use stellar_xdr::{ContractEvent, LedgerEntry, LedgerHeader, LedgerKey, TransactionEventStage};

const FORMAT: u32 = 1;
/// How many ledgers beyond the retention gather, at most, before they are
/// trimmed; of a short retention a quarter.
const TRIM_EVERY: u32 = 64;

const ENTRIES: &str = "entries";
const HEADERS: &str = "headers";
const TRANSACTIONS: &str = "transactions";
const ORDER: &str = "order";
const EVENTS: &str = "events";
const FAMILIES: [&str; 5] = [ENTRIES, HEADERS, TRANSACTIONS, ORDER, EVENTS];

/// The open journal of one network. RocksDB's lock keeps a second process out.
pub(crate) struct Journal {
    database: DB,
    oldest: u32,
}

impl Journal {
    /// Opens or makes the journal in `folder`.
    pub(crate) fn open(folder: &Path, network_id: [u8; 32]) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)?;
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        // Every write is synced, so only a torn last record can be missing,
        // and that one nobody has seen.
        options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
        options.set_keep_log_file_num(2);
        options.set_max_open_files(256);
        let families = FAMILIES.iter().map(|name| {
            let mut options = Options::default();
            options.set_write_buffer_size(8 << 20);
            ColumnFamilyDescriptor::new(*name, options)
        });
        let database = DB::open_cf_descriptors(&options, folder, families)?;
        let mut journal = Self { database, oldest: GENESIS_SEQ };
        journal.claim(network_id)?;
        Ok(journal)
    }

    /// Notes whose journal this is, or refuses another's.
    fn claim(&mut self, network_id: [u8; 32]) -> Result<(), Error> {
        match self.database.get(b"network")? {
            None => {
                let mut batch = WriteBatch::default();
                batch.put(b"network", network_id);
                batch.put(b"format", FORMAT.to_be_bytes());
                self.write(batch)
            }
            Some(found) if found != network_id => Err(Error::OtherNetwork),
            Some(_) if self.number(b"format")? != Some(FORMAT) => {
                Err(Error::Damaged("the format is not one that this program writes".into()))
            }
            Some(_) => Ok(()),
        }
    }

    /// The head that was last closed, with all entries.
    pub(crate) fn load(&mut self) -> Result<Option<Head>, Error> {
        let Some(seq) = self.number(b"head")? else { return Ok(None) };
        self.oldest = self.number(b"oldest")?.unwrap_or(GENESIS_SEQ);
        let (header, found) = self.header(seq)?.ok_or_else(|| Error::Damaged(format!("no header of ledger {seq}")))?;
        if hash(&header) != found || header.ledger_seq != seq {
            return Err(Error::Damaged(format!("the header of ledger {seq} does not have its hash")));
        }
        if seq > self.oldest
            && let Some((_, previous)) = self.header(seq - 1)?
            && header.previous_ledger_hash.0 != previous
        {
            return Err(Error::Damaged(format!("ledger {seq} does not follow ledger {}", seq - 1)));
        }
        let mut entries = BTreeMap::new();
        for item in self.database.iterator_cf(self.family(ENTRIES), IteratorMode::Start) {
            let (key, value) = item?;
            let (key, slot) = read_entry(&key, &value).map_err(|error| Error::Damaged(format!("an entry: {error}")))?;
            entries.insert(key, Arc::new(slot));
        }
        Ok(Some(Head { header, hash: found, state: State::new(entries) }))
    }

    /// Writes a closed ledger, synced, and answers its hash. Of the history
    /// before it, `retention` ledgers are kept.
    pub(crate) fn close(
        &mut self,
        header: &LedgerHeader,
        writes: &Writes,
        records: &[Record],
        retention: u32,
    ) -> Result<[u8; 32], Error> {
        let (seq, hash) = (header.ledger_seq, hash(header));
        let mut batch = WriteBatch::default();
        batch.put(b"head", seq.to_be_bytes());
        batch.put_cf(self.family(HEADERS), seq.to_be_bytes(), [&hash[..], &encode(header)].concat());
        for (key, slot) in writes {
            match slot {
                Some(slot) => batch.put_cf(self.family(ENTRIES), encode(key), write_entry(slot)),
                None => batch.delete_cf(self.family(ENTRIES), encode(key)),
            }
        }
        let mut fees = (0, 0);
        for record in records {
            self.put_record(&mut batch, record, &mut fees);
        }
        let oldest = self.trim(&mut batch, seq, retention)?;
        self.write(batch)?;
        self.oldest = oldest;
        Ok(hash)
    }

    /// `fees` counts the events before and after all transactions.
    fn put_record(&self, batch: &mut WriteBatch, record: &Record, fees: &mut (u32, u32)) {
        let within = record.within();
        batch.put_cf(self.family(TRANSACTIONS), record.hash, bytes::write_record(record));
        if let Some(within) = within {
            batch.put_cf(self.family(TRANSACTIONS), within, record.hash);
        }
        let hashes = [&record.hash[..], within.as_ref().map_or(&[], |hash| &hash[..])].concat();
        batch.put_cf(self.family(ORDER), bytes::order_key(record.ledger, record.order), hashes);
        let mut put = |at: EventPlace, event: &ContractEvent| {
            let event = EventRecord {
                at,
                closed_at: record.closed_at,
                transaction: record.hash,
                succeeded: record.succeeded(),
                event: event.clone(),
            };
            batch.put_cf(self.family(EVENTS), bytes::event_key(at), bytes::write_event(&event));
        };
        for (operation, events) in (0..).zip(record.events()) {
            for (index, event) in (0..).zip(events) {
                put(EventPlace { ledger: record.ledger, order: record.order, operation, index }, event);
            }
        }
        for fee in record.transaction_events() {
            let (count, place): (&mut u32, fn(u32, u32) -> EventPlace) = match fee.stage {
                TransactionEventStage::BeforeAllTxs => (&mut fees.0, EventPlace::before),
                TransactionEventStage::AfterTx | TransactionEventStage::AfterAllTxs => (&mut fees.1, EventPlace::after),
            };
            put(place(record.ledger, *count), &fee.event);
            *count += 1;
        }
    }

    /// Lets go of history before the retention; answers the oldest ledger kept.
    fn trim(&self, batch: &mut WriteBatch, seq: u32, retention: u32) -> Result<u32, Error> {
        let oldest = (seq + 1).saturating_sub(retention).max(GENESIS_SEQ);
        let trim_every = TRIM_EVERY.min(retention / 4).max(1);
        if oldest < self.oldest.saturating_add(trim_every) {
            return Ok(self.oldest);
        }
        // A retention that was shortened is caught up with in small steps.
        let oldest = oldest.min(self.oldest.saturating_add(16 * TRIM_EVERY));
        let (from, to) = (self.oldest.to_be_bytes(), oldest.to_be_bytes());
        for hashes in self.hashes(bytes::order_key(self.oldest, 0), bytes::order_key(oldest, 0)) {
            let (hash, within) = hashes?;
            batch.delete_cf(self.family(TRANSACTIONS), hash);
            if let Some(within) = within {
                batch.delete_cf(self.family(TRANSACTIONS), within);
            }
        }
        for family in [HEADERS, ORDER, EVENTS] {
            batch.delete_range_cf(self.family(family), from, to);
        }
        batch.put(b"oldest", to);
        Ok(oldest)
    }

    fn write(&self, batch: WriteBatch) -> Result<(), Error> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        Ok(self.database.write_opt(batch, &options)?)
    }

    fn number(&self, key: &[u8]) -> Result<Option<u32>, Error> {
        let Some(value) = self.database.get(key)? else { return Ok(None) };
        let bytes = <[u8; 4]>::try_from(value.as_slice());
        let bytes = bytes.map_err(|_| Error::Damaged("a number of another length".into()))?;
        Ok(Some(u32::from_be_bytes(bytes)))
    }

    fn family(&self, name: &str) -> &ColumnFamily {
        self.database.cf_handle(name).expect("every family is made when the journal is opened")
    }
}

fn write_entry(slot: &Slot) -> Vec<u8> {
    [&slot.live_until.unwrap_or(0).to_be_bytes()[..], &encode(&slot.entry)].concat()
}

fn read_entry(key: &[u8], value: &[u8]) -> Result<(LedgerKey, Slot), stellar_xdr::Error> {
    let (live_until, entry) = value.split_first_chunk::<4>().ok_or(stellar_xdr::Error::Invalid)?;
    let live_until = Some(u32::from_be_bytes(*live_until)).filter(|live_until| *live_until > 0);
    let entry: LedgerEntry = decode(entry)?;
    Ok((decode(key)?, Slot { entry, live_until }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::chain::Ledger;

    /// Makes a chain of three ledgers, changes one value in it, opens it again.
    fn reopened(change: impl Fn(&Journal)) -> Result<(), Error> {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path());
        let ledger = Ledger::open(&config).unwrap();
        ledger.close(0).unwrap();
        ledger.close(0).unwrap();
        change(&ledger.chain().journal);
        drop(ledger);
        Ledger::open(&config).map(|_| ())
    }

    #[test]
    fn a_journal_that_was_tampered_with_is_refused() {
        assert!(reopened(|_| ()).is_ok());
        let header = |seq: u32, journal: &Journal, change: &dyn Fn(&mut Vec<u8>)| {
            let family = journal.family(HEADERS);
            let mut value = journal.database.get_cf(family, seq.to_be_bytes()).unwrap().unwrap();
            change(&mut value);
            journal.database.put_cf(family, seq.to_be_bytes(), value).unwrap();
        };
        let last = |value: &mut Vec<u8>| *value.last_mut().unwrap() ^= 1;
        let damages: [&dyn Fn(&Journal); 6] = [
            &|journal| header(3, journal, &|value| value[0] ^= 1),
            &|journal| header(3, journal, &last),
            &|journal| header(3, journal, &|value| value.truncate(40)),
            // The head no longer follows the ledger before it.
            &|journal| header(2, journal, &|value| value[0] ^= 1),
            &|journal| journal.database.put(b"head", 9_u32.to_be_bytes()).unwrap(),
            &|journal| journal.database.put_cf(journal.family(ENTRIES), b"x", b"y").unwrap(),
        ];
        for (number, damage) in damages.into_iter().enumerate() {
            assert!(matches!(reopened(damage), Err(Error::Damaged(_))), "damage {number}");
        }
    }
}
