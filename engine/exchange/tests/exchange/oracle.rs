//! A second exchange, slow and obvious: plain vectors, and whatever follows
//! from them is searched, sorted or added up anew each time. It is written from
//! the rules and shares nothing with the exchange but the vocabulary. For every
//! entry it foretells the answer and all events, and it holds the whole logical
//! state to compare.
//!
//! What is held, escrowed and free is never stored: it follows from the orders
//! and leases that there are. A refusal restores what was there before.

mod account;
mod amend;
mod backlog;
mod bid;
mod book;
mod chain;
mod content;
mod directed;
mod ends;
mod enter;
mod failover;
mod funds;
mod gang;
mod history;
mod host;
mod keys;
mod lease;
mod life;
mod mandate;
mod operator;
mod order;
mod plan;
mod quotes;
mod record;
mod reentry;
mod rules;
mod slash;
mod standby;
mod timers;
mod topup;
mod trust;
mod verify;

mod examples;

use berth_domain::{
    AccountId, AccountOpened, BidId, Bounds, ChainEventId, Code, Command, CommandRefused, Entry, Event, ExchangeOpened,
    Genesis, LeaseId, MarketId, MarketOpened, Micros, OrderId, ProviderId, ResourceClass, Seq, Subject,
};

pub(crate) use account::Account;
pub(crate) use bid::Bid;
pub(crate) use book::Row;
pub(crate) use content::COMPONENTS;
pub(crate) use host::Host;
pub(crate) use keys::{Key, allowing};
pub(crate) use lease::{Lease, Origin};
pub(crate) use order::Order;
pub(crate) use rules::{Rule, Tally};
pub(crate) use standby::Standby;
pub(crate) use topup::rest_of;
pub(crate) use verify::is_tenth;

use gang::Gang;
use operator::{Operation, are_sound};
use reentry::Entrant;
use verify::Check;

/// What a command made or touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    None,
    Account(AccountId),
    Provider(ProviderId),
    Order(OrderId),
    Bid(BidId),
    Lease(LeaseId),
    Market(MarketId),
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done(Reply),
    Repeated(Reply),
    Refused(Code),
}

/// Carried out, with nothing that has an id of its own.
const NOTHING: Answer = Answer::Done(Reply::None);

#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    /// With the terms and bounds that are in force now.
    pub(crate) genesis: Option<Genesis>,
    pub(crate) markets: Vec<ResourceClass>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) orders: Vec<Order>,
    pub(crate) bids: Vec<Bid>,
    pub(crate) leases: Vec<Lease>,
    pub(crate) deposited: i128,
    pub(crate) withdrawn: i128,
    pub(crate) operation: Operation,
    chain_cursor: ChainEventId,
    /// The last event of the chain that told of a stake, and all that was ever
    /// staked.
    stake_cursor: ChainEventId,
    pub(crate) standbys: Vec<Standby>,
    /// Leases that look for a standby, and hosts whose room came back, at the
    /// end of the entry or in the next tick.
    seeking: Vec<LeaseId>,
    freed: Vec<ProviderId>,
    /// Standbys that are over: their hosts have the room back then.
    released: Vec<Standby>,
    /// Leases that are run again before they are paid.
    pub(crate) checks: Vec<Check>,
    ever_staked: i128,
    gangs: Vec<Gang>,
    /// What waits to enter again, by the age that it has there, and since when.
    waiting: Vec<(u64, Entrant)>,
    waiting_since: Option<Micros>,
    /// The entry that is being applied, or was last.
    step: Step,
    pub(crate) tally: Tally,
}

#[derive(Clone, Debug, Default)]
struct Step {
    seq: Seq,
    at: Micros,
    account: AccountId,
    /// The key that speaks, unless it is the account as a whole.
    key: Option<[u8; 32]>,
    /// When its words were signed, if they were.
    signed_at: Option<u64>,
    command: Option<Command>,
    /// Those at its beginning: what it may do is fixed then.
    bounds: Option<Bounds>,
    /// Candidates that this entry has skipped.
    skipped: u32,
    /// Leases that this entry has opened.
    opened: u32,
    /// Bids that entered again in this entry.
    reentered: u32,
    events: Vec<Event>,
}

