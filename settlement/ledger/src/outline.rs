//! What the queue looks at in a transaction, before it is checked.

use stellar_xdr::{AccountId, FeeBumpTransactionInnerTx, Transaction, TransactionEnvelope, TransactionExt};

/// The outline of a transaction, or of a fee bump with the one within it.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    /// By which it is known: a fee bump's own.
    pub(crate) hash: [u8; 32],
    /// Of the transaction within a fee bump.
    pub(crate) within: Option<[u8; 32]>,
    /// Whose sequence number it uses.
    pub(crate) source: AccountId,
    pub(crate) sequence: i64,
    /// Who pays its fee.
    pub(crate) payer: AccountId,
    /// Stroops that it bids at most.
    pub(crate) bid: i64,
    /// Those of them that are for being included.
    pub(crate) inclusion: i64,
    /// For how many operations, counting the bump.
    pub(crate) operations: i64,
}

/// How much more a fee bump must bid for each operation than what it replaces.
const REPLACING_FACTOR: i128 = 10;

impl Outline {
    /// None of an envelope of the kind that the network no longer takes.
    pub(crate) fn of(envelope: &TransactionEnvelope, network_id: [u8; 32]) -> Option<Self> {
        let hash = envelope.hash(network_id).ok()?;
        match envelope {
            TransactionEnvelope::TxV0(_) => None,
            TransactionEnvelope::Tx(envelope) => Some(Self::read(hash, &envelope.tx)),
            TransactionEnvelope::TxFeeBump(bump) => {
                let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
                let within = TransactionEnvelope::Tx(inner.clone()).hash(network_id).ok()?;
                let outline = Self::read(hash, &inner.tx);
                let resource_fee = outline.bid.saturating_sub(outline.inclusion);
                Some(Self {
                    within: Some(within),
                    payer: bump.tx.fee_source.clone().account_id(),
                    bid: bump.tx.fee,
                    inclusion: bump.tx.fee.saturating_sub(resource_fee),
                    operations: outline.operations + 1,
                    ..outline
                })
            }
        }
    }

    fn read(hash: [u8; 32], tx: &Transaction) -> Self {
        let resource_fee = match &tx.ext {
            TransactionExt::V1(data) => data.resource_fee,
            TransactionExt::V0 => 0,
        };
        let source = tx.source_account.clone().account_id();
        let bid = i64::from(tx.fee);
        Self {
            hash,
            within: None,
            payer: source.clone(),
            source,
            sequence: tx.seq_num.0,
            bid,
            inclusion: bid.saturating_sub(resource_fee),
            operations: tx.operations.len().max(1) as i64,
        }
    }

    /// Whether sending `new` sends this again.
    pub(crate) fn is_sent_again_by(&self, new: &Self) -> bool {
        self.hash == new.hash || self.within == Some(new.hash)
    }

    /// The least that a fee bump must bid in all to take this one's place, if
    /// it bids less.
    pub(crate) fn outbid_by(&self, new: &Self) -> Result<(), i64> {
        let asked = i128::from(self.inclusion) * i128::from(new.operations) * REPLACING_FACTOR;
        let own = i128::from(self.operations);
        if i128::from(new.inclusion) * own >= asked {
            return Ok(());
        }
        let flat = i128::from(new.bid) - i128::from(new.inclusion);
        Err(i64::try_from((asked + own - 1) / own + flat).unwrap_or(i64::MAX))
    }
}
