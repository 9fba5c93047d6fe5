use stellar_rpc_client::SimulateTransactionResponse;
use stellar_xdr::{
    HostFunction, Operation, ScVal, SorobanAddressCredentials, SorobanAuthorizationEntry, SorobanCredentials,
    Transaction,
};
use thiserror::Error;

use super::transaction::{
    Bounds, INCLUSION_FEE, VALID_LEDGERS, VALID_SECONDS, authorize, bare, of, provision, sign, unsigned,
};
use super::{Address, Rpc, RpcError, SignError, Signed, Signer, Unsigned, handed};

/// The account that asks questions. Simulation does not look at it.
const NOBODY: [u8; 32] = [0; 32];

/// Why a call cannot be made into a transaction.
#[derive(Clone, Debug, Error)]
pub enum PrepareError {
    /// The RPC gave no usable answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The account that shall pay for it is not on the ledger.
    #[error("{0} is not on the ledger: fund it first")]
    NoAccount(Address),
    /// The called contract refuses, with the code that it defines.
    #[error("the contract refuses with error {0}")]
    Contract(u32),
    /// The host refuses: storage, budget, authority, or a contract called in
    /// turn.
    #[error("the call fails: {0}")]
    Host(String),
    /// Someone else must authorize it.
    #[error("the call needs the authority of {0}")]
    Unauthorized(String),
    /// Something that it needs is archived.
    #[error("something that the call needs is archived: restore it first")]
    Archived,
    /// What it costs does not fit into a fee.
    #[error("the call costs more than a fee can say")]
    TooDear,
    /// It is ready, and nobody signs it.
    #[error(transparent)]
    Unsigned(#[from] SignError),
}

/// Who makes a call, and who pays for it.
#[derive(Clone, Copy, Debug)]
pub struct Acting<'a> {
    /// Whose authority the call has.
    pub actor: &'a Signer,
    /// Whose sequence number the transaction takes, and who pays its fee: the
    /// same, or an account kept for that, so that several calls of one actor
    /// are in flight at once.
    pub payer: &'a Signer,
    /// What is bid for a place in a ledger, in stroops.
    pub bid: u32,
}

impl<'a> Acting<'a> {
    /// One account that does both, with the usual bid.
    #[must_use]
    pub const fn alone(signer: &'a Signer) -> Self {
        Self { actor: signer, payer: signer, bid: INCLUSION_FEE }
    }
}

/// Makes a call into a signed transaction: records what it touches and who must
/// agree, then proves in a second, enforcing simulation that this authority is
/// enough.
///
/// # Errors
/// When the call would fail as things are, or nobody answers or signs.
pub async fn prepare(rpc: &Rpc, acting: Acting<'_>, call: HostFunction) -> Result<Signed, PrepareError> {
    let Acting { actor, payer, bid } = acting;
    let place = place(rpc, payer.address(), VALID_SECONDS, Some(VALID_LEDGERS)).await?;
    let tx = ready(rpc, place, actor.address(), bid, call).await?;
    let both = [payer, actor];
    let signers = if payer.address() == actor.address() { &both[..1] } else { &both[..] };
    Ok(sign(tx, rpc.network(), signers, place.bounds, place.ledger).await?)
}

/// The same as a transaction that `source` has still to sign, within
/// `valid_seconds`.
///
/// # Errors
/// As [`prepare`].
pub async fn prepare_for(
    rpc: &Rpc,
    source: Address,
    call: HostFunction,
    valid_seconds: u64,
) -> Result<Unsigned, PrepareError> {
    let place = place(rpc, source, valid_seconds, None).await?;
    let tx = ready(rpc, place, source, INCLUSION_FEE, call).await?;
    Ok(handed::unsigned(tx, rpc.network().id(), place.bounds.max_time))
}

/// A signed transaction of classic operations, 1 to 100, all of `signer`'s own.
///
/// # Errors
/// When nobody answers or signs, or the account is not there.
pub async fn prepare_operations(
    rpc: &Rpc,
    signer: &Signer,
    operations: Vec<Operation>,
) -> Result<Signed, PrepareError> {
    let place = place(rpc, signer.address(), VALID_SECONDS, Some(VALID_LEDGERS)).await?;
    let tx = of(bytes_of(place.source), place.sequence, place.bounds, operations).ok_or(PrepareError::TooDear)?;
    Ok(sign(tx, rpc.network(), &[signer], place.bounds, place.ledger).await?)
}

/// Where a transaction shall stand.
#[derive(Clone, Copy)]
pub(super) struct Place {
    source: Address,
    pub(super) sequence: i64,
    pub(super) bounds: Bounds,
    /// The newest ledger.
    pub(super) ledger: u32,
}

