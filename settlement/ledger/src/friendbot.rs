//! The faucet: one transaction of the root account in each ledger creates the
//! accounts that asked since the last.

use crate::codec::hash;
use crate::genesis::{root_account, root_key};
use crate::pending::{Grant, Granted};
use crate::record::Record;
use crate::settings::BASE_FEE;
use crate::state::Read;
use ed25519_dalek::Signer as _;
use std::collections::BTreeSet;
use stellar_xdr::{
    AccountId, CreateAccountOp, DecoratedSignature, Hash, Memo, MuxedAccount, Operation, OperationBody, Preconditions,
    PublicKey, SequenceNumber, Signature, SignatureHint, Transaction, TransactionEnvelope, TransactionExt,
    TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope, Uint256,
};

/// What a new account gets: 100,000 XLM, in stroops.
const GRANT_STROOPS: i64 = 1_000_000_000_000;
/// Operations that a transaction holds at most.
pub(crate) const GRANTS_PER_LEDGER: usize = 100;

/// The asked grants of one ledger.
pub(crate) struct Grants {
    asked: Vec<Grant>,
    /// None when every account exists.
    pub(crate) envelope: Option<TransactionEnvelope>,
}

impl Grants {
    /// Plans the grants to those of `asked` that do not exist.
    pub(crate) fn plan(asked: Vec<Grant>, entries: &dyn Read, network_id: &[u8; 32]) -> Self {
        let new: BTreeSet<AccountId> = asked
            .iter()
            .map(|grant| grant.account.clone())
            .filter(|account| entries.account(account).is_none())
            .collect();
        let envelope = envelope(new, entries, network_id);
        let (asked, existing): (Vec<Grant>, Vec<Grant>) =
            asked.into_iter().partition(|grant| entries.account(&grant.account).is_none());
        for grant in existing {
            answer(grant, Granted::Exists);
        }
        Self { asked, envelope }
    }

    /// Tells everyone what came of it, once the ledger is closed.
    pub(crate) fn tell(self, record: Option<&Record>) {
        let granted = match record {
            Some(record) if record.succeeded() => Granted::Created { transaction: record.hash, ledger: record.ledger },
            _ => Granted::Failed,
        };
        for grant in self.asked {
            answer(grant, granted.clone());
        }
    }
}

fn answer(grant: Grant, granted: Granted) {
    if grant.reply.send(granted).is_err() {
        tracing::debug!("who asked the faucet did not wait for the answer");
    }
}

fn envelope(new: BTreeSet<AccountId>, entries: &dyn Read, network_id: &[u8; 32]) -> Option<TransactionEnvelope> {
    let root = root_account(network_id);
    let sequence = entries.account(&root)?.seq_num.0.checked_add(1)?;
    let operations: Vec<Operation> = new
        .into_iter()
        .map(|destination| Operation {
            source_account: None,
            body: OperationBody::CreateAccount(CreateAccountOp { destination, starting_balance: GRANT_STROOPS }),
        })
        .collect();
    if operations.is_empty() {
        return None;
    }
    let PublicKey::PublicKeyTypeEd25519(Uint256(key)) = root.0;
    let tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(key)),
        fee: BASE_FEE * u32::try_from(operations.len()).ok()?,
        seq_num: SequenceNumber(sequence),
        cond: Preconditions::None,
        memo: Memo::None,
        operations: operations.try_into().ok()?,
        ext: TransactionExt::V0,
    };
    let payload = TransactionSignaturePayload {
        network_id: Hash(*network_id),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    let signature = root_key(network_id).sign(&hash(&payload));
    let hint = SignatureHint([key[28], key[29], key[30], key[31]]);
    let signature = Signature(signature.to_bytes().to_vec().try_into().ok()?);
    let signatures = vec![DecoratedSignature { hint, signature }].try_into().ok()?;
    Some(TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }))
}
