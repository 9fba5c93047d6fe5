//! What a payment has to be, as far as it shows by itself, and what its
//! simulation has to say. Pure: nobody is asked.

use stellar_xdr::{
    ContractEventBody, ContractEventType, DiagnosticEvent, HostFunction, Int128Parts, InvokeContractArgs, Limits,
    MuxedAccount, OperationBody, ReadXdr, ScVal, SorobanAddressCredentials, SorobanAuthorizationEntry,
    SorobanAuthorizedFunction, SorobanCredentials, TransactionEnvelope, Uint256,
};

use super::message::{SCHEME, Terms, VERSION};
use super::{Fault, Payload};
use crate::chain::Address;

/// Bytes of the longest envelope that is read. One transfer has about 1,000.
const BYTES_MAX: usize = 16 * 1024;
/// How deep XDR may be nested.
const DEPTH_MAX: u32 = 200;
/// How long a ledger takes, in seconds, as x402 has it where nobody knows better.
const LEDGER_SECONDS: u64 = 5;
/// Ledgers by which an authorization may last longer: the payer's newest ledger may
/// be ahead of ours.
const LEDGERS_AHEAD: u32 = 2;

/// A transfer that its payer has authorized, as far as that shows without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who pays.
    pub payer: Address,
    /// The payer's own number of this authorization, which the ledger takes once.
    pub nonce: i64,
    /// The last ledger in which it is good.
    pub expires: u32,
    pub(super) call: HostFunction,
    pub(super) auth: SorobanAuthorizationEntry,
}

/// Reads a payment for `terms`. None of our `own` accounts may be anything in it
/// but the recipient.
///
/// # Errors
/// What is wrong with it.
pub fn read(payload: &Payload, terms: &Terms, own: &[Address]) -> Result<Transfer, Fault> {
    accepted(payload, terms)?;
    let (args, call, auth) = operation(&payload.payload.transaction, own)?;
    if Address::from_xdr(&args.contract_address) != Some(terms.asset) {
        return Err(Fault::Asset);
    }
    let [from, to, amount] = args.args.as_slice() else { return Err(Fault::Function) };
    if args.function_name.0.as_slice() != b"transfer" {
        return Err(Fault::Function);
    }
    let payer = address(from).ok_or(Fault::Payer)?;
    if own.contains(&payer) {
        return Err(Fault::OwnPayer);
    }
    // A contract's check of its signatures is code of whoever wrote it, and there is
    // no account of the exchange that it could be.
    if !matches!(payer, Address::Account(_)) {
        return Err(Fault::Payer);
    }
    if address(to) != Some(terms.pay_to) {
        return Err(Fault::Recipient);
    }
    if amount_of(amount) != Some(terms.amount.get().into()) {
        return Err(Fault::Amount);
    }
    let (nonce, expires) = authorized(&auth, &args, payer, own)?;
    let [auth] = <[_; 1]>::try_from(auth).map_err(|_| Fault::OtherAuth)?;
    Ok(Transfer { payer, nonce, expires, call, auth })
}

/// The terms that the payer repeats are the ones that are asked for now.
fn accepted(payload: &Payload, terms: &Terms) -> Result<(), Fault> {
    let (accepted, wanted) = (&payload.accepted, terms.requirements());
    if payload.x402_version != VERSION {
        Err(Fault::Version)
    } else if accepted.scheme != SCHEME {
        Err(Fault::Scheme)
    } else if accepted.network != wanted.network {
        Err(Fault::Network)
    } else if (&accepted.amount, &accepted.asset, &accepted.pay_to) != (&wanted.amount, &wanted.asset, &wanted.pay_to) {
        Err(Fault::Requirements)
    } else {
        Ok(())
    }
}

/// The one call in an envelope, with what authorizes it.
fn operation(
    envelope: &str,
    own: &[Address],
) -> Result<(InvokeContractArgs, HostFunction, Vec<SorobanAuthorizationEntry>), Fault> {
    if envelope.len() > BYTES_MAX {
        return Err(Fault::Malformed);
    }
    let limits = Limits { depth: DEPTH_MAX, len: BYTES_MAX };
    let envelope = TransactionEnvelope::from_xdr_base64(envelope, limits).map_err(|_| Fault::Malformed)?;
    let TransactionEnvelope::Tx(envelope) = envelope else { return Err(Fault::Malformed) };
    let tx = envelope.tx;
    let is_own = |account: &MuxedAccount| own.contains(&Address::Account(key_of(account)));
    let [operation] = tx.operations.as_slice() else { return Err(Fault::Operation) };
    if is_own(&tx.source_account) || operation.source_account.as_ref().is_some_and(is_own) {
        return Err(Fault::Source);
    }
    let OperationBody::InvokeHostFunction(op) = &operation.body else { return Err(Fault::Operation) };
    let HostFunction::InvokeContract(args) = &op.host_function else { return Err(Fault::Operation) };
    Ok((args.clone(), op.host_function.clone(), op.auth.to_vec()))
}

