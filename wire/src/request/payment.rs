//! Calls that are paid for one by one.

use berth_domain::Stroops;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::objects;

/// `POST /accounts/{address}/deposits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct PaidDepositRequest {
    /// How much the account is credited.
    #[serde(with = "crate::scalar::in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub amount: Stroops,
}

objects!(PaidDepositRequest);
