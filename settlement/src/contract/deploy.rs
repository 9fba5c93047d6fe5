use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    ContractDataDurability, ContractExecutable, ContractIdPreimage, ContractIdPreimageFromAddress,
    CreateContractArgsV2, Hash, HostFunction, LedgerKey, LedgerKeyContractCode, LedgerKeyContractData, Limits, ScVal,
    Uint256, VecM, WriteXdr,
};
use thiserror::Error;

use super::Config;
use crate::chain::{Address, RpcError, SendError, Sender};

/// Why there is no contract.
#[derive(Clone, Debug, Error)]
pub enum DeployError {
    /// The RPC gave no usable answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A transaction of it is not applied.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The contract's code is larger than any network takes.
    #[error("the contract's code is too large")]
    TooLarge,
}

/// Uploads `wasm` and creates the escrow contract from it; answers its address.
///
/// The address follows from the deployer, the code and `config`: what is
/// already there is not done again, so that a deployment that was interrupted
/// is finished by deploying once more.
///
/// # Errors
/// When a transaction is not applied, or the RPC does not answer.
pub async fn deploy(sender: &Sender, wasm: &[u8], config: &Config) -> Result<Address, DeployError> {
    let rpc = sender.rpc();
    let code = Hash(Sha256::digest(wasm).into());
    let args = arguments(config);
    let preimage = preimage(sender.address(), &code, &args);
    let id = rpc.network().contract_id(preimage.clone());
    if rpc.entry(instance_of(id)).await?.is_some() {
        return Ok(id);
    }
    let uploaded = LedgerKey::ContractCode(LedgerKeyContractCode { hash: code.clone() });
    if rpc.entry(uploaded).await?.is_none() {
        let wasm = wasm.to_vec().try_into().map_err(|_| DeployError::TooLarge)?;
        sender.call(HostFunction::UploadContractWasm(wasm)).await?;
    }
    let create = HostFunction::CreateContractV2(CreateContractArgsV2 {
        contract_id_preimage: preimage,
        executable: ContractExecutable::Wasm(code),
        constructor_args: args,
    });
    sender.call(create).await?;
    Ok(id)
}

/// The ledger key of a contract's instance. The escrow writes it once, when it
/// is created.
pub(crate) fn instance_of(contract: Address) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: contract.to_xdr(),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    })
}

fn arguments(config: &Config) -> VecM<ScVal> {
    vec![config.write()].try_into().expect("one argument is within the limit")
}

fn preimage(deployer: Address, code: &Hash, args: &VecM<ScVal>) -> ContractIdPreimage {
    let args = args.to_xdr(Limits::none()).expect("arguments of known size encode");
    let mut salt = Sha256::new();
    salt.update(b"berth escrow");
    salt.update(code.0);
    salt.update(args);
    ContractIdPreimage::Address(ContractIdPreimageFromAddress {
        address: deployer.to_xdr(),
        salt: Uint256(salt.finalize().into()),
    })
}
