//! How a checked transaction changes the ledger.

mod soroban;

pub(crate) use soroban::{Failure, Outcome};

use crate::account::{note_sequence_moved, remove_signer};
use crate::asset_events::{Teller, fee};
use crate::check::{Checked, Refused, bumped, check_again, operation_source};
use crate::classic;
use crate::modules::Modules;
use crate::record::Record;
use crate::settings::{BASE_RESERVE, PROTOCOL, Settings};
use crate::state::{Overlay, Read as _};
use soroban::Soroban;
use soroban_env_host::LedgerInfo;
use std::collections::BTreeSet;
use stellar_xdr::{
    AccountId, ContractEvent, ExtensionPoint, LedgerEntryChanges, OperationMetaV2, OperationResult, SignerKey,
    TransactionEnvelope, TransactionMeta, TransactionMetaV4, TransactionResult, TransactionResultExt,
    TransactionResultResult as Code, Uint256,
};

/// The ledger that is being made, and what applying needs besides entries.
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) modules: &'a Modules,
    pub(crate) network_id: [u8; 32],
    pub(crate) seq: u32,
    /// Unix seconds.
    pub(crate) time: u64,
}

impl Context<'_> {
    /// The ledger as contracts see it.
    pub(crate) fn ledger_info(&self) -> LedgerInfo {
        let mut info = LedgerInfo {
            protocol_version: PROTOCOL,
            sequence_number: self.seq,
            timestamp: self.time,
            network_id: self.network_id,
            base_reserve: BASE_RESERVE,
            ..Default::default()
        };
        self.settings.network.fill_config_fields_in_ledger_info(&mut info);
        info
    }

    /// Until when an entry lives that this ledger restores.
    pub(crate) fn restored_until(&self) -> u32 {
        self.seq.saturating_add(self.settings.network.min_persistent_entry_ttl - 1)
    }
}

/// What the operations of a transaction left behind.
struct Operations {
    results: Vec<OperationResult>,
    metas: Vec<OperationMetaV2>,
    succeeded: bool,
    soroban: Option<Soroban>,
}

/// A transaction that was applied. What it did not use of its fee is given
/// back when all of its ledger's have been.
pub(crate) struct Applied {
    pub(crate) record: Record,
    payer: AccountId,
    /// Stroops.
    refund: i64,
}

/// Applies a transaction whose fee has been taken. Its sequence number is used
/// up and its fee kept whether or not its operations succeed; these take
/// effect together or not at all.
pub(crate) fn apply(
    context: &Context,
    ledger: &mut Overlay,
    envelope: &TransactionEnvelope,
    checked: &Checked,
    fee_changes: LedgerEntryChanges,
    order: u32,
) -> Applied {
    let still_good = check_again(context, ledger, checked);
    let uses_sequence = still_good.as_ref().map_or_else(|refused| refused.uses_sequence, |()| true);
    let before = begin(context, ledger, checked, uses_sequence);
    let (code, operations) = match still_good {
        Ok(()) => run(context, ledger, checked),
        Err(refused) => spoilt(context, checked, refused),
    };
    let refund = operations.soroban.as_ref().map_or(0, |soroban| soroban.refund);
    let diagnostics = operations.soroban.as_ref().map(|soroban| soroban.diagnostics.clone()).unwrap_or_default();
    let result = match checked.within {
        Some(hash) => bumped(hash, checked.fee, code),
        None => TransactionResult { fee_charged: checked.fee, result: code, ext: TransactionResultExt::V0 },
    };
    let events = vec![fee(context.network_id, &checked.payer, checked.fee)];
    let record = Record {
        hash: checked.hash,
        ledger: context.seq,
        closed_at: context.time,
        order,
        envelope: envelope.clone(),
        result,
        meta: TransactionMeta::V4(TransactionMetaV4 {
            ext: ExtensionPoint::V0,
            tx_changes_before: before,
            operations: operations.metas.try_into().unwrap_or_default(),
            tx_changes_after: LedgerEntryChanges::default(),
            soroban_meta: operations.soroban.map(Soroban::into_meta),
            events: events.try_into().unwrap_or_default(),
            diagnostic_events: diagnostics.try_into().unwrap_or_default(),
        }),
        fee_changes,
        refund_changes: LedgerEntryChanges::default(),
    };
    Applied { record, payer: checked.payer.clone(), refund }
}

/// Takes the fee of a transaction, before any of its ledger is applied.
pub(crate) fn take_fee(context: &Context, ledger: &mut Overlay, checked: &Checked) -> LedgerEntryChanges {
    pay(context, ledger, &checked.payer, -checked.fee)
}

