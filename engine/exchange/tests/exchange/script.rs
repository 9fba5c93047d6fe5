//! Scenarios as text. A line is a command; the indented lines below it are what
//! comes of it. `check` plays the commands and compares the whole picture.
//!
//! ```text
//! tom order H100-80 2x1 @ 2.5 One Three      two replicas of one unit
//! tom order H100-80 1x1 @ One:2 Three:3 for=60 prepay=30 ioc until=+60 needs=region:eu id=a manual
//! ada bid p1 H100-80 4 @ 2 min=60 max=3600   standing
//! ada bid p1 on o1 @ 2                       directed
//! tom accept b1 | tom cancel o1 | ada cancel b1 | tom stop l1
//! tom mandate lease=5 day=20 floor=1 until=+60 | mandate none
//! tom topup l1 60 | chain tops l1 | tops l1 0.5 | refuses l1 topup 1
//! ada beat l1 unhealthy | ada backlog l1 10 20   when, in seconds since the opening
//! ada start l1 | ada beat l1 | ada finish l1 stopped | exited=0 | failed
//! chain escrowed l1 | escrowed l1 elsewhere | refuses l1 | pays l1 | refunds l1
//! chain credits tom 5 | asks tom 5 | withdrew tom 5 | keeps tom 5
//! chain stakes ada 100 | stakes ada 90 slashed=l1 | dee attest ada +60
//! tom order H100-80 3x1 @ 2 fok verify=3 | verify=spot; chain draws l1 | spares l1; ada finish l1 exited=0/7
//! tom key k1 trade provide until=+60 | revoke k1
//! tom by k1 cancel o1 | signs k1 cancel o1 | wallet own cancel o1 | signs k1@-30 cancel o1
//! wait 60 | down 60 | resume
//! book H100-80 | money tom ada | standing ada | state o1 b1 l1
//! ```

use std::collections::BTreeMap;

use berth_domain::{
    AcceptBid, AccountId, AmendBid, AmendOrder, BidId, BidTarget, CancelAll, CancelBid, CancelOrder, ChainEventId,
    ClientId, Command, ContainerReport, Deposit, Digest, EscrowFailed, Escrowed, Genesis, Heartbeat, LeaseBacklog,
    LeaseId, MarketId, MassQuote, Mode, OpenAccount, OrderId, PlaceOrder, PortBinding, ProviderId, Quote, ReplaceBid,
    ReplaceOrder, Resources, Seconds, SetDeadMan, SetMandate, SettlementPaid, SettlementRefunded, StartLease,
    StopLease, Stroops, Text, TopUpFailed, TopUpLease, ToppedUp, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};

use crate::cast::{CAST, OWNERS, TENANTS, address, class, genesis, tx};
use crate::desk::{Desk, OPENING};
use crate::picture;
use crate::standing;
use crate::verification::{ledger, verify};
use crate::words::{
    attributes, bid, finish, host, id_of, limits, number, option, rate, self_trade, stroops, time_in_force,
};

/// Plays a scenario and compares every line.
pub(crate) fn check(scenario: &str) {
    check_with(genesis(), scenario);
}

/// The same under other rules.
pub(crate) fn check_with(genesis: Genesis, scenario: &str) {
    let expected = dedent(scenario);
    let mut stage = Stage::new(genesis);
    let mut actual = String::new();
    for line in expected.lines().filter(|line| !line.starts_with("  ")) {
        actual.push_str(line);
        actual.push('\n');
        if !line.is_empty() {
            for told in stage.play(line) {
                actual.push_str("  ");
                actual.push_str(&told);
                actual.push('\n');
            }
        }
    }
    assert!(actual == expected, "the scenario goes otherwise:\n<<<\n{actual}>>>");
}

fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.trim().is_empty()).collect();
    let margin = lines.first().map_or(0, |line| line.len() - line.trim_start().len());
    let lines = lines.iter().map(|line| line.get(margin..).unwrap_or_default().trim_end());
    let text = lines.collect::<Vec<_>>().join("\n");
    format!("{}\n", text.trim_end())
}

