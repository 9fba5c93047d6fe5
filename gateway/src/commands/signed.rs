//! Commands that carry the signature of whoever gives them. They prove
//! themselves: no other credentials are asked for, and none is believed instead.

use berth_domain::{Code, Command, PlaceOrder, Verify};
use berth_exchange::{Exchange, Reply, SIGNATURE_LIFE};
use berth_journal::{Kept, Sealed};
use berth_wire::address::Name;
use berth_wire::errors::{EdgeCode, Problem, refusal};
use berth_wire::json::Malformed;
use berth_wire::request::{NewSigned, Private, SignedRequest, placed};
use berth_wire::response::Submitted;

use super::unknown;
use crate::caller::{Actor, Caller};
use crate::clock::now;
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::{Done, Turn};

/// Has a signed command sequenced, when its signature is good in this log.
pub(crate) async fn submit(node: &Node, request: SignedRequest, turn: Turn) -> Result<Submitted, Refusal> {
    let signed = request.parse()?;
    is_offered(&signed.command)?;
    if signed.authority.is_signature_of(node.log_id, &signed.command) != Some(true) {
        let detail = "is not by this key over this log's id, the nonce and the command";
        return Err(Refusal::new(EdgeCode::Unauthorized, detail).at("signature"));
    }
    if let Command::RegisterKey(register) = &signed.command
        && !register.is_proven(node.log_id, signed.account)
    {
        let detail = "has a proof that is not by the new key over this log's id and the account";
        return Err(Refusal::malformed("command", detail));
    }
    check_key(node, &signed)?;
    let NewSigned { account, authority, command, private } = signed;
    check_session(&command, &turn)?;
    let name = Name::from(account);
    let kept = match (private, placed(&command)) {
        (Some(private), Some(place)) => {
            check_market(node, &private, place)?;
            node.may_begin()?;
            Some((private, place.spec_hash))
        }
        _ => None,
    };
    // Nobody's credentials count here but the signature.
    let Actor { account, .. } = node.actor(Caller::Anyone, Some(&name), "address").await?;
    // Now, and not before: keys of nobody's could fill what is remembered.
    if let (Some(key), Some(nonce)) = (authority.key(), authority.nonce()) {
        node.identity.accept_command(key, nonce)?;
    }
    let kept = match kept {
        Some((private, hash)) => {
            let sealed = Sealed::salted(private.salt, &private.specification);
            debug_assert_eq!(sealed.hash(), hash, "the request was parsed");
            Some(keep(node, sealed).await?)
        }
        None => None,
    };
    let kind = command.name();
    let done = node.submit_with(kept, Actor { account, authority }, command, turn, field).await?;
    Ok(node.view.read(|x| submitted(x, kind, &done)))
}

/// What comes signed must not get around what the node does not offer.
fn is_offered(command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Genesis(_)
        | Command::Tick(_)
        | Command::Resumed(_)
        | Command::OpenAccount(_)
        | Command::Deposit(_)
        | Command::WithdrawalRequested(_)
        | Command::Withdrawn(_)
        | Command::WithdrawalCancelled(_)
        | Command::Escrowed(_)
        | Command::EscrowFailed(_)
        | Command::SettlementPaid(_)
        | Command::LedgerSeen(_)
        | Command::SettlementRefunded(_)
        | Command::StakeFact(_)
        | Command::ToppedUp(_)
        | Command::TopUpFailed(_) => Err(Refusal::from(Code::NotTheExchange).at("command")),
        Command::PlaceOrder(_) | Command::ReplaceOrder(_)
            if placed(command).is_some_and(|place| place.verify == Verify::Spot) =>
        {
            Err(Malformed::not_offered("command", "verify: spot").into())
        }
        Command::RegisterProvider(_)
        | Command::UpdateProvider(_)
        | Command::PlaceBid(_)
        | Command::CancelBid(_)
        | Command::AmendBid(_)
        | Command::ReplaceBid(_)
        | Command::MassQuote(_)
        | Command::PlaceOrder(_)
        | Command::CancelOrder(_)
        | Command::AmendOrder(_)
        | Command::ReplaceOrder(_)
        | Command::AcceptBid(_)
        | Command::CancelAll(_)
        | Command::SetDeadMan(_)
        | Command::SetMandate(_)
        | Command::RegisterKey(_)
        | Command::RevokeKey(_)
        | Command::TopUpLease(_)
        | Command::StartLease(_)
        | Command::Heartbeat(_)
        | Command::LeaseBacklog(_)
        | Command::FinishLease(_)
        | Command::StopLease(_)
        | Command::OpenMarket(_)
        | Command::PauseMarket(_)
        | Command::ResumeMarket(_)
        | Command::CycleMarket(_)
        | Command::Reconfigure(_)
        | Command::Upgrade(_)
        | Command::Attest(_) => Ok(()),
    }
}

