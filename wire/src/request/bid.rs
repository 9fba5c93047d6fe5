//! Placing, cancelling and accepting bids; cancelling orders.

use berth_domain::{
    BidTarget, ClientId, MarketId, Micros, OrderId, PlaceBid, ProviderId, Rate, ResourceClass, Seconds, SelfTrade,
    Stroops, TimeInForce,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::expiry;
use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::price::Per;
use crate::scalar::{WHOLE_MAX, in_text, in_text_option, is_false, whole, whole_option};

/// `POST /orders/{id}/bids`: a bid for one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectedBid {
    /// The host.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub provider_id: u32,
    /// The price of a unit.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub bid_price: Stroops,
    /// The time that it is for.
    #[serde(default)]
    pub per: Per,
    /// How long it stays.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::TimeInForceWord)]
    pub time_in_force: TimeInForce,
    /// When `gtd` ends: microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub expires_at: Option<u64>,
    /// The owner's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
}

/// `POST /bids`: a bid that stands in a market's book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct StandingBid {
    /// The host.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub provider_id: u32,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// The lowest price of a unit.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub bid_price: Stroops,
    /// The time that it is for.
    #[serde(default)]
    pub per: Per,
    /// Units offered.
    #[serde(deserialize_with = "whole::<1, 4_294_967_295, _, _>")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub quantity: u32,
    /// The shortest lease that it takes, in seconds; one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub min_duration: Option<u64>,
    /// The longest lease that it takes, in seconds; [`StandingBid::DURATION_MAX`]
    /// when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub max_duration: Option<u64>,
    /// How long it stays.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::TimeInForceWord)]
    pub time_in_force: TimeInForce,
    /// When `gtd` ends: microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub expires_at: Option<u64>,
    /// Refused where it would take what rests.
    #[serde(default, skip_serializing_if = "is_false")]
    pub post_only: bool,
    /// What happens where it would trade with an order of its own account.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::SelfTradeWord)]
    pub self_trade: SelfTrade,
    /// The owner's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
}

/// `PUT /bids/{id}/accept`; the body may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptRequest {
    /// Who accepts; the order's tenant when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_address: Option<Name>,
}

/// `DELETE /orders/{id}` and `DELETE /bids/{id}`; the body may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelRequest {
    /// Who cancels; the owner when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
}

objects!(DirectedBid, StandingBid, AcceptRequest, CancelRequest);

/// A bid to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBid {
    /// The host, whose owner places it.
    pub provider: ProviderId,
    /// What it is for.
    pub target: NewBidTarget,
    /// The lowest price.
    pub price: Rate,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// Refused where it would take what rests.
    pub post_only: bool,
    /// What happens where it would trade with an order of its own account.
    pub self_trade: SelfTrade,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
}

/// What a bid is for; a market is named by class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewBidTarget {
    /// It rests in a market's book.
    Standing {
        /// The market.
        class: ResourceClass,
        /// Units offered.
        quantity: u32,
        /// The shortest lease that it takes.
        min_duration: Seconds,
        /// The longest lease that it takes.
        max_duration: Seconds,
    },
    /// It answers one order.
    Directed {
        /// The order.
        order: OrderId,
    },
}

impl NewBid {
    /// What the exchange is told; `market` gives the market of a class. The bid
    /// belongs to no session.
    ///
    /// # Errors
    /// The class whose market does not exist.
    pub fn command(&self, market: impl FnOnce(&ResourceClass) -> Option<MarketId>) -> Result<PlaceBid, ResourceClass> {
        let target = match &self.target {
            NewBidTarget::Standing { class, quantity, min_duration, max_duration } => BidTarget::Standing {
                market: market(class).ok_or_else(|| class.clone())?,
                quantity: *quantity,
                min_duration: *min_duration,
                max_duration: *max_duration,
            },
            NewBidTarget::Directed { order } => BidTarget::Directed { order: *order },
        };
        Ok(PlaceBid {
            provider: self.provider,
            target,
            price: self.price,
            time_in_force: self.time_in_force,
            expires_at: self.expires_at,
            post_only: self.post_only,
            self_trade: self.self_trade,
            session: None,
            client_id: self.client_id,
        })
    }
}

impl DirectedBid {
    /// What the exchange takes, for `order`.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self, order: OrderId) -> Result<NewBid, Malformed> {
        if matches!(self.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
            let why = format!("is {}, and a bid that answers an order has to stay", self.time_in_force);
            return Err(Malformed::new("timeInForce", why));
        }
        Ok(NewBid {
            provider: ProviderId(self.provider_id),
            target: NewBidTarget::Directed { order },
            price: self.per.rate(self.bid_price, "bidPrice")?,
            time_in_force: self.time_in_force,
            expires_at: expiry(self.time_in_force, self.expires_at, false)?,
            post_only: false,
            self_trade: SelfTrade::default(),
            client_id: self.client_order_id,
        })
    }
}

impl StandingBid {
    /// The longest lease of a bid that names no bound: 366 days.
    pub const DURATION_MAX: u64 = 366 * 86_400;

    /// What the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<NewBid, Malformed> {
        let min_duration = Seconds(self.min_duration.unwrap_or(1));
        let max_duration = Seconds(self.max_duration.unwrap_or(Self::DURATION_MAX));
        if min_duration > max_duration {
            return Err(Malformed::new("minDuration", format!("is more than maxDuration, {max_duration}")));
        }
        Ok(NewBid {
            provider: ProviderId(self.provider_id),
            target: NewBidTarget::Standing { class: self.market, quantity: self.quantity, min_duration, max_duration },
            price: self.per.rate(self.bid_price, "bidPrice")?,
            time_in_force: self.time_in_force,
            expires_at: expiry(self.time_in_force, self.expires_at, self.post_only)?,
            post_only: self.post_only,
            self_trade: self.self_trade,
            client_id: self.client_order_id,
        })
    }
}
