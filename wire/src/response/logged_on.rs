//! Who a connection is.

use berth_domain::{Address, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_list, in_text_option};

/// Result of `session.logon`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedOn {
    /// The account.
    #[serde(with = "in_text")]
    #[schema(value_type = String)]
    pub address: Address,
    /// The registered key; null where it is the account's own, or a bearer token.
    #[serde(with = "in_text_option")]
    #[schema(value_type = Option<String>)]
    pub key: Option<Address>,
    /// What it may do.
    #[serde(with = "in_text_list")]
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// The connection's session.
    pub session: u64,
    /// Whether all that the connection placed ends with it.
    pub cancel_on_disconnect: bool,
}
