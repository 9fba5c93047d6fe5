//! `berth proof check`: a lease's proof chain, from its public record alone.

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
    let chain: ProofChain = serde_json::from_str(&crate::file::text(file)?).or_fault("file")?;
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