/// The nonce and the last ledger of an authorization by the payer of this call
/// and nothing else.
fn authorized(
    auth: &[SorobanAuthorizationEntry],
    args: &InvokeContractArgs,
    payer: Address,
    own: &[Address],
) -> Result<(i64, u32), Fault> {
    let mut found = None;
    for entry in auth {
        let SorobanCredentials::Address(credentials) = &entry.credentials else { return Err(Fault::Credentials) };
        let SorobanAddressCredentials { address, nonce, signature_expiration_ledger, signature } = credentials;
        let who = Address::from_xdr(address).ok_or(Fault::Credentials)?;
        if own.contains(&who) {
            return Err(Fault::OwnAuth);
        }
        if !entry.root_invocation.sub_invocations.is_empty() {
            return Err(Fault::SubInvocations);
        }
        let is_call =
            matches!(&entry.root_invocation.function, SorobanAuthorizedFunction::ContractFn(of) if of == args);
        if who != payer || !is_call || found.is_some() {
            return Err(Fault::OtherAuth);
        }
        if *signature == ScVal::Void {
            return Err(Fault::Unsigned);
        }
        found = Some((*nonce, *signature_expiration_ledger));
    }
    found.ok_or(Fault::NoAuth)
}

impl Transfer {
    /// Whether the authorization is good in the next ledger, and lasts no longer
    /// than asked for.
    ///
    /// # Errors
    /// When it is over, or lasts too long.
    pub fn check_time(&self, head: u32, timeout_seconds: u64) -> Result<(), Fault> {
        let ledgers = u32::try_from(timeout_seconds.div_ceil(LEDGER_SECONDS)).unwrap_or(u32::MAX);
        if self.expires <= head {
            Err(Fault::Expired)
        } else if self.expires > head.saturating_add(ledgers).saturating_add(LEDGERS_AHEAD) {
            Err(Fault::TooFar)
        } else {
            Ok(())
        }
    }
}

/// What a simulation says that contracts did has to be that one transfer.
///
/// # Errors
/// When it is more, less or another.
pub fn check_events(events: &[DiagnosticEvent], transfer: &Transfer, terms: &Terms) -> Result<(), Fault> {
    let mut moved = 0;
    for event in events.iter().map(|event| &event.event) {
        if event.type_ != ContractEventType::Contract {
            continue;
        }
        let ContractEventBody::V0(body) = &event.body;
        let [name, from, to, ..] = body.topics.as_slice() else { return Err(Fault::EventOther) };
        if !matches!(name, ScVal::Symbol(name) if name.as_slice() == b"transfer") {
            return Err(Fault::EventOther);
        }
        let contract = event.contract_id.as_ref().map(|id| Address::Contract(id.0.0));
        if contract != Some(terms.asset) {
            return Err(Fault::EventAsset);
        }
        if address(from) != Some(transfer.payer) {
            return Err(Fault::EventFrom);
        }
        if address(to) != Some(terms.pay_to) {
            return Err(Fault::EventTo);
        }
        if amount_of(&body.data) != Some(terms.amount.get().into()) {
            return Err(Fault::EventAmount);
        }
        moved += 1;
    }
    match moved {
        0 => Err(Fault::EventNone),
        1 => Ok(()),
        _ => Err(Fault::EventMany),
    }
}

fn address(value: &ScVal) -> Option<Address> {
    match value {
        ScVal::Address(address) => Address::from_xdr(address),
        _ => None,
    }
}

fn amount_of(value: &ScVal) -> Option<i128> {
    match value {
        ScVal::I128(Int128Parts { hi, lo }) => Some(i128::from(*hi) << 64 | i128::from(*lo)),
        _ => None,
    }
}

fn key_of(account: &MuxedAccount) -> [u8; 32] {
    match account {
        MuxedAccount::Ed25519(Uint256(key)) => *key,
        MuxedAccount::MuxedEd25519(muxed) => muxed.ed25519.0,
    }
}

#[cfg(test)]
mod tests;
