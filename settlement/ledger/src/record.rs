//! What history keeps of an applied transaction.

use stellar_xdr::{
    ContractEvent, DiagnosticEvent, FeeBumpTransactionInnerTx, LedgerEntryChanges, TransactionEnvelope,
    TransactionEvent, TransactionExt, TransactionMeta, TransactionResult, TransactionResultResult,
};

/// An applied transaction, successful or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) hash: [u8; 32],
    pub(crate) ledger: u32,
    /// Unix seconds.
    pub(crate) closed_at: u64,
    /// Place in its ledger, from 1.
    pub(crate) order: u32,
    pub(crate) envelope: TransactionEnvelope,
    pub(crate) result: TransactionResult,
    pub(crate) meta: TransactionMeta,
    /// What taking its fee changed, before any of its ledger was applied.
    pub(crate) fee_changes: LedgerEntryChanges,
    /// What giving back the rest of it changed, after all were applied.
    pub(crate) refund_changes: LedgerEntryChanges,
}

impl Record {
    pub(crate) fn succeeded(&self) -> bool {
        use TransactionResultResult as Result;
        matches!(self.result.result, Result::TxSuccess(_) | Result::TxFeeBumpInnerSuccess(_))
    }

    pub(crate) fn is_soroban(&self) -> bool {
        let ext = match &self.envelope {
            TransactionEnvelope::TxV0(_) => return false,
            TransactionEnvelope::Tx(envelope) => &envelope.tx.ext,
            TransactionEnvelope::TxFeeBump(bump) => {
                let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
                &inner.tx.ext
            }
        };
        matches!(ext, TransactionExt::V1(_))
    }

    /// The hash of the transaction within a fee bump.
    pub(crate) fn within(&self) -> Option<[u8; 32]> {
        use TransactionResultResult as Result;
        match &self.result.result {
            Result::TxFeeBumpInnerSuccess(pair) | Result::TxFeeBumpInnerFailed(pair) => Some(pair.transaction_hash.0),
            _ => None,
        }
    }

    /// The contract events of each operation.
    pub(crate) fn events(&self) -> Vec<&[ContractEvent]> {
        match &self.meta {
            TransactionMeta::V4(meta) => meta.operations.iter().map(|operation| operation.events.as_slice()).collect(),
            _ => Vec::new(),
        }
    }

    /// Events of the transaction as a whole: its fee.
    pub(crate) fn transaction_events(&self) -> &[TransactionEvent] {
        match &self.meta {
            TransactionMeta::V4(meta) => &meta.events,
            _ => &[],
        }
    }

    pub(crate) fn diagnostics(&self) -> &[DiagnosticEvent] {
        match &self.meta {
            TransactionMeta::V4(meta) => &meta.diagnostic_events,
            _ => &[],
        }
    }
}

/// An event and where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventRecord {
    pub(crate) at: EventPlace,
    /// Unix seconds.
    pub(crate) closed_at: u64,
    pub(crate) transaction: [u8; 32],
    /// Whether that transaction succeeded: fees are told of failed ones too.
    pub(crate) succeeded: bool,
    pub(crate) event: ContractEvent,
}

/// Where an event stands in the order of all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventPlace {
    pub(crate) ledger: u32,
    /// From 1; 0 is before all transactions, the highest after them.
    pub(crate) order: u32,
    /// From 0; the highest is after them.
    pub(crate) operation: u32,
    /// From 0.
    pub(crate) index: u32,
}

/// Bits of a total-order id below the ledger's: 20 for the transaction, 12
/// for the operation (SEP-35).
const ORDER_MAX: u32 = (1 << 20) - 1;
const OPERATION_MAX: u32 = (1 << 12) - 1;

impl EventPlace {
    /// Before all transactions of a ledger.
    pub(crate) fn before(ledger: u32, index: u32) -> Self {
        Self { ledger, order: 0, operation: 0, index }
    }

    /// After all transactions of a ledger.
    pub(crate) fn after(ledger: u32, index: u32) -> Self {
        Self { ledger, order: ORDER_MAX, operation: 0, index }
    }

    /// After everything in a ledger.
    pub(crate) fn end_of(ledger: u32) -> Self {
        Self { ledger, order: ORDER_MAX, operation: OPERATION_MAX, index: u32::MAX }
    }

    /// The id that clients see and give back as a cursor.
    pub(crate) fn id(self) -> String {
        let total_order = total_order(self.ledger, self.order, self.operation);
        format!("{total_order:019}-{:010}", self.index)
    }

    pub(crate) fn parse(id: &str) -> Option<Self> {
        let (total_order, index) = id.split_once('-')?;
        let (ledger, order, operation) = from_total_order(total_order.parse().ok()?)?;
        Some(Self { ledger, order, operation, index: index.parse().ok()? })
    }
}

/// The total-order id of an operation, or of a transaction with operation 0.
pub(crate) fn total_order(ledger: u32, order: u32, operation: u32) -> u64 {
    u64::from(ledger) << 32 | u64::from(order.min(ORDER_MAX)) << 12 | u64::from(operation.min(OPERATION_MAX))
}

/// The ledger, transaction and operation of a total-order id; none if it is
/// above what fits in a signed number.
pub(crate) fn from_total_order(id: u64) -> Option<(u32, u32, u32)> {
    let ledger = u32::try_from(id >> 32).ok().filter(|ledger| *ledger <= i32::MAX as u32)?;
    let order = (id >> 12) as u32 & ORDER_MAX;
    Some((ledger, order, id as u32 & OPERATION_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_reads_back_and_sorts_as_its_place() {
        let place = EventPlace { ledger: 1_234, order: 2, operation: 0, index: 7 };
        assert_eq!(place.id(), "0000005299989651456-0000000007");
        assert_eq!(EventPlace::parse(&place.id()), Some(place));
        assert!(EventPlace::before(1_234, 9).id() < place.id());
        assert!(place.id() < EventPlace::after(1_234, 0).id());
        assert!(EventPlace::after(1_234, 9).id() < EventPlace::end_of(1_234).id());
        for garbage in ["", "-", "12", "x-1", "1-x", "99999999999999999999-0", "18446744073709551615-0"] {
            assert_eq!(EventPlace::parse(garbage), None, "{garbage}");
        }
    }
}
