use berth_wire::domain::{Digest, LeaseId, Stroops};
use stellar_xdr::ScVal;

use super::{Payment, Terms};
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
        /// In which token.
        token: Address,
        /// By how much.
        amount: Stroops,
    },
    /// A withdrawal was asked for.
    WithdrawRequested {
        /// Whose.
        account: Address,
        /// In which token.
        token: Address,
        /// What is set aside now, in total.
        total: Stroops,
    },
    /// A withdrawal was paid.
    Withdrawn {
        /// To whom.
        account: Address,
        /// In which token.
        token: Address,
        /// How much.
        amount: Stroops,
    },
    /// A withdrawal was put back.
    WithdrawCancelled {
        /// Whose.
        account: Address,
        /// In which token.
        token: Address,
        /// How much.
        amount: Stroops,
    },
    /// A tenant has signed what may be locked of its money.
    TenantMandateSet {
        /// Who.
        account: Address,
        /// In which token.
        token: Address,
        /// For one lease; 0 when it was ended. A mandate may allow more than
        /// there is: then it is the most that an amount can be.
        per_lease: Stroops,
        /// For one UTC day, likewise.
        per_day: Stroops,
        /// Unix seconds; 0 when it was ended.
        until: u64,
    },
    /// A provider has signed for what it lets itself be leased.
    ProviderMandateSet {
        /// Who.
        account: Address,
        /// In which token.
        token: Address,
        /// The least per hour; 0 when it was ended.
        floor_per_hour: Stroops,
        /// Unix seconds; 0 when it was ended.
        until: u64,
    },
    /// A lease's escrow is locked.
    Opened {
        /// The lease.
        lease: LeaseId,
        /// On which terms.
        terms: Terms,
    },
    /// More is locked for a lease.
    ToppedUp {
        /// The lease.
        lease: LeaseId,
        /// Which of its top-ups it is, from 1.
        number: u32,
        /// How much more.
        amount: Stroops,
        /// What is locked now.
        total: Stroops,
        /// Its deadline now, in unix seconds.
        deadline: u64,
    },
    /// A lease's tenant cancelled it.
    Cancelled {
        /// The lease.
        lease: LeaseId,
        /// Its deadline now, in unix seconds.
        deadline: u64,
    },
    /// The contract holds a receipt for more seconds of a lease than before.
    Receipted {
        /// The lease.
        lease: LeaseId,
        /// Seconds in all.
        seconds: u64,
        /// The receipt's number.
        seq: u64,
    },
    /// The operator settled a lease.
    Settled {
        /// The lease.
        lease: LeaseId,
        /// How it divided.
        payment: Payment,
        /// Head of the lease's proof chain.
        proof: Digest,
    },
    /// A lease ran past its window unsettled: its receipt was paid, and the rest
    /// went back to its tenant.
    Refunded {
        /// The lease.
        lease: LeaseId,
        /// How it divided.
        payment: Payment,
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
    let address = value::to_address;
    let lease = |id: &ScVal| value::to_u64(id).map(LeaseId);
    Ok(Some(match (name.as_str(), subjects) {
        ("deposit", [from, to, token]) => {
            EscrowEvent::Deposited { from: address(from)?, to: address(to)?, token: address(token)?, amount: amount()? }
        }
        ("withdraw_requested", [account, token]) => {
            EscrowEvent::WithdrawRequested { account: address(account)?, token: address(token)?, total: amount()? }
        }
        ("withdrawn", [account, token]) => {
            EscrowEvent::Withdrawn { account: address(account)?, token: address(token)?, amount: amount()? }
        }
        ("withdraw_cancelled", [account, token]) => {
            EscrowEvent::WithdrawCancelled { account: address(account)?, token: address(token)?, amount: amount()? }
        }
        ("tenant_mandate", [account, token]) => {
            let [per_lease, per_day, until] = fields(data, "two limits and a time")?;
            EscrowEvent::TenantMandateSet {
                account: address(account)?,
                token: address(token)?,
                per_lease: value::to_limit(per_lease)?,
                per_day: value::to_limit(per_day)?,
                until: value::to_u64(until)?,
            }
        }
        ("provider_mandate", [account, token]) => {
            let [floor_per_hour, until] = fields(data, "a floor and a time")?;
            EscrowEvent::ProviderMandateSet {
                account: address(account)?,
                token: address(token)?,
                floor_per_hour: value::to_limit(floor_per_hour)?,
                until: value::to_u64(until)?,
            }
        }
        ("opened", [id, tenant, provider]) => {
            let [token, rate_per_hour, amount, deadline] = fields(data, "a token, a rate, an amount and a deadline")?;
            EscrowEvent::Opened {
                lease: lease(id)?,
                terms: Terms {
                    tenant: address(tenant)?,
                    provider: address(provider)?,
                    token: address(token)?,
                    rate_per_hour: value::to_amount(rate_per_hour)?,
                    amount: value::to_amount(amount)?,
                    deadline: value::to_u64(deadline)?,
                },
            }
        }
        ("topped_up", [id]) => {
            let [number, amount, total, deadline] = fields(data, "a number, two amounts and a deadline")?;
            EscrowEvent::ToppedUp {
                lease: lease(id)?,
                number: value::to_u32(number)?,
                amount: value::to_amount(amount)?,
                total: value::to_amount(total)?,
                deadline: value::to_u64(deadline)?,
            }
        }
        ("cancelled", [id]) => EscrowEvent::Cancelled { lease: lease(id)?, deadline: value::to_u64(data)? },
        ("receipted", [id]) => {
            let [seconds, seq] = fields(data, "seconds and a number")?;
            EscrowEvent::Receipted { lease: lease(id)?, seconds: value::to_u64(seconds)?, seq: value::to_u64(seq)? }
        }
        ("settled", [id]) => {
            let [pay, fee, refund, seconds, proof] = fields(data, "pay, fee, refund, seconds and proof")?;
            let payment = payment([pay, fee, refund, seconds])?;
            EscrowEvent::Settled { lease: lease(id)?, payment, proof: Digest(value::to_bytes(proof)?) }
        }
        ("refunded", [id]) => {
            let payment = payment(fields(data, "pay, fee, refund and seconds")?)?;
            EscrowEvent::Refunded { lease: lease(id)?, payment }
        }
        _ => return Ok(None),
    }))
}

fn fields<'a, const N: usize>(data: &'a ScVal, expected: &'static str) -> Result<[&'a ScVal; N], ValueError> {
    let values: Vec<&ScVal> = value::to_vector(data)?.iter().collect();
    values.try_into().map_err(|_| ValueError::new(expected, data))
}

fn payment([pay, fee, refund, seconds]: [&ScVal; 4]) -> Result<Payment, ValueError> {
    Ok(Payment {
        pay: value::to_amount(pay)?,
        fee: value::to_amount(fee)?,
        refund: value::to_amount(refund)?,
        seconds: value::to_u64(seconds)?,
    })
}
