//! The exchange beside the oracle: the same entries, and after each of them the
//! same answer, the same events, the same state.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{AccountId, BidTarget, CommandRefused, Entry, Event, Stroops};
use berth_exchange::{Book, Component, Exchange, Outcome, StateHash};

use super::tape::Witness;
use super::{failing, trusted};
use crate::desk::bytes_of;
use crate::invariants;
use crate::oracle::{Answer, COMPONENTS, Lease, Oracle, Reply, Row};
use crate::restored::restored;

/// Entries after which the replica is made out of its content.
const RESTORED_EVERY: u64 = 41;

#[derive(Default)]
pub(crate) struct Mirror {
    exchange: Exchange,
    /// Fed with what each entry decodes to from its bytes; now and then made
    /// anew out of its own content.
    replica: Exchange,
    /// After the last entry.
    state: Option<StateHash>,
}

impl Witness for Mirror {
    fn see(&mut self, entry: &Entry, oracle: &Oracle, answer: Answer, foretold: &[Event]) {
        let mut events = Vec::new();
        let outcome = self.exchange.apply(entry, &mut events).expect("the tape is a valid log");
        assert_eq!(as_answer(outcome), answer, "the exchange (left) answers otherwise to {entry:?}");
        let parts = (0..events.len().max(foretold.len())).find(|i| events.get(*i) != foretold.get(*i));
        if let Some(at) = parts {
            let names = |events: &[Event]| events.iter().map(Event::name).collect::<Vec<_>>().join(", ");
            panic!(
                "events part at {at} of {entry:?}\nexchange: {}\noracle:   {}\nexchange: {:?}\noracle:   {:?}",
                names(&events),
                names(foretold),
                events.get(at),
                foretold.get(at),
            );
        }
        let state = self.hash(oracle);
        if let Some(before) = self.state.replace(state)
            && !matches!(answer, Answer::Done(_))
        {
            assert_eq!(state, before, "what changes nothing changed something: {entry:?}");
            is_told_once(entry, answer, &events);
        }
        self.replicate(entry, outcome, &events);
        invariants::check(&self.exchange);
    }
}

impl Mirror {
    /// The hash of each component, which the oracle foretells. Where one differs,
    /// the fields say what is wrong, or at least the bytes do.
    fn hash(&self, oracle: &Oracle) -> StateHash {
        let state = self.exchange.state_hash();
        let hashes = [state.ledger, state.books, state.leases, state.providers];
        let foretold = oracle.hashes();
        if let Some(i) = (0..4).find(|i| hashes[*i] != foretold[*i]) {
            compare(&self.exchange, oracle);
            let mut told = Vec::new();
            self.exchange.content(Component::ALL[i], &mut |piece| told.extend_from_slice(piece));
            panic!("{} part {}", COMPONENTS[i], parting(&told, &oracle.contents()[i]));
        }
        state
    }

    /// The log's bytes carry all that matters.
    fn replicate(&mut self, entry: &Entry, outcome: Outcome, events: &[Event]) {
        let decoded = Entry::from_bytes(&entry.to_bytes()).expect("an entry reads back");
        assert_eq!(decoded, *entry, "an entry reads back as itself");
        let mut again = Vec::new();
        let answered = self.replica.apply(&decoded, &mut again).expect("the replica reads the same log");
        assert_eq!(answered, outcome, "the replica answers differently: {entry:?}");
        assert_eq!(bytes_of(&again), bytes_of(events), "the replica's events differ: {entry:?}");
        if entry.seq.0.is_multiple_of(RESTORED_EVERY) {
            self.replica = restored(&self.replica);
            invariants::check(&self.replica);
        }
        for event in events {
            assert_eq!(Event::from_bytes(&event.to_bytes()).as_ref(), Ok(event), "an event reads back as itself");
        }
    }

    /// At the end of a log, both hold the same.
    pub(crate) fn end(&self) {
        assert_eq!(self.replica.state_hash(), self.exchange.state_hash(), "the replica's state differs");
    }
}

/// A refusal is told of by one event, a repetition by none.
fn is_told_once(entry: &Entry, answer: Answer, events: &[Event]) {
    match (answer, events) {
        (Answer::Refused(code), [Event::CommandRefused(CommandRefused { account, code: told, .. })]) => {
            assert_eq!((*account, *told), (entry.account, code), "whose refusal: {entry:?}");
        }
        (Answer::Refused(_), _) => panic!("a refusal is told by one event: {entry:?} {events:?}"),
        _ => assert!(events.is_empty(), "a repetition has events: {entry:?} {events:?}"),
    }
}

