use sha2::{Digest as _, Sha256};
use stellar_xdr::{Asset, ContractIdPreimage, Hash, HashIdPreimage, HashIdPreimageContractId, Limits, WriteXdr};

use super::Address;

/// The passphrase of Stellar's public network, where money is real.
pub const PUBLIC_PASSPHRASE: &str = "Public Global Stellar Network ; September 2015";

/// Which network an RPC serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Separates networks: every signature covers its hash.
    pub passphrase: String,
    /// Where test money can be had, if the network gives any.
    pub friendbot: Option<String>,
}

impl Network {
    /// SHA-256 of the passphrase.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        Sha256::digest(&self.passphrase).into()
    }

    /// Whether this is Stellar's public network.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.passphrase == PUBLIC_PASSPHRASE
    }

    /// The contract that represents the native asset (XLM) on this network.
    #[must_use]
    pub fn native_token(&self) -> Address {
        self.contract_id(ContractIdPreimage::Asset(Asset::Native))
    }

    /// The id of the contract that `preimage` creates on this network.
    #[must_use]
    pub fn contract_id(&self, preimage: ContractIdPreimage) -> Address {
        let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
            network_id: Hash(self.id()),
            contract_id_preimage: preimage,
        });
        let bytes = preimage.to_xdr(Limits::none()).expect("a preimage of fixed size encodes");
        Address::Contract(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_native_token_has_its_well_known_id() {
        let network = |passphrase: &str| Network { passphrase: passphrase.to_owned(), friendbot: None };
        assert_eq!(
            network("Test SDF Network ; September 2015").native_token().to_string(),
            "CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC"
        );
        assert_eq!(
            network(PUBLIC_PASSPHRASE).native_token().to_string(),
            "CAS3J7GYLGXMF6TDJBBYYSE3HQ6BBSMLNUQ34T6TZMYMW2EVH34XOWMA"
        );
    }
}
