//! Records of history as bytes.

use crate::codec::{decode, encode};
use crate::record::{EventPlace, EventRecord, Record};
use stellar_xdr::{Error, ReadXdr, WriteXdr};

/// The bit of an event's time that says that its transaction failed.
const FAILED: u64 = 1 << 63;

pub(super) fn order_key(ledger: u32, order: u32) -> [u8; 8] {
    (u64::from(ledger) << 32 | u64::from(order)).to_be_bytes()
}

pub(super) fn event_key(at: EventPlace) -> [u8; 16] {
    let numbers = [at.ledger, at.order, at.operation, at.index];
    numbers.into_iter().fold(0_u128, |key, number| key << 32 | u128::from(number)).to_be_bytes()
}

pub(super) fn read_event_key(key: &[u8]) -> Result<EventPlace, Error> {
    let key = u128::from_be_bytes(key.try_into().map_err(|_| Error::Invalid)?);
    let part = |shift: u32| (key >> shift) as u32;
    Ok(EventPlace { ledger: part(96), order: part(64), operation: part(32), index: part(0) })
}

pub(super) fn write_record(record: &Record) -> Vec<u8> {
    let mut bytes = order_key(record.ledger, record.order).to_vec();
    bytes.extend(record.closed_at.to_be_bytes());
    part(&mut bytes, &record.envelope);
    part(&mut bytes, &record.result);
    part(&mut bytes, &record.meta);
    part(&mut bytes, &record.fee_changes);
    part(&mut bytes, &record.refund_changes);
    bytes
}

pub(super) fn read_record(hash: [u8; 32], bytes: &[u8]) -> Result<Record, Error> {
    let (ledger, bytes) = number(bytes)?;
    let (order, bytes) = number(bytes)?;
    let (closed_at, bytes) = bytes.split_first_chunk().ok_or(Error::Invalid)?;
    let (envelope, bytes) = read_part(bytes)?;
    let (result, bytes) = read_part(bytes)?;
    let (meta, bytes) = read_part(bytes)?;
    // A journal of before these were kept has none.
    let (fee_changes, bytes) = if bytes.is_empty() { Default::default() } else { read_part(bytes)? };
    let (refund_changes, _) = if bytes.is_empty() { Default::default() } else { read_part(bytes)? };
    let closed_at = u64::from_be_bytes(*closed_at);
    Ok(Record { hash, ledger, closed_at, order, envelope, result, meta, fee_changes, refund_changes })
}

pub(super) fn write_event(event: &EventRecord) -> Vec<u8> {
    let closed_at = if event.succeeded { event.closed_at } else { event.closed_at | FAILED };
    [&closed_at.to_be_bytes()[..], &event.transaction, &encode(&event.event)].concat()
}

pub(super) fn read_event(key: &[u8], bytes: &[u8]) -> Result<EventRecord, Error> {
    let (closed_at, bytes) = bytes.split_first_chunk().ok_or(Error::Invalid)?;
    let (transaction, bytes) = bytes.split_first_chunk().ok_or(Error::Invalid)?;
    let closed_at = u64::from_be_bytes(*closed_at);
    Ok(EventRecord {
        at: read_event_key(key)?,
        closed_at: closed_at & !FAILED,
        succeeded: closed_at & FAILED == 0,
        transaction: *transaction,
        event: decode(bytes)?,
    })
}

fn part(bytes: &mut Vec<u8>, value: &impl WriteXdr) {
    let value = encode(value);
    let length = u32::try_from(value.len()).expect("XDR is at most 32 MiB");
    bytes.extend(length.to_be_bytes());
    bytes.extend(value);
}

fn read_part<T: ReadXdr>(bytes: &[u8]) -> Result<(T, &[u8]), Error> {
    let (length, bytes) = number(bytes)?;
    let (value, rest) = bytes.split_at_checked(length as usize).ok_or(Error::Invalid)?;
    Ok((decode(value)?, rest))
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), Error> {
    let (number, rest) = bytes.split_first_chunk().ok_or(Error::Invalid)?;
    Ok((u32::from_be_bytes(*number), rest))
}
