//! Questions about what was closed.

use super::{EVENTS, HEADERS, Journal, ORDER, TRANSACTIONS, bytes};
use crate::Error;
use crate::codec::decode;
use crate::record::{EventPlace, EventRecord, Record};
use rocksdb::{Direction, IteratorMode, ReadOptions};
use stellar_xdr::LedgerHeader;

/// The hash of a transaction, and of the one within a fee bump.
type Hashes = ([u8; 32], Option<[u8; 32]>);

impl Journal {
    /// The oldest ledger that can be asked for.
    pub(crate) fn oldest(&self) -> u32 {
        self.oldest
    }

    /// A ledger's header and hash.
    pub(crate) fn header(&self, seq: u32) -> Result<Option<(LedgerHeader, [u8; 32])>, Error> {
        let Some(value) = self.database.get_cf(self.family(HEADERS), seq.to_be_bytes())? else { return Ok(None) };
        let damaged = || Error::Damaged(format!("the header of ledger {seq}"));
        let (hash, header) = value.split_first_chunk().ok_or_else(damaged)?;
        Ok(Some((decode(header).map_err(|_| damaged())?, *hash)))
    }

    /// A transaction by its hash, or by that of the one within it.
    pub(crate) fn transaction(&self, hash: [u8; 32]) -> Result<Option<Record>, Error> {
        let Some(mut value) = self.database.get_cf(self.family(TRANSACTIONS), hash)? else { return Ok(None) };
        let mut hash = hash;
        if let Ok(around) = <[u8; 32]>::try_from(value.as_slice()) {
            let Some(record) = self.database.get_cf(self.family(TRANSACTIONS), around)? else { return Ok(None) };
            (hash, value) = (around, record);
        }
        let record = bytes::read_record(hash, &value);
        record.map(Some).map_err(|error| Error::Damaged(format!("a transaction: {error}")))
    }

    /// Transactions in order, from (ledger, order) on.
    pub(crate) fn transactions(&self, from: (u32, u32), at_most: usize) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        for hash in self.hashes(bytes::order_key(from.0, from.1), [0xff; 8]).take(at_most) {
            let record = self.transaction(hash?.0)?;
            records.push(record.ok_or_else(|| Error::Damaged("a transaction is missing".into()))?);
        }
        Ok(records)
    }

    /// All transactions of a ledger, in order.
    pub(crate) fn transactions_of(&self, ledger: u32) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        for hash in self.hashes(bytes::order_key(ledger, 0), bytes::order_key(ledger.saturating_add(1), 0)) {
            let record = self.transaction(hash?.0)?;
            records.push(record.ok_or_else(|| Error::Damaged("a transaction is missing".into()))?);
        }
        Ok(records)
    }

    /// Events in order, after `after` and up to `until`.
    pub(crate) fn events(
        &self,
        after: EventPlace,
        until: EventPlace,
    ) -> impl Iterator<Item = Result<EventRecord, Error>> {
        let from = bytes::event_key(after);
        let mode = IteratorMode::From(&from, Direction::Forward);
        let items = self.database.iterator_cf(self.family(EVENTS), mode);
        let events = items.map(|item| {
            let (key, value) = item?;
            bytes::read_event(&key, &value).map_err(|error| Error::Damaged(format!("an event: {error}")))
        });
        let past = move |event: &Result<EventRecord, Error>| event.as_ref().is_ok_and(|event| event.at > until);
        let before = move |event: &Result<EventRecord, Error>| event.as_ref().is_ok_and(|event| event.at <= after);
        events.skip_while(before).take_while(move |event| !past(event))
    }

    /// Hashes of transactions in order, from one key of the order up to
    /// another; of fee bumps that of the one within as well.
    pub(super) fn hashes(&self, from: [u8; 8], to: [u8; 8]) -> impl Iterator<Item = Result<Hashes, Error>> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(to);
        let mode = IteratorMode::From(&from, Direction::Forward);
        let items = self.database.iterator_cf_opt(self.family(ORDER), options, mode);
        items.map(|item| {
            let (_, value) = item?;
            let damaged = || Error::Damaged("a hash of another length".into());
            let (hash, within) = value.split_first_chunk().ok_or_else(damaged)?;
            let within = match within {
                [] => None,
                within => Some(within.try_into().map_err(|_| damaged())?),
            };
            Ok((*hash, within))
        })
    }
}
