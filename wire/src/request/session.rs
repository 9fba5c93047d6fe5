//! Who a WebSocket is, and the keys that speak for an account.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Name;
use crate::json::objects;
use crate::scalar::{WHOLE_MAX, is_false};

/// `session.logon`: the connection is an account from here on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct LogonRequest {
    /// The key that signs, `G…`: a registered one, or the account's own. Left
    /// out where the connection came with a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Name>,
    /// When it was signed: microseconds since 1970.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::scalar::whole_option::<1, WHOLE_MAX, _, _>"
    )]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub ts: Option<u64>,
    /// How long after `ts` it is accepted, in milliseconds; 5,000 when left out,
    /// at most 60,000.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::scalar::whole_option::<1, 60_000, _, _>"
    )]
    #[schema(minimum = 1, maximum = 60000)]
    pub recv_window: Option<u64>,
    /// The signature, in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sig: Option<String>,
    /// Whether all that the connection placed ends with it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cancel_on_disconnect: bool,
}

objects!(LogonRequest);
