//! The whole exchange: the same entries through `Exchange::apply` as a node
//! applies them, with funded accounts, holds, client ids, capacity, events, and
//! the running digest over the events' canonical bytes.

use berth_domain::codec::Encode;
use berth_domain::{AccountId, Command as Input, Entry, Event, LeaseOpened, Micros, RULES_VERSION, Seq};
use berth_exchange::{Capacity, Exchange, Outcome};

use super::{BATCH, Driver, Inputs, Tally};
use crate::workload::{Command, Side, Workload};

/// Microseconds since 1970 of the first entry: 2026-01-01.
const OPENING: u64 = 1_767_225_600_000_000;

/// An exchange, and what is needed to speak to it in the workload's words.
#[derive(Debug)]
pub struct WholeExchange {
    exchange: Exchange,
    inputs: Inputs,
    head: u64,
    entries: Vec<Entry>,
    /// The workload's order that each entry is about.
    takers: Vec<(u64, Side)>,
    events: Vec<Event>,
    /// Where the events of each entry end.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    digest: blake3::Hasher,
    tally: Tally,
}

impl Driver for WholeExchange {
    const NAME: &'static str = "berth-exchange";

    /// All accounts are open and funded and all hosts registered.
    fn open(workload: &Workload) -> Self {
        let header = &workload.header;
        let (orders, bids) = (workload.placed(Side::Buy), workload.placed(Side::Sell));
        let users = header.users as usize;
        let exchange = Exchange::with_capacity(Capacity {
            accounts: 2 * users + 1,
            orders,
            bids,
            // Each trade fills a resting order or a coming one, or both.
            leases: orders + bids,
            client_ids: orders + bids,
            resting: (orders + bids) / header.books as usize + 1,
        });
        let mut this = Self {
            exchange,
            inputs: Inputs::new(workload),
            head: 0,
            entries: Vec::with_capacity(BATCH),
            takers: Vec::with_capacity(BATCH),
            events: Vec::with_capacity(BATCH * 16),
            ends: Vec::with_capacity(BATCH),
            bytes: Vec::with_capacity(BATCH * 16 * 256),
            digest: blake3::Hasher::new(),
            tally: Tally::default(),
        };
        this.give(AccountId::EXCHANGE, Inputs::genesis(header.books).into());
        for (account, input) in Inputs::founding(header.books, header.users) {
            this.give(account, input);
        }
        this
    }

    /// Makes entries of commands: a node decodes them on another thread.
    fn prepare(&mut self, commands: &[Command]) {
        self.entries.clear();
        self.takers.clear();
        for command in commands {
            let (account, input) = self.inputs.next(command);
            let entry = self.stamp(account, input);
            self.entries.push(entry);
            self.takers.push((command.order, command.side));
        }
    }

    /// Applies what was prepared, and digests the events as the log does.
    fn run(&mut self, _: &[Command]) {
        self.events.clear();
        self.ends.clear();
        self.bytes.clear();
        for group in self.entries.chunks(Exchange::AHEAD) {
            self.exchange.look_ahead(group);
            for entry in group {
                let outcome = self.exchange.apply(entry, &mut self.events);
                debug_assert!(matches!(outcome, Ok(Outcome::Done(_))), "{entry:?} is refused: {outcome:?}");
                self.ends.push(self.events.len());
            }
        }
        for event in &self.events {
            event.encode(&mut self.bytes);
        }
        self.digest.update(&self.bytes);
    }

    fn tell(&mut self) {
        let mut from = 0;
        for (end, (taker, side)) in self.ends.iter().zip(&self.takers) {
            for event in &self.events[from..*end] {
                match event {
                    Event::LeaseOpened(lease) => {
                        let maker = self.maker(lease, *side);
                        let price = u32::try_from(lease.price.get()).expect("a tick is a stroop");
                        self.tally.trade(*taker, maker, price, lease.replicas);
                    }
                    Event::CommandRefused(_) => self.tally.refused += 1,
                    _ => {}
                }
            }
            from = *end;
        }
    }

    fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn resting(&self) -> (u64, u64) {
        let books = self.exchange.markets().filter_map(|market| self.exchange.book(market.id));
        books
            .flat_map(|book| book.bids.into_iter().chain(book.orders))
            .fold((0, 0), |(count, sum), row| (count + u64::from(row.count), sum + row.quantity))
    }
}

impl WholeExchange {
    fn maker(&self, lease: &LeaseOpened, taker: Side) -> u64 {
        match taker {
            Side::Buy => self.inputs.of_bid(lease.bid),
            Side::Sell => self.inputs.of_order(lease.order),
        }
    }

    fn stamp(&mut self, account: AccountId, command: Input) -> Entry {
        self.head += 1;
        let authority = Inputs::authority(account);
        let at = Micros(OPENING + self.head);
        Entry { rules: RULES_VERSION, seq: Seq(self.head), at, account, authority, command }
    }

    fn give(&mut self, account: AccountId, command: Input) {
        let entry = self.stamp(account, command);
        self.events.clear();
        let outcome = self.exchange.apply(&entry, &mut self.events);
        assert!(matches!(outcome, Ok(Outcome::Done(_))), "{entry:?} is refused: {outcome:?}");
    }
}