impl Oracle {
    /// Applies an entry: what it comes to, and the events that follow.
    pub(crate) fn apply(&mut self, entry: &Entry) -> (Answer, Vec<Event>) {
        let before = self.clone();
        let (seq, at, account) = (entry.seq, entry.at, entry.account);
        let (key, signed_at) = (entry.authority.key().copied(), entry.authority.nonce());
        let bounds = self.genesis.as_ref().map(|genesis| genesis.bounds);
        let command = Some(entry.command.clone());
        self.step = Step { seq, at, account, key, signed_at, command, bounds, ..Step::default() };
        let said = self.check_key(&entry.command).and_then(|()| self.command(&entry.command));
        let answer = said.unwrap_or_else(|code| {
            let tally = self.tally.clone();
            *self = Self { tally, step: Step { seq, at, account, bounds, ..Step::default() }, ..before };
            let subject = subject(&entry.command);
            self.tell(CommandRefused { account, subject, code });
            Answer::Refused(code)
        });
        if self.genesis.is_some() {
            self.follow_up();
        }
        if matches!(answer, Answer::Done(_)) {
            self.note_nonce();
            self.hear_from(account, &entry.command);
        }
        self.forget_names();
        self.only_what_lives_waits();
        (answer, std::mem::take(&mut self.step.events))
    }

    /// Place of the last entry, and its stamp.
    pub(crate) const fn head(&self) -> (Seq, Micros) {
        (self.step.seq, self.step.at)
    }

    fn command(&mut self, command: &Command) -> Result<Answer, Code> {
        if is_the_exchanges(command) {
            if self.step.account != AccountId::EXCHANGE {
                return Err(Code::NotTheExchange);
            }
        } else if self.find_account(self.step.account).is_none() {
            return Err(Code::UnknownAccount);
        }
        match command {
            Command::Genesis(genesis) => self.open(genesis).map(|()| NOTHING),
            Command::Tick(_) => {
                self.tick();
                Ok(NOTHING)
            }
            Command::Resumed(_) => {
                self.resume();
                Ok(NOTHING)
            }
            Command::OpenAccount(open) => Ok(self.open_account(open)),
            Command::Deposit(fact) => self.deposit(fact),
            Command::WithdrawalRequested(fact) => Ok(self.withdrawal_requested(fact)),
            Command::Withdrawn(fact) => self.withdrawal_paid(fact),
            Command::WithdrawalCancelled(fact) => self.withdrawal_cancelled(fact),
            Command::RegisterProvider(host) => self.named(host.client_id, |x| x.register(host)),
            Command::PlaceBid(place) => self.named(place.client_id, |x| x.place_bid(place)),
            Command::AmendBid(amend) => self.amend_bid(amend).map(Answer::Done),
            Command::ReplaceBid(replace) => self.named(replace.place.client_id, |x| x.replace_bid(replace)),
            Command::CancelBid(cancel) => self.cancel_bid_asked(cancel.bid).map(Answer::Done),
            Command::MassQuote(mass) => self.mass_quote(mass).map(|()| NOTHING),
            Command::PlaceOrder(place) => self.named(place.client_id, |x| x.place_order(place)),
            Command::AmendOrder(amend) => self.amend_order(amend).map(Answer::Done),
            Command::ReplaceOrder(replace) => self.named(replace.place.client_id, |x| x.replace_order(replace)),
            Command::CancelOrder(cancel) => self.cancel_order_asked(cancel.order).map(Answer::Done),
            Command::CancelAll(cancel) => {
                self.cancel_all_asked(cancel);
                Ok(NOTHING)
            }
            Command::SetDeadMan(set) => Ok(Answer::Done(self.set_dead_man(set))),
            Command::AcceptBid(accept) => self.accept(accept.bid),
            Command::Escrowed(fact) => self.escrowed(fact),
            Command::EscrowFailed(fact) => self.escrow_failed(fact),
            Command::StartLease(start) => self.start(start),
            Command::Heartbeat(beat) => self.heartbeat(beat),
            Command::FinishLease(finish) => self.finish(finish),
            Command::StopLease(stop) => self.stop(stop),
            Command::TopUpLease(top_up) => self.top_up(top_up),
            Command::ToppedUp(fact) => self.topped_up(fact),
            Command::TopUpFailed(fact) => self.top_up_failed(fact),
            Command::LeaseBacklog(backlog) => self.backlog(backlog),
            Command::SettlementPaid(fact) => self.paid(fact),
            Command::SettlementRefunded(fact) => self.refunded(fact),
            Command::OpenMarket(open) => self.open_market_asked(open),
            Command::PauseMarket(pause) => self.pause_market(pause.market),
            Command::ResumeMarket(resume) => self.resume_market(resume.market),
            Command::CycleMarket(cycle) => self.cycle_market(cycle.market),
            Command::Reconfigure(change) => self.reconfigure(change),
            Command::Upgrade(upgrade) => self.upgrade(upgrade),
            Command::UpdateProvider(update) => self.update_provider(update),
            Command::LedgerSeen(fact) => self.ledger_seen(fact),
            Command::SetMandate(set) => self.set_mandate(set),
            Command::StakeFact(fact) => self.stake_fact(fact),
            Command::Attest(attest) => self.attest(attest),
            Command::RegisterKey(register) => self.register_key(register),
            Command::RevokeKey(revoke) => self.revoke_key(revoke.key),
        }
    }

