//! What can be told of an operation before it is applied: whether this ledger
//! has it, how many signatures it asks for, and whether it makes sense.

use super::signatures::Threshold;
use super::soroban;
use crate::account::as_signer;
use crate::apply::Context;
use crate::asset::{self, AUTHORIZED, CLAWBACK, MAINTAINS};
use stellar_xdr::{
    AccountFlags, AccountId, AccountMergeResult, Asset, BumpSequenceResult, ChangeTrustAsset, ChangeTrustOp,
    ChangeTrustResult, CreateAccountResult, ExtendFootprintTtlResult, Hash, InvokeHostFunctionResult, ManageDataResult,
    Operation, OperationBody as Body, OperationResult, OperationResultTr as Tr, PaymentResult, RestoreFootprintResult,
    SetOptionsOp, SetOptionsResult, SetTrustLineFlagsOp, SetTrustLineFlagsResult, SignerKey, SorobanTransactionData,
};

const ACCOUNT_FLAGS: u32 = AccountFlags::RequiredFlag as u32
    | AccountFlags::RevocableFlag as u32
    | AccountFlags::ImmutableFlag as u32
    | AccountFlags::ClawbackEnabledFlag as u32;
const WEIGHT_MAX: u32 = 255;

/// How much an operation of ours asks its source to sign with; none if it is
/// not one of ours.
pub(super) fn threshold(body: &Body) -> Option<Threshold> {
    Some(match body {
        Body::CreateAccount(_) | Body::Payment(_) | Body::ManageData(_) | Body::InvokeHostFunction(_) => {
            Threshold::Medium
        }
        // Shares of liquidity pools cannot be held: there are none.
        Body::ChangeTrust(ChangeTrustOp { line: ChangeTrustAsset::PoolShare(_), .. }) => return None,
        Body::ChangeTrust(_) => Threshold::Medium,
        Body::SetOptions(options) if changes_signing(options) => Threshold::High,
        Body::SetOptions(_) => Threshold::Medium,
        Body::AccountMerge(_) => Threshold::High,
        Body::BumpSequence(_)
        | Body::SetTrustLineFlags(_)
        | Body::ExtendFootprintTtl(_)
        | Body::RestoreFootprint(_) => Threshold::Low,
        _ => return None,
    })
}

fn changes_signing(options: &SetOptionsOp) -> bool {
    let SetOptionsOp { master_weight, low_threshold, med_threshold, high_threshold, signer, .. } = options;
    [master_weight, low_threshold, med_threshold, high_threshold].iter().any(|weight| weight.is_some())
        || signer.is_some()
}

/// What an operation's result says before anything is known of it.
pub(crate) fn blank(body: &Body) -> OperationResult {
    OperationResult::OpInner(match body {
        Body::CreateAccount(_) => Tr::CreateAccount(CreateAccountResult::Success),
        Body::Payment(_) => Tr::Payment(PaymentResult::Success),
        Body::ChangeTrust(_) => Tr::ChangeTrust(ChangeTrustResult::Success),
        Body::SetOptions(_) => Tr::SetOptions(SetOptionsResult::Success),
        Body::ManageData(_) => Tr::ManageData(ManageDataResult::Success),
        Body::BumpSequence(_) => Tr::BumpSequence(BumpSequenceResult::Success),
        Body::AccountMerge(_) => Tr::AccountMerge(AccountMergeResult::Success(0)),
        Body::SetTrustLineFlags(_) => Tr::SetTrustLineFlags(SetTrustLineFlagsResult::Success),
        Body::InvokeHostFunction(_) => Tr::InvokeHostFunction(InvokeHostFunctionResult::Success(Hash([0; 32]))),
        Body::ExtendFootprintTtl(_) => Tr::ExtendFootprintTtl(ExtendFootprintTtlResult::Success),
        Body::RestoreFootprint(_) => Tr::RestoreFootprint(RestoreFootprintResult::Success),
        _ => return OperationResult::OpNotSupported,
    })
}

