//! Accounts: their money, their dead-man timers, and the client ids that they
//! have used.

use berth_domain::{
    AccountId, Address, ClientId, Code, Command, DeadManSet, Micros, OpenAccount, ReplaceBid, ReplaceOrder, SetDeadMan,
    TrustLevel,
};

use super::keys::Key;
use super::mandate::Watched;
use super::trust::Standing;
use super::{Answer, Oracle, Reply, Rule};

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) address: Address,
    pub(crate) level: TrustLevel,
    /// All that is its own: free, held, escrowed or on its way out.
    pub(crate) money: i128,
    pub(crate) withdrawing: i128,
    /// What trust in it rests on.
    pub(crate) standing: Standing,
    /// What it lets be done in its name, when that is limited.
    pub(crate) watched: Option<Watched>,
    pub(super) dead_man: Option<DeadMan>,
    /// Of the last command that was carried out of those that its own key signed.
    pub(crate) nonce: u64,
    /// Keys that speak for it, and some that did, in the order in which they came.
    pub(crate) keys: Vec<Key>,
    /// Client ids that are remembered, the oldest first.
    pub(super) names: Vec<Name>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct DeadMan {
    pub(super) millis: u32,
    pub(super) deadline: Micros,
}

#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) id: ClientId,
    /// What a repeat says again.
    pub(super) command: Command,
    pub(super) reply: Reply,
    /// Whether no more were used since than are remembered in any case.
    pub(super) is_among_the_last: bool,
}