/// A desk with the cast, whose commands are lines.
pub(crate) struct Stage {
    pub(crate) desk: Desk,
    names: BTreeMap<AccountId, String>,
    chain_event: u64,
}

impl Stage {
    pub(crate) fn new(genesis: Genesis) -> Self {
        let mut stage = Self { desk: Desk::open(genesis), names: BTreeMap::new(), chain_event: 0 };
        stage.names.insert(AccountId(1), "treasury".to_owned());
        for (name, _) in CAST {
            stage.desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
            stage.names.insert(stage.account(name), name.to_owned());
        }
        for owner in OWNERS {
            stage.play(&format!("{owner} host gpus=8xH100-80 cpu=64 memory=65536 storage=1000"));
        }
        for tenant in TENANTS {
            stage.play(&format!("chain credits {tenant} 1000"));
        }
        stage
    }

    pub(crate) fn account(&self, name: &str) -> AccountId {
        self.desk.exchange.account_by_address(address(name)).unwrap_or_else(|| panic!("{name} has no account"))
    }

    /// Plays one line and answers what came of it.
    pub(crate) fn play(&mut self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mark = self.desk.log.len();
        match words[..] {
            ["book", market] => return picture::book(&self.desk.exchange, self.market(market)),
            ["money", ..] => {
                let accounts: Vec<_> = words[1..].iter().map(|name| ((*name).to_owned(), self.account(name))).collect();
                return picture::money(&self.desk.exchange, &accounts);
            }
            ["state", ..] => {
                return vec![words[1..].iter().map(|thing| self.state(thing)).collect::<Vec<_>>().join(", ")];
            }
            ["standing", ..] => {
                let accounts: Vec<_> = words[1..].iter().map(|name| ((*name).to_owned(), self.account(name))).collect();
                return standing::table(&self.desk.exchange, &accounts);
            }
            ["wait", seconds] => self.desk.wait(Seconds(number(seconds))),
            ["down", seconds] => self.desk.go_down(Seconds(number(seconds))),
            ["resume"] => self.desk.resume(),
            ["chain", ..] => {
                let command = self.fact(&words[1..]);
                self.desk.submit(AccountId::EXCHANGE, command);
            }
            [who, how @ ("by" | "signs" | "wallet"), key, ..] => {
                let command = self.command(&words[3..]);
                let account = self.account(who);
                let authority = crate::keys::authority(&self.desk, account, how, key);
                self.desk.submit_by(account, authority, command);
            }
            [who, ..] => {
                let command = self.command(&words[1..]);
                self.desk.submit(self.account(who), command);
            }
            [] => {}
        }
        self.told_since(mark, words[0])
    }

    fn told_since(&self, mark: usize, verb: &str) -> Vec<String> {
        let names = |id: AccountId| self.names.get(&id).cloned().unwrap_or_else(|| format!("account {id}"));
        let mut lines = Vec::new();
        for frame in &self.desk.log[mark..] {
            // Time passes in a picture only when something comes of it.
            let is_tick = matches!(frame.entry.command, Command::Tick(_));
            if is_tick && frame.events.is_empty() {
                continue;
            }
            let told = picture::frame(&self.desk.exchange, frame, &names);
            let stamp = if is_tick || verb == "resume" {
                format!("{} ", picture::clock(frame.entry.at))
            } else {
                String::new()
            };
            lines.extend(told.into_iter().map(|line| format!("{stamp}{line}")));
        }
        lines
    }

    fn state(&self, thing: &str) -> String {
        let x = &self.desk.exchange;
        let id = number(&thing[1..]);
        let state = match &thing[..1] {
            "o" => x.order(OrderId(id)).expect("an order").state.to_string(),
            "b" => x.bid(BidId(id)).expect("a bid").state.to_string(),
            "l" => x.lease(LeaseId(id)).expect("a lease").state.to_string(),
            _ => panic!("{thing} is no order, bid or lease"),
        };
        format!("{thing} {state}")
    }

