//! What concerns an account as a whole: its mandate, and ending all that it has
//! in the books.

use berth_domain::{CancelAll, MarketId, Micros, Rate, ResourceClass, SetDeadMan, SetMandate, Stroops};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Name;
use crate::json::objects;
use crate::scalar::{WHOLE_MAX, in_text_option, is_false, whole};

/// `cancel.all`: ends the account's open orders and live bids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelAllRequest {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// Of this market only.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::MarketName>)]
    pub market: Option<ResourceClass>,
    /// Only what this connection placed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub this_session: bool,
}

/// `deadman.set`: ends all that the account has in the books unless it sends a
/// command in time, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadManRequest {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// Time without a command, in milliseconds; 0 disarms.
    #[serde(deserialize_with = "whole::<0, 4_294_967_295, _, _>")]
    #[schema(minimum = 0, maximum = 4294967295_u64)]
    pub ms: u32,
}

/// `POST /accounts/{address}/mandates`: replaces the limits
/// of what may be done in the account's name. What is left out limits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct MandateRequest {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// The most that the escrow of one lease may hold.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub per_lease: Option<Stroops>,
    /// The most that may go into escrows from one midnight (UTC) to the next.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub per_day: Option<Stroops>,
    /// The lowest price, per unit-hour, that a bid may trade at.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub floor: Option<Rate>,
    /// When it ends: microseconds since 1970.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::scalar::whole_option::<1, WHOLE_MAX, _, _>"
    )]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub until: Option<u64>,
}

objects!(MandateRequest, CancelAllRequest, DeadManRequest);

/// What is to be ended; a market is named by class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCancelAll {
    /// Of this market only.
    pub class: Option<ResourceClass>,
    /// Only what this connection placed.
    pub this_session: bool,
}

impl CancelAllRequest {
    /// Who says it, if the request does, and what shall be ended.
    #[must_use]
    pub fn parse(self) -> (Option<Name>, NewCancelAll) {
        (self.address, NewCancelAll { class: self.market, this_session: self.this_session })
    }
}

impl NewCancelAll {
    /// What the exchange is told; `market` gives the market of a class, and
    /// `session` is the connection's.
    ///
    /// # Errors
    /// The class whose market does not exist.
    pub fn command(
        &self,
        market: impl FnOnce(&ResourceClass) -> Option<MarketId>,
        session: u64,
    ) -> Result<CancelAll, ResourceClass> {
        let market = self.class.as_ref().map(|class| market(class).ok_or_else(|| class.clone())).transpose()?;
        Ok(CancelAll { market, session: self.this_session.then_some(session) })
    }
}

impl MandateRequest {
    /// Who says it, if the request does, and what the exchange takes.
    #[must_use]
    pub fn parse(self) -> (Option<Name>, SetMandate) {
        let Self { address, per_lease, per_day, floor, until } = self;
        (address, SetMandate { per_lease, per_day, floor, until: until.map(Micros) })
    }
}

impl DeadManRequest {
    /// Who says it, if the request does, and what the exchange takes.
    #[must_use]
    pub fn parse(self) -> (Option<Name>, SetDeadMan) {
        (self.address, SetDeadMan { millis: self.ms })
    }
}
