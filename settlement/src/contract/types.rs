//! What the contract takes and answers, as the network writes it.

use berth_wire::domain::{Digest, LeaseId, Stroops};
use serde::{Deserialize, Serialize};
use stellar_xdr::ScVal;

use crate::chain::Address;
use crate::chain::value::{self, ValueError, field};
use crate::serial;

/// What a deployment fixes for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Opens and settles leases, and may pay withdrawals before their delay.
    pub operator: Address,
    /// Earns the fee. Another than the operator.
    pub treasury: Address,
    /// The tokens that the contract takes, 1 to 8, each once.
    pub tokens: Vec<Address>,
    /// Hundredths of a percent of pay that go to the treasury, 0 to 10,000.
    pub fee_bps: u32,
    /// Seconds after which anyone may have a withdrawal paid, at most 30 days.
    pub withdraw_delay: u64,
    /// The Ed25519 key with which the operator's node signs receipts.
    pub receipt_key: [u8; 32],
    /// Seconds after a lease's deadline in which it may still be settled and
    /// receipts be submitted, at most 30 days.
    pub window: u64,
    /// Seconds after its opening from which on a tenant may cancel a lease, at
    /// most 30 days.
    pub cancel_after: u64,
}

impl Config {
    /// The token that the exchange settles in: it knows one, the first.
    ///
    /// # Panics
    /// When there is none; the contract cannot be deployed so.
    #[must_use]
    pub fn token(&self) -> Address {
        *self.tokens.first().expect("a deployment takes at least one token")
    }

    pub(super) fn write(&self) -> ScVal {
        value::structure(vec![
            ("cancel_after", ScVal::U64(self.cancel_after)),
            ("fee_bps", ScVal::U32(self.fee_bps)),
            ("operator", value::address(self.operator)),
            ("receipt_key", value::bytes(self.receipt_key)),
            ("tokens", value::vector(self.tokens.iter().copied().map(value::address).collect())),
            ("treasury", value::address(self.treasury)),
            ("window", ScVal::U64(self.window)),
            ("withdraw_delay", ScVal::U64(self.withdraw_delay)),
        ])
    }

    pub(super) fn read(from: &ScVal) -> Result<Self, ValueError> {
        let tokens = field(from, "tokens")?;
        let read = value::to_vector(tokens)?.iter().map(value::to_address).collect::<Result<Vec<_>, _>>()?;
        if read.is_empty() {
            return Err(ValueError::new("at least one token", tokens));
        }
        Ok(Self {
            operator: value::to_address(field(from, "operator")?)?,
            treasury: value::to_address(field(from, "treasury")?)?,
            tokens: read,
            fee_bps: value::to_u32(field(from, "fee_bps")?)?,
            withdraw_delay: value::to_u64(field(from, "withdraw_delay")?)?,
            receipt_key: value::to_bytes(field(from, "receipt_key")?)?,
            window: value::to_u64(field(from, "window")?)?,
            cancel_after: value::to_u64(field(from, "cancel_after")?)?,
        })
    }
}

/// What a lease locks, for whom and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who pays.
    pub tenant: Address,
    /// Who earns.
    pub provider: Address,
    /// In which of the contract's tokens.
    pub token: Address,
    /// What the whole lease costs per hour.
    #[serde(with = "serial::stroops")]
    pub rate_per_hour: Stroops,
    /// What is locked.
    #[serde(with = "serial::stroops")]
    pub amount: Stroops,
    /// The last second (unix) of service. It can be settled until the window
    /// after it ends.
    pub deadline: u64,
}

impl Terms {
    pub(super) fn write(&self) -> ScVal {
        value::structure(vec![
            ("amount", value::amount(self.amount)),
            ("deadline", ScVal::U64(self.deadline)),
            ("provider", value::address(self.provider)),
            ("rate_per_hour", value::amount(self.rate_per_hour)),
            ("tenant", value::address(self.tenant)),
            ("token", value::address(self.token)),
        ])
    }

    fn read(from: &ScVal) -> Result<Self, ValueError> {
        Ok(Self {
            tenant: value::to_address(field(from, "tenant")?)?,
            provider: value::to_address(field(from, "provider")?)?,
            token: value::to_address(field(from, "token")?)?,
            rate_per_hour: value::to_amount(field(from, "rate_per_hour")?)?,
            amount: value::to_amount(field(from, "amount")?)?,
            deadline: value::to_u64(field(from, "deadline")?)?,
        })
    }
}

/// What the operator may lock of an account's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantMandate {
    /// The most that one lease may lock, its top-ups included.
    pub per_lease: Stroops,
    /// The most that may be locked in one UTC day.
    pub per_day: Stroops,
    /// The last second (unix) in which it allows anything; 0 when it was ended.
    pub until: u64,
    /// The UTC day that `spent` counts, in days since 1970.
    pub day: u64,
    /// What was locked on that day.
    pub spent: Stroops,
}

impl TenantMandate {
    pub(super) fn read(from: &ScVal) -> Result<Self, ValueError> {
        Ok(Self {
            per_lease: value::to_limit(field(from, "per_lease")?)?,
            per_day: value::to_limit(field(from, "per_day")?)?,
            until: value::to_u64(field(from, "until")?)?,
            day: value::to_u64(field(from, "day")?)?,
            spent: value::to_limit(field(from, "spent")?)?,
        })
    }
}