/// Where two contents part, and what is about there.
fn parting(told: &[u8], foretold: &[u8]) -> String {
    let at = (0..told.len().max(foretold.len())).find(|at| told.get(*at) != foretold.get(*at));
    let Some(at) = at else { return "in their hash alone".to_owned() };
    let about =
        |bytes: &[u8]| format!("{:02x?}", &bytes[at.saturating_sub(40).min(bytes.len())..bytes.len().min(at + 8)]);
    format!("at byte {at}, 8 before the end of\nexchange: {}\noracle:   {}", about(told), about(foretold))
}

fn as_answer(outcome: Outcome) -> Answer {
    let reply = |reply| match reply {
        berth_exchange::Reply::None => Reply::None,
        berth_exchange::Reply::Account(id) => Reply::Account(id),
        berth_exchange::Reply::Provider(id) => Reply::Provider(id),
        berth_exchange::Reply::Order(id) => Reply::Order(id),
        berth_exchange::Reply::Bid(id) => Reply::Bid(id),
        berth_exchange::Reply::Lease(id) => Reply::Lease(id),
        berth_exchange::Reply::Market(id) => Reply::Market(id),
    };
    match outcome {
        Outcome::Done(done) => Answer::Done(reply(done)),
        Outcome::Repeated(first) => Answer::Repeated(reply(first)),
        Outcome::Refused(code) => Answer::Refused(code),
    }
}

fn compare(x: &Exchange, oracle: &Oracle) {
    assert_eq!(x.next_deadline(), oracle.next_deadline(), "the next timer");
    operation(x, oracle);
    accounts(x, oracle);
    hosts(x, oracle);
    orders(x, oracle);
    bids(x, oracle);
    leases(x, oracle);
    books(x, oracle);
    trusted::compare(x, oracle);
    failing::compare(x, oracle);
}

fn operation(x: &Exchange, oracle: &Oracle) {
    let announced = (x.announced_terms().copied(), x.announced_rules().copied());
    let foretold = (oracle.operation.announced_terms, oracle.operation.announced_rules);
    assert_eq!((x.rules(), announced), (oracle.rules_in_force(), foretold), "what is announced");
    let known = oracle.genesis.as_ref().expect("the log has begun");
    let terms = x.terms().expect("the log has begun");
    let in_force = (terms.fee, terms.timing, *x.bounds());
    assert_eq!(in_force, (known.fee, known.timing, known.bounds), "the terms in force");
    for market in x.markets() {
        assert_eq!(market.paused, oracle.is_paused(market.id), "whether {} trades", market.class);
    }
}

fn is(amount: Stroops) -> i128 {
    amount.get().into()
}

fn accounts(x: &Exchange, oracle: &Oracle) {
    assert_eq!(x.accounts().count(), oracle.accounts.len(), "accounts");
    for (it, known) in x.accounts().zip(&oracle.accounts) {
        let id = it.id;
        assert_eq!((it.id, it.address, it.level), (known.id, known.address, known.level), "account {id}");
        assert_eq!(it.dead_man_millis, known.dead_man_millis(), "dead-man timer of account {id}");
        let mandate = known.watched.map(|watched| watched.mandate);
        let spent = is(it.spent_on(x.last_at()));
        assert_eq!((it.mandate, spent), (mandate, oracle.spent(id)), "mandate of account {id}, and what is spent");
        let b = x.balances(id);
        let money = [b.available, b.held, b.escrowed, b.withdrawing, b.owed].map(is);
        assert_eq!(money, money_of(oracle, id), "free, held, escrowed, leaving, owed of account {id}");
    }
    let total =
        [x.ledger().deposited(), x.ledger().withdrawn()].map(|sum| i128::try_from(sum).expect("streams move little"));
    assert_eq!(total, [oracle.deposited, oracle.withdrawn], "deposited, withdrawn");
}

fn money_of(oracle: &Oracle, id: AccountId) -> [i128; 5] {
    let withdrawing = oracle.accounts[id.0 as usize - 1].withdrawing;
    [oracle.available(id), oracle.held(id), oracle.in_escrow(id), withdrawing, oracle.owed(id)]
}

fn hosts(x: &Exchange, oracle: &Oracle) {
    assert_eq!(x.providers().count(), oracle.hosts.len(), "hosts");
    for (it, known) in x.providers().zip(&oracle.hosts) {
        assert_eq!((it.id, it.account), (known.id, known.account), "host {}", it.id);
        let offers = (it.available, &it.attributes);
        assert_eq!(offers, (known.available, &known.says.attributes), "what host {} offers", it.id);
        for (market, class) in x.markets().zip(&oracle.markets) {
            assert_eq!(market.class, *class, "class of market {}", market.id);
            let free = oracle.free(it.id, market.id);
            let r = it.free;
            let units = i128::from(it.free_units(&market.class));
            let told = [i128::from(r.cpu), i128::from(r.memory), i128::from(r.storage), units];
            assert_eq!(told, free, "room of host {} in {}", it.id, market.class);
        }
    }
}

