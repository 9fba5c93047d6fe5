//! Changing orders and bids. What a request leaves out stays as it is.

use berth_domain::{AmendBid, AmendOrder, BidId, Limits, Micros, OrderId, Rate, Stroops, TrustLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::price::{MaxPrice, Per};
use crate::scalar::{WHOLE_MAX, in_text_option, levels, whole_option};

/// `PATCH /orders/{id}` and `order.amend`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AmendOrderRequest {
    /// Who changes it; the owner when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// The new total of replicas, 1 to 10,000, those with leases among them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, 10_000, _, _>")]
    #[schema(minimum = 1, maximum = 10000)]
    pub quantity: Option<u32>,
    /// The highest price of a unit: for the accepted levels, or for those that
    /// it names, which then are the accepted ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_price: Option<MaxPrice>,
    /// The time that it is for.
    #[serde(default)]
    pub per: Per,
    /// The levels that are accepted from now on. Without `max_price` each keeps
    /// the limit that it has, so that it must have one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "levels")]
    #[schema(value_type = Option<Vec<crate::schema::LevelWord>>)]
    pub trust_levels: Option<Vec<TrustLevel>>,
    /// When it ends: microseconds since 1970; for `gtd` only.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub expires_at: Option<u64>,
}

/// `PATCH /bids/{id}` and `bid.amend`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AmendBidRequest {
    /// Who changes it; the owner when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// The lowest price of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub bid_price: Option<Stroops>,
    /// The time that it is for.
    #[serde(default)]
    pub per: Per,
    /// The new total of units, those with leases among them.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole_option::<1, 4_294_967_295, _, _>"
    )]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub quantity: Option<u32>,
    /// When it ends: microseconds since 1970; for `gtd` only.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub expires_at: Option<u64>,
}

objects!(AmendOrderRequest, AmendBidRequest);

/// How an order shall change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderChange {
    /// The new total of replicas.
    pub replicas: Option<u32>,
    /// The new limits, as far as they are known without the order.
    pub price: PriceChange,
    /// When it ends.
    pub expires_at: Option<Micros>,
}

/// How an order's limits shall change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceChange {
    /// Not at all.
    None,
    /// To these.
    To(Limits),
    /// The accepted levels stay and have this limit.
    SamePrice(Rate),
    /// These levels are accepted, at the limits that they have.
    SameLimits(Vec<TrustLevel>),
}

/// How a bid shall change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidChange {
    /// The lowest price.
    pub price: Option<Rate>,
    /// The new total of units.
    pub quantity: Option<u32>,
    /// When it ends.
    pub expires_at: Option<Micros>,
}

impl AmendOrderRequest {
    /// Who says it, if the request does, and what shall change.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<(Option<Name>, OrderChange), Malformed> {
        let price = match (&self.max_price, self.trust_levels) {
            (None, None) => PriceChange::None,
            (Some(MaxPrice::Same(amount)), None) => PriceChange::SamePrice(self.per.rate(*amount, "maxPrice")?),
            (Some(price), levels) => PriceChange::To(price.limits(self.per, levels.as_deref())?),
            (None, Some(levels)) if levels.is_empty() => {
                return Err(Malformed::new("trustLevels", "names no level"));
            }
            (None, Some(levels)) => PriceChange::SameLimits(levels),
        };
        let expires_at = self.expires_at.map(Micros);
        Ok((self.address, OrderChange { replicas: self.quantity, price, expires_at }))
    }
}

impl OrderChange {
    /// What the exchange takes, for `order` with the limits that it has now.
    ///
    /// # Errors
    /// When a level is to be accepted that has had no limit so far.
    pub fn command(&self, order: OrderId, now: &Limits) -> Result<AmendOrder, Malformed> {
        let limits = match &self.price {
            PriceChange::None => None,
            PriceChange::To(limits) => Some(*limits),
            PriceChange::SamePrice(rate) => Limits::new(now.iter().map(|(level, _)| (level, *rate))),
            PriceChange::SameLimits(levels) => {
                let limit = |(i, level): (usize, &TrustLevel)| {
                    let why = format!("{level} has no limit so far; name maxPrice");
                    now.at(*level).map(|rate| (*level, rate)).ok_or(Malformed::new(format!("trustLevels[{i}]"), why))
                };
                Limits::new(levels.iter().enumerate().map(limit).collect::<Result<Vec<_>, _>>()?)
            }
        };
        Ok(AmendOrder { order, replicas: self.replicas, limits, expires_at: self.expires_at })
    }
}

impl AmendBidRequest {
    /// Who says it, if the request does, and what shall change.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<(Option<Name>, BidChange), Malformed> {
        let price = self.bid_price.map(|price| self.per.rate(price, "bidPrice")).transpose()?;
        Ok((self.address, BidChange { price, quantity: self.quantity, expires_at: self.expires_at.map(Micros) }))
    }
}

impl BidChange {
    /// What the exchange takes, for `bid`.
    #[must_use]
    pub const fn command(self, bid: BidId) -> AmendBid {
        AmendBid { bid, price: self.price, quantity: self.quantity, expires_at: self.expires_at }
    }
}
