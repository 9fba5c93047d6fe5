//! Placing an order.

use berth_domain::{
    Attribute, ClientId, Digest, Limits, MarketId, Micros, Mode, PlaceOrder, ResourceClass, Resources, Seconds,
    SelfTrade, TimeInForce, TrustLevel, Uptime, Verify,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::expiry;
use super::specification::{Needs, Specification};
use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::price::{MaxPrice, Per};
use crate::scalar::{WHOLE_MAX, in_text, in_text_option, is_false, levels, whole, whole_option};
use crate::verify;

/// Seconds of a block, as a Stellar ledger takes.
const BLOCK_SECONDS: u64 = 5;

/// `POST /orders` and `order.place`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderRequest {
    /// Who pays.
    pub tenant_address: Name,
    /// The highest price of a unit.
    pub max_price: MaxPrice,
    /// The time that it is for.
    #[serde(default)]
    pub per: Per,
    /// Accepted trust levels; all five when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "levels")]
    #[schema(value_type = Option<Vec<crate::schema::LevelWord>>)]
    pub trust_levels: Option<Vec<TrustLevel>>,
    /// Replicas, 1 to 10,000.
    #[serde(default = "one", deserialize_with = "whole::<1, 10_000, _, _>")]
    #[schema(minimum = 1, maximum = 10000)]
    pub quantity: u32,
    /// How long a lease runs, in blocks of five seconds; either this or
    /// `duration_seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub duration_blocks: Option<u64>,
    /// How long a lease runs, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub duration_seconds: Option<u64>,
    /// What to run.
    pub specification: Specification,
    /// How it meets bids.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::ModeWord)]
    pub mode: Mode,
    /// When an auction clears: microseconds since 1970; either this or
    /// `auction_seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub closes_at: Option<u64>,
    /// When an auction clears, in seconds from now. A repeat of the request
    /// means another time: with a client id name `closes_at`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub auction_seconds: Option<u64>,
    /// How long it stays.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::TimeInForceWord)]
    pub time_in_force: TimeInForce,
    /// When `gtd` ends: microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub expires_at: Option<u64>,
    /// The tenant's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
    /// What hold and escrow cover, in seconds; the duration when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub prepay_seconds: Option<u64>,
    /// A standby for each lease.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failover: bool,
    /// How the results of its leases are checked before they are paid: `"none"`,
    /// `"spot"`, or `{"replicas": n}` with 3, 5 or 7, which is `quantity`, in
    /// mode auto and as fok.
    #[serde(default, skip_serializing_if = "verify::is_none", with = "verify")]
    #[schema(value_type = crate::schema::VerifySpec)]
    pub verify: Verify,
    /// Refused where it would take what rests.
    #[serde(default, skip_serializing_if = "is_false")]
    pub post_only: bool,
    /// What happens where it would trade with a bid of its own account.
    #[serde(default, with = "in_text")]
    #[schema(value_type = crate::schema::SelfTradeWord)]
    pub self_trade: SelfTrade,
}

objects!(OrderRequest);

const fn one() -> u32 {
    1
}

/// An order to be placed. Its market is named by class and its specification is
/// not stored yet: [`NewOrder::command`] takes the results of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Who pays.
    pub tenant: Name,
    /// The market.
    pub class: ResourceClass,
    /// What to run, for the private store.
    pub specification: Specification,
    /// Units of one replica.
    pub units: u32,
    /// What else one replica takes.
    pub resources: Resources,
    /// Replicas.
    pub replicas: u32,
    /// The highest price for each accepted level.
    pub limits: Limits,
    /// How long a lease runs.
    pub duration: Seconds,
    /// What hold and escrow cover.
    pub prepay: Seconds,
    /// How it meets bids.
    pub mode: Mode,
    /// When an auction clears.
    pub closes: Option<AuctionEnd>,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// Refused where it would take what rests.
    pub post_only: bool,
    /// What happens where it would trade with a bid of its own account.
    pub self_trade: SelfTrade,
    /// What a provider must offer.
    pub requires: Vec<Attribute>,
    /// The least share of time that a provider must have been up.
    pub min_uptime: Option<Uptime>,
    /// Whether a standby is reserved for each lease.
    pub failover: bool,
    /// How the results of its leases are checked before they are paid.
    pub verify: Verify,
    /// The tenant's own id for it.
    pub client_id: Option<ClientId>,
}

/// When an auction clears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuctionEnd {
    /// At this time.
    At(Micros),
    /// So long after the node takes the order.
    After(Seconds),
}

