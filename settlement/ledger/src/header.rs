//! The header of a ledger, and the chain that headers form.

use crate::settings::{BASE_FEE, BASE_RESERVE, LEDGER_TRANSACTIONS_MAX, PROTOCOL};
use stellar_xdr::{Hash, LedgerHeader, LedgerHeaderExt, StellarValue, StellarValueExt, TimePoint};

/// All stroops that there are: 100 billion XLM.
pub(crate) const TOTAL_COINS: i64 = 1_000_000_000_000_000_000;

/// What a close adds to the chain.
pub(crate) struct Commitments {
    /// Over the set of transactions.
    pub(crate) transactions: [u8; 32],
    /// Over their results.
    pub(crate) results: [u8; 32],
    /// Over all changes of entries so far: where a validator hashes its bucket
    /// list, this ledger chains the changes of each close.
    pub(crate) entries: [u8; 32],
    /// Stroops of fees kept so far.
    pub(crate) fee_pool: i64,
}

/// The header of ledger `seq`, closed at `time` (unix seconds).
pub(crate) fn header(seq: u32, time: u64, previous: [u8; 32], commitments: &Commitments) -> LedgerHeader {
    LedgerHeader {
        ledger_version: PROTOCOL,
        previous_ledger_hash: Hash(previous),
        scp_value: StellarValue {
            tx_set_hash: Hash(commitments.transactions),
            close_time: TimePoint(time),
            upgrades: Default::default(),
            ext: StellarValueExt::Basic,
        },
        tx_set_result_hash: Hash(commitments.results),
        bucket_list_hash: Hash(commitments.entries),
        ledger_seq: seq,
        total_coins: TOTAL_COINS,
        fee_pool: commitments.fee_pool,
        inflation_seq: 0,
        id_pool: 0,
        base_fee: BASE_FEE,
        base_reserve: BASE_RESERVE,
        max_tx_set_size: LEDGER_TRANSACTIONS_MAX as u32,
        skip_list: [Hash([0; 32]), Hash([0; 32]), Hash([0; 32]), Hash([0; 32])],
        ext: LedgerHeaderExt::V0,
    }
}

pub(crate) fn close_time(header: &LedgerHeader) -> u64 {
    header.scp_value.close_time.0
}
