//! Assets and the trust lines that hold them.

use crate::state::{Overlay, Read};
use stellar_xdr::{
    AccountId, Asset, LedgerEntry, LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyTrustLine, TrustLineAsset,
    TrustLineEntry, TrustLineFlags,
};

pub(crate) const AUTHORIZED: u32 = TrustLineFlags::AuthorizedFlag as u32;
pub(crate) const MAINTAINS: u32 = TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as u32;
pub(crate) const CLAWBACK: u32 = TrustLineFlags::TrustlineClawbackEnabledFlag as u32;

/// Who issues `asset`; nobody the native one.
pub(crate) fn issuer(asset: &Asset) -> Option<&AccountId> {
    match asset {
        Asset::Native => None,
        Asset::CreditAlphanum4(credit) => Some(&credit.issuer),
        Asset::CreditAlphanum12(credit) => Some(&credit.issuer),
    }
}

/// Whether an asset's code is letters and digits with zeros after them alone,
/// and of the length of its kind.
pub(crate) fn is_valid(asset: &Asset) -> bool {
    let (code, least) = match asset {
        Asset::Native => return true,
        Asset::CreditAlphanum4(credit) => (credit.asset_code.0.as_slice(), 1),
        Asset::CreditAlphanum12(credit) => (credit.asset_code.0.as_slice(), 5),
    };
    let length = code.iter().position(|byte| *byte == 0).unwrap_or(code.len());
    let (letters, rest) = code.split_at(length);
    length >= least && letters.iter().all(u8::is_ascii_alphanumeric) && rest.iter().all(|byte| *byte == 0)
}

/// The asset as trust lines name it; none for the native one, which needs none.
pub(crate) fn held_by_trust(asset: &Asset) -> Option<TrustLineAsset> {
    match asset {
        Asset::Native => None,
        Asset::CreditAlphanum4(credit) => Some(TrustLineAsset::CreditAlphanum4(credit.clone())),
        Asset::CreditAlphanum12(credit) => Some(TrustLineAsset::CreditAlphanum12(credit.clone())),
    }
}

pub(crate) fn trust_line_key(account: &AccountId, asset: TrustLineAsset) -> LedgerKey {
    LedgerKey::Trustline(LedgerKeyTrustLine { account_id: account.clone(), asset })
}

/// The trust line in which `account` holds `asset`.
pub(crate) fn trust_line<'a>(
    entries: &'a dyn Read,
    account: &AccountId,
    asset: &TrustLineAsset,
) -> Option<&'a TrustLineEntry> {
    match &entries.slot(&trust_line_key(account, asset.clone()))?.entry.data {
        LedgerEntryData::Trustline(line) => Some(line),
        _ => None,
    }
}

pub(crate) fn put_trust_line(overlay: &mut Overlay, line: TrustLineEntry) {
    let data = LedgerEntryData::Trustline(line);
    overlay.put(LedgerEntry { last_modified_ledger_seq: 0, data, ext: LedgerEntryExt::V0 }, None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use stellar_xdr::{AlphaNum4, AlphaNum12, AssetCode4, AssetCode12, PublicKey, Uint256};

    #[test]
    fn codes_are_letters_and_digits_of_the_length_of_their_kind() {
        let issuer = AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([1; 32])));
        for (code, valid) in
            [(b"USDC", true), (b"A\0\0\0", true), (b"\0\0\0\0", false), (b"A\0B\0", false), (b"a-b\0", false)]
        {
            let asset = Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*code), issuer: issuer.clone() });
            assert_eq!(is_valid(&asset), valid, "{code:?}");
        }
        for (code, valid) in [(b"CREDIT\0\0\0\0\0\0", true), (b"USDC\0\0\0\0\0\0\0\0", false)] {
            let asset_code = AssetCode12(*code);
            let asset = Asset::CreditAlphanum12(AlphaNum12 { asset_code, issuer: issuer.clone() });
            assert_eq!(is_valid(&asset), valid, "{code:?}");
        }
        assert!(is_valid(&Asset::Native));
    }
}