impl NewOrder {
    /// What the exchange is told. `now` is what an auction's seconds count
    /// from. The order belongs to no session.
    #[must_use]
    pub fn command(&self, market: MarketId, spec_hash: Digest, now: Micros) -> PlaceOrder {
        PlaceOrder {
            market,
            units: self.units,
            resources: self.resources,
            replicas: self.replicas,
            limits: self.limits,
            duration: self.duration,
            prepay: self.prepay,
            mode: self.mode,
            closes_at: self.closes.map(|end| match end {
                AuctionEnd::At(at) => at,
                AuctionEnd::After(seconds) => now.plus(seconds),
            }),
            time_in_force: self.time_in_force,
            expires_at: self.expires_at,
            post_only: self.post_only,
            self_trade: self.self_trade,
            requires: self.requires.clone(),
            min_uptime: self.min_uptime,
            aim: None,
            failover: self.failover,
            verify: self.verify,
            spec_hash,
            session: None,
            client_id: self.client_id,
        }
    }
}

impl OrderRequest {
    /// What the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<NewOrder, Malformed> {
        let limits = self.max_price.limits(self.per, self.trust_levels.as_deref())?;
        let duration = self.duration()?;
        let expires_at = expiry(self.time_in_force, self.expires_at, self.post_only)?;
        if self.mode != Mode::Auto && matches!(self.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
            let (time, mode) = (self.time_in_force, self.mode);
            return Err(Malformed::new("timeInForce", format!("is {time}, and an order in mode {mode} has to stay")));
        }
        if self.mode == Mode::Auction && self.time_in_force == TimeInForce::Gtd {
            return Err(Malformed::new("timeInForce", "is gtd, and an auction ends at closesAt"));
        }
        if self.mode != Mode::Auto && self.post_only {
            return Err(Malformed::new("postOnly", "is only for mode auto: the others take nothing by themselves"));
        }
        if self.failover && (self.mode != Mode::Auto || self.time_in_force == TimeInForce::Fok) {
            return Err(Malformed::new("failover", "is only for mode auto, and not for fok, which fails as a whole"));
        }
        self.check_verify()?;
        let closes = self.closes()?;
        let prepay = match self.prepay_seconds {
            Some(prepay) if prepay > duration.0 => {
                return Err(Malformed::new("prepaySeconds", format!("is more than the duration, {duration}")));
            }
            Some(prepay) => Seconds(prepay),
            None => duration,
        };
        let Needs { class, units, resources, requires, min_uptime } =
            self.specification.needs().map_err(|malformed| malformed.within("specification"))?;
        Ok(NewOrder {
            tenant: self.tenant_address,
            class,
            specification: self.specification,
            units,
            resources,
            replicas: self.quantity,
            limits,
            duration,
            prepay,
            mode: self.mode,
            closes,
            time_in_force: self.time_in_force,
            expires_at,
            post_only: self.post_only,
            self_trade: self.self_trade,
            requires,
            min_uptime,
            failover: self.failover,
            verify: self.verify,
            client_id: self.client_order_id,
        })
    }

    fn duration(&self) -> Result<Seconds, Malformed> {
        match (self.duration_seconds, self.duration_blocks) {
            (Some(_), Some(_)) => Err(Malformed::new("durationSeconds", "and durationBlocks say the same thing twice")),
            (Some(seconds), None) => Ok(Seconds(seconds)),
            (None, Some(blocks)) => blocks
                .checked_mul(BLOCK_SECONDS)
                .map(Seconds)
                .ok_or_else(|| Malformed::new("durationBlocks", "is too large")),
            (None, None) => Err(Malformed::new("durationSeconds", "is missing, and so is durationBlocks")),
        }
    }

    fn check_verify(&self) -> Result<(), Malformed> {
        let Verify::Replicas(n) = self.verify else { return Ok(()) };
        let within = |detail: String| Err(Malformed::new("verify.replicas", detail));
        if !matches!(n, 3 | 5 | 7) {
            return within("must be 3, 5 or 7".to_owned());
        }
        if u32::from(n) != self.quantity {
            return within(format!("is {n}, and quantity is {}", self.quantity));
        }
        if self.mode != Mode::Auto || self.time_in_force != TimeInForce::Fok {
            return within(
                "is only for mode auto and timeInForce fok: the replicas run together or not at all".to_owned(),
            );
        }
        // With fok there is no failover: that was looked at before.
        Ok(())
    }

    fn closes(&self) -> Result<Option<AuctionEnd>, Malformed> {
        match (self.mode, self.closes_at, self.auction_seconds) {
            (Mode::Auction, Some(_), Some(_)) => Err(Malformed::new("closesAt", "and auctionSeconds say when twice")),
            (Mode::Auction, Some(at), None) => Ok(Some(AuctionEnd::At(Micros(at)))),
            (Mode::Auction, None, Some(seconds)) => Ok(Some(AuctionEnd::After(Seconds(seconds)))),
            (Mode::Auction, None, None) => {
                Err(Malformed::new("closesAt", "is missing, and so is auctionSeconds, and mode is auction"))
            }
            (_, Some(_), _) => Err(Malformed::new("closesAt", "is only for mode auction")),
            (_, None, Some(_)) => Err(Malformed::new("auctionSeconds", "is only for mode auction")),
            (_, None, None) => Ok(None),
        }
    }
}
