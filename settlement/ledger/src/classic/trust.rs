//! Trust lines: opened, limited, closed, and authorized by their issuers.

use crate::account::{NoRoom, add_subentry};
use crate::asset::{
    AUTHORIZED, CLAWBACK, MAINTAINS, held_by_trust, issuer, put_trust_line, trust_line, trust_line_key,
};
use crate::check::trusted;
use crate::state::{Overlay, Read as _};
use stellar_xdr::{
    AccountFlags, AccountId, ChangeTrustOp, ChangeTrustResult, OperationResult, OperationResultTr, SetTrustLineFlagsOp,
    SetTrustLineFlagsResult, TrustLineEntry, TrustLineEntryExt,
};

pub(super) fn change(
    overlay: &mut Overlay,
    source: &AccountId,
    operation: &ChangeTrustOp,
) -> Result<(), OperationResult> {
    let failed = |result| OperationResult::OpInner(OperationResultTr::ChangeTrust(result));
    let asset = trusted(&operation.line);
    let parts = asset.as_ref().and_then(|asset| Some((held_by_trust(asset)?, issuer(asset)?)));
    let (credit, issuer) = parts.ok_or(failed(ChangeTrustResult::Malformed))?;
    let mut account = overlay.account(source).ok_or(OperationResult::OpNoAccount)?.clone();
    let limit = operation.limit;
    if let Some(mut line) = trust_line(overlay, source, &credit).cloned() {
        if limit < line.balance {
            return Err(failed(ChangeTrustResult::InvalidLimit));
        }
        if limit == 0 {
            account.num_sub_entries -= 1;
            overlay.put_account(account);
            overlay.remove(trust_line_key(source, credit));
            return Ok(());
        }
        if overlay.account(issuer).is_none() {
            return Err(failed(ChangeTrustResult::NoIssuer));
        }
        line.limit = limit;
        put_trust_line(overlay, line);
        return Ok(());
    }
    if limit == 0 {
        return Err(failed(ChangeTrustResult::InvalidLimit));
    }
    let flags = overlay.account(issuer).ok_or(failed(ChangeTrustResult::NoIssuer))?.flags;
    add_subentry(&mut account).map_err(|no_room| match no_room {
        NoRoom::TooMany => OperationResult::OpTooManySubentries,
        NoRoom::LowReserve => failed(ChangeTrustResult::LowReserve),
    })?;
    overlay.put_account(account);
    let has = |flag: AccountFlags| flags & flag as u32 != 0;
    let authorized = if has(AccountFlags::RequiredFlag) { 0 } else { AUTHORIZED };
    let clawback = if has(AccountFlags::ClawbackEnabledFlag) { CLAWBACK } else { 0 };
    put_trust_line(
        overlay,
        TrustLineEntry {
            account_id: source.clone(),
            asset: credit,
            balance: 0,
            limit,
            flags: authorized | clawback,
            ext: TrustLineEntryExt::V0,
        },
    );
    Ok(())
}

/// Sets and clears flags of a line that holds `source`'s asset; answers those
/// that it has then.
pub(super) fn set_flags(
    overlay: &mut Overlay,
    source: &AccountId,
    operation: &SetTrustLineFlagsOp,
) -> Result<u32, SetTrustLineFlagsResult> {
    use SetTrustLineFlagsResult as Failed;
    let (set, clear) = (operation.set_flags, operation.clear_flags);
    let revocable = overlay.account(source).is_some_and(|it| it.flags & AccountFlags::RevocableFlag as u32 != 0);
    let takes_away = clear & (AUTHORIZED | MAINTAINS) != 0 && set & AUTHORIZED == 0;
    if takes_away && !revocable {
        return Err(Failed::CantRevoke);
    }
    let credit = held_by_trust(&operation.asset).ok_or(Failed::Malformed)?;
    let mut line = trust_line(overlay, &operation.trustor, &credit).ok_or(Failed::NoTrustLine)?.clone();
    line.flags = line.flags & !clear | set;
    if line.flags & (AUTHORIZED | MAINTAINS) == AUTHORIZED | MAINTAINS {
        return Err(Failed::InvalidState);
    }
    let flags = line.flags;
    put_trust_line(overlay, line);
    Ok(flags)
}
