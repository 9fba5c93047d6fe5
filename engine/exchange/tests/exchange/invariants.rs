//! What holds after every entry, recomputed naively from the public reads.

use std::collections::BTreeMap;

use berth_domain::{
    AccountId, BidState, BidTarget, CloseReason, LeaseState, MarketId, Mode, OrderState, ProofValue, ProviderId, Rate,
    ResourceClass, Stroops, TrustLevel,
};
use berth_exchange::{Bid, Book, BookRow, Exchange, Lease, Order, Origin, Provider};

pub(crate) fn check(x: &Exchange) {
    money(x);
    leases(x);
    orders(x);
    bids(x);
    capacity(x);
    standbys(x);
    counters(x);
    books(x);
    if is_settled(x) {
        no_crossed_pair(x);
    }
    next_deadline(x);
}

/// Whether nothing waits for a tick that is due at once: until then, things that
/// became eligible may stand beside each other.
fn is_settled(x: &Exchange) -> bool {
    x.next_deadline().is_none_or(|deadline| deadline > x.last_at())
}

/// `floor(rate × units × replicas × seconds / 3600)`.
fn owed(rate: Rate, units: u32, replicas: u32, seconds: u64) -> i128 {
    i128::from(rate.get()) * i128::from(units) * i128::from(replicas) * i128::from(seconds) / 3_600
}

fn holds_escrow(lease: &Lease) -> bool {
    let never_locked = lease.state == LeaseState::Closed && lease.escrow_tx.is_none();
    lease.paid_tx.is_none() && !never_locked
}

fn money(x: &Exchange) {
    assert!(x.ledger().is_conserved(), "the ledger is conserved");
    let mut held: BTreeMap<AccountId, i128> = BTreeMap::new();
    for order in x.orders() {
        *held.entry(order.account).or_default() += i128::from(order.hold.get());
    }
    for lease in x.leases() {
        let top_up = lease.funding.top_up.map_or(Stroops::ZERO, |top_up| top_up.amount);
        *held.entry(lease.tenant).or_default() += i128::from(top_up.get());
    }
    for standby in x.standbys() {
        let tenant = x.lease(standby.lease).expect("a standby's lease is there").tenant;
        *held.entry(tenant).or_default() += i128::from(standby.hold.get());
    }
    let mut escrowed: BTreeMap<AccountId, i128> = BTreeMap::new();
    for lease in x.leases() {
        let there = if holds_escrow(lease) { lease.escrow } else { Stroops::ZERO };
        assert_eq!(x.ledger().escrow(lease.id), there, "escrow of lease {}", lease.id);
        *escrowed.entry(lease.tenant).or_default() += i128::from(there.get());
    }
    for account in x.accounts() {
        let balances = x.balances(account.id);
        let of = |sums: &BTreeMap<AccountId, i128>| sums.get(&account.id).copied().unwrap_or_default();
        assert_eq!(i128::from(balances.held.get()), of(&held), "held for orders of account {}", account.id);
        assert_eq!(i128::from(balances.escrowed.get()), of(&escrowed), "escrowed by account {}", account.id);
    }
}

fn leases(x: &Exchange) {
    for lease in x.leases() {
        let id = lease.id;
        let bps = i128::from(x.terms_of(lease).fee.get());
        let escrow = owed(lease.price, lease.units, lease.replicas, lease.prepay.0);
        assert_eq!(i128::from(lease.escrow.get()), escrow, "escrow of lease {id}");
        assert!(escrow > 0 && lease.cost() <= lease.escrow, "cost of lease {id}");
        let is_closed = lease.state == LeaseState::Closed;
        assert_eq!(is_closed, lease.closed_at.is_some(), "lease {id} closed");
        assert!(lease.paid_at.is_none() || is_closed, "lease {id} is paid after it closed");
        let ran = lease.started_at.is_some();
        assert_eq!(ran, !lease.containers.is_empty(), "lease {id} has containers when it started");
        assert!(!ran || lease.is_escrowed(), "lease {id} started without an escrow");
        assert!(ran || lease.evidence.seconds().0 == 0, "lease {id} is evidenced before it started");
        assert!(lease.evidence.seconds() <= lease.duration.min(lease.prepay), "lease {id} is evidenced beyond its end");
        let is_suspended = lease.funding.suspended_at().is_some();
        assert!(lease.state != LeaseState::Suspended || is_suspended, "lease {id} is suspended");
        assert!(lease.state != LeaseState::Running || !is_suspended, "lease {id} is not suspended");
        assert!(!is_suspended || lease.started_at.is_some(), "lease {id} was suspended while it ran");
        let may_pay = is_closed && ran;
        assert!(may_pay || lease.pay == Stroops::ZERO, "pay of lease {id}");
        let fee = i128::from(lease.pay.get()) * bps / 10_000;
        assert_eq!(i128::from(lease.fee.get()), fee, "fee of lease {id}");
        assert!(lease.proof.len() <= 9, "proof steps of lease {id}");
        let exact = |value: &ProofValue| !matches!(value, ProofValue::Number(n) if *n >= 1 << 53);
        let mut proven = lease.proof.iter().flat_map(|step| step.payload.fields());
        assert!(proven.all(|(_, value)| exact(value)), "JSON carries the proof of lease {id}");
    }
}

