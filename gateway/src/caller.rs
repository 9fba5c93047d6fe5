//! Who asks, and in whose name they may act: the one place where that is
//! decided, for REST and WebSocket alike.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use berth_domain::{AccountId, Address, Authority, Code, Scope, Scopes};
use berth_wire::address::{Name, OpenIdentity, open_address};
use berth_wire::errors::EdgeCode;

use crate::clock::now;
use crate::node::Node;
use crate::problem::Refusal;
use crate::rate::Class;

/// Orders, what they come to, and their money.
pub(crate) const TRADE: Scopes = Scopes::EMPTY.with(Scope::Trade);
/// Hosts and what they run.
pub(crate) const PROVIDE: Scopes = Scopes::EMPTY.with(Scope::Provide);
/// Bids and quotes, and ending them: a trader's and a provider's.
pub(crate) const TRADE_OR_PROVIDE: Scopes = TRADE.with(Scope::Provide);

/// An account that has shown who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The account.
    pub(crate) address: Address,
    /// The registered key that it came with; none where it came with its own
    /// key, or with a bearer token.
    pub(crate) key: Option<[u8; 32]>,
    /// What it may do.
    pub(crate) scopes: Scopes,
}

/// What a caller's credentials make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// It showed none.
    Anyone,
    /// It showed the operator's token.
    Operator,
    /// It showed that it is an account.
    Account(Holder),
}

impl Caller {
    /// The account that asks, when one does.
    pub(crate) const fn account(&self) -> Option<Address> {
        match self {
            Self::Account(holder) => Some(holder.address),
            Self::Anyone | Self::Operator => None,
        }
    }

    /// Whether it may see what its providers are to run.
    pub(crate) const fn may_provide(&self) -> bool {
        match self {
            Self::Account(holder) => holder.scopes.contains(Scope::Provide),
            Self::Anyone | Self::Operator => true,
        }
    }

    /// Whether it may see what is its account's alone.
    pub(crate) const fn may_read(&self) -> bool {
        match self {
            Self::Account(holder) => holder.scopes.contains(Scope::Read),
            Self::Anyone | Self::Operator => true,
        }
    }

    /// Why the exchange believes what it says.
    pub(crate) const fn authority(&self) -> Authority {
        match self {
            Self::Account(Holder { key: Some(key), .. }) => Authority::KeyAttested { key: *key },
            Self::Account(Holder { key: None, .. }) | Self::Anyone | Self::Operator => Authority::OperatorAttested,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Every route that asks lies behind what looks at credentials.
        Ok(parts.extensions.get().copied().unwrap_or(Self::Anyone))
    }
}

/// The account that acts, and why that is believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor {
    pub(crate) account: AccountId,
    pub(crate) authority: Authority,
}

impl Node {
    /// Whether a caller may give a command that one of these scopes allows. In open
    /// mode who shows nothing may.
    pub(crate) fn may_change(&self, caller: Caller, scopes: Scopes) -> Result<(), Refusal> {
        match caller {
            Caller::Account(holder) if holder.scopes.meets(scopes) => Ok(()),
            Caller::Account(_) => {
                let names: Vec<_> = scopes.iter().map(Scope::as_str).collect();
                Err(Refusal::new(EdgeCode::Forbidden, format!("the key lacks the scope {}", names.join(" or "))))
            }
            Caller::Anyone | Caller::Operator if self.open => Ok(()),
            Caller::Operator => Err(Refusal::new(EdgeCode::Forbidden, "the operator's token is no account's")),
            Caller::Anyone => Err(Refusal::nobody()),
        }
    }

    /// Whether a caller may say which keys speak for its account: not with one of
    /// them, which may revoke itself alone.
    pub(crate) fn may_manage_keys(&self, caller: Caller, revoked: Option<[u8; 32]>) -> Result<(), Refusal> {
        match caller {
            Caller::Account(Holder { key: Some(key), .. }) if revoked != Some(key) => {
                Err(Refusal::new(EdgeCode::Forbidden, "a registered key may revoke itself, and no more of this"))
            }
            Caller::Account(_) => Ok(()),
            Caller::Anyone | Caller::Operator => self.may_change(caller, Scopes::EMPTY),
        }
    }

    /// The key that a name stands for: any name in open mode, else only a
    /// Stellar key.
    pub(crate) fn address(&self, name: &Name, field: &str) -> Result<Address, Refusal> {
        if self.open {
            return Ok(open_address(name).address);
        }
        name.key().ok_or_else(|| Refusal::malformed(field, "is not a Stellar public key, G…"))
    }

