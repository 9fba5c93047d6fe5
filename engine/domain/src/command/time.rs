//! What the exchange says of time.

use crate::codec::codec_struct;
use crate::time::Micros;

/// Fires due timers, at most `Bounds::tick` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick;
codec_struct!(Tick {});

/// The node was down: agents could not be heard in between, so what waits for
/// them waits anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Stamp of the last entry before.
    pub down_from: Micros,
    /// When the node was up again.
    pub up_at: Micros,
}
codec_struct!(Resumed { down_from, up_at });
