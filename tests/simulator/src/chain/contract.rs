//! The escrow contract, written from `settlement/contracts/escrow` with its own
//! arithmetic: what it locks, pays and refuses. One call has one event.

use std::collections::BTreeMap;

use berth_domain::{Address, Digest, FeeBps, Genesis, LeaseId, RatePerHour, Seconds, Stroops};

use crate::cast;
use crate::referee::{Checked, ensure, rule};

/// What a lease locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) tenant: Address,
    pub(crate) provider: Address,
    pub(crate) rate: RatePerHour,
    pub(crate) amount: Stroops,
    /// The platform's part of the pay: that of the lease's opening.
    pub(crate) fee: FeeBps,
    /// The last second in which it can be settled.
    pub(crate) deadline: u64,
}

/// A call of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Deposit {
        to: Address,
        amount: Stroops,
    },
    RequestWithdraw {
        account: Address,
        amount: Stroops,
    },
    CancelWithdraw {
        account: Address,
    },
    PayWithdraw {
        account: Address,
        by_operator: bool,
    },
    Open {
        lease: LeaseId,
        terms: Terms,
    },
    TopUp {
        lease: LeaseId,
        number: u32,
        amount: Stroops,
    },
    Settle {
        lease: LeaseId,
        seconds: u64,
        proof: Digest,
    },
    Refund {
        lease: LeaseId,
    },
    /// Of the contract that holds stakes.
    Stake {
        account: Address,
        amount: Stroops,
    },
    Unstake {
        account: Address,
        amount: Stroops,
    },
    Slash {
        lease: LeaseId,
        account: Address,
        tenant: Address,
        amount: Stroops,
    },
}

/// The event of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Deposited {
        to: Address,
        amount: Stroops,
    },
    /// `total` is all that is requested now.
    Requested {
        account: Address,
        total: Stroops,
    },
    Cancelled {
        account: Address,
        amount: Stroops,
    },
    Withdrawn {
        account: Address,
        amount: Stroops,
    },
    Opened {
        lease: LeaseId,
    },
    ToppedUp {
        lease: LeaseId,
        amount: Stroops,
    },
    Settled {
        lease: LeaseId,
        pay: Stroops,
        fee: Stroops,
        refund: Stroops,
    },
    Refunded {
        lease: LeaseId,
        amount: Stroops,
    },
    /// `total` is all that is staked now.
    Staked {
        account: Address,
        total: Stroops,
        slashed: Option<LeaseId>,
    },
}

/// Why the contract refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    AmountNotPositive,
    BalanceTooLow,
    NoRequest,
    DelayNotPassed,
    LeaseExists,
    NoSuchLease,
    LeaseNotOpen,
    AlreadyToppedUp,
    AlreadySlashed,
    DeadlinePassed,
    DeadlineNotPassed,
}

/// How a lease stands in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    Settled { seconds: u64, proof: Digest },
    Refunded,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Escrow {
    pub(crate) terms: Terms,
    /// What top-ups have added, and the last of them.
    pub(crate) added: i128,
    pub(crate) top_ups: u32,
    pub(crate) standing: Standing,
}

impl Escrow {
    /// All that is locked.
    fn amount(&self) -> i128 {
        i128::from(self.terms.amount.get()) + self.added
    }
}

#[derive(Clone, Copy, Debug)]
struct Request {
    amount: i128,
    since: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Contract {
    treasury: Address,
    withdraw_delay: u64,
    balances: BTreeMap<Address, i128>,
    requests: BTreeMap<Address, Request>,
    leases: BTreeMap<LeaseId, Escrow>,
    /// What it holds of the token.
    held: i128,
}

impl Contract {
    pub(crate) fn new(genesis: &Genesis, withdraw_delay: Seconds) -> Self {
        Self {
            treasury: genesis.treasury,
            withdraw_delay: withdraw_delay.0,
            balances: BTreeMap::new(),
            requests: BTreeMap::new(),
            leases: BTreeMap::new(),
            held: 0,
        }
    }