/// Whoever holds a signed command can send it as often as they like. What has
/// been used, is too old or is by a key of nobody's is turned away here, or each
/// time would be an entry of the log; the exchange decides.
fn check_key(node: &Node, signed: &NewSigned) -> Result<(), Refusal> {
    let (Some(key), Some(nonce)) = (signed.authority.key(), signed.authority.nonce()) else { return Ok(()) };
    let now = now();
    if nonce.abs_diff(now.0) > SIGNATURE_LIFE.micros() {
        let detail = format!("the command was signed at {nonce}, and it is {} here", now.0);
        return Err(Refusal::from(Problem::new(refusal(Code::SignatureExpired), detail)).at("nonce"));
    }
    let last = node.view.read(|x| {
        let account = x.account_by_address(signed.account);
        if signed.account.0 == *key {
            return Some(account.and_then(|account| x.account(account)).map_or(0, berth_exchange::Account::nonce));
        }
        let registered = x.account_of_key(key).filter(|(owner, _)| Some(*owner) == account);
        registered.map(|(_, registered)| registered.nonce)
    });
    match last {
        None => Err(Refusal::from(Code::KeyNotAllowed).at("key")),
        Some(last) if nonce <= last => Err(Refusal::from(Code::NonceUsed).at("nonce")),
        Some(_) => Ok(()),
    }
}

/// A session is the connection's own, or its owner's `cancel.all` would not be
/// what they think.
fn check_session(command: &Command, turn: &Turn) -> Result<(), Refusal> {
    let session = match command {
        Command::PlaceOrder(place) => place.session,
        Command::ReplaceOrder(replace) => replace.place.session,
        Command::PlaceBid(place) => place.session,
        Command::ReplaceBid(replace) => replace.place.session,
        Command::MassQuote(mass) => mass.session,
        Command::CancelAll(cancel) => cancel.session,
        _ => None,
    };
    match session {
        Some(_) if session != turn.session => {
            Err(Refusal::malformed("command", "names a session that is not this connection's"))
        }
        _ => Ok(()),
    }
}

/// The market is that of the specification.
fn check_market(node: &Node, private: &Private, place: &PlaceOrder) -> Result<(), Refusal> {
    let market = node.view.read(|x| x.market_of(&private.class).map(|market| market.id));
    match market {
        None => Err(unknown(Code::UnknownMarket, "specification.gpu")),
        Some(market) if market != place.market => {
            Err(Refusal::malformed("specification.gpu", "is not of the market that the signed command names"))
        }
        Some(_) => Ok(()),
    }
}

async fn keep(node: &Node, sealed: Sealed) -> Result<Kept, Refusal> {
    let private = node.private.clone();
    match tokio::task::spawn_blocking(move || private.keep(&sealed)).await {
        Ok(Ok(kept)) => Ok(kept),
        Ok(Err(error)) => {
            tracing::error!(%error, "a specification cannot be kept");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

fn submitted(x: &Exchange, kind: &str, done: &Done) -> Submitted {
    let mut submitted = Submitted {
        kind: kind.to_owned(),
        repeated: done.repeated,
        provider_id: None,
        order_id: None,
        bid_id: None,
        lease_id: None,
        market: None,
        seq: done.seq.0,
        entry_hash: done.entry_hash,
    };
    match done.reply {
        Reply::None | Reply::Account(_) => {}
        Reply::Provider(id) => submitted.provider_id = Some(id.0.into()),
        Reply::Order(id) => submitted.order_id = Some(id.0),
        Reply::Bid(id) => submitted.bid_id = Some(id.0),
        Reply::Lease(id) => submitted.lease_id = Some(id.0),
        Reply::Market(id) => submitted.market = x.market(id).map(|market| market.class.to_string()),
    }
    submitted
}

fn field(code: Code) -> Option<&'static str> {
    match code {
        Code::UnknownAccount => Some("address"),
        Code::NonceUsed | Code::SignatureExpired => Some("nonce"),
        Code::KeyNotAllowed => Some("key"),
        _ => Some("command"),
    }
}