fn orders(x: &Exchange) {
    for order in x.orders() {
        let id = order.id;
        let highest = order.limits.iter().map(|(_, limit)| limit).max().expect("an order accepts a level");
        let is_open = order.state == OrderState::Open;
        let hold = if is_open { owed(highest, order.units, order.remaining, order.prepay.0) } else { 0 };
        assert_eq!(i128::from(order.hold.get()), hold, "hold of order {id}");
        if order.state == OrderState::Parked && is_settled(x) {
            let needed = owed(highest, order.units, order.remaining, order.prepay.0);
            let available = i128::from(x.balances(order.account).available.get());
            assert!(available < needed || is_beyond(x, order), "order {id} is parked and could be paid for");
        }
        assert!(order.state != OrderState::Open || !is_settled(x) || !is_beyond(x, order), "order {id} is allowed");
        let leased: u32 =
            x.leases().filter(|l| l.order == id && l.origin == Origin::Match).map(|lease| lease.replicas).sum();
        assert_eq!(leased + order.remaining, order.replicas, "replicas of order {id}");
        assert_eq!(order.state == OrderState::Filled, order.remaining == 0, "state of order {id}");
        assert!(order.is_live() || order.directed.is_empty(), "bids wait on order {id}, which is over");
        for bid in &order.directed {
            let bid = x.bid(*bid).expect("a waiting bid is there");
            assert!(bid.is_live() && bid.target == BidTarget::Directed { order: id }, "bid {} waits", bid.id);
        }
    }
}

/// Whether the tenant's mandate allows not one replica at the highest limit.
fn is_beyond(x: &Exchange, order: &Order) -> bool {
    let tenant = x.account(order.account).expect("a tenant has an account");
    let mandate = tenant.mandate.unwrap_or_default();
    let highest = order.limits.iter().map(|(_, limit)| limit).max().expect("an order accepts a level");
    let one = owed(highest, order.units, 1, order.prepay.0);
    let spent = i128::from(tenant.spent_on(x.last_at()).get());
    mandate.per_lease.is_some_and(|most| one > most.get().into())
        || mandate.per_day.is_some_and(|most| spent + one > most.get().into())
}

fn is_below_floor(x: &Exchange, bid: &Bid) -> bool {
    let mandate = x.account(bid.account).and_then(|owner| owner.mandate).unwrap_or_default();
    mandate.floor.is_some_and(|floor| bid.price < floor)
}

fn bids(x: &Exchange) {
    for bid in x.bids() {
        let id = bid.id;
        match bid.target {
            BidTarget::Standing { quantity, .. } => {
                let leased: u32 =
                    x.leases().filter(|lease| lease.bid == id).map(|lease| lease.replicas * lease.units).sum();
                assert_eq!(leased + bid.reserved + bid.remaining, quantity, "units of bid {id}");
                assert_eq!(bid.state == BidState::Matched, bid.reserved + bid.remaining == 0, "state of bid {id}");
                let host = x.provider(bid.provider).expect("a bid's provider is there");
                let is_offered = host.available && free_units(x, bid) > 0 && bid.remaining > 0;
                let is_offered = is_offered && !is_below_floor(x, bid);
                // In a paused market what was parked waits for its resumption.
                let waits = bid.state == BidState::Parked && is_paused(x, bid.market);
                if bid.is_live() && is_settled(x) && !waits {
                    assert_eq!(bid.state == BidState::Open, is_offered, "bid {id} is parked when it cannot be met");
                }
            }
            BidTarget::Directed { order } => {
                let waits = x.order(order).expect("its order is there").directed.contains(&id);
                assert_eq!(bid.is_live(), waits, "bid {id} waits on its order");
                assert_eq!(bid.state == BidState::Matched, x.leases_of_bid(id).count() == 1, "lease of bid {id}");
            }
        }
    }
}

fn is_paused(x: &Exchange, market: MarketId) -> bool {
    x.market(market).expect("a bid's market is there").paused
}