/// For what an account lets itself be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderMandate {
    /// The least that a whole lease must pay per hour.
    pub floor_per_hour: Stroops,
    /// The last second (unix) in which it binds.
    pub until: u64,
}

impl ProviderMandate {
    pub(super) fn read(from: &ScVal) -> Result<Self, ValueError> {
        let floor_per_hour = value::to_limit(field(from, "floor_per_hour")?)?;
        Ok(Self { floor_per_hour, until: value::to_u64(field(from, "until")?)? })
    }
}

/// A pending withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is set aside.
    pub amount: Stroops,
    /// When its delay began, in unix seconds.
    pub since: u64,
}

impl Request {
    pub(super) fn read(from: &ScVal) -> Result<Self, ValueError> {
        let amount = value::to_amount(field(from, "amount")?)?;
        Ok(Self { amount, since: value::to_u64(field(from, "since")?)? })
    }
}

/// What the contract knows of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRecord {
    /// As they are now: top-ups add to the amount and may move the deadline, a
    /// cancellation brings it forward.
    pub terms: Terms,
    /// When it was opened, in unix seconds.
    pub opened_at: u64,
    /// The fee in force when it was opened, in hundredths of a percent.
    pub fee_bps: u32,
    /// How often it was topped up.
    pub top_ups: u32,
    /// Whether its tenant has cancelled it.
    pub cancelled: bool,
    /// Of the receipts so far the one with the most seconds; all zero if there is
    /// none.
    pub receipt: Receipt,
    /// How it ended, if it did.
    pub outcome: Outcome,
}

impl LeaseRecord {
    /// Whether the lease can have been opened on these terms.
    #[must_use]
    pub fn was_opened_on(&self, terms: &Terms) -> bool {
        // What changes later is what top-ups and the tenant may change.
        let deadline = if self.cancelled || self.top_ups > 0 { terms.deadline } else { self.terms.deadline };
        let amount = if self.top_ups > 0 { terms.amount } else { self.terms.amount };
        *terms == Terms { amount, deadline, ..self.terms }
    }

    pub(super) fn read(from: &ScVal) -> Result<Self, ValueError> {
        Ok(Self {
            terms: Terms::read(field(from, "terms")?)?,
            opened_at: value::to_u64(field(from, "opened_at")?)?,
            fee_bps: value::to_u32(field(from, "fee_bps")?)?,
            top_ups: value::to_u32(field(from, "top_ups")?)?,
            cancelled: value::to_bool(field(from, "cancelled")?)?,
            receipt: Receipt::read(field(from, "receipt")?)?,
            outcome: Outcome::read(field(from, "outcome")?)?,
        })
    }
}

/// What the node's key has signed for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Evidenced seconds of service so far.
    pub seconds: u64,
    /// Which of the lease's receipts it is.
    pub seq: u64,
}

impl Receipt {
    fn read(from: &ScVal) -> Result<Self, ValueError> {
        Ok(Self { seconds: value::to_u64(field(from, "seconds")?)?, seq: value::to_u64(field(from, "seq")?)? })
    }
}

/// Where a lease stands in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its amount is locked.
    Open,
    /// Paid by the operator, with the head of the lease's proof chain.
    Settled(Payment, Digest),
    /// Paid by its receipt when the window had passed.
    Refunded(Payment),
}

impl Outcome {
    /// A variant is a vector of its name and what it carries.
    fn read(from: &ScVal) -> Result<Self, ValueError> {
        let unknown = || ValueError::new("an outcome", from);
        let (name, rest) = value::to_vector(from)?.split_first().ok_or_else(unknown)?;
        match (value::to_symbol(name)?.as_str(), rest) {
            ("Open", []) => Ok(Self::Open),
            ("Refunded", [payment]) => Ok(Self::Refunded(Payment::read(payment)?)),
            ("Settled", [payment, proof]) => {
                Ok(Self::Settled(Payment::read(payment)?, Digest(value::to_bytes(proof)?)))
            }
            _ => Err(unknown()),
        }
    }
}

/// How a lease's amount divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What the tenant paid.
    pub pay: Stroops,
    /// What the treasury kept of it.
    pub fee: Stroops,
    /// What went back to the tenant.
    pub refund: Stroops,
    /// Seconds that were paid for.
    pub seconds: u64,
}

impl Payment {
    fn read(from: &ScVal) -> Result<Self, ValueError> {
        Ok(Self {
            pay: value::to_amount(field(from, "pay")?)?,
            fee: value::to_amount(field(from, "fee")?)?,
            refund: value::to_amount(field(from, "refund")?)?,
            seconds: value::to_u64(field(from, "seconds")?)?,
        })
    }
}

/// One lease of a batch to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Which.
    pub lease: LeaseId,
    /// Evidenced seconds of service.
    pub seconds: u64,
    /// Head of the lease's proof chain.
    pub proof: Digest,
}

impl Settle {
    pub(super) fn write(&self) -> ScVal {
        value::structure(vec![
            ("lease", ScVal::U64(self.lease.0)),
            ("proof", value::bytes(self.proof.0)),
            ("seconds", ScVal::U64(self.seconds)),
        ])
    }
}
