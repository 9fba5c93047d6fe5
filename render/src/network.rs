//! The exchange as a whole.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{CloseReason, LeaseState, OrderState, Stroops};
use berth_exchange::Exchange;
use berth_wire::response::NetworkStats;

/// Adds everything up. Walks all orders, bids and leases, so the route that
/// shows it keeps the result for a while.
#[must_use]
pub fn network(x: &Exchange) -> NetworkStats {
    let mut active = BTreeSet::new();
    let mut live_bids = 0;
    for bid in x.bids().filter(|bid| bid.is_live()) {
        live_bids += 1;
        active.insert(bid.provider);
    }
    let states = LeaseState::ALL.iter().map(|state| (state.as_str().to_owned(), 0));
    let (mut leases, mut closed) = (states.collect::<BTreeMap<_, _>>(), BTreeMap::new());
    let (mut volume, mut fees) = (Stroops::ZERO, Stroops::ZERO);
    let (mut ended, mut ended_well) = (0_u64, 0_u64);
    for lease in x.leases() {
        *leases.entry(lease.state.as_str().to_owned()).or_default() += 1;
        if lease.state != LeaseState::Closed {
            active.insert(lease.provider);
            continue;
        }
        // The sum of what was paid stays below the asset's supply.
        volume = volume.checked_add(lease.pay).unwrap_or(volume);
        fees = fees.checked_add(lease.fee).unwrap_or(fees);
        let Some(reason) = lease.reason else { continue };
        *closed.entry(reason.as_str().to_owned()).or_default() += 1;
        if lease.started_at.is_some() {
            ended += 1;
            ended_well += u64::from(matches!(reason, CloseReason::Completed | CloseReason::Stopped));
        }
    }
    NetworkStats {
        providers: x.providers().count() as u64,
        active_providers: active.len() as u64,
        orders: x.orders().count() as u64,
        open_orders: x.orders().filter(|order| order.state == OrderState::Open).count() as u64,
        live_bids,
        leases,
        closed,
        success_rate: rate(ended_well, ended),
        volume,
        escrow_balance: x.ledger().escrowed(),
        fees,
    }
}

/// `part / whole` with four decimals, rounded down.
fn rate(part: u64, whole: u64) -> Option<String> {
    let ten_thousandths = u128::from(part) * 10_000;
    let ratio = ten_thousandths.checked_div(u128::from(whole))?;
    Some(format!("{}.{:04}", ratio / 10_000, ratio % 10_000))
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn a_rate_of_nothing_is_none_and_others_have_four_decimals() {
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(0, 3).as_deref(), Some("0.0000"));
        assert_eq!(rate(2, 3).as_deref(), Some("0.6666"));
        assert_eq!(rate(3, 3).as_deref(), Some("1.0000"));
    }
}
