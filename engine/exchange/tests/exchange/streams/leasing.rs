//! Steps of a lease's life, and facts of the chain about funds.

use berth_domain::{
    AccountId, ChainEventId, Command, ContainerReport, Deposit, Digest, EscrowFailed, Escrowed, FinishLease,
    FinishOutcome, Heartbeat, JobResult, LeaseId, LeaseState, Micros, PortBinding, SettlementPaid, SettlementRefunded,
    StartLease, StopLease, Stroops, TxHash, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};

use super::dice::{Dice, ids, text};
use super::funding::funding;
use crate::cast::address;
use crate::oracle::{Lease, Oracle};

/// A step of some lease's life, most often the next one.
pub(crate) fn leasing(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let live = x.leases.iter().filter(|lease| !is_over(lease));
    // Most of them go on; those that closed wait for the chain alone.
    let (closed, going): (Vec<_>, Vec<_>) = live.partition(|lease| lease.state == LeaseState::Closed);
    let from = if going.is_empty() || (dice.once_in(5) && !closed.is_empty()) { closed } else { going };
    // The lives of a few go far, rather than those of many a little.
    let id = match from.last() {
        Some(youngest) if dice.once_in(2) => youngest.id,
        _ => LeaseId(dice.id(&ids(from.iter().map(|lease| lease.id.0)))),
    };
    let (luck, kind) = (dice.below(256), dice.below(2));
    let Some(lease) = x.find_lease(id) else {
        return (AccountId(2), Heartbeat { lease: id, cpu_millis: 0, memory_bytes: 0, healthy: true }.into());
    };
    if let Some(said) = funding(lease, now, dice) {
        return said;
    }
    let (provider, tenant) = (lease.owner, lease.tenant);
    let place = usize::try_from(luck / 8 % 8).expect("small");
    let next = match lease.state {
        _ if luck % 8 == 7 => luck / 8 % 8,
        LeaseState::Opened => [0, 0, 0, 0, 1, 1, 5, 1][place],
        LeaseState::Escrowed => [2, 2, 2, 2, 4, 4, 5, 7][place],
        LeaseState::Running => [4, 3, 3, 4, 3, 4, 5, 3][place],
        LeaseState::Suspended => [4, 3, 3, 4, 4, 5, 3, 7][place],
        LeaseState::Closing => [4, 1, 3, 0, 4, 4, 0, 4][place],
        _ => [6, 6, 6, 6, 6, 6, 6, 7][place],
    };
    let variant = u8::try_from(luck % 2).expect("small");
    match next {
        0 => {
            let tx = TxHash([u8::try_from(kind).expect("small"); 32]);
            (AccountId::EXCHANGE, Escrowed { lease: id, tx, ledger: 1 }.into())
        }
        1 => (AccountId::EXCHANGE, EscrowFailed { lease: id, reason: text("no \"funds\" \\ é") }.into()),
        2 => {
            let ports = vec![PortBinding { container: 80, host: 1, udp: variant == 1 }];
            let report = ContainerReport { id: text("c"), ports };
            let containers = vec![report; lease.replicas as usize - usize::from(dice.once_in(20))];
            (provider, StartLease { lease: id, image: text("sha256:0"), containers }.into())
        }
        3 => (
            provider,
            Heartbeat { lease: id, cpu_millis: luck, memory_bytes: u64::MAX, healthy: !dice.once_in(3) }.into(),
        ),
        4 => {
            let outcome = dice.pick(&[FinishOutcome::Stopped, FinishOutcome::Exited, FinishOutcome::Failed]);
            let exit_code = (outcome == FinishOutcome::Exited).then(|| dice.pick(&[0, 1, -1]));
            let size = dice.pick(&[5, (1 << 53) - 1, 5, 5, 1 << 53]);
            let result = (variant == 1).then_some(JobResult { sha256: Digest([7; 32]), size });
            let detail = text(dice.pick(&["over", ""]));
            (provider, FinishLease { lease: id, outcome, exit_code, result, detail }.into())
        }
        5 => (tenant, StopLease { lease: id }.into()),
        6 => {
            let wrong = i128::from(dice.once_in(10));
            let (pay, fee, refund) = (stroops(lease.pay + wrong), stroops(lease.fee), lease.escrow() - lease.pay);
            let (tx, refund) = (TxHash([variant; 32]), stroops(refund));
            (AccountId::EXCHANGE, SettlementPaid { lease: id, tx, ledger: 2, pay, fee, refund }.into())
        }
        _ => {
            let amount = stroops(if dice.once_in(4) { lease.pay } else { lease.escrow() });
            (AccountId::EXCHANGE, SettlementRefunded { lease: id, tx: TxHash([9; 32]), ledger: 3, amount }.into())
        }
    }
}

