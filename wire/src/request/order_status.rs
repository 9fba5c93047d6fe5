//! Asking for one order over a WebSocket.

use berth_domain::{ClientId, OrderId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::scalar::{WHOLE_MAX, in_text_option, whole_option};

/// `order.status`: an order by its number, or by its tenant's own id for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderStatusRequest {
    /// Its number; either this or `client_order_id`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub order_id: Option<u64>,
    /// The tenant's own id for it: of what lives, and of the last thousands of what
    /// does not.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
    /// With `client_order_id`: whose; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
}

objects!(OrderStatusRequest);

/// Which order is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedOrder {
    /// The one with this number.
    Id(OrderId),
    /// What a tenant calls so.
    OwnId {
        /// The tenant; whoever asks when none.
        address: Option<Name>,
        /// Its own id.
        client_id: ClientId,
    },
}

impl OrderStatusRequest {
    /// Which order is meant.
    ///
    /// # Errors
    /// When it names none, or one in two ways.
    pub fn parse(self) -> Result<WantedOrder, Malformed> {
        match (self.order_id, self.client_order_id) {
            (Some(_), Some(_)) => Err(Malformed::new("clientOrderId", "and orderId name an order twice")),
            (None, None) => Err(Malformed::new("orderId", "is missing, and so is clientOrderId")),
            (Some(_), None) if self.address.is_some() => Err(Malformed::new("address", "is only for clientOrderId")),
            (Some(id), None) => Ok(WantedOrder::Id(OrderId(id))),
            (None, Some(client_id)) => Ok(WantedOrder::OwnId { address: self.address, client_id }),
        }
    }
}
