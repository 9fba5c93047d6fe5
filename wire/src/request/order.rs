//! Placing an order.

use berth_domain::{
    Attribute, ClientId, Digest, Limits, MarketId, Micros, Mode, PlaceOrder, ResourceClass, Resources, Seconds,
    TimeInForce, TrustLevel,
};
use serde::{Deserialize, Serialize};

use super::specification::{Needs, Specification};
use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::price::{MaxPrice, Per};
use crate::scalar::{AsText, WHOLE_MAX, in_text_option, whole, whole_option};

/// Seconds of a block, as a Stellar ledger takes.
const BLOCK_SECONDS: u64 = 5;

/// `POST /orders` and `order.place`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub trust_levels: Option<Vec<TrustLevel>>,
    /// Replicas, 1 to 10,000.
    #[serde(default = "one", deserialize_with = "whole::<1, 10_000, _, _>")]
    pub quantity: u32,
    /// How long a lease runs, in blocks of five seconds; either this or
    /// `duration_seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    pub duration_blocks: Option<u64>,
    /// How long a lease runs, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    pub duration_seconds: Option<u64>,
    /// What to run.
    pub specification: Specification,
    /// How it meets bids.
    #[serde(default)]
    pub mode: OrderMode,
    /// How long it stays.
    #[serde(default)]
    pub time_in_force: OrderTime,
    /// When `gtd` ends: microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    pub expires_at: Option<u64>,
    /// The tenant's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    pub client_order_id: Option<ClientId>,
    /// What hold and escrow cover, in seconds; the duration when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    pub prepay_seconds: Option<u64>,
    /// A standby for each lease; `true` is not offered yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failover: bool,
    /// Never take what rests; `true` is not offered yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub post_only: bool,
}

/// How an order meets bids, as the protocol names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderMode {
    /// It meets standing bids.
    #[default]
    Auto,
    /// It closes at a time; not offered yet.
    Auction,
    /// The tenant accepts a directed bid.
    Manual,
}

/// How long an order stays, as the protocol names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderTime {
    /// Until it is filled or cancelled.
    #[default]
    Gtc,
    /// What does not fill at once is cancelled.
    Ioc,
    /// All or nothing at once; not offered yet.
    Fok,
    /// Until a time.
    Gtd,
}

objects!(OrderRequest);

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

mod levels {
    use berth_domain::TrustLevel;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::AsText;

    pub(super) fn serialize<S: Serializer>(levels: &Option<Vec<TrustLevel>>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(levels.iter().flatten().map(|level| level.as_str()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<TrustLevel>>, D::Error> {
        let levels = Option::<Vec<AsText<TrustLevel>>>::deserialize(deserializer)?;
        Ok(levels.map(|levels| levels.into_iter().map(|level| level.0).collect()))
    }
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
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// What a provider must offer.
    pub requires: Vec<Attribute>,
    /// The tenant's own id for it.
    pub client_id: Option<ClientId>,
}

impl NewOrder {
    /// What the exchange is told.
    #[must_use]
    pub fn command(&self, market: MarketId, spec_hash: Digest) -> PlaceOrder {
        PlaceOrder {
            market,
            units: self.units,
            resources: self.resources,
            replicas: self.replicas,
            limits: self.limits,
            duration: self.duration,
            prepay: self.prepay,
            mode: self.mode,
            time_in_force: self.time_in_force,
            expires_at: self.expires_at,
            requires: self.requires.clone(),
            spec_hash,
            client_id: self.client_id.clone(),
        }
    }
}

impl OrderRequest {
    /// What the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it, or that is not offered yet.
    pub fn parse(self) -> Result<NewOrder, Malformed> {
        let limits = self.max_price.limits(self.per, self.trust_levels.as_deref())?;
        let duration = self.duration()?;
        let (time_in_force, expires_at) = self.time_in_force()?;
        let mode = match self.mode {
            OrderMode::Auto => Mode::Auto,
            OrderMode::Manual => Mode::Manual,
            OrderMode::Auction => return Err(Malformed::not_offered("mode", "mode auction")),
        };
        if mode == Mode::Manual && time_in_force == TimeInForce::Ioc {
            let why = "is ioc, and an order in mode manual has to stay for its tenant to accept a bid";
            return Err(Malformed::new("timeInForce", why));
        }
        if self.failover {
            return Err(Malformed::not_offered("failover", "failover"));
        }
        if self.post_only {
            return Err(Malformed::not_offered("postOnly", "postOnly"));
        }
        let prepay = match self.prepay_seconds {
            Some(prepay) if prepay > duration.0 => {
                return Err(Malformed::new("prepaySeconds", format!("is more than the duration, {duration}")));
            }
            Some(prepay) => Seconds(prepay),
            None => duration,
        };
        let Needs { class, units, resources, requires } =
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
            mode,
            time_in_force,
            expires_at,
            requires,
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

    fn time_in_force(&self) -> Result<(TimeInForce, Option<Micros>), Malformed> {
        let time = match self.time_in_force {
            OrderTime::Gtc => TimeInForce::Gtc,
            OrderTime::Ioc => TimeInForce::Ioc,
            OrderTime::Gtd => TimeInForce::Gtd,
            OrderTime::Fok => return Err(Malformed::not_offered("timeInForce", "timeInForce fok")),
        };
        match (time, self.expires_at) {
            (TimeInForce::Gtd, None) => Err(Malformed::new("expiresAt", "is missing, and timeInForce is gtd")),
            (TimeInForce::Gtd, Some(at)) => Ok((time, Some(Micros(at)))),
            (_, Some(_)) => Err(Malformed::new("expiresAt", "is only for timeInForce gtd")),
            (_, None) => Ok((time, None)),
        }
    }
}
