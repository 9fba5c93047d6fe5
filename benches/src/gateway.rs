//! A node's gateway under load: how long a durable command takes from a client
//! and back, how many are answered in a second, and what sockets cost.
//!
//! The node is a process of its own with a fresh data directory, as `berth serve
//! --open` starts it; the clients are this one. What bounds both is measured in
//! the same run: the disk, by a loop that appends and syncs, and the network's
//! part, by a bare WebSocket that sends back what it is sent.

mod client;
mod echo;
mod load;
mod node;
mod report;
mod sockets;
mod stalled;

pub use load::{Load, Mix, measure_gateway};
pub use report::{GatewayReport, SocketsReport};
pub use sockets::{Sockets, measure_sockets};

use std::fmt::Display;

use crate::measure::MeasureFault;

/// Says what was being done when something went wrong.
trait While<T> {
    fn or_fault(self, doing: &'static str) -> Result<T, MeasureFault>;
}

impl<T, E: Display> While<T> for Result<T, E> {
    fn or_fault(self, doing: &'static str) -> Result<T, MeasureFault> {
        self.map_err(|cause| fault(doing, cause))
    }
}

fn fault(doing: &'static str, cause: impl Display) -> MeasureFault {
    MeasureFault::Node { doing, cause: cause.to_string() }
}