    fn market(&self, name: &str) -> MarketId {
        self.desk.exchange.market_of(&class(name)).map_or(MarketId(99), |market| market.id)
    }

    fn command(&self, words: &[&str]) -> Command {
        match *words {
            ["host", ref options @ ..] => host(options).into(),
            ["bid", provider, "on", order, "@", price, ref options @ ..] => {
                let target = BidTarget::Directed { order: OrderId(id_of('o', order)) };
                bid(provider, target, price, options, self.desk.now).into()
            }
            ["bid", provider, market, quantity, "@", price, ref options @ ..] => {
                let target = self.standing(market, quantity, options);
                bid(provider, target, price, options, self.desk.now).into()
            }
            ["order", market, size, "@", ref options @ ..] => self.order(market, size, options).into(),
            ["accept", bid] => AcceptBid { bid: BidId(id_of('b', bid)) }.into(),
            ["cancel", thing] if thing.starts_with('o') => CancelOrder { order: OrderId(id_of('o', thing)) }.into(),
            ["cancel", thing] => CancelBid { bid: BidId(id_of('b', thing)) }.into(),
            ["cancel-all", ref options @ ..] => CancelAll {
                market: option(options, "in").map(|name| self.market(name)),
                session: option(options, "session").map(number),
            }
            .into(),
            ["dead-man", seconds] => {
                SetDeadMan { millis: u32::try_from(1_000 * number(seconds)).expect("not that long") }.into()
            }
            ["amend", thing, ref options @ ..] => self.amend(thing, options),
            ["replace", thing, "order", market, size, "@", ref options @ ..] => {
                ReplaceOrder { order: OrderId(id_of('o', thing)), place: self.order(market, size, options) }.into()
            }
            ["replace", thing, "bid", provider, "on", order, "@", price, ref options @ ..] => {
                let target = BidTarget::Directed { order: OrderId(id_of('o', order)) };
                let place = bid(provider, target, price, options, self.desk.now);
                ReplaceBid { bid: BidId(id_of('b', thing)), place }.into()
            }
            ["replace", thing, "bid", provider, market, quantity, "@", price, ref options @ ..] => {
                let target = self.standing(market, quantity, options);
                let place = bid(provider, target, price, options, self.desk.now);
                ReplaceBid { bid: BidId(id_of('b', thing)), place }.into()
            }
            ["quote", set, ref quotes @ ..] => self.quote(set, quotes),
            ["start", lease] => self.start(LeaseId(id_of('l', lease))).into(),
            ["beat", lease, ref health @ ..] => {
                let (lease, healthy) = (LeaseId(id_of('l', lease)), health.is_empty());
                Heartbeat { lease, cpu_millis: 1_500, memory_bytes: 1 << 20, healthy }.into()
            }
            ["backlog", lease, ref times @ ..] => {
                let beats = times.iter().map(|second| OPENING.plus(Seconds(number(second)))).collect();
                LeaseBacklog { lease: LeaseId(id_of('l', lease)), beats }.into()
            }
            ["mandate", ref limits @ ..] => {
                let amount = |key| option(limits, key).map(stroops);
                let after = |text: &str| self.desk.now.plus(Seconds(number(text.trim_start_matches('+'))));
                SetMandate {
                    per_lease: amount("lease"),
                    per_day: amount("day"),
                    floor: option(limits, "floor").map(rate),
                    until: option(limits, "until").map(after),
                }
                .into()
            }
            ["topup", lease, seconds] => {
                TopUpLease { lease: LeaseId(id_of('l', lease)), seconds: Seconds(number(seconds)) }.into()
            }
            ["finish", lease, how] => finish(LeaseId(id_of('l', lease)), how).into(),
            ["attest", who, until] => standing::attest(who, until, self.desk.now),
            ["stop", lease] => StopLease { lease: LeaseId(id_of('l', lease)) }.into(),
            _ => crate::operating::command(words, self.desk.now, &|name| self.market(name)),
        }
    }

