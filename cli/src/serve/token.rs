//! The operator's bearer token: new at every start, for this machine's operator
//! only.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::fault::{Fault, While};

/// Makes a token and leaves it in `DATA/operator.token`, readable by its owner.
pub(super) fn fresh(data: &Path) -> Result<String, Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).or_fault("drawing the operator's token")?;
    let token = hex::encode(bytes);
    // Written beside and renamed, so that no reader sees half of it.
    let (path, beside) = (data.join("operator.token"), data.join("operator.token.new"));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside).or_fault("the token")?;
    writeln!(file, "{token}").or_fault("writing the operator's token")?;
    std::fs::rename(&beside, &path).or_fault("placing the operator's token")?;
    Ok(token)
}
