//! Events, books and money as text.

use std::collections::BTreeMap;

use berth_domain::{AccountId, Event, MarketId, Micros, Stroops};
use berth_exchange::{BookRow, Exchange, Outcome, Reply};

use crate::desk::{Frame, OPENING};

/// The lines of a frame: its events, or what it came to when it has none.
pub(crate) fn frame(x: &Exchange, frame: &Frame, names: &dyn Fn(AccountId) -> String) -> Vec<String> {
    match frame.outcome {
        Outcome::Refused(code) => vec![format!("refused {code}")],
        Outcome::Repeated(reply) => vec![format!("again {}", answer(reply, names))],
        Outcome::Done(_) if frame.events.is_empty() => vec!["done".to_owned()],
        Outcome::Done(_) => frame.events.iter().filter_map(|told| event(x, told, names)).collect(),
    }
}

fn answer(reply: Reply, names: &dyn Fn(AccountId) -> String) -> String {
    match reply {
        Reply::None => "nothing".to_owned(),
        Reply::Account(id) => names(id),
        Reply::Provider(id) => format!("p{id}"),
        Reply::Order(id) => format!("o{id}"),
        Reply::Bid(id) => format!("b{id}"),
        Reply::Lease(id) => format!("l{id}"),
        Reply::Market(id) => format!("m{id}"),
    }
}