impl Applied {
    /// Gives back what was not used of the fee; answers the finished record.
    pub(crate) fn refund(self, context: &Context, ledger: &mut Overlay) -> Record {
        let mut record = self.record;
        if self.refund > 0 {
            record.refund_changes = pay(context, ledger, &self.payer, self.refund);
            // A payer who is no more gets nothing back.
            if !record.refund_changes.0.is_empty() {
                record.result.fee_charged -= self.refund;
                if let TransactionMeta::V4(meta) = &mut record.meta {
                    let mut events = meta.events.to_vec();
                    events.push(fee(context.network_id, &self.payer, -self.refund));
                    meta.events = events.try_into().unwrap_or_default();
                }
            }
        }
        record
    }
}

fn pay(context: &Context, ledger: &mut Overlay, account: &AccountId, stroops: i64) -> LedgerEntryChanges {
    let mut overlay = Overlay::new(ledger, context.seq);
    if let Some(mut payer) = overlay.account(account).cloned() {
        payer.balance += stroops;
        overlay.put_account(payer);
    }
    let changes = overlay.changes();
    let writes = overlay.into_writes();
    ledger.absorb(writes);
    changes
}

/// Uses up the sequence number, and the signers that were for this
/// transaction alone.
fn begin(context: &Context, ledger: &mut Overlay, checked: &Checked, uses_sequence: bool) -> LedgerEntryChanges {
    let mut overlay = Overlay::new(ledger, context.seq);
    if let Some(mut account) = overlay.account(&checked.source).filter(|_| uses_sequence).cloned() {
        account.seq_num = checked.transaction.seq_num.clone();
        note_sequence_moved(&mut account, context.seq, context.time);
        overlay.put_account(account);
    }
    let operations = checked.transaction.operations.iter();
    let mut sources: BTreeSet<AccountId> =
        operations.map(|operation| operation_source(operation, &checked.source)).collect();
    sources.insert(checked.source.clone());
    for source in sources {
        forget_signer(&mut overlay, &source, checked.own_hash());
    }
    forget_signer(&mut overlay, &checked.payer, checked.hash);
    let changes = overlay.changes();
    let writes = overlay.into_writes();
    ledger.absorb(writes);
    changes
}

fn forget_signer(overlay: &mut Overlay, account: &AccountId, hash: [u8; 32]) {
    if let Some(mut account) = overlay.account(account).cloned()
        && remove_signer(&mut account, &SignerKey::PreAuthTx(Uint256(hash)))
    {
        overlay.put_account(account);
    }
}

fn run(context: &Context, ledger: &mut Overlay, checked: &Checked) -> (Code, Operations) {
    let mut overlay = Overlay::new(ledger, context.seq);
    let mut operations = match checked.data {
        Some(data) => soroban::apply(context, &mut overlay, checked, data),
        None => apply_classic(context, &mut overlay, checked),
    };
    let results = std::mem::take(&mut operations.results).try_into().unwrap_or_default();
    if operations.succeeded {
        let writes = overlay.into_writes();
        ledger.absorb(writes);
        (Code::TxSuccess(results), operations)
    } else {
        (Code::TxFailed(results), operations)
    }
}

/// A transaction that others of its ledger have made impossible. It is in the
/// ledger all the same, failed.
fn spoilt(context: &Context, checked: &Checked, refused: Refused) -> (Code, Operations) {
    let soroban = checked.data.map(|data| soroban::unspent(context, checked, data));
    (refused.code, Operations { results: Vec::new(), metas: Vec::new(), succeeded: false, soroban })
}

fn apply_classic(context: &Context, overlay: &mut Overlay, checked: &Checked) -> Operations {
    let (mut results, mut metas, mut succeeded) = (Vec::new(), Vec::new(), true);
    let tx = checked.transaction;
    let teller = Teller { network_id: context.network_id, memo: &tx.memo };
    for operation in tx.operations.iter() {
        let source = operation.source_account.as_ref().unwrap_or(&tx.source_account);
        let mut inner = Overlay::new(overlay, context.seq);
        match classic::apply(context, &mut inner, &teller, source, &operation.body) {
            Ok((result, events)) => {
                results.push(OperationResult::OpInner(result));
                metas.push(operation_meta(inner.changes(), events));
                let writes = inner.into_writes();
                overlay.absorb(writes);
            }
            // Those after it are tried as well, so that each has its result.
            Err(result) => {
                results.push(result);
                succeeded = false;
            }
        }
    }
    if !succeeded {
        metas.clear();
    }
    Operations { results, metas, succeeded, soroban: None }
}

fn operation_meta(changes: LedgerEntryChanges, events: Vec<ContractEvent>) -> OperationMetaV2 {
    OperationMetaV2 { ext: ExtensionPoint::V0, changes, events: events.try_into().unwrap_or_default() }
}
