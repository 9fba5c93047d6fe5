//! Events of what may be an account's own: of the engine, or as JSON of a channel.

use berth_domain::{
    Address, BidId, BidTarget, CloseReason, Event, LeaseId, MarketId, OrderId, ProviderId, Rate, ResourceClass,
    Seconds, Stroops,
};
use berth_exchange::Exchange;
use berth_wire::address;
use serde_json::Value;

/// What happens to an account's orders, bids and leases.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named as those of the events in docs/websocket.md")]
pub enum OwnEvent {
    /// An order is in the book.
    OrderAccepted { order: OrderId, tenant: Address, market: ResourceClass, quantity: u32, hold: Stroops },
    /// An order has a lease.
    OrderFilled { order: OrderId, lease: LeaseId, replicas: u32, remaining: u32, hold: Stroops },
    /// An order was changed.
    OrderAmended { order: OrderId, remaining: u32, hold: Stroops },
    /// An order waits for money.
    OrderParked { order: OrderId },
    /// It has it.
    OrderResumed { order: OrderId, hold: Stroops },
    /// What was left of an order has ended: why, or `expired`.
    OrderEnded { order: OrderId, reason: String },
    /// A bid is there.
    BidAccepted {
        bid: BidId,
        provider: ProviderId,
        owner: Address,
        market: ResourceClass,
        order: Option<OrderId>,
        quantity: Option<u32>,
        price: Option<Rate>,
    },
    /// A bid was changed.
    BidAmended { bid: BidId, price: Option<Rate>, remaining: u32 },
    /// A bid's host has no room.
    BidParked { bid: BidId },
    /// It has.
    BidResumed { bid: BidId },
    /// What was left of a bid has ended.
    BidEnded { bid: BidId },
    /// An order and a bid met.
    LeaseOpened {
        lease: LeaseId,
        order: OrderId,
        bid: BidId,
        provider: ProviderId,
        tenant: Address,
        owner: Address,
        market: ResourceClass,
        price: Rate,
        units: u32,
        replicas: u32,
        escrow: Stroops,
        duration: Seconds,
    },
    /// A lease's escrow is locked.
    LeaseEscrowed { lease: LeaseId },
    /// It runs.
    LeaseStarted { lease: LeaseId },
    /// It waits for money.
    LeaseSuspended { lease: LeaseId },
    /// It goes on.
    LeaseResumed { lease: LeaseId },
    /// It is about to close.
    LeaseClosing { lease: LeaseId, reason: CloseReason },
    /// It is closed.
    LeaseClosed { lease: LeaseId, reason: CloseReason, pay: Stroops, fee: Stroops, refund: Stroops },
}

impl OwnEvent {
    /// An event of the engine; none where it is none of these. `x` is the state
    /// behind it.
    #[must_use]
    pub fn of(x: &Exchange, event: &Event) -> Option<Self> {
        let class = |market: MarketId| x.market(market).map(|market| market.class.clone());
        Some(match event {
            Event::OrderAccepted(e) => Self::OrderAccepted {
                order: e.order,
                tenant: e.address,
                market: class(e.market)?,
                quantity: e.replicas,
                hold: e.hold,
            },
            Event::OrderFilled(e) => Self::OrderFilled {
                order: e.order,
                lease: e.lease,
                replicas: e.replicas,
                remaining: e.remaining,
                hold: e.hold,
            },
            Event::OrderAmended(e) => Self::OrderAmended { order: e.order, remaining: e.remaining, hold: e.hold },
            Event::OrderParked(e) => Self::OrderParked { order: e.order },
            Event::OrderResumed(e) => Self::OrderResumed { order: e.order, hold: e.hold },
            Event::OrderCancelled(e) => Self::OrderEnded { order: e.order, reason: e.reason.as_str().to_owned() },
            Event::OrderExpired(e) => Self::OrderEnded { order: e.order, reason: "expired".to_owned() },
            Event::BidAccepted(e) => {
                let (order, quantity) = match e.target {
                    BidTarget::Standing { quantity, .. } => (None, Some(quantity)),
                    BidTarget::Directed { order } => (Some(order), None),
                };
                let is_sealed = berth_wire::event::Names::is_sealed(&berth_render::Named(x), e.bid);
                Self::BidAccepted {
                    bid: e.bid,
                    provider: e.provider,
                    owner: e.address,
                    market: class(e.market)?,
                    order,
                    quantity,
                    price: (!is_sealed).then_some(e.price),
                }
            }
            Event::BidAmended(e) => {
                let is_sealed = berth_wire::event::Names::is_sealed(&berth_render::Named(x), e.bid);
                Self::BidAmended { bid: e.bid, price: (!is_sealed).then_some(e.price), remaining: e.remaining }
            }
            Event::BidParked(e) => Self::BidParked { bid: e.bid },
            Event::BidResumed(e) => Self::BidResumed { bid: e.bid },
            Event::BidCancelled(e) => Self::BidEnded { bid: e.bid },
            Event::BidExpired(e) => Self::BidEnded { bid: e.bid },
            Event::BidLost(e) => Self::BidEnded { bid: e.bid },
            Event::LeaseOpened(e) => Self::LeaseOpened {
                lease: e.lease,
                order: e.order,
                bid: e.bid,
                provider: e.provider,
                tenant: e.tenant_address,
                owner: e.provider_address,
                market: class(e.market)?,
                price: e.price,
                units: e.units,
                replicas: e.replicas,
                escrow: e.escrow,
                duration: e.duration,
            },
            Event::LeaseEscrowed(e) => Self::LeaseEscrowed { lease: e.lease },
            Event::LeaseStarted(e) => Self::LeaseStarted { lease: e.lease },
            Event::LeaseSuspended(e) => Self::LeaseSuspended { lease: e.lease },
            Event::LeaseResumed(e) => Self::LeaseResumed { lease: e.lease },
            Event::LeaseClosing(e) => Self::LeaseClosing { lease: e.lease, reason: e.reason },
            Event::LeaseClosed(e) => {
                Self::LeaseClosed { lease: e.lease, reason: e.reason, pay: e.pay, fee: e.fee, refund: e.refund }
            }
            _ => return None,
        })
    }