    /// The first entry.
    fn open(&mut self, genesis: &Genesis) -> Result<(), Code> {
        if self.genesis.is_some() {
            return Err(Code::AlreadyOpened);
        }
        if !are_sound(&genesis.timing, &genesis.bounds) {
            return Err(Code::OutOfBounds);
        }
        self.genesis = Some(genesis.clone());
        self.operation.told = Some(genesis.clone());
        self.operation.terms.push((genesis.fee, genesis.timing));
        self.tell(ExchangeOpened { network: genesis.network, escrow_contract: genesis.escrow_contract });
        self.account_of(genesis.treasury);
        self.account_of(genesis.operator);
        genesis.markets.iter().for_each(|class| self.open_market(class));
        Ok(())
    }

    /// Opens the market of a class unless it is open.
    fn open_market(&mut self, class: &ResourceClass) {
        if !self.markets.contains(class) {
            self.markets.push(class.clone());
            let market = MarketId(u16::try_from(self.markets.len()).expect("few markets"));
            self.tell(MarketOpened { market, class: class.clone() });
        }
    }

    pub(crate) fn market(&self, id: MarketId) -> Option<&ResourceClass> {
        self.markets.get(usize::from(id.0).checked_sub(1)?)
    }

    fn class(&self, id: MarketId) -> &ResourceClass {
        self.market(id).expect("what trades has a market")
    }

    fn tell(&mut self, event: impl Into<Event>) {
        self.step.events.push(event.into());
    }

    fn reach(&self, rule: Rule) {
        self.tally.reach(rule);
    }

    fn rules(&self) -> &Genesis {
        self.genesis.as_ref().expect("nothing comes before the genesis")
    }

    /// What the entry may do at most: by the bounds at its beginning, also when
    /// others come into force in it.
    fn budget(&self) -> Bounds {
        self.step.bounds.unwrap_or(self.rules().bounds)
    }

    /// The account of a key, opened when it is new.
    fn account_of(&mut self, address: berth_domain::Address) -> AccountId {
        if let Some(known) = self.accounts.iter().find(|account| account.address == address) {
            return known.id;
        }
        let id = AccountId(u32::try_from(self.accounts.len() + 1).expect("few accounts"));
        let genesis = self.rules();
        let grant = genesis.grants.iter().find(|grant| grant.address == address);
        let level = grant.map_or(genesis.default_level, |grant| grant.level);
        self.accounts.push(Account::new(id, address, level));
        self.tell(AccountOpened { account: id, address, level });
        id
    }
}

/// The item whose id, counted from 1, is this.
fn nth<T>(items: &[T], id: u64) -> Option<&T> {
    items.get(usize::try_from(id.checked_sub(1)?).ok()?)
}

const fn is_the_exchanges(command: &Command) -> bool {
    matches!(
        command,
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
            | Command::SettlementRefunded(_)
            | Command::StakeFact(_)
            | Command::LedgerSeen(_)
            | Command::ToppedUp(_)
            | Command::TopUpFailed(_)
    )
}

/// What a refusal says that the command was about: the thing that it names or
/// would have made.
fn subject(command: &Command) -> Subject {
    let kind = command.name().split('.').next().expect("a name has a first word");
    match kind {
        "genesis" | "tick" | "resumed" | "exchange" => Subject::Exchange,
        "market" => Subject::Market,
        "deposit" => Subject::Deposit,
        "withdrawal" => Subject::Withdrawal,
        "provider" => Subject::Provider,
        "bid" => Subject::Bid,
        "order" => Subject::Order,
        "lease" => Subject::Lease,
        "account" | "cancel" | "deadman" | "mandate" | "stake" | "trust" | "key" => Subject::Account,
        other => panic!("{other} is about nothing"),
    }
}
