use berth_wire::domain::{Digest, LeaseId, Stroops};
use stellar_xdr::ScVal;

use super::Settlement;
use crate::chain::value::{self, ValueError};
use crate::chain::{Address, RawEvent};

/// Something that the contract published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EscrowEvent {
    /// `from` paid into the balance of `to`.
    Deposited {
        /// Who paid.
        from: Address,
        /// Whose balance grew.
        to: Address,
        /// By how much.
        amount: Stroops,
    },
    /// A withdrawal was asked for.
    WithdrawRequested {
        /// Whose.
        account: Address,
        /// What is set aside now, in total.
        total: Stroops,
    },
    /// A withdrawal was paid.
    Withdrawn {
        /// To whom.
        account: Address,
        /// How much.
        amount: Stroops,
    },
    /// A withdrawal was put back.
    WithdrawCancelled {
        /// Whose.
        account: Address,
        /// How much.
        amount: Stroops,
    },
    /// A lease's escrow is locked.
    Opened {
        /// The lease.
        lease: LeaseId,
        /// How much.
        amount: Stroops,
    },
    /// A lease is paid.
    Settled {
        /// The lease.
        lease: LeaseId,
        /// How it divided.
        settlement: Settlement,
    },
    /// A lease ran past its deadline, and its tenant has everything back.
    Refunded {
        /// The lease.
        lease: LeaseId,
        /// How much.
        amount: Stroops,
    },
}

/// Reads what the contract published. `None` for an event of a name that this
/// version does not know.
///
/// # Errors
/// When an event of a known name has another shape than the interface says.
pub fn read_event(event: &RawEvent) -> Result<Option<EscrowEvent>, ValueError> {
    let Some((name, subjects)) = event.topics.split_first() else { return Ok(None) };
    let name = value::to_symbol(name)?;
    let data = &event.value;
    let amount = || value::to_amount(data);
    let lease = |id: &ScVal| value::to_u64(id).map(LeaseId);
    Ok(Some(match (name.as_str(), subjects) {
        ("deposit", [from, to]) => {
            EscrowEvent::Deposited { from: value::to_address(from)?, to: value::to_address(to)?, amount: amount()? }
        }
        ("withdraw_requested", [account]) => {
            EscrowEvent::WithdrawRequested { account: value::to_address(account)?, total: amount()? }
        }
        ("withdrawn", [account]) => EscrowEvent::Withdrawn { account: value::to_address(account)?, amount: amount()? },
        ("withdraw_cancelled", [account]) => {
            EscrowEvent::WithdrawCancelled { account: value::to_address(account)?, amount: amount()? }
        }
        ("opened", [id, _tenant, _provider]) => EscrowEvent::Opened { lease: lease(id)?, amount: amount()? },
        ("settled", [id]) => EscrowEvent::Settled { lease: lease(id)?, settlement: split(data)? },
        ("refunded", [id]) => EscrowEvent::Refunded { lease: lease(id)?, amount: amount()? },
        _ => return Ok(None),
    }))
}

fn split(data: &ScVal) -> Result<Settlement, ValueError> {
    let [pay, fee, refund, seconds, proof] = value::to_vector(data)? else {
        return Err(ValueError::new("pay, fee, refund, seconds and proof", data));
    };
    Ok(Settlement {
        pay: value::to_amount(pay)?,
        fee: value::to_amount(fee)?,
        refund: value::to_amount(refund)?,
        seconds: value::to_u64(seconds)?,
        proof: Digest(value::to_bytes(proof)?),
    })
}
