//! `berth proof check`: a lease's proof chain, from its public record alone.

use std::io::{Read as _, stdin};
use std::path::Path;

use berth_wire::proof::ProofChain;
use serde_json::json;

use crate::fault::{Fault, While};
use crate::output::{self, Format};

/// Checks what `GET /leases/{id}/proof` answered; `-` is standard input.
///
/// # Errors
/// When it is no proof chain; refused, when it does not hold.
pub(crate) fn check(format: Format, file: &Path) -> Result<(), Fault> {
    let what = format!("reading {}", file.display());
    let mut text = String::new();
    if file == Path::new("-") {
        stdin().read_to_string(&mut text).or_fault(&what)?;
    } else {
        text = std::fs::read_to_string(file).or_fault(&what)?;
    }
    let chain: ProofChain = serde_json::from_str(&text).or_fault("file")?;
    chain.check().map_err(|wrong| Fault::Refused(format!("the proof chain is wrong: {wrong}")))?;
    output::object(
        format,
        &json!({
            "proves": "lease",
            "leaseId": chain.lease_id,
            "steps": chain.steps.len(),
            "last": chain.steps.last().map(|step| &step.step),
            "head": chain.head.to_string(),
        }),
    );
    Ok(())
}