/// Steps of the proof chain have tests of their own and are left out.
fn event(x: &Exchange, event: &Event, names: &dyn Fn(AccountId) -> String) -> Option<String> {
    Some(match event {
        Event::ProofStepped(_) => return None,
        Event::ExchangeOpened(_) => "exchange opened".to_owned(),
        Event::MarketOpened(e) => format!("market {} opened", e.class),
        Event::AccountOpened(e) => format!("account {} opened, level {}", names(e.account), e.level),
        Event::DepositCredited(e) => format!("{} has {} more", names(e.account), e.amount),
        Event::WithdrawalRequested(e) => format!("{} waits for {}", names(e.account), e.amount),
        Event::WithdrawalPaid(e) => format!("{} withdrew {}", names(e.account), e.amount),
        Event::WithdrawalCancelled(e) => format!("{} has {} back", names(e.account), e.amount),
        Event::ProviderRegistered(e) => format!("provider p{} of {}", e.provider, names(e.account)),
        Event::OrderAccepted(e) => format!("order o{} open, holds {}", e.order, e.hold),
        Event::OrderFilled(e) => {
            let of = |n: u32| if n == 1 { "1 replica".to_owned() } else { format!("{n} replicas") };
            format!(
                "order o{} has l{} for {}, {} left, holds {}",
                e.order,
                e.lease,
                of(e.replicas),
                e.remaining,
                e.hold
            )
        }
        Event::OrderCancelled(e) => format!("order o{} cancelled ({}), releases {}", e.order, e.reason, e.released),
        Event::OrderExpired(e) => format!("order o{} expired, releases {}", e.order, e.released),
        Event::OrderAmended(e) => {
            format!("order o{} amended, {} of {} left, holds {}", e.order, e.remaining, e.replicas, e.hold)
        }
        Event::MandateSet(e) => {
            let amount = |name: &str, amount: Option<Stroops>| amount.map(|amount| format!("{amount} {name}"));
            let floor = e.floor.map(|floor| format!("from {floor}"));
            let until = e.until.map(|until| format!("until {}", clock(until)));
            let limits = [amount("a lease", e.per_lease), amount("a day", e.per_day), floor, until];
            let limits: Vec<_> = limits.into_iter().flatten().collect();
            let limits = if limits.is_empty() { "none".to_owned() } else { limits.join(", ") };
            format!("mandate of {}: {limits}", names(e.account))
        }
        Event::KeyRegistered(_) | Event::KeyRevoked(_) => crate::keys::told(event, names)?,
        Event::OrderParked(e) => format!("order o{} parked, releases {}", e.order, e.released),
        Event::OrderResumed(e) => format!("order o{} resumed, holds {}", e.order, e.hold),
        Event::BidAmended(e) => format!("bid b{} amended, {} at {}", e.bid, e.remaining, e.price),
        Event::BidExpired(e) => format!("bid b{} expired", e.bid),
        Event::DeadManSet(e) => {
            let when = e.deadline.map_or("disarmed".to_owned(), |at| format!("armed until {}", clock(at)));
            format!("dead-man timer of {} {when}", names(e.account))
        }
        Event::MarketPaused(e) => format!("market {} paused", x.market(e.market)?.class),
        Event::MarketResumed(e) => format!("market {} resumed", x.market(e.market)?.class),
        Event::ChangeAnnounced(e) => format!("{} from {}", crate::operating::change(&e.change), clock(e.effective_at)),
        Event::ExchangeReconfigured(e) => format!("terms in force, fee {}", e.fee.get()),
        Event::ExchangeUpgraded(e) => format!("rules {} in force", e.rules),
        Event::ProviderChanged(e) => {
            let takes = if e.available { "takes leases" } else { "is drained" };
            format!("provider p{} {takes}, offers {}", e.provider, crate::operating::list(&e.attributes))
        }
        Event::BidAccepted(e) => format!("bid b{} open", e.bid),
        Event::BidParked(e) => format!("bid b{} parked", e.bid),
        Event::BidResumed(e) => format!("bid b{} resumed", e.bid),
        Event::BidLost(e) => format!("bid b{} lost", e.bid),
        Event::BidCancelled(e) => format!("bid b{} cancelled ({})", e.bid, e.reason),
        Event::LeaseOpened(e) => format!(
            "lease l{}: o{} on b{}, {}x{} at {} ({}), escrow {}",
            e.lease, e.order, e.bid, e.replicas, e.units, e.price, e.level, e.escrow
        ),
        Event::LeaseEscrowed(e) => format!("lease l{} escrowed", e.lease),
        Event::LeaseStarted(e) => format!("lease l{} runs until {}", e.lease, clock(e.ends_at)),
        Event::LeaseHeartbeat(e) => {
            let health = if e.healthy { "" } else { " (unhealthy)" };
            format!("lease l{} evidenced {}, cost {}{health}", e.lease, e.evidenced, e.cost)
        }
        Event::LeaseRunway(e) => format!("funds of lease l{} end at {}", e.lease, clock(e.ends_at)),
        Event::LeaseSuspended(e) => format!("lease l{} suspended until {}", e.lease, clock(e.closes_at)),
        Event::LeaseResumed(e) => format!("lease l{} resumed, runs until {}", e.lease, clock(e.ends_at)),
        Event::TopUpRequested(e) => {
            format!("top-up {} of lease l{} by {}, {} held", e.number, e.lease, e.seconds, e.amount)
        }
        Event::LeaseToppedUp(e) => {
            format!("lease l{} topped up by {}: {} for {}", e.lease, e.amount, e.escrow, e.prepay)
        }
        Event::TopUpReleased(e) => format!("top-up {} of lease l{} failed, releases {}", e.number, e.lease, e.amount),
        Event::LeaseClosing(e) => format!("lease l{} closing ({})", e.lease, e.reason),
        Event::LeaseClosed(e) => {
            let way = if e.escrowed { "to be settled" } else { "released" };
            format!(
                "lease l{} closed ({}): {}, pay {}, fee {}, refund {}, {way}",
                e.lease, e.reason, e.evidenced, e.pay, e.fee, e.refund
            )
        }
        Event::LeasePaid(e) => {
            let lease = x.lease(e.lease)?;
            let (tenant, provider) = (names(lease.tenant), names(lease.provider_account));
            let part = e.pay - e.fee;
            format!("lease l{} paid: {provider} {part}, treasury {}, {tenant} {}", e.lease, e.fee, e.refund)
        }
        Event::StakeChanged(_)
        | Event::StakeSlashed(_)
        | Event::Attested(_)
        | Event::TrustChanged(_)
        | Event::ReputationChanged(_) => crate::standing::told(event, names)?,
        Event::StandbyReserved(e) => {
            let hold = if e.hold == Stroops::ZERO { String::new() } else { format!(", holds {}", e.hold) };
            format!("standby of l{}: {} of b{} at {}{hold}", e.lease, e.replicas, e.bid, e.price)
        }
        Event::StandbyReleased(e) => format!("standby of l{} released: b{} ({})", e.lease, e.bid, e.reason),
        Event::StandbyMissing(e) => format!("no standby for l{}", e.lease),
        Event::LeaseFailedOver(e) => format!("l{} goes on as l{}", e.from, e.to),
        Event::OrderContinued(e) => format!("l{} goes on as o{}", e.lease, e.order),
        Event::OrderDiscontinued(e) => format!("l{} does not go on: {}", e.lease, e.code),
        Event::VerificationStarted(e) => format!("lease l{} verifying", e.lease),
        Event::VerificationDrawn(e) => {
            format!("lease l{} {} by ledger {}", e.lease, if e.drawn { "drawn" } else { "spared" }, e.ledger)
        }
        Event::VerificationRerun(e) => format!("lease l{} runs again as l{}", e.lease, e.rerun),
        Event::VerificationEnded(e) => format!("lease l{} verified: {}", e.lease, e.verdict),
        Event::CommandRefused(e) => format!("refused {}", e.code),
    })
}

