//! Accounts as the ledger has them.

use std::collections::BTreeMap;

use stellar_xdr::{
    AccountEntry, AccountId, LedgerEntryData, LedgerKey, LedgerKeyAccount, PublicKey, SignerKey, Uint256,
};

use super::{Account, AccountSigners, Rpc, RpcError};
use crate::chain::Address;

impl Rpc {
    /// An account, or `None` if the ledger has none at this address.
    ///
    /// # Errors
    /// When the RPC does not answer, or `address` is a contract's.
    pub async fn account(&self, address: Address) -> Result<Option<Account>, RpcError> {
        let entry = self.account_entry(address).await?;
        Ok(entry.map(|entry| Account { sequence: entry.seq_num.0, balance: entry.balance }))
    }

    /// Accounts, in the order of `addresses` (at most 200): `None` for those that
    /// the ledger does not have.
    ///
    /// # Errors
    /// When the RPC does not answer, or an address is a contract's.
    pub async fn accounts(&self, addresses: &[Address]) -> Result<Vec<Option<Account>>, RpcError> {
        let key = |address: &Address| {
            let account_id = address.account_id();
            let account_id = account_id.ok_or_else(|| RpcError::Malformed(format!("{address} is not an account")))?;
            Ok(LedgerKey::Account(LedgerKeyAccount { account_id }))
        };
        let keys: Vec<_> = addresses.iter().map(key).collect::<Result<_, RpcError>>()?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // They come in no order.
        let mut found = BTreeMap::new();
        for entry in self.client.get_full_ledger_entries(&keys).await?.entries {
            if let LedgerEntryData::Account(entry) = entry.val {
                let AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key))) = entry.account_id;
                let account = Account { sequence: entry.seq_num.0, balance: entry.balance };
                found.insert(Address::Account(key), account);
            }
        }
        Ok(addresses.iter().map(|address| found.get(address).copied()).collect())
    }

    /// Who signs for an account, or `None` if the ledger has none at this address.
    ///
    /// # Errors
    /// When the RPC does not answer, or `address` is a contract's.
    pub async fn signers(&self, address: Address) -> Result<Option<AccountSigners>, RpcError> {
        let Some(entry) = self.account_entry(address).await? else { return Ok(None) };
        let AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(own))) = entry.account_id;
        // The weight of its own key, then the thresholds: low, medium, high.
        let [own_weight, _, medium, _] = entry.thresholds.0;
        let others = entry.signers.iter().filter_map(|signer| match signer.key {
            SignerKey::Ed25519(Uint256(key)) => Some((key, signer.weight)),
            _ => None,
        });
        let keys = [(own, u32::from(own_weight))].into_iter().chain(others).collect();
        Ok(Some(AccountSigners { keys, medium_threshold: u32::from(medium) }))
    }

    async fn account_entry(&self, address: Address) -> Result<Option<AccountEntry>, RpcError> {
        let Some(account_id) = address.account_id() else {
            return Err(RpcError::Malformed(format!("{address} is not an account")));
        };
        let key = LedgerKey::Account(LedgerKeyAccount { account_id });
        match self.entry(key).await? {
            Some((LedgerEntryData::Account(entry), _)) => Ok(Some(entry)),
            Some((other, _)) => Err(RpcError::Malformed(format!("an account is a {}", other.name()))),
            None => Ok(None),
        }
    }
}