    /// The same from the JSON that a channel brings; none where it is none of these,
    /// or cannot be read.
    #[must_use]
    pub fn read(event: &Value) -> Option<Self> {
        let json = Json(event);
        Some(match event["type"].as_str()? {
            "order.accepted" => Self::OrderAccepted {
                order: OrderId(json.id("orderId")?),
                tenant: json.address("tenantAddress")?,
                market: json.parsed("market")?,
                quantity: json.count("quantity")?,
                hold: json.parsed("hold")?,
            },
            "order.filled" => Self::OrderFilled {
                order: OrderId(json.id("orderId")?),
                lease: LeaseId(json.id("leaseId")?),
                replicas: json.count("replicas")?,
                remaining: json.count("remaining")?,
                hold: json.parsed("hold")?,
            },
            "order.amended" => Self::OrderAmended {
                order: OrderId(json.id("orderId")?),
                remaining: json.count("remaining")?,
                hold: json.parsed("hold")?,
            },
            "order.parked" => Self::OrderParked { order: OrderId(json.id("orderId")?) },
            "order.resumed" => Self::OrderResumed { order: OrderId(json.id("orderId")?), hold: json.parsed("hold")? },
            "order.cancelled" => Self::OrderEnded {
                order: OrderId(json.id("orderId")?),
                reason: event["reason"].as_str().unwrap_or_default().to_owned(),
            },
            "order.expired" => Self::OrderEnded { order: OrderId(json.id("orderId")?), reason: "expired".to_owned() },
            "bid.accepted" => Self::BidAccepted {
                bid: BidId(json.id("bidId")?),
                provider: ProviderId(json.count("providerId")?),
                owner: json.address("providerAddress")?,
                market: json.parsed("market")?,
                order: json.id("orderId").map(OrderId),
                quantity: json.count("quantity"),
                price: json.rate("bidPrice"),
            },
            "bid.amended" => Self::BidAmended {
                bid: BidId(json.id("bidId")?),
                price: json.rate("bidPrice"),
                remaining: json.count("remaining")?,
            },
            "bid.parked" => Self::BidParked { bid: BidId(json.id("bidId")?) },
            "bid.resumed" => Self::BidResumed { bid: BidId(json.id("bidId")?) },
            "bid.cancelled" | "bid.expired" | "bid.lost" => Self::BidEnded { bid: BidId(json.id("bidId")?) },
            "lease.opened" => Self::LeaseOpened {
                lease: LeaseId(json.id("leaseId")?),
                order: OrderId(json.id("orderId")?),
                bid: BidId(json.id("bidId")?),
                provider: ProviderId(json.count("providerId")?),
                tenant: json.address("tenantAddress")?,
                owner: json.address("providerAddress")?,
                market: json.parsed("market")?,
                price: json.rate("price")?,
                units: json.count("units")?,
                replicas: json.count("replicas")?,
                escrow: json.parsed("escrow")?,
                duration: Seconds(json.id("durationSeconds")?),
            },
            "lease.escrowed" => Self::LeaseEscrowed { lease: LeaseId(json.id("leaseId")?) },
            "lease.started" => Self::LeaseStarted { lease: LeaseId(json.id("leaseId")?) },
            "lease.suspended" => Self::LeaseSuspended { lease: LeaseId(json.id("leaseId")?) },
            "lease.resumed" => Self::LeaseResumed { lease: LeaseId(json.id("leaseId")?) },
            "lease.closing" => Self::LeaseClosing { lease: LeaseId(json.id("leaseId")?), reason: json.reason()? },
            "lease.closed" => Self::LeaseClosed {
                lease: LeaseId(json.id("leaseId")?),
                reason: json.reason()?,
                pay: json.parsed("pay")?,
                fee: json.parsed("fee")?,
                refund: json.parsed("refund")?,
            },
            _ => return None,
        })
    }
}

/// Fields of an event.
struct Json<'a>(&'a Value);

impl Json<'_> {
    fn id(&self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }

    fn count(&self, name: &str) -> Option<u32> {
        self.id(name)?.try_into().ok()
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.0[name].as_str()?.parse().ok()
    }

    fn rate(&self, name: &str) -> Option<Rate> {
        self.parsed::<Stroops>(name).and_then(|price| Rate::new(price.get()))
    }

    fn address(&self, name: &str) -> Option<Address> {
        address::read(self.0[name].as_str()?)
    }

    fn reason(&self) -> Option<CloseReason> {
        CloseReason::from_name(self.0["reason"].as_str()?)
    }
}