fn free_units(x: &Exchange, bid: &Bid) -> u32 {
    let provider = x.provider(bid.provider).expect("a bid's provider is there");
    let market = x.market(bid.market).expect("a bid's market is there");
    match &market.class {
        ResourceClass::Cpu => provider.free.cpu,
        gpu => free_gpus(provider, gpu),
    }
}

fn free_gpus(provider: &Provider, class: &ResourceClass) -> u32 {
    let place = provider.gpus.iter().position(|gpus| gpus.class == *class);
    place.map_or(0, |place| provider.free_gpus[place])
}

/// What is free and what leases took of a provider is all of it.
fn capacity(x: &Exchange) {
    for provider in x.providers() {
        let (mut cpu, mut memory, mut storage) = (0_u128, 0_u128, 0_u128);
        let mut gpus: BTreeMap<&ResourceClass, u32> = BTreeMap::new();
        let on_it = |lease: &&Lease| {
            let is_gone = matches!(lease.state, LeaseState::Closed | LeaseState::Verifying);
            lease.provider == provider.id && !is_gone
        };
        for lease in x.leases().filter(on_it) {
            let replicas = u128::from(lease.replicas);
            let class = &x.market(lease.market).expect("a lease's market is there").class;
            if class.is_gpu() {
                *gpus.entry(class).or_default() += lease.units * lease.replicas;
                cpu += u128::from(lease.resources.cpu) * replicas;
            } else {
                cpu += u128::from(lease.units) * replicas;
            }
            memory += u128::from(lease.resources.memory) * replicas;
            storage += u128::from(lease.resources.storage) * replicas;
        }
        for standby in x.standbys().filter(|standby| standby.provider == provider.id) {
            let lease = x.lease(standby.lease).expect("a standby's lease is there");
            let replicas = u128::from(lease.replicas);
            let class = &x.market(lease.market).expect("a lease's market is there").class;
            if class.is_gpu() {
                *gpus.entry(class).or_default() += standby.units;
                cpu += u128::from(lease.resources.cpu) * replicas;
            } else {
                cpu += u128::from(standby.units);
            }
            memory += u128::from(lease.resources.memory) * replicas;
            storage += u128::from(lease.resources.storage) * replicas;
        }
        let (free, total) = (&provider.free, &provider.total);
        let id = provider.id;
        assert_eq!(u128::from(free.cpu) + cpu, total.cpu.into(), "processors of provider {id}");
        assert_eq!(u128::from(free.memory) + memory, total.memory.into(), "memory of provider {id}");
        assert_eq!(u128::from(free.storage) + storage, total.storage.into(), "storage of provider {id}");
        for inventory in &provider.gpus {
            let taken = gpus.get(&inventory.class).copied().unwrap_or_default();
            let free = free_gpus(provider, &inventory.class);
            assert_eq!(free + taken, inventory.count, "{} of provider {id}", inventory.class);
        }
    }
}

/// Every standby belongs to a lease that may fail, or has failed and is not
/// settled; it is another account's, takes as much, and its bid knows of it.
fn standbys(x: &Exchange) {
    for standby in x.standbys() {
        let id = standby.lease;
        let lease = x.lease(id).expect("a standby's lease is there");
        let bid = x.bid(standby.bid).expect("a standby's bid is there");
        let has_failed = lease.reason.is_some_and(CloseReason::fails_over);
        let is_over = matches!(lease.state, LeaseState::Closing | LeaseState::Closed);
        assert!(lease.paid_at.is_none() && is_over == lease.reason.is_some(), "lease {id} is not settled");
        assert!(!is_over || has_failed, "lease {id} has a standby and ended otherwise than by failing");
        assert!(x.order(lease.order).is_some_and(|order| order.failover), "lease {id} wants a standby");
        assert!(bid.is_live() && bid.provider == standby.provider, "bid {} stands by", bid.id);
        assert!(bid.account != lease.provider_account && bid.account != lease.tenant, "standby of lease {id}");
        assert_eq!(standby.units, lease.units * lease.replicas, "standby of lease {id}");
    }
    for bid in x.bids() {
        let reserved: u32 = x.standbys().filter(|s| s.bid == bid.id).map(|s| s.units).sum();
        assert_eq!(bid.reserved, reserved, "units of bid {} that stand by", bid.id);
    }
}

fn counters(x: &Exchange) {
    for account in x.accounts() {
        let id = account.id;
        let open = x.orders().filter(|order| order.account == id && order.is_live()).count();
        assert_eq!(account.open_orders as usize, open, "open orders of account {id}");
        let live = x.bids().filter(|bid| bid.account == id && bid.is_live()).count();
        assert_eq!(account.live_bids as usize, live, "live bids of account {id}");
        let hosts = x.providers().filter(|provider| provider.account == id).count();
        assert_eq!(account.providers as usize, hosts, "providers of account {id}");
    }
}