    pub(crate) fn balance(&self, account: Address) -> i128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    /// All that an account waits to withdraw.
    pub(crate) fn requested(&self, account: Address) -> i128 {
        self.requests.get(&account).map_or(0, |request| request.amount)
    }

    pub(crate) fn lease(&self, lease: LeaseId) -> Option<&Escrow> {
        self.leases.get(&lease)
    }

    /// Leases whose amount is locked.
    pub(crate) fn open_leases(&self) -> impl Iterator<Item = (LeaseId, Stroops)> {
        let open = self.leases.iter().filter(|(_, escrow)| escrow.standing == Standing::Open);
        open.map(|(lease, escrow)| (*lease, stroops(escrow.amount())))
    }

    /// Leases that nobody can settle any more.
    pub(crate) fn late_leases(&self, now: u64) -> impl Iterator<Item = LeaseId> {
        let open = self.leases.iter().filter(|(_, escrow)| escrow.standing == Standing::Open);
        open.filter(move |(_, escrow)| escrow.terms.deadline < now).map(|(lease, _)| *lease)
    }

    /// Who waits for a withdrawal.
    pub(crate) fn requesters(&self) -> impl Iterator<Item = Address> {
        self.requests.keys().copied()
    }

    /// Everybody whom it knows.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = Address> {
        self.balances.keys().chain(self.requests.keys()).copied()
    }

    /// Carries a call out, or refuses it and stays as it was.
    pub(crate) fn call(&mut self, call: &Call, now: u64) -> Result<What, Refusal> {
        match *call {
            Call::Deposit { to, amount } => {
                let stroops = positive(amount)?;
                self.held += stroops;
                self.credit(to, stroops);
                Ok(What::Deposited { to, amount })
            }
            Call::RequestWithdraw { account, amount } => {
                let amount = positive(amount)?;
                self.debit(account, amount)?;
                let total = self.requested(account) + amount;
                self.requests.insert(account, Request { amount: total, since: now });
                Ok(What::Requested { account, total: stroops(total) })
            }
            Call::CancelWithdraw { account } => {
                let request = self.requests.remove(&account).ok_or(Refusal::NoRequest)?;
                self.credit(account, request.amount);
                Ok(What::Cancelled { account, amount: stroops(request.amount) })
            }
            Call::PayWithdraw { account, by_operator } => {
                let request = *self.requests.get(&account).ok_or(Refusal::NoRequest)?;
                if !by_operator && now < request.since + self.withdraw_delay {
                    return Err(Refusal::DelayNotPassed);
                }
                self.requests.remove(&account);
                self.held -= request.amount;
                Ok(What::Withdrawn { account, amount: stroops(request.amount) })
            }
            Call::Open { lease, terms } => {
                positive(terms.amount)?;
                if now > terms.deadline {
                    return Err(Refusal::DeadlinePassed);
                }
                if self.leases.contains_key(&lease) {
                    return Err(Refusal::LeaseExists);
                }
                self.take(terms.tenant, terms.amount.get().into())?;
                self.leases.insert(lease, Escrow { terms, added: 0, top_ups: 0, standing: Standing::Open });
                Ok(What::Opened { lease })
            }
            Call::TopUp { lease, number, amount } => self.top_up(lease, number, amount, now),
            Call::Settle { lease, seconds, proof } => self.settle(lease, seconds, proof, now),
            Call::Refund { lease } => {
                let escrow = self.open(lease)?;
                if now <= escrow.terms.deadline {
                    return Err(Refusal::DeadlineNotPassed);
                }
                self.credit(escrow.terms.tenant, escrow.amount());
                self.leases.insert(lease, Escrow { standing: Standing::Refunded, ..escrow });
                Ok(What::Refunded { lease, amount: stroops(escrow.amount()) })
            }
            Call::Stake { .. } | Call::Unstake { .. } | Call::Slash { .. } => {
                unreachable!("another contract holds stakes")
            }
        }
    }

