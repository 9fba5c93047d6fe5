//! What the operator says of markets.

use berth_domain::{OpenMarket, ResourceClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::objects;
use crate::scalar::in_text;

/// `POST /markets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenMarketRequest {
    /// Its name: model and vram in GiB, such as `H100-80`, or `CPU`.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
}

objects!(OpenMarketRequest);

impl OpenMarketRequest {
    /// What the exchange takes.
    #[must_use]
    pub fn parse(self) -> OpenMarket {
        OpenMarket { class: self.market }
    }
}
