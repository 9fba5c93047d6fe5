//! The time, for what is counted from the moment of a request.

use std::time::{SystemTime, UNIX_EPOCH};

use berth_domain::Micros;

/// Microseconds since 1970.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
