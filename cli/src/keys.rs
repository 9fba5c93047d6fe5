//! Key files of a data directory.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use berth_settlement::chain::Key;

use crate::fault::{Fault, While};

/// The key in `dir/keys/NAME.key`, made when it is not there yet.
pub(crate) fn kept(dir: &Path, name: &str) -> Result<Key, Fault> {
    let keys = dir.join("keys");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).or_fault("making the folder for keys")?;
    Key::read_or_create(&keys.join(format!("{name}.key"))).or_fault("reading a key")
}

/// The key in `dir/keys/NAME.key`, which must be there.
pub(crate) fn known(dir: &Path, name: &str) -> Result<Key, Fault> {
    Key::read(&dir.join("keys").join(format!("{name}.key"))).or_fault("reading a key")
}

/// The `G…` address of a key.
pub(crate) fn address(key: &Key) -> String {
    key.address().to_string()
}
