//! Calls that one account authorizes and another one pays the network for: the
//! payer signs an authorization entry, the sponsor the transaction around it.

use stellar_xdr::{DiagnosticEvent, HostFunction, Limits, ReadXdr, SorobanAuthorizationEntry, Transaction};

use super::prepare::{Place, checked, place};
use super::transaction::{INCLUSION_FEE, VALID_LEDGERS, authorize, bare, provision, sign, unsigned};
use super::{Address, Network, PrepareError, Rpc, RpcError, Signed, Signer};

/// How deep XDR of a simulation may be nested.
const DEPTH_MAX: u32 = 200;

/// A transaction that would do what it says, and that its sponsor has still to
/// sign.
pub struct Sponsored {
    /// What contracts would say of it, in order.
    pub events: Vec<DiagnosticEvent>,
    /// The most that the network takes for it, in stroops.
    pub fee: u32,
    tx: Transaction,
    place: Place,
}

/// Puts a call with its authorization into a transaction of `sponsor`'s account,
/// and proves by a simulation that enforces it that nothing else is needed. What
/// it costs is what the simulation says, never what the payer wrote.
///
/// # Errors
/// When the call would fail as things are, or nobody answers.
pub async fn sponsored(
    rpc: &Rpc,
    sponsor: Address,
    call: HostFunction,
    auth: SorobanAuthorizationEntry,
    valid_seconds: u64,
) -> Result<Sponsored, PrepareError> {
    let Address::Account(key) = sponsor else { return Err(PrepareError::NoAccount(sponsor)) };
    let place = place(rpc, sponsor, valid_seconds, Some(VALID_LEDGERS)).await?;
    let mut tx = unsigned(key, None, place.sequence, place.bounds, call);
    authorize(&mut tx, vec![auth]).ok_or(PrepareError::TooDear)?;
    let answer = checked(rpc.simulate(&bare(tx.clone()), true).await?)?;
    if answer.restore_preamble.is_some() {
        return Err(PrepareError::Archived);
    }
    let limits = Limits::depth(DEPTH_MAX);
    let event = |text: &String| DiagnosticEvent::from_xdr_base64(text, limits.clone());
    let events = answer.events.iter().map(event).collect::<Result<_, _>>().map_err(RpcError::from)?;
    let data = answer.transaction_data().map_err(RpcError::from)?;
    provision(&mut tx, data, INCLUSION_FEE).ok_or(PrepareError::TooDear)?;
    Ok(Sponsored { events, fee: tx.fee, tx, place })
}

impl Sponsored {
    /// Signs it as `signer`, which has to be the sponsor's.
    ///
    /// # Errors
    /// When nothing is signed.
    pub async fn signed(self, network: &Network, signer: &Signer) -> Result<Signed, PrepareError> {
        Ok(sign(self.tx, network, &[signer], self.place.bounds, self.place.ledger).await?)
    }
}