pub(super) async fn place(
    rpc: &Rpc,
    source: Address,
    valid_seconds: u64,
    valid_ledgers: Option<u32>,
) -> Result<Place, PrepareError> {
    let account = rpc.account(source).await?.ok_or(PrepareError::NoAccount(source))?;
    let head = rpc.head().await?;
    // The ledger's own clock may be ahead of ours.
    let max_time = rpc.now().max(head.closed_at.unwrap_or(0)) + valid_seconds;
    let until_ledger = valid_ledgers.map_or(0, |ledgers| head.ledger.saturating_add(ledgers));
    let bounds = Bounds { max_time, until_ledger };
    Ok(Place { source, sequence: account.sequence + 1, bounds, ledger: head.ledger })
}

/// A transaction that is ready but for its signatures.
async fn ready(
    rpc: &Rpc,
    place: Place,
    actor: Address,
    bid: u32,
    call: HostFunction,
) -> Result<Transaction, PrepareError> {
    let apart = (actor != place.source).then(|| bytes_of(actor));
    let mut tx = unsigned(bytes_of(place.source), apart, place.sequence, place.bounds, call);

    let recorded = checked(rpc.simulate(&bare(tx.clone()), false).await?)?;
    let auth = match recorded.results().map_err(RpcError::from)?.into_iter().next() {
        Some(result) => by_source(result.auth, actor)?,
        None => Vec::new(),
    };
    authorize(&mut tx, auth).ok_or(PrepareError::TooDear)?;

    let enforced = checked(rpc.simulate(&bare(tx.clone()), true).await?)?;
    if enforced.restore_preamble.is_some() {
        return Err(PrepareError::Archived);
    }
    let data = enforced.transaction_data().map_err(RpcError::from)?;
    provision(&mut tx, data, bid).ok_or(PrepareError::TooDear)?;
    Ok(tx)
}

/// What a call would answer, without applying it.
///
/// # Errors
/// When the call would fail, or nobody answers.
pub async fn view(rpc: &Rpc, call: HostFunction) -> Result<ScVal, PrepareError> {
    let tx = unsigned(NOBODY, None, 1, Bounds { max_time: 0, until_ledger: 0 }, call);
    let answer = checked(rpc.simulate(&bare(tx), false).await?)?;
    let result = answer.results().map_err(RpcError::from)?.into_iter().next();
    result
        .map(|result| result.xdr)
        .ok_or_else(|| RpcError::Malformed("a simulation without a result".to_owned()).into())
}

pub(super) fn checked(answer: SimulateTransactionResponse) -> Result<SimulateTransactionResponse, PrepareError> {
    match &answer.error {
        Some(error) => Err(refusal(error)),
        None => Ok(answer),
    }
}

/// Reads the host's message. Its first error is that of the called contract; a
/// contract further down cannot put its own code there.
fn refusal(message: &str) -> PrepareError {
    let code = message.split_once("Error(Contract, #").and_then(|(before, rest)| {
        let first = !before.contains("Error(");
        let digits = rest.split_once(')')?.0;
        if first { digits.parse().ok() } else { None }
    });
    match code {
        Some(code) => PrepareError::Contract(code),
        None => PrepareError::Host(message.lines().next().unwrap_or("no reason given").to_owned()),
    }
}

/// The source account of the operation agrees by signing the transaction itself;
/// nobody else signs here.
fn by_source(
    auth: Vec<SorobanAuthorizationEntry>,
    source: Address,
) -> Result<Vec<SorobanAuthorizationEntry>, PrepareError> {
    auth.into_iter()
        .map(|mut entry| {
            let whose = match &entry.credentials {
                SorobanCredentials::SourceAccount => return Ok(entry),
                SorobanCredentials::Address(SorobanAddressCredentials { address, .. })
                | SorobanCredentials::AddressV2(SorobanAddressCredentials { address, .. }) => address,
                SorobanCredentials::AddressWithDelegates(with) => &with.address_credentials.address,
            };
            if *whose == source.to_xdr() {
                entry.credentials = SorobanCredentials::SourceAccount;
                return Ok(entry);
            }
            let name = Address::from_xdr(whose).map_or("another".to_owned(), |a| a.to_string());
            Err(PrepareError::Unauthorized(name))
        })
        .collect()
}

fn bytes_of(address: Address) -> [u8; 32] {
    match address {
        Address::Account(key) | Address::Contract(key) => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_own_code_is_told_from_the_hosts_reasons() {
        let check = |message: &str, expected: &str| {
            assert_eq!(refusal(message).to_string(), expected, "{message}");
        };
        check(
            "HostError: Error(Contract, #5)\n\nEvent log (newest first):\n   0: ...",
            "the contract refuses with error 5",
        );
        check(
            "HostError: Error(Context, InvalidAction)\n\nEvent log:\n  Error(Contract, #10)",
            "the call fails: HostError: Error(Context, InvalidAction)",
        );
        check("", "the call fails: no reason given");
    }
}
