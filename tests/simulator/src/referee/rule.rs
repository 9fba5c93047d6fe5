//! The rules in words, as a failing run names them.

use super::Violation;

/// A rule of the design.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule(&'static str);

impl Rule {
    pub(crate) const fn broken(self, detail: String) -> Violation {
        Violation { rule: self.0, detail }
    }
}

pub(crate) const PANIC: Rule = Rule("no entry makes the exchange panic");
pub(crate) const LOG: Rule = Rule("the log is one that the exchange can read");
pub(crate) const REFUSAL: Rule = Rule("a refusal or a repetition changes nothing and is told as such");
pub(crate) const MONEY: Rule = Rule("money is conserved");
pub(crate) const HOLD: Rule = Rule("what is held or in an escrow belongs to a live order or lease");
pub(crate) const CAPACITY: Rule = Rule("no provider is leased beyond its inventory, and none of it is lost");
pub(crate) const TRADING: Rule = Rule("orders and bids say what became of them");
pub(crate) const BOOK: Rule = Rule("the book is what the open orders and bids are");
pub(crate) const CROSSED: Rule = Rule("nothing that could trade rests side by side");
pub(crate) const PRIORITY: Rule = Rule("price goes first, then trust, then time");
pub(crate) const LEASE: Rule = Rule("a lease is what its order and bid agreed on");
pub(crate) const RESOLVED: Rule = Rule("every lease is closed and settled in the end");
pub(crate) const TIMERS: Rule =
    Rule("timers fire when they are due: no earlier, no later, and not for the node's own absence");
pub(crate) const EVIDENCE: Rule = Rule("pay follows the evidence");
pub(crate) const RUNWAY: Rule = Rule("a lease's funds end when they are used up, and a top-up adds what it costs");
pub(crate) const STANDBY: Rule = Rule("a standby waits unpaid for its lease to fail, and takes over what is left");
pub(crate) const GANG: Rule = Rule("a gang is all or nothing");
pub(crate) const MANDATE: Rule = Rule("a mandate is never exceeded, and holds up nothing that it allows");
pub(crate) const VERIFY: Rule =
    Rule("a result that is checked is paid when it is, and its verdict is what others found");
pub(crate) const TRUST: Rule = Rule("trust is what was earned, staked, attested or granted");
pub(crate) const SLASH: Rule = Rule("stake that is forfeited goes to who was harmed, once, within its bounds");
pub(crate) const OPERATOR: Rule = Rule("the operator's changes come when and as they were announced");
pub(crate) const PAUSED: Rule = Rule("nothing trades in a paused market");
pub(crate) const AGE: Rule = Rule("what rests keeps its age until its owner changes it");
pub(crate) const KEYS: Rule =
    Rule("a key speaks for the account that let it, of what and for as long as it may, and signs a thing once");
pub(crate) const ONCE: Rule = Rule("a command with a client id is carried out once");
pub(crate) const FACTS: Rule = Rule("a fact of the chain counts once, and counts");
pub(crate) const CHAIN: Rule = Rule("the chain and the ledger agree whenever nothing is under way");
pub(crate) const CONTRACT: Rule = Rule("the contract holds what its books say");
pub(crate) const ACKNOWLEDGED: Rule = Rule("what was acknowledged stays true");
pub(crate) const DURABLE: Rule = Rule("what was durable stays in the log");
pub(crate) const RESTART: Rule = Rule("a restarted node equals one that never stopped");
pub(crate) const FOLLOWER: Rule = Rule("a follower equals the node");