/// The next step of a lease that all parties want to go well.
pub(crate) fn going_well(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let live = x.leases.iter().filter(|lease| !is_over(lease));
    let id = LeaseId(dice.id(&ids(live.map(|lease| lease.id.0))));
    let Some(lease) = x.find_lease(id) else { return leasing(x, now, dice) };
    let tx = TxHash([dice.pick(&[1, 2]); 32]);
    match lease.state {
        LeaseState::Opened => (AccountId::EXCHANGE, Escrowed { lease: id, tx, ledger: 1 }.into()),
        LeaseState::Escrowed => {
            let containers = vec![ContainerReport { id: text("c"), ports: vec![] }; lease.replicas as usize];
            (lease.owner, StartLease { lease: id, image: text("sha256:0"), containers }.into())
        }
        LeaseState::Running if dice.once_in(3) => {
            (lease.owner, Heartbeat { lease: id, cpu_millis: 1, memory_bytes: 1, healthy: true }.into())
        }
        LeaseState::Running if dice.once_in(6) => (lease.tenant, StopLease { lease: id }.into()),
        LeaseState::Closed => {
            let [pay, fee, refund] = [lease.pay, lease.fee, lease.escrow() - lease.pay].map(stroops);
            (AccountId::EXCHANGE, SettlementPaid { lease: id, tx, ledger: 2, pay, fee, refund }.into())
        }
        state => {
            let is_asked = state == LeaseState::Closing;
            let outcome = if is_asked { FinishOutcome::Stopped } else { FinishOutcome::Exited };
            let (exit_code, result) = ((!is_asked).then_some(0), None);
            (lease.owner, FinishLease { lease: id, outcome, exit_code, result, detail: text("") }.into())
        }
    }
}

pub(crate) fn is_over(lease: &Lease) -> bool {
    lease.state == LeaseState::Closed && (lease.escrow_tx.is_none() || lease.paid_tx.is_some())
}

pub(crate) fn funds(x: &Oracle, dice: &mut Dice<'_>) -> Command {
    // The ids of chain events grow with the log; now and then one comes again.
    let toid = x.head().0.0 + 10 - if dice.once_in(6) { 9 } else { 0 };
    let event = ChainEventId { toid, index: 0 };
    let address = address(dice.pick(&["tom", "tia", "tim", "ada", "bob", "nell"]));
    let known = x.accounts.iter().find(|account| account.address == address);
    let part = known.map_or(0, |account| {
        let available = x.available(account.id);
        dice.pick(&[available, available / 3, x.held(account.id), account.withdrawing])
    });
    let amount = dice.pick(&[part, part, part, part + 1, 100_000, 0, i64::MAX.into()]);
    let amount = stroops(amount.min(i64::MAX.into()));
    match dice.below(8) {
        0..3 => Deposit { event, address, amount: amount.min(stroops(1_000_000)) }.into(),
        3 if dice.once_in(8) => Deposit { event, address, amount }.into(),
        3..5 => WithdrawalFact { event, address, amount }.into(),
        5..7 => {
            // What escrows have is seldom paid out: who owes does nothing more.
            let most = known.map_or(0, |of| of.money - x.in_escrow(of.id) - x.topping_up(of.id));
            let amount = if dice.once_in(6) { amount } else { amount.min(stroops(most.max(0))) };
            Withdrawn { event, address, amount }.into()
        }
        _ => WithdrawalCancelled { event, address, amount }.into(),
    }
}

pub(crate) fn stroops(amount: i128) -> Stroops {
    i64::try_from(amount).ok().and_then(Stroops::new).expect("an amount")
}
