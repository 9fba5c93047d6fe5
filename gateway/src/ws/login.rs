//! Who a connection is, and what becomes of all that it placed when it ends.

use std::time::Duration;

use berth_auth::{RECV_WINDOW_MS, Window, read_key, read_signature};
use berth_domain::{Address, Authority, CancelAll};
use berth_wire::json::parse_value;
use berth_wire::request::LogonRequest;
use berth_wire::response::LoggedOn;
use serde_json::Value;

use crate::caller::{Actor, Caller, Holder};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::Turn;

/// How often cancelling is tried while the node has more to do than it can.
const CANCEL_TRIES: u32 = 50;
const CANCEL_PAUSE: Duration = Duration::from_millis(100);

/// Who a connection is.
pub(super) struct Login {
    caller: Caller,
    cancel_on_disconnect: bool,
}

impl Login {
    /// The method that changes it.
    pub(super) const METHOD: &str = "session.logon";

    /// What the upgrade request showed.
    pub(super) const fn new(caller: Caller) -> Self {
        Self { caller, cancel_on_disconnect: false }
    }

    pub(super) const fn caller(&self) -> Caller {
        self.caller
    }

    /// Whether something is to be cancelled when the connection ends.
    pub(super) const fn cancels(&self) -> bool {
        self.cancel_on_disconnect
    }

    /// Makes the connection an account, by a key's signature or by the bearer
    /// token that it came with. It stays that account.
    pub(super) fn log_on(&mut self, node: &Node, session: u64, params: Value) -> Result<LoggedOn, Refusal> {
        let LogonRequest { key, ts, recv_window, sig, cancel_on_disconnect } = parse_value(params)?;
        let holder = match (key, self.caller) {
            (Some(key), _) => {
                let key = read_key(key.as_str()).ok_or_else(|| Refusal::malformed("key", "is not a public key, G…"))?;
                let timestamp = ts.ok_or_else(|| Refusal::malformed("ts", "is missing"))?;
                let sig = sig.ok_or_else(|| Refusal::malformed("sig", "is missing"))?;
                let sig =
                    read_signature(&sig).ok_or_else(|| Refusal::malformed("sig", "is not the base 64 of 64 bytes"))?;
                let recv_window = recv_window.and_then(|ms| u32::try_from(ms).ok()).unwrap_or(RECV_WINDOW_MS);
                node.log_on(key, Window { timestamp, recv_window }, &sig)?
            }
            (None, Caller::Account(holder)) => holder,
            (None, Caller::Anyone | Caller::Operator) => return Err(Refusal::malformed("key", "is missing")),
        };
        // What it has subscribed to and placed is the other's.
        if self.caller != Caller::Anyone && self.caller.account() != Some(holder.address) {
            return Err(Refusal::unauthorized("the connection is somebody else's already: open another"));
        }
        self.caller = Caller::Account(holder);
        self.cancel_on_disconnect = cancel_on_disconnect;
        let Holder { address, key, scopes } = holder;
        Ok(LoggedOn { address, key: key.map(Address), scopes: scopes.iter().collect(), session, cancel_on_disconnect })
    }

    /// Cancels all that the connection placed, in its account's name. The node
    /// says so itself, since the key may have been revoked by now.
    pub(super) async fn cancel(&self, node: &Node, session: u64) {
        let Some(address) = self.caller.account() else { return };
        let Some(account) = node.view.read(|x| x.account_by_address(address)) else { return };
        let actor = Actor { account, authority: Authority::OperatorAttested };
        for _ in 0..CANCEL_TRIES {
            let cancel = CancelAll { market: None, session: Some(session) };
            match node.submit(actor, cancel, Turn::any(), |_| None).await {
                Ok(_) => return,
                Err(refusal) if refusal.is_final() => {
                    tracing::warn!(session, ?refusal, "a session's orders and bids are not cancelled");
                    return;
                }
                Err(_) => tokio::time::sleep(CANCEL_PAUSE).await,
            }
        }
        tracing::error!(session, "a session's orders and bids could not be cancelled");
    }
}