/// Time since the desk opened.
pub(crate) fn clock(at: Micros) -> String {
    let micros = at.since(OPENING);
    let (seconds, part) = (micros / 1_000_000, micros % 1_000_000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if part == 0 { text } else { format!("{text}.{part:06}") }
}

/// A market's ladder: demand, price, supply; the dearest on top.
pub(crate) fn book(x: &Exchange, market: MarketId) -> Vec<String> {
    let book = x.book(market).expect("the market is open");
    let mut rows: BTreeMap<i64, (String, Vec<String>, Vec<String>)> = BTreeMap::new();
    let cell = |row: &BookRow| {
        let count = if row.count == 1 { String::new() } else { format!(" ({})", row.count) };
        format!("{} {}{count}", row.quantity, row.level)
    };
    for row in &book.orders {
        rows.entry(-row.price.get()).or_insert_with(|| (row.price.to_string(), vec![], vec![])).1.push(cell(row));
    }
    for row in &book.bids {
        rows.entry(-row.price.get()).or_insert_with(|| (row.price.to_string(), vec![], vec![])).2.push(cell(row));
    }
    let rows = rows.into_values().map(|(price, orders, bids)| vec![orders.join(", "), price, bids.join(", ")]);
    table(&["orders", "price", "bids"], rows.collect())
}

/// The money of some accounts.
pub(crate) fn money(x: &Exchange, accounts: &[(String, AccountId)]) -> Vec<String> {
    // Hardly anybody owes, and then nobody need read so.
    let owes = accounts.iter().any(|(_, id)| x.balances(*id).owed > Stroops::ZERO);
    let columns = if owes { 5 } else { 4 };
    let row = |(name, id): &(String, AccountId)| {
        let b = x.balances(*id);
        let cells = [b.available, b.held, b.escrowed, b.withdrawing, b.owed].map(|amount: Stroops| amount.to_string());
        [vec![name.clone()], cells[..columns].to_vec()].concat()
    };
    let head = ["account", "available", "held", "escrowed", "withdrawing", "owed"];
    table(&head[..=columns], accounts.iter().map(row).collect())
}

pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> Vec<String> {
    let mut lines = vec![head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows);
    let widths: Vec<usize> =
        (0..head.len()).map(|i| lines.iter().map(|line| line[i].len()).max().unwrap_or_default()).collect();
    let line = |cells: Vec<String>| {
        let cells: Vec<_> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |", cells.join(" | "))
    };
    lines.into_iter().map(line).collect()
}
