//! How much of the disk is held back.

use berth_journal::SpaceConfig;

use crate::config::Disk;

pub(super) fn config(disk: Disk) -> SpaceConfig {
    let stop_below = u8::try_from(disk.stop_below.get()).expect("a percentage is below 256");
    SpaceConfig { ballast: disk.ballast.get() << 20, stop_below, ..SpaceConfig::default() }
}
