//! Registering and revoking the keys that speak for an account.

use berth_domain::{Address, Code, Micros, RevokeKey, Scopes};
use berth_wire::address::Name;
use berth_wire::errors::EdgeCode;
use berth_wire::request::RegisterKeyRequest;
use berth_wire::response::{AccountKey, Acknowledged, Changed};

use crate::caller::Caller;
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;

/// Registers a key with the caller's account. Only the account itself may.
pub(crate) async fn register(
    node: &Node,
    caller: Caller,
    name: &Name,
    request: RegisterKeyRequest,
    turn: Turn,
) -> Result<Changed<AccountKey>, Refusal> {
    node.may_manage_keys(caller, None)?;
    let command = request.parse()?;
    node.may_begin()?;
    let account = caller.account().map_or_else(|| node.address(name, "address"), Ok)?;
    let actor = node.actor(caller, Some(name), "address").await?;
    // The exchange takes the proof as it is: an auditor checks it as we do.
    if !command.is_proven(node.log_id, account) {
        return Err(Refusal::malformed("proof", "is not the key's signature for this account in this log"));
    }
    let registered = shown(command.key, command.scopes, command.expires_at);
    let done = node.submit(actor, command, turn, field).await?;
    Ok(Changed::new(registered, done.seq, done.entry_hash))
}

/// Revokes a key of the caller's account: the account itself, or the key.
pub(crate) async fn revoke(
    node: &Node,
    caller: Caller,
    name: &Name,
    key: Address,
    turn: Turn,
) -> Result<Acknowledged, Refusal> {
    node.may_manage_keys(caller, Some(key.0))?;
    let actor = node.known(caller, Some(name), "address")?;
    let done = node.submit(actor, RevokeKey { key: key.0 }, turn, field).await?;
    Ok(Acknowledged { seq: done.seq.0, entry_hash: done.entry_hash })
}

/// The keys of the caller's account that are live.
pub(crate) fn list(node: &Node, caller: Caller, name: &Name) -> Result<Vec<AccountKey>, Refusal> {
    let Some(address) = node.reader(caller, Some(name), "address")? else {
        return Err(EdgeCode::Forbidden.into());
    };
    node.view.read(|x| {
        let account = x.account_by_address(address).ok_or_else(|| Refusal::from(Code::UnknownAccount).at("address"))?;
        Ok(x.keys(account).map(|key| shown(key.key, key.scopes, key.expires_at)).collect())
    })
}

fn shown(key: [u8; 32], scopes: Scopes, expires_at: Option<Micros>) -> AccountKey {
    AccountKey { key: Address(key), scopes: scopes.iter().collect(), expires_at: expires_at.map(|at| at.0) }
}

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::UnknownKey | Code::KeyTaken | Code::TooManyKeys => Some("key"),
        Code::TimeInPast => Some("expiresAt"),
        Code::OutOfBounds => Some("scopes"),
        _ => None,
    }
}