fn level(x: &Exchange, account: AccountId) -> TrustLevel {
    x.account(account).expect("an owner is there").level
}

fn resting_bids(x: &Exchange) -> impl Iterator<Item = &Bid> {
    x.bids().filter(|bid| bid.state == BidState::Open && matches!(bid.target, BidTarget::Standing { .. }))
}

fn resting_orders(x: &Exchange) -> impl Iterator<Item = &Order> {
    x.orders().filter(|order| order.state == OrderState::Open && order.mode == Mode::Auto)
}

/// The public book says what the open orders and bids say.
fn books(x: &Exchange) {
    for market in x.markets() {
        let bids = resting_bids(x).filter(|bid| bid.market == market.id);
        let bids = bids.map(|bid| (level(x, bid.account), bid.price, u64::from(bid.remaining)));
        let orders = resting_orders(x).filter(|order| order.market == market.id).flat_map(|order| {
            let units = u64::from(order.remaining) * u64::from(order.units);
            order.limits.iter().map(move |(level, limit)| (level, limit, units))
        });
        let (mut bids, mut orders) = (rows(bids), rows(orders));
        bids.sort_by_key(|row| (row.price, -(row.level as i8)));
        orders.sort_by_key(|row| (-row.price.get(), -(row.level as i8)));
        assert_eq!(x.book(market.id), Some(Book { bids, orders }), "book of {}", market.class);
    }
}

fn rows(resting: impl Iterator<Item = (TrustLevel, Rate, u64)>) -> Vec<BookRow> {
    let mut rows: Vec<BookRow> = Vec::new();
    for (level, price, quantity) in resting {
        match rows.iter_mut().find(|row| row.level == level && row.price == price) {
            Some(row) => {
                row.quantity += quantity;
                row.count += 1;
            }
            None => rows.push(BookRow { level, price, quantity, count: 1 }),
        }
    }
    rows
}

/// Nothing that could trade rests side by side.
fn no_crossed_pair(x: &Exchange) {
    for order in resting_orders(x).filter(|order| !is_paused(x, order.market)) {
        for bid in resting_bids(x).filter(|bid| bid.market == order.market) {
            assert!(!could_trade(x, order, bid), "order {} and bid {} could trade and do not", order.id, bid.id);
        }
    }
}

fn could_trade(x: &Exchange, order: &Order, bid: &Bid) -> bool {
    let BidTarget::Standing { min_duration, max_duration, .. } = bid.target else { return false };
    let provider = x.provider(bid.provider).expect("a bid's provider is there");
    let within = order.limits.at(level(x, bid.account)).is_some_and(|limit| bid.price <= limit);
    let lasts = min_duration <= order.duration && order.duration <= max_duration;
    let up = x.account(bid.account).is_some_and(|owner| order.min_uptime.is_none_or(|least| owner.uptime >= least));
    let offered = order.requires.iter().all(|required| provider.attributes.contains(required));
    // A lease of less than a stroop cannot be settled. It trades at the
    // resting side's price, of which the bid's is the lower.
    let costs = owed(bid.price, order.units, 1, order.prepay.0) > 0;
    // One account's own things may pass over each other.
    let apart = order.account != bid.account;
    let fits = bid.remaining >= order.units && one_fits(x, provider.id, order);
    apart && within && lasts && up && offered && costs && fits
}

fn one_fits(x: &Exchange, provider: ProviderId, order: &Order) -> bool {
    let provider = x.provider(provider).expect("a bid's provider is there");
    let class = &x.market(order.market).expect("an order's market is there").class;
    let units = if class.is_gpu() { free_gpus(provider, class) } else { provider.free.cpu };
    let cpu = if class.is_gpu() { order.resources.cpu } else { 0 };
    units >= order.units
        && provider.free.cpu >= cpu
        && provider.free.memory >= order.resources.memory
        && provider.free.storage >= order.resources.storage
}

/// No deadline is later than what is known to end by itself.
fn next_deadline(x: &Exchange) {
    let due = |at| x.next_deadline().is_some_and(|next| next <= at);
    for order in x.orders().filter(|order| order.state == OrderState::Open) {
        assert!(order.expires_at.is_none_or(due), "order {} expires", order.id);
    }
    for lease in x.leases().filter(|lease| lease.state == LeaseState::Running) {
        assert!(lease.ends_at.is_none_or(due), "lease {} ends", lease.id);
    }
}