    fn standing(&self, market: &str, quantity: &str, options: &[&str]) -> BidTarget {
        let seconds = |key, default| Seconds(option(options, key).map_or(default, number));
        BidTarget::Standing {
            market: self.market(market),
            quantity: u32::try_from(number(quantity)).expect("a quantity"),
            min_duration: seconds("min", 0),
            max_duration: seconds("max", 1_000_000),
        }
    }

    fn amend(&self, thing: &str, options: &[&str]) -> Command {
        let count = |key| option(options, key).map(|n| u32::try_from(number(n)).expect("a count"));
        let expires_at = option(options, "until");
        let expires_at = expires_at.map(|text| self.desk.now.plus(Seconds(number(text.trim_start_matches('+')))));
        let at = options.iter().position(|word| *word == "@");
        if thing.starts_with('b') {
            let price = at.map(|at| rate(options[at + 1]));
            AmendBid { bid: BidId(id_of('b', thing)), price, quantity: count("quantity"), expires_at }.into()
        } else {
            let limits = at.map(|at| limits(&options[at + 1..]));
            AmendOrder { order: OrderId(id_of('o', thing)), replicas: count("replicas"), limits, expires_at }.into()
        }
    }

    /// `p1:H100-80:4@2.5`, and perhaps `post-only` or what to do on meeting one's
    /// own orders.
    fn quote(&self, set: &str, words: &[&str]) -> Command {
        let quote = |text: &&str| {
            let (what, price) = text.split_once('@')?;
            let mut parts = what.split(':');
            let mut part = || parts.next().expect("provider, market and quantity");
            Some(Quote {
                provider: ProviderId(u32::try_from(id_of('p', part())).expect("an id")),
                market: self.market(part()),
                quantity: part().parse().expect("units"),
                price: rate(price),
                min_duration: Seconds(1),
                max_duration: Seconds(1_000_000),
            })
        };
        MassQuote {
            set: set.parse().expect("a set"),
            post_only: words.contains(&"post-only"),
            self_trade: self_trade(words),
            session: option(words, "session").map(number),
            quotes: words.iter().filter_map(quote).collect(),
        }
        .into()
    }

    fn order(&self, market: &str, size: &str, options: &[&str]) -> PlaceOrder {
        let (replicas, units) = size.split_once('x').expect("replicas x units");
        let seconds = |key| option(options, key).map(number);
        let duration = seconds("for").unwrap_or(3_600);
        let until = option(options, "until");
        let closes = option(options, "closes");
        let after = |text: &str| self.desk.now.plus(Seconds(number(text.trim_start_matches('+'))));
        PlaceOrder {
            market: self.market(market),
            units: units.parse().expect("units"),
            resources: Resources {
                cpu: seconds("cpu").map_or(0, |n| u32::try_from(n).expect("processors")),
                memory: seconds("memory").unwrap_or(0),
                storage: seconds("storage").unwrap_or(0),
            },
            replicas: replicas.parse().expect("replicas"),
            limits: limits(options),
            duration: Seconds(duration),
            prepay: Seconds(seconds("prepay").unwrap_or(duration)),
            mode: match closes {
                Some(_) => Mode::Auction,
                None if options.contains(&"manual") => Mode::Manual,
                None => Mode::Auto,
            },
            time_in_force: time_in_force(options),
            expires_at: until.map(after),
            closes_at: closes.map(after),
            post_only: options.contains(&"post-only"),
            self_trade: self_trade(options),
            min_uptime: option(options, "uptime").map(standing::uptime),
            aim: option(options, "aim").map(|bid| BidId(id_of('b', bid))),
            failover: options.contains(&"failover"),
            verify: verify(options),
            session: option(options, "session").map(number),
            requires: attributes(option(options, "needs")),
            spec_hash: Digest([0xAB; 32]),
            client_id: option(options, "id").map(|id| ClientId::new(id).expect("short")),
        }
    }