/// Whether an operation of `source` makes sense, whatever the entries are.
pub(super) fn sound(
    context: &Context,
    operation: &Operation,
    source: &AccountId,
    data: Option<&SorobanTransactionData>,
) -> Result<(), Tr> {
    let refuse_if = |wrong: bool, result: Tr| if wrong { Err(result) } else { Ok(()) };
    match &operation.body {
        Body::CreateAccount(body) => refuse_if(
            body.starting_balance < 0 || body.destination == *source,
            Tr::CreateAccount(CreateAccountResult::Malformed),
        ),
        Body::Payment(body) => {
            refuse_if(body.amount <= 0 || !asset::is_valid(&body.asset), Tr::Payment(PaymentResult::Malformed))
        }
        Body::ChangeTrust(body) => {
            let wrong = body.limit < 0
                || trusted(&body.line)
                    .is_none_or(|asset| !asset::is_valid(&asset) || asset::issuer(&asset) == Some(source));
            refuse_if(wrong, Tr::ChangeTrust(ChangeTrustResult::Malformed))
        }
        Body::SetOptions(body) => options(body, source).map_err(Tr::SetOptions),
        Body::ManageData(body) => refuse_if(
            body.data_name.is_empty() || !is_plain(body.data_name.as_slice()),
            Tr::ManageData(ManageDataResult::InvalidName),
        ),
        Body::BumpSequence(body) => refuse_if(body.bump_to.0 < 0, Tr::BumpSequence(BumpSequenceResult::BadSeq)),
        Body::AccountMerge(destination) => {
            refuse_if(destination.clone().account_id() == *source, Tr::AccountMerge(AccountMergeResult::Malformed))
        }
        Body::SetTrustLineFlags(body) => refuse_if(
            !trust_line_flags_are_sound(body, source),
            Tr::SetTrustLineFlags(SetTrustLineFlagsResult::Malformed),
        ),
        body => data.map_or(Ok(()), |data| soroban::operation(context, body, data)),
    }
}

/// The asset that a change of trust is about; none for the native one, which
/// needs no trust, and for shares of pools.
pub(crate) fn trusted(line: &ChangeTrustAsset) -> Option<Asset> {
    match line {
        ChangeTrustAsset::CreditAlphanum4(credit) => Some(Asset::CreditAlphanum4(credit.clone())),
        ChangeTrustAsset::CreditAlphanum12(credit) => Some(Asset::CreditAlphanum12(credit.clone())),
        ChangeTrustAsset::Native | ChangeTrustAsset::PoolShare(_) => None,
    }
}

fn options(body: &SetOptionsOp, source: &AccountId) -> Result<(), SetOptionsResult> {
    let (set, clear) = (body.set_flags.unwrap_or(0), body.clear_flags.unwrap_or(0));
    if (set | clear) & !ACCOUNT_FLAGS != 0 {
        return Err(SetOptionsResult::UnknownFlag);
    }
    if set & clear != 0 {
        return Err(SetOptionsResult::BadFlags);
    }
    let weights = [body.master_weight, body.low_threshold, body.med_threshold, body.high_threshold];
    if weights.into_iter().flatten().any(|weight| weight > WEIGHT_MAX) {
        return Err(SetOptionsResult::ThresholdOutOfRange);
    }
    if let Some(signer) = &body.signer {
        let signs_nothing = matches!(&signer.key, SignerKey::Ed25519SignedPayload(signed) if signed.payload.is_empty());
        if signer.key == as_signer(source) || signer.weight > WEIGHT_MAX || signs_nothing {
            return Err(SetOptionsResult::BadSigner);
        }
    }
    if body.home_domain.as_ref().is_some_and(|domain| !is_plain(domain.0.as_slice())) {
        return Err(SetOptionsResult::InvalidHomeDomain);
    }
    Ok(())
}

fn trust_line_flags_are_sound(body: &SetTrustLineFlagsOp, source: &AccountId) -> bool {
    let (set, clear) = (body.set_flags, body.clear_flags);
    asset::is_valid(&body.asset)
        && asset::issuer(&body.asset) == Some(source)
        && body.trustor != *source
        && set & clear == 0
        && set & !(AUTHORIZED | MAINTAINS) == 0
        && set != AUTHORIZED | MAINTAINS
        && clear & !(AUTHORIZED | MAINTAINS | CLAWBACK) == 0
}

/// Whether these are letters of ASCII that can be read.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control())
}
