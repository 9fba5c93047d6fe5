//! Markets.

use berth_exchange::{Exchange, Market};
use berth_wire::response;

/// A market.
#[must_use]
pub fn market(x: &Exchange, market: &Market) -> response::Market {
    response::Market {
        id: market.id.0.into(),
        name: market.class.clone(),
        asset: x.genesis().map(|genesis| genesis.asset.as_str().to_owned()).unwrap_or_default(),
        unit: if market.class.is_gpu() { "gpu" } else { "vcpu" }.to_owned(),
    }
}