    fn start(&self, lease: LeaseId) -> StartLease {
        let replicas = self.desk.exchange.lease(lease).map_or(1, |lease| lease.replicas);
        let container = |replica| ContainerReport {
            id: Text::new(format!("container-{lease}-{replica}")).expect("short"),
            ports: vec![PortBinding { container: 80, host: 30_000, udp: false }],
        };
        StartLease {
            lease,
            image: Text::new("sha256:page").expect("short"),
            containers: (0..replicas).map(container).collect(),
        }
    }

    fn fact(&mut self, words: &[&str]) -> Command {
        let x = &self.desk.exchange;
        match *words {
            ["escrowed", lease, ref elsewhere @ ..] => {
                let lease = LeaseId(id_of('l', lease));
                let kind = if elsewhere.is_empty() { 0xE0 } else { 0xF0 };
                Escrowed { lease, tx: tx(kind, lease), ledger: 7 }.into()
            }
            ["refuses", lease] => {
                let reason = Text::new("balance too low").expect("short");
                EscrowFailed { lease: LeaseId(id_of('l', lease)), reason }.into()
            }
            ["tops", lease, ref amount @ ..] => {
                let lease = LeaseId(id_of('l', lease));
                let funding = x.lease(lease).map(|lease| lease.funding.clone()).unwrap_or_default();
                let due = funding.top_up.map_or(Stroops::ZERO, |top_up| top_up.amount);
                let amount = amount.first().map_or(due, |amount| stroops(amount));
                let kind = 0x10 + u8::try_from(funding.top_ups).expect("few");
                ToppedUp { lease, tx: tx(kind, lease), ledger: 8, amount }.into()
            }
            ["refuses", lease, "topup", count] => {
                let (lease, reason) = (LeaseId(id_of('l', lease)), Text::new("balance too low").expect("short"));
                TopUpFailed { lease, number: u32::try_from(number(count)).expect("few"), reason }.into()
            }
            ["pays", lease, ref amounts @ ..] => {
                let lease = LeaseId(id_of('l', lease));
                let due = x.lease(lease).map_or_else(Default::default, |l| (l.pay, l.fee, l.escrow - l.pay));
                let (pay, fee, refund) = match amounts {
                    [pay, fee, refund] => (stroops(pay), stroops(fee), stroops(refund)),
                    _ => due,
                };
                SettlementPaid { lease, tx: tx(0x50, lease), ledger: 9, pay, fee, refund }.into()
            }
            ["draws", lease] => ledger(LeaseId(id_of('l', lease)), true).into(),
            ["spares", lease] => ledger(LeaseId(id_of('l', lease)), false).into(),
            ["refunds", lease, ref amount @ ..] => {
                let lease = LeaseId(id_of('l', lease));
                let all = x.lease(lease).map_or(Stroops::ZERO, |lease| lease.escrow);
                let amount = amount.first().map_or(all, |amount| stroops(amount));
                SettlementRefunded { lease, tx: tx(0x40, lease), ledger: 11, amount }.into()
            }
            [what, who, amount, ref again @ ..] => {
                if !again.contains(&"again") {
                    self.chain_event += 1;
                }
                let event = ChainEventId { toid: self.chain_event << 12, index: 0 };
                let (address, amount) = (address(who), stroops(amount));
                match what {
                    "stakes" => standing::fact(event, address, amount, again),
                    "credits" => Deposit { event, address, amount }.into(),
                    "asks" => WithdrawalFact { event, address, amount }.into(),
                    "withdrew" => Withdrawn { event, address, amount }.into(),
                    "keeps" => WithdrawalCancelled { event, address, amount }.into(),
                    _ => panic!("no fact: {words:?}"),
                }
            }
            _ => panic!("no fact: {words:?}"),
        }
    }
}