    fn settle(&mut self, lease: LeaseId, seconds: u64, proof: Digest, now: u64) -> Result<What, Refusal> {
        let escrow = self.open(lease)?;
        let (terms, amount) = (escrow.terms, escrow.amount());
        if now > terms.deadline {
            return Err(Refusal::DeadlinePassed);
        }
        let owed = i128::from(terms.rate.get()) * i128::from(seconds) / 3_600;
        let pay = owed.min(amount);
        let fee = pay * i128::from(terms.fee.get()) / 10_000;
        self.credit(terms.provider, pay - fee);
        self.credit(self.treasury, fee);
        self.credit(terms.tenant, amount - pay);
        self.leases.insert(lease, Escrow { standing: Standing::Settled { seconds, proof }, ..escrow });
        Ok(What::Settled { lease, pay: stroops(pay), fee: stroops(fee), refund: stroops(amount - pay) })
    }

    /// Adds to an open escrow, each top-up once, from the same money as an
    /// opening.
    fn top_up(&mut self, lease: LeaseId, number: u32, amount: Stroops, now: u64) -> Result<What, Refusal> {
        let escrow = self.open(lease)?;
        let more = positive(amount)?;
        if now > escrow.terms.deadline {
            return Err(Refusal::DeadlinePassed);
        }
        if number <= escrow.top_ups {
            return Err(Refusal::AlreadyToppedUp);
        }
        self.take(escrow.terms.tenant, more)?;
        self.leases.insert(lease, Escrow { added: escrow.added + more, top_ups: number, ..escrow });
        Ok(What::ToppedUp { lease, amount })
    }

    /// Money that comes from the other contract.
    pub(super) fn receive(&mut self, to: Address, amount: i128) -> What {
        self.held += amount;
        self.credit(to, amount);
        What::Deposited { to, amount: stroops(amount) }
    }

    /// What it holds is what all its books add up to.
    pub(crate) fn check(&self) -> Checked {
        let balances: i128 = self.balances.values().sum();
        let requests: i128 = self.requests.values().map(|request| request.amount).sum();
        let locked: i128 = self.open_leases().map(|(_, amount)| i128::from(amount.get())).sum();
        let books = balances + requests + locked;
        ensure!(books == self.held, rule::CONTRACT, "its books add up to {books}, and it holds {}", self.held);
        for (account, balance) in &self.balances {
            ensure!(*balance >= 0, rule::CONTRACT, "{} has {balance}", cast::name(*account));
        }
        Ok(())
    }

    fn open(&self, lease: LeaseId) -> Result<Escrow, Refusal> {
        let escrow = self.leases.get(&lease).ok_or(Refusal::NoSuchLease)?;
        if escrow.standing == Standing::Open { Ok(*escrow) } else { Err(Refusal::LeaseNotOpen) }
    }

    fn credit(&mut self, account: Address, amount: i128) {
        *self.balances.entry(account).or_default() += amount;
    }

    fn debit(&mut self, account: Address, amount: i128) -> Result<(), Refusal> {
        let balance = self.balances.entry(account).or_default();
        if *balance < amount {
            return Err(Refusal::BalanceTooLow);
        }
        *balance -= amount;
        Ok(())
    }

    /// Takes from the balance, then from the pending withdrawal: a lease that
    /// was agreed ranks before it.
    fn take(&mut self, account: Address, amount: i128) -> Result<(), Refusal> {
        let free = self.balance(account);
        let rest = (amount - free).max(0);
        let requested = self.requested(account);
        if requested < rest {
            return Err(Refusal::BalanceTooLow);
        }
        self.balances.insert(account, free - (amount - rest));
        if rest == requested {
            self.requests.remove(&account);
        } else if let Some(request) = self.requests.get_mut(&account) {
            request.amount -= rest;
        }
        Ok(())
    }
}

pub(super) fn positive(amount: Stroops) -> Result<i128, Refusal> {
    if amount > Stroops::ZERO { Ok(amount.get().into()) } else { Err(Refusal::AmountNotPositive) }
}

pub(super) fn stroops(amount: i128) -> Stroops {
    let amount = i64::try_from(amount).ok().and_then(Stroops::new);
    amount.expect("the run brings in far less than 2⁶³ stroops")
}
