//! A closed ledger as its meta tells it: header, transactions, and what each
//! changed.

use crate::codec::hash;
use crate::record::Record;
use stellar_xdr::{
    DependentTxCluster, ExtensionPoint, GeneralizedTransactionSet, Hash, LedgerCloseMeta, LedgerCloseMetaExt,
    LedgerCloseMetaV2, LedgerHeader, LedgerHeaderHistoryEntry, LedgerHeaderHistoryEntryExt, ParallelTxExecutionStage,
    ParallelTxsComponent, TransactionEnvelope, TransactionPhase, TransactionResultMetaV1, TransactionResultPair,
    TransactionResultSet, TransactionSetV1, TxSetComponent, TxSetComponentTxsMaybeDiscountedFee, VecM,
};

/// The header of a closed ledger with its hash.
pub(crate) fn header_entry(header: &LedgerHeader) -> LedgerHeaderHistoryEntry {
    LedgerHeaderHistoryEntry { hash: Hash(hash(header)), header: header.clone(), ext: LedgerHeaderHistoryEntryExt::V0 }
}

/// The meta of a closed ledger with these transactions, in the order in which
/// they were applied.
pub(crate) fn close_meta(header: &LedgerHeader, records: &[Record]) -> LedgerCloseMeta {
    let processing = records.iter().map(|record| TransactionResultMetaV1 {
        ext: ExtensionPoint::V0,
        result: result_pair(record),
        fee_processing: record.fee_changes.clone(),
        tx_apply_processing: record.meta.clone(),
        post_tx_apply_fee_processing: record.refund_changes.clone(),
    });
    LedgerCloseMeta::V2(LedgerCloseMetaV2 {
        ext: LedgerCloseMetaExt::V0,
        ledger_header: header_entry(header),
        tx_set: transaction_set(header.previous_ledger_hash.clone(), records),
        tx_processing: vector(processing.collect()),
        upgrades_processing: VecM::default(),
        scp_info: VecM::default(),
        total_byte_size_of_live_soroban_state: 0,
        evicted_keys: VecM::default(),
    })
}

/// What a header commits to as its transactions.
pub(crate) fn transaction_set_hash(previous: [u8; 32], records: &[Record]) -> [u8; 32] {
    hash(&transaction_set(Hash(previous), records))
}

/// What a header commits to as their results.
pub(crate) fn results_hash(records: &[Record]) -> [u8; 32] {
    hash(&TransactionResultSet { results: vector(records.iter().map(result_pair).collect()) })
}

fn result_pair(record: &Record) -> TransactionResultPair {
    TransactionResultPair { transaction_hash: Hash(record.hash), result: record.result.clone() }
}

/// The two phases of a set: classic transactions, then those of Soroban, each
/// in the order of their hashes.
fn transaction_set(previous_ledger_hash: Hash, records: &[Record]) -> GeneralizedTransactionSet {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_by_key(|record| hash(&record.envelope));
    let of_kind = |soroban: bool| -> VecM<TransactionEnvelope> {
        let records = sorted.iter().filter(|record| record.is_soroban() == soroban);
        vector(records.map(|record| record.envelope.clone()).collect())
    };
    let (classic, soroban) = (of_kind(false), of_kind(true));
    let classic = if classic.is_empty() {
        VecM::default()
    } else {
        let component = TxSetComponentTxsMaybeDiscountedFee { base_fee: None, txs: classic };
        vector(vec![TxSetComponent::TxsetCompTxsMaybeDiscountedFee(component)])
    };
    let execution_stages = if soroban.is_empty() {
        VecM::default()
    } else {
        vector(vec![ParallelTxExecutionStage(vector(vec![DependentTxCluster(soroban)]))])
    };
    let soroban = ParallelTxsComponent { base_fee: None, execution_stages };
    let phases = vector(vec![TransactionPhase::V0(classic), TransactionPhase::V1(soroban)]);
    GeneralizedTransactionSet::V1(TransactionSetV1 { previous_ledger_hash, phases })
}

fn vector<T>(values: Vec<T>) -> VecM<T> {
    values.try_into().expect("a ledger has far fewer transactions than a vector may")
}
