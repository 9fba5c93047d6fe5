//! The classic operations that this ledger has, applied.

mod accounts;
mod options;
mod payment;
mod trust;

use crate::apply::Context;
use crate::asset::AUTHORIZED;
use crate::asset_events::Teller;
use crate::state::{Overlay, Read as _};
use stellar_xdr::{
    AccountId, AccountMergeResult, Asset, ContractEvent, MuxedAccount, OperationBody as Body, OperationResult,
    OperationResultTr as Tr, PublicKey,
};

/// What an operation comes to: a success with the events that tell it, or a
/// failure with its code.
type Outcome = Result<(Tr, Vec<ContractEvent>), OperationResult>;

/// Applies an operation of `source`, which was checked. Its changes are to be
/// dropped when it fails.
pub(crate) fn apply(
    context: &Context,
    overlay: &mut Overlay,
    teller: &Teller,
    source: &MuxedAccount,
    body: &Body,
) -> Outcome {
    let account = source.clone().account_id();
    // One before it may have merged it away.
    if overlay.account(&account).is_none() {
        return Err(OperationResult::OpNoAccount);
    }
    let failed = |result: Tr| OperationResult::OpInner(result);
    match body {
        Body::CreateAccount(body) => {
            accounts::create(overlay, context.seq, &account, body)
                .map_err(|result| failed(Tr::CreateAccount(result)))?;
            let event = teller.moved(&Asset::Native, source, &plain(&body.destination), body.starting_balance);
            Ok((Tr::CreateAccount(Default::default()), vec![event]))
        }
        Body::AccountMerge(destination) => {
            let balance = accounts::merge(overlay, context.seq, &account, &destination.clone().account_id())
                .map_err(|result| failed(Tr::AccountMerge(result)))?;
            let event = teller.moved(&Asset::Native, source, destination, balance);
            Ok((Tr::AccountMerge(AccountMergeResult::Success(balance)), vec![event]))
        }
        Body::Payment(body) => {
            payment::pay(overlay, &account, body).map_err(|result| failed(Tr::Payment(result)))?;
            let event = teller.moved(&body.asset, source, &body.destination, body.amount);
            Ok((Tr::Payment(Default::default()), vec![event]))
        }
        Body::SetTrustLineFlags(body) => {
            let flags =
                trust::set_flags(overlay, &account, body).map_err(|result| failed(Tr::SetTrustLineFlags(result)))?;
            let event = teller.authorized(&body.asset, &body.trustor, flags & AUTHORIZED != 0);
            Ok((Tr::SetTrustLineFlags(Default::default()), vec![event]))
        }
        Body::ChangeTrust(body) => {
            trust::change(overlay, &account, body)?;
            Ok((Tr::ChangeTrust(Default::default()), Vec::new()))
        }
        Body::SetOptions(body) => {
            options::set(overlay, &account, body)?;
            Ok((Tr::SetOptions(Default::default()), Vec::new()))
        }
        Body::ManageData(body) => {
            options::manage_data(overlay, &account, body)?;
            Ok((Tr::ManageData(Default::default()), Vec::new()))
        }
        Body::BumpSequence(body) => {
            accounts::bump_sequence(context, overlay, &account, body.bump_to.0);
            Ok((Tr::BumpSequence(Default::default()), Vec::new()))
        }
        // The check let no other operation pass.
        _ => Err(OperationResult::OpNotSupported),
    }
}

fn plain(account: &AccountId) -> MuxedAccount {
    let PublicKey::PublicKeyTypeEd25519(key) = account.0.clone();
    MuxedAccount::Ed25519(key)
}
