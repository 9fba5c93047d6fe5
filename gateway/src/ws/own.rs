//! What of the log is an account's own: its orders, bids, leases and money.

use berth_domain::{AccountId, Address, Seq};
use berth_exchange::Exchange;
use berth_wire::channel::OwnState;
use berth_wire::frame::Subscribe;

use crate::caller::Caller;
use crate::frame::{Frame, Own};
use crate::limits::SNAPSHOT_MAX;
use crate::live::LiveLeases;
use crate::node::Node;
use crate::problem::Refusal;

pub(super) struct OwnSource {
    channel: Own,
    caller: Caller,
    address: Address,
    /// Known once the address has an account.
    account: Option<AccountId>,
}

impl OwnSource {
    /// The account that a subscription is for: the caller's own; in open mode, or
    /// where the operator asks, the one named.
    pub(super) fn new(node: &Node, caller: Caller, channel: Own, wanted: &Subscribe) -> Result<Self, Refusal> {
        node.may_follow(caller)?;
        let address = node.reader(caller, wanted.address.as_ref(), "address")?;
        let address = address.ok_or_else(|| Refusal::malformed("address", "is missing"))?;
        Ok(Self { channel, caller, address, account: None })
    }

    /// Why it does not go on, when it does not: its caller's key may have been
    /// revoked.
    pub(super) fn ended(&self, node: &Node) -> Option<Refusal> {
        node.may_follow(self.caller).err()
    }

    pub(super) const fn ch(&self) -> &'static str {
        self.channel.as_str()
    }

    pub(super) const fn wants_money(&self) -> bool {
        matches!(self.channel, Own::Balances)
    }

    /// Looks the account up that may have been opened by now. The view has an
    /// account before any frame that concerns it can be read.
    pub(super) fn know(&mut self, node: &Node) {
        if self.account.is_none() {
            self.account = node.view.read(|x| x.account_by_address(self.address));
        }
    }

    /// What it brings of an entry.
    pub(super) fn body(&self, frame: &Frame, live: bool) -> Option<String> {
        let account = self.account?;
        let events = frame.own(self.channel, account)?;
        let money = if live && self.wants_money() { frame.money(account) } else { None };
        Some(match money {
            Some(money) => {
                let money = serde_json::to_string(money).expect("texts and numbers are JSON");
                format!(r#""events":[{events}],"balances":[{money}]"#)
            }
            None => format!(r#""events":[{events}]"#),
        })
    }

    /// What there is behind an entry, as a field of a frame.
    pub(super) fn snapshot(&self, node: &Node) -> (Seq, String) {
        let (seq, state) = node.view.read_live(|x, live| {
            let account = x.account_by_address(self.address);
            (x.head(), state(self.channel, account, x, live))
        });
        let text = serde_json::to_string(&state).expect("texts and numbers are JSON");
        // One object with one field, whose value ends with a bracket of its own.
        let field = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        (seq, field.to_owned())
    }
}

fn state(channel: Own, account: Option<AccountId>, x: &Exchange, live: &LiveLeases) -> OwnState {
    let mut state = OwnState::default();
    match channel {
        Own::Orders => {
            let newest = account.into_iter().flat_map(|account| x.live_orders(account)).take(SNAPSHOT_MAX);
            let mut orders: Vec<_> = newest.map(|order| berth_render::order(x, order)).collect();
            orders.reverse();
            state.orders = Some(orders);
        }
        Own::Bids => {
            let bids = account.map(|account| x.live_bids_of(account)).unwrap_or_default();
            let newest = &bids[bids.len().saturating_sub(SNAPSHOT_MAX)..];
            state.bids = Some(newest.iter().map(|bid| berth_render::bid(x, bid)).collect());
        }
        Own::Leases => {
            let newest = account.into_iter().flat_map(|account| live.newest(account)).take(SNAPSHOT_MAX);
            let mut leases: Vec<_> =
                newest.filter_map(|id| x.lease(id)).map(|lease| berth_render::lease(x, lease)).collect();
            leases.reverse();
            state.leases = Some(leases);
        }
        Own::Balances => {
            state.balances = Some(account.into_iter().map(|account| berth_render::balance(x, account)).collect());
        }
    }
    state
}