fn orders(x: &Exchange, oracle: &Oracle) {
    assert_eq!(x.orders().count(), oracle.orders.len(), "orders");
    for (it, known) in x.orders().zip(&oracle.orders) {
        let (id, place) = (it.id, &known.place);
        assert_eq!((it.id, it.account, it.market), (known.id, known.account, place.market), "order {id}");
        assert_eq!((it.state, it.age.0), (known.state, known.age), "state and age of order {id}");
        assert_eq!((it.replicas, it.remaining), (place.replicas, known.left), "replicas of order {id}");
        assert_eq!((it.limits, it.expires_at), (place.limits, place.expires_at), "terms of order {id}");
        assert_eq!(is(it.hold), known.hold(), "hold of order {id}");
        let leases = x.leases_of_order(id).map(|lease| lease.id);
        let own = oracle.leases.iter().filter(|lease| lease.order == id).map(|lease| lease.id);
        assert!(leases.eq(own), "leases of order {id}");
    }
}

fn bids(x: &Exchange, oracle: &Oracle) {
    assert_eq!(x.bids().count(), oracle.bids.len(), "bids");
    for (it, known) in x.bids().zip(&oracle.bids) {
        let (id, place) = (it.id, &known.place);
        assert_eq!((it.id, it.account, it.market), (known.id, known.account, known.market), "bid {id}");
        assert_eq!((it.state, it.age.0), (known.state, known.age), "state and age of bid {id}");
        assert_eq!(it.remaining, known.left, "units of bid {id}");
        assert_eq!((it.price, it.expires_at, it.set), (place.price, place.expires_at, known.set), "terms of bid {id}");
        if let (BidTarget::Standing { quantity, .. }, BidTarget::Standing { quantity: wanted, .. }) =
            (it.target, place.target)
        {
            assert_eq!(quantity, wanted, "quantity of bid {id}");
        }
    }
}

fn leases(x: &Exchange, oracle: &Oracle) {
    assert_eq!(x.leases().count(), oracle.leases.len(), "leases");
    for (it, known) in x.leases().zip(&oracle.leases) {
        let id = it.id;
        assert_eq!((it.id, it.order, it.bid), (known.id, known.order, known.bid), "lease {id}");
        assert_eq!((it.provider, it.tenant, it.level), (known.host, known.tenant, known.level), "sides of lease {id}");
        assert_eq!((it.price, it.replicas), (known.price, known.replicas), "size of lease {id}");
        assert_eq!((it.state, it.reason), (known.state, known.reason), "state of lease {id}");
        assert_eq!((it.started_at, it.ends_at), (known.started_at, known.ends_at), "run of lease {id}");
        assert_eq!((it.escrow_tx, it.paid_tx), (known.escrow_tx, known.paid_tx), "chain of lease {id}");
        assert_eq!((it.finished, it.result), (known.finished, known.result), "end of lease {id}");
        assert_eq!(
            (is(it.escrow), is(it.pay), is(it.fee)),
            (known.escrow(), known.pay, known.fee),
            "money of lease {id}"
        );
        assert_eq!(it.evidence.seconds(), known.evidenced(), "evidence of lease {id}");
        let gap = it.evidence.gap().map(|gap| (gap.from, gap.to));
        assert_eq!(gap, known.gap.map(|gap| (gap.from, gap.to)), "gap of lease {id}");
        funding(it, known);
    }
}

fn funding(it: &berth_exchange::Lease, known: &Lease) {
    let (id, has, known_has) = (it.id, &it.funding, &known.funding);
    let suspended = (has.suspended_at(), has.suspended_micros());
    assert_eq!(suspended, (known_has.suspended_at, known_has.suspended_micros), "suspensions of lease {id}");
    let pending = has.top_up.map(|top_up| (top_up.number, top_up.seconds, is(top_up.amount)));
    let foretold = known_has.pending().map(|(number, top_up)| (number, top_up.seconds, top_up.amount));
    assert_eq!((has.top_ups as usize, pending), (known_has.top_ups.len(), foretold), "top-ups of lease {id}");
    assert_eq!((&has.txs, it.prepay), (&known_has.came(), known.prepay), "what came of the top-ups of lease {id}");
}

fn books(x: &Exchange, oracle: &Oracle) {
    for market in x.markets() {
        let Book { bids, orders } = x.book(market.id).expect("the market is there");
        let rows = |rows: Vec<berth_exchange::BookRow>| -> Vec<Row> {
            rows.into_iter().map(|row| (row.level, row.price, row.quantity, row.count)).collect()
        };
        assert_eq!((rows(bids), rows(orders)), oracle.book(market.id), "book of {}", market.class);
    }
}
