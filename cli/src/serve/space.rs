//! How much of the disk is held back.

use berth_journal::SpaceConfig;
use clap::Args;

/// A node that is tried out shares a disk that others fill.
const OPEN_BALLAST_MIB: u64 = 64;
const OPEN_STOP_BELOW: u8 = 2;

#[derive(Args)]
pub(super) struct SpaceArgs {
    /// MiB held back for a start on a full disk; 0 for none. 512, with --open 64.
    #[arg(long, value_name = "MIB", env = "BERTH_BALLAST")]
    ballast: Option<u64>,
    /// Percent of the disk: with less free, nothing new is taken, while cancels,
    /// leases under way and reads go on. 10, with --open 2.
    #[arg(long, value_name = "PERCENT", env = "BERTH_STOP_BELOW", value_parser = clap::value_parser!(u8).range(0..=98))]
    stop_below: Option<u8>,
}

impl SpaceArgs {
    pub(super) fn config(&self, open: bool) -> SpaceConfig {
        let usual = match open {
            true => SpaceConfig { ballast: OPEN_BALLAST_MIB << 20, stop_below: OPEN_STOP_BELOW, ..Default::default() },
            false => SpaceConfig::default(),
        };
        SpaceConfig {
            ballast: self.ballast.map_or(usual.ballast, |mib| mib.saturating_mul(1 << 20)),
            stop_below: self.stop_below.unwrap_or(usual.stop_below),
            ..usual
        }
    }
}