impl Account {
    pub(super) const fn new(id: AccountId, address: Address, level: TrustLevel) -> Self {
        Self {
            id,
            address,
            level,
            money: 0,
            withdrawing: 0,
            standing: Standing::new(level),
            watched: None,
            dead_man: None,
            nonce: 0,
            keys: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The time after which its dead-man timer fires; zero when it is not
    /// armed.
    pub(crate) fn dead_man_millis(&self) -> u32 {
        self.dead_man.map_or(0, |armed| armed.millis)
    }
}

impl Oracle {
    pub(crate) fn find_account(&self, id: AccountId) -> Option<&Account> {
        super::nth(&self.accounts, id.0.into())
    }

    pub(super) fn account(&self, id: AccountId) -> &Account {
        self.find_account(id).expect("who owns something has an account")
    }

    pub(super) fn account_mut(&mut self, id: AccountId) -> &mut Account {
        &mut self.accounts[id.0 as usize - 1]
    }

    pub(super) fn open_account(&mut self, open: &OpenAccount) -> Answer {
        let known = self.accounts.iter().any(|account| account.address == open.address);
        let reply = Reply::Account(self.account_of(open.address));
        if known { Answer::Repeated(reply) } else { Answer::Done(reply) }
    }

    /// What its live orders hold, and what is held for top-ups and standbys.
    pub(crate) fn held(&self, account: AccountId) -> i128 {
        let orders = self.orders.iter().filter(|order| order.account == account).map(|order| order.hold());
        orders.sum::<i128>() + self.topping_up(account) + self.standing_by(account)
    }

    /// What the escrows of its leases hold.
    pub(crate) fn in_escrow(&self, account: AccountId) -> i128 {
        let own = self.leases.iter().filter(|lease| lease.tenant == account);
        own.filter(|lease| lease.has_escrow()).map(super::Lease::escrow).sum()
    }

    /// What is left of its money beside all that it is used for: less than
    /// nothing when the chain has paid out what the exchange had used.
    fn left(&self, account: AccountId) -> i128 {
        let (money, withdrawing) = (self.account(account).money, self.account(account).withdrawing);
        money - withdrawing - self.held(account) - self.in_escrow(account)
    }

    pub(crate) fn available(&self, account: AccountId) -> i128 {
        self.left(account).max(0)
    }

    pub(crate) fn owed(&self, account: AccountId) -> i128 {
        (-self.left(account)).max(0)
    }

    /// Carries a command out unless its client id says that it was carried out
    /// before, and then remembers what it answered.
    pub(super) fn named(
        &mut self,
        id: Option<ClientId>,
        act: impl FnOnce(&mut Self) -> Result<Reply, Code>,
    ) -> Result<Answer, Code> {
        let account = self.step.account;
        let Some(id) = id else { return act(self).map(Answer::Done) };
        let command = content(self.step.command.as_ref().expect("an entry is being applied"));
        if let Some(name) = self.account(account).names.iter().find(|name| name.id == id) {
            let (is_same, reply) = (name.command == command, name.reply);
            self.reach(if is_same { Rule::ClientIdRepeated } else { Rule::ClientIdReused });
            return if is_same { Ok(Answer::Repeated(reply)) } else { Err(Code::ClientIdReused) };
        }
        let reply = act(self)?;
        let window = self.rules().bounds.client_ids as usize;
        let names = &mut self.account_mut(account).names;
        names.push(Name { id, command, reply, is_among_the_last: true });
        let older = names.len().saturating_sub(window);
        // The last are the last of those that are among them: what has once
        // become old stays old, also when more are remembered from now on.
        names[..older].iter_mut().for_each(|name| name.is_among_the_last = false);
        Ok(Answer::Done(reply))
    }

    /// Of the client ids that an account has used, the last ones are remembered,
    /// and of those before them the ids of what lives.
    pub(super) fn forget_names(&mut self) {
        for i in 0..self.accounts.len() {
            let mut names = std::mem::take(&mut self.accounts[i].names);
            names.retain(|name| {
                let (is_recent, lives) = (name.is_among_the_last, self.lives(name.reply));
                match (is_recent, lives) {
                    (false, true) => self.reach(Rule::ClientIdKeptByLife),
                    (false, false) => self.reach(Rule::ClientIdForgotten),
                    (true, _) => {}
                }
                is_recent || lives
            });
            self.accounts[i].names = names;
        }
    }

    fn lives(&self, reply: Reply) -> bool {
        match reply {
            Reply::Order(id) => self.order(id).is_live(),
            Reply::Bid(id) => self.bid(id).is_live(),
            Reply::Provider(_) => true,
            Reply::None | Reply::Account(_) | Reply::Lease(_) | Reply::Market(_) => false,
        }
    }

    pub(super) fn set_dead_man(&mut self, set: &SetDeadMan) -> Reply {
        self.reach(if set.millis > 0 { Rule::DeadManArmed } else { Rule::DeadManDisarmed });
        let (account, deadline) = (self.step.account, self.in_millis(set.millis));
        let dead_man = (set.millis > 0).then_some(DeadMan { millis: set.millis, deadline });
        self.account_mut(account).dead_man = dead_man;
        self.tell(DeadManSet { account, deadline: dead_man.map(|armed| armed.deadline) });
        Reply::Account(account)
    }

    /// Every command of an account that is carried out sets its dead-man timer
    /// anew. Refusals and repetitions change nothing, so not this either.
    pub(super) fn hear_from(&mut self, account: AccountId, command: &Command) {
        let Some(DeadMan { millis, .. }) = self.find_account(account).and_then(|account| account.dead_man) else {
            return;
        };
        if !matches!(command, Command::SetDeadMan(_)) {
            self.reach(Rule::DeadManHearsACommand);
        }
        let deadline = self.in_millis(millis);
        self.account_mut(account).dead_man = Some(DeadMan { millis, deadline });
    }

    pub(super) fn in_millis(&self, millis: u32) -> Micros {
        Micros(self.step.at.0.saturating_add(u64::from(millis) * 1_000))
    }
}

/// What a repeat says again: who has lost a connection asks again in another
/// session.
fn content(command: &Command) -> Command {
    let mut content = command.clone();
    match &mut content {
        Command::PlaceBid(place) | Command::ReplaceBid(ReplaceBid { place, .. }) => place.session = None,
        Command::PlaceOrder(place) | Command::ReplaceOrder(ReplaceOrder { place, .. }) => place.session = None,
        _ => {}
    }
    content
}
