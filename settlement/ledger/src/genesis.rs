//! The first ledger: one account with all the money, nobody's account, and the
//! contract of the native asset.

use crate::Error;
use crate::apply::Context;
use crate::close_meta::{results_hash, transaction_set_hash};
use crate::codec::{hash, sha256};
use crate::header::{Commitments, TOTAL_COINS, header};
use crate::invoke::invoke;
use crate::modules::Modules;
use crate::settings::{BASE_RESERVE, Settings};
use crate::simulate::record_footprint;
use crate::state::{Overlay, State, Writes, new_account};
use ed25519_dalek::SigningKey;
use stellar_xdr::{
    AccountId, Asset, ContractExecutable, ContractIdPreimage, CreateContractArgs, HostFunction, InvokeHostFunctionOp,
    LedgerHeader, PublicKey, Uint256,
};

/// The sequence number of the first ledger.
pub(crate) const GENESIS_SEQ: u32 = 1;

/// The key of the account that holds all the money at first: its seed is the
/// network's id, as on every Stellar network.
pub(crate) fn root_key(network_id: &[u8; 32]) -> SigningKey {
    SigningKey::from_bytes(network_id)
}

pub(crate) fn root_account(network_id: &[u8; 32]) -> AccountId {
    let key = root_key(network_id).verifying_key().to_bytes();
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)))
}

/// The account that programs ask questions as when they have none. Nobody can
/// sign for it: its key, all zeros, is none. On real networks somebody has given
/// it money, and some SDKs count on that.
fn nobody() -> AccountId {
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([0; 32])))
}

/// The reserve of an account.
const NOBODYS_STROOPS: i64 = 2 * BASE_RESERVE as i64;

/// Makes the first ledger at `time` (unix seconds).
pub(crate) fn genesis(settings: &Settings, network_id: [u8; 32], time: u64) -> Result<(LedgerHeader, Writes), Error> {
    let modules = Modules::new(std::iter::empty())?;
    let context = Context { settings, modules: &modules, network_id, seq: GENESIS_SEQ, time };
    let root = root_account(&network_id);

    let empty = State::default();
    let mut overlay = Overlay::new(&empty, GENESIS_SEQ);
    overlay.put_account(new_account(root.clone(), TOTAL_COINS - NOBODYS_STROOPS, 0));
    overlay.put_account(new_account(nobody(), NOBODYS_STROOPS, 0));
    let mut writes = overlay.into_writes();
    let mut state = State::default();
    state.write(&writes);

    // Anyone may deploy an asset's contract; doing it here spares every client
    // the question whether someone has.
    let operation = InvokeHostFunctionOp {
        host_function: HostFunction::CreateContract(CreateContractArgs {
            contract_id_preimage: ContractIdPreimage::Asset(Asset::Native),
            executable: ContractExecutable::StellarAsset,
        }),
        auth: Default::default(),
    };
    let data = record_footprint(&context, &state, &root, &operation.host_function)?;
    let mut overlay = Overlay::new(&state, GENESIS_SEQ);
    invoke(&context, &mut overlay, &root, &operation, &data, [0; 32], &mut Vec::new())
        .map_err(|failure| Error::Host(format!("the native asset's contract: {failure:?}")))?;
    writes.extend(overlay.into_writes());

    let commitments = Commitments {
        transactions: transaction_set_hash([0; 32], &[]),
        results: results_hash(&[]),
        entries: digest(&writes),
        fee_pool: 0,
    };
    Ok((header(GENESIS_SEQ, time, [0; 32], &commitments), writes))
}

/// A digest of changes of entries.
pub(crate) fn digest(writes: &Writes) -> [u8; 32] {
    let mut bytes = Vec::new();
    for (key, slot) in writes {
        bytes.extend(hash(key));
        match slot {
            Some(slot) => {
                bytes.extend(hash(&slot.entry));
                bytes.extend(slot.live_until.unwrap_or(0).to_be_bytes());
            }
            None => bytes.push(0),
        }
    }
    sha256(&bytes)
}