    /// The address that acts: the caller's own, which the request may name, too.
    /// In open mode a caller without an account is who the request says.
    fn acting(&self, caller: Caller, name: Option<&Name>, field: &str) -> Result<Option<Address>, Refusal> {
        let named = name.map(|name| self.address(name, field)).transpose()?;
        match (caller.account(), named) {
            (Some(own), Some(named)) if own != named => {
                Err(Refusal::new(EdgeCode::Forbidden, "this is not the account that asks").at(field))
            }
            (Some(own), _) => Ok(Some(own)),
            (None, named) => Ok(named),
        }
    }

    /// The address that asks for what is private: the caller's own, or in open
    /// mode the one that the request names. None where the operator asks.
    pub(crate) fn reader(&self, caller: Caller, name: Option<&Name>, field: &str) -> Result<Option<Address>, Refusal> {
        if caller == Caller::Anyone && !self.open {
            return Err(Refusal::nobody());
        }
        match self.acting(caller, name, field)? {
            None if caller == Caller::Anyone => Err(Refusal::malformed(field, "is missing")),
            asks => Ok(asks),
        }
    }

    /// What a caller is now: its key may have been revoked since the connection
    /// began, or registered again with other scopes.
    pub(crate) fn anew(&self, caller: Caller) -> Result<Caller, Refusal> {
        let Caller::Account(holder @ Holder { address, key: Some(key), .. }) = caller else { return Ok(caller) };
        let scopes = self.view.read(|x| {
            let registered = x.account_of_key(&key).filter(|(_, key)| key.is_live(now()));
            let own = registered.filter(|(owner, _)| x.account_by_address(address) == Some(*owner));
            own.map(|(_, key)| key.scopes)
        });
        let scopes = scopes.ok_or_else(|| Refusal::from(Code::KeyNotAllowed))?;
        Ok(Caller::Account(Holder { scopes, ..holder }))
    }

    /// Whether a caller may follow what is its account's alone now.
    pub(crate) fn may_follow(&self, caller: Caller) -> Result<(), Refusal> {
        let is_keys = matches!(caller, Caller::Account(Holder { key: Some(_), .. }));
        if self.anew(caller)?.may_read() || !is_keys {
            Ok(())
        } else {
            Err(Refusal::new(EdgeCode::Forbidden, "the key lacks the scope read"))
        }
    }

    /// Counts a command against its account that was refused before it became one.
    pub(crate) fn count_refused(&self, caller: Caller, class: Class) -> Result<(), Refusal> {
        let account = caller.account().and_then(|address| self.view.read(|x| x.account_by_address(address)));
        account.map_or(Ok(()), |account| self.limiter.refused(account, class))
    }

    /// The account that acts. In open mode one that is new is provisioned.
    pub(crate) async fn actor(&self, caller: Caller, name: Option<&Name>, field: &str) -> Result<Actor, Refusal> {
        let address = self.acting(caller, name, field)?.ok_or_else(|| Refusal::malformed(field, "is missing"))?;
        let known = self.view.read(|x| x.account_by_address(address));
        let account = match (known, &self.provisioning) {
            (Some(account), _) => account,
            (None, Some(provisioning)) if self.open => {
                let named = name.map(open_address).filter(|who| who.address == address);
                provisioning.account(named.unwrap_or(OpenIdentity { address, seed: None })).await?
            }
            (None, _) => return Err(Refusal::from(Code::UnknownAccount).at(field)),
        };
        Ok(Actor { account, authority: caller.authority() })
    }

    /// The account that acts, which is not made for it: who has none has nothing
    /// to be changed.
    pub(crate) fn known(&self, caller: Caller, name: Option<&Name>, field: &str) -> Result<Actor, Refusal> {
        let address = self.acting(caller, name, field)?.ok_or_else(|| Refusal::malformed(field, "is missing"))?;
        let account = self.view.read(|x| x.account_by_address(address));
        let account = account.ok_or_else(|| Refusal::from(Code::UnknownAccount).at(field))?;
        Ok(Actor { account, authority: caller.authority() })
    }

    /// The account that acts on a thing: the caller or the one named, else the
    /// thing's owner. Owners are known, so a name that is not is somebody
    /// else's; what the account may do with the thing is the exchange's to say.
    pub(crate) fn actor_on(
        &self,
        caller: Caller,
        name: Option<&Name>,
        field: &'static str,
        owner: AccountId,
    ) -> Result<Actor, Refusal> {
        let authority = caller.authority();
        let Some(address) = self.acting(caller, name, field)? else { return Ok(Actor { account: owner, authority }) };
        let account = self.view.read(|x| x.account_by_address(address));
        let account = account.ok_or_else(|| Refusal::from(Code::NotYours).at(field))?;
        Ok(Actor { account, authority })
    }
}
