//! What survives a crash. The chain here is a double in memory: it applies
//! envelopes at most once, refuses what the contract would refuse, and can be
//! made to fail before or after any of its calls, which is what a kill at that
//! point looks like to the outbox.

mod crashes;
mod double;
mod working;

use berth_wire::domain::{Digest, LeaseId, Stroops};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::chain::{Address, Rejection, Sent};
use crate::contract::Terms;
use crate::outbox::Todo;
use crate::plan::Live;
use double::{Cut, Double};

const LEASE: LeaseId = LeaseId(1);

fn stroops(n: i64) -> Stroops {
    Stroops::new(n).unwrap()
}

fn open() -> Intent {
    open_of(LEASE)
}

fn open_of(lease: LeaseId) -> Intent {
    let terms = Terms {
        tenant: Address::Account([1; 32]),
        provider: Address::Account([2; 32]),
        token: Address::Contract([3; 32]),
        rate_per_hour: stroops(36_000_000),
        amount: stroops(100),
        deadline: 2_000_000_000,
    };
    Intent::Open { lease, terms }
}

fn settle(escrowed: bool) -> Intent {
    settle_of(LEASE, escrowed)
}

fn settle_of(lease: LeaseId, escrowed: bool) -> Intent {
    Intent::Settle { lease, seconds: 60, proof: Digest([5; 32]), escrowed }
}

fn withdraw(total: i64) -> Intent {
    Intent::PayWithdraw { account: Address::Account([1; 32]), total: stroops(total), seq: 4 }
}

/// An outbox on disk and a chain; `restart` is what a kill and a start do.
struct Bench {
    dir: TempDir,
    outbox: Option<Outbox>,
    chain: Double,
}

impl Bench {
    fn new(intents: Vec<Intent>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path(), "log").unwrap();
        for (intent, seq) in intents.into_iter().zip(1..) {
            outbox.accept(seq, vec![intent], 1_000).unwrap();
        }
        let chain = Double::default();
        chain.world().waiting.insert(Address::Account([1; 32]), stroops(10));
        Self { dir, outbox: Some(outbox), chain }
    }

    fn outbox(&self) -> &Outbox {
        self.outbox.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.outbox = None;
        self.outbox = Some(Outbox::open(self.dir.path(), "log").unwrap());
    }

    /// The oldest intent that is not done.
    fn next(&self) -> Option<Record> {
        let next = self.outbox().todo(|todo| {
            let all = todo.leases.keys().chain(todo.withdrawals.keys());
            all.min().map(|(_, name)| *name)
        });
        next.map(|name| self.outbox().get(name).unwrap().unwrap())
    }

    /// Acts on the oldest.
    async fn act_next(&self) -> Result<Record, ActError> {
        let job = Job { names: vec![self.next().unwrap().intent.name()], lane: 0 };
        act(self.outbox(), &self.chain, &job).await.map(|mut records| records.remove(0))
    }

    /// Acts until nothing is left, restarting after every failure.
    async fn run(&mut self) -> String {
        for _ in 0..20 {
            if self.next().is_none() {
                return self.outcomes();
            }
            if self.act_next().await.is_err() {
                self.restart();
            }
        }
        panic!("it never ends: {:?}", self.next());
    }

    fn outcomes(&self) -> String {
        [Name::Open(LEASE), Name::Settle(LEASE), Name::Refund(LEASE), Name::PayWithdraw(4)]
            .into_iter()
            .filter_map(|name| self.outbox().get(name).unwrap())
            .map(|record| match record.stage {
                Stage::Done(Outcome::Applied { .. }) => "applied".to_owned(),
                Stage::Done(Outcome::Found) => "found".to_owned(),
                Stage::Done(Outcome::Moot { why }) => format!("moot: {why}"),
                Stage::Done(Outcome::Failed { reason }) => format!("failed: {reason}"),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn done(&self) -> String {
        self.chain.world().done.join(", ")
    }
}

#[tokio::test]
async fn a_kill_at_any_call_neither_loses_nor_repeats_a_payment() {
    let intents = || vec![open(), settle(true), withdraw(10)];
    let mut whole = Bench::new(intents());
    assert_eq!(whole.run().await, "applied, applied, applied");
    let calls = whole.chain.world().calls;
    assert!(calls > 9, "three intents take at least three calls each, these took {calls}");

    for call in 1..=calls {
        for (cut, naive) in [(Cut::Before, false), (Cut::After, false), (Cut::Before, true), (Cut::After, true)] {
            let mut bench = Bench::new(intents());
            bench.chain.world().cut = Some((call, cut));
            bench.chain.world().naive = naive;
            let outcomes = bench.run().await;
            let case = format!("cut {cut:?} call {call}, naive {naive}");
            assert_eq!(outcomes, "applied, applied, applied", "{case}");
            assert_eq!(bench.done(), "open of lease 1, settlement of lease 1, withdrawal of event 4", "{case}");
            assert_eq!(bench.outbox().todo(Todo::pending), 0, "{case}");
        }
    }
}

#[tokio::test]
async fn two_kills_in_a_row_change_nothing_either() {
    for first in 1..=12 {
        for second in first + 1..=14 {
            let mut bench = Bench::new(vec![open(), settle(true)]);
            bench.chain.world().cut = Some((first, Cut::After));
            let _ = bench.act_next().await;
            bench.chain.world().cut = Some((second, Cut::After));
            bench.restart();
            assert_eq!(bench.run().await, "applied, applied", "{first} and {second}");
            assert_eq!(bench.done(), "open of lease 1, settlement of lease 1");
        }
    }
}

#[tokio::test]
async fn an_envelope_that_was_sealed_but_not_sent_is_sent_after_a_restart() {
    let mut bench = Bench::new(vec![open()]);
    // The second call is the first sending.
    bench.chain.world().cut = Some((2, Cut::Before));
    bench.act_next().await.unwrap_err();
    bench.restart();
    let sealed = bench.next().unwrap();
    assert!(matches!(sealed.stage, Stage::Sealed(_)), "{:?}", sealed.stage);
    assert_eq!(bench.run().await, "applied");
    assert_eq!(bench.chain.world().sealed.len(), 1, "the same envelope, not another");
}

#[tokio::test]
async fn an_envelope_is_replaced_only_after_its_bound() {
    let mut bench = Bench::new(vec![open()]);
    bench.chain.world().cut = Some((2, Cut::Before));
    bench.act_next().await.unwrap_err();
    bench.chain.world().now += 1_000;
    bench.restart();
    assert_eq!(bench.run().await, "applied");
    assert_eq!(bench.chain.world().sealed.len(), 2);
    assert_eq!(bench.done(), "open of lease 1");
}

#[tokio::test]
async fn an_envelope_is_never_replaced_while_no_ledger_says_that_its_time_is_over() {
    let mut bench = Bench::new(vec![open()]);
    bench.chain.world().cut = Some((2, Cut::Before));
    bench.act_next().await.unwrap_err();
    bench.chain.world().stalled = true;
    bench.chain.world().now += 1_000;
    let waiting = tokio::time::timeout(Duration::from_millis(50), bench.act_next()).await;
    assert!(waiting.is_err(), "{waiting:?}");
    assert!(matches!(bench.next().unwrap().stage, Stage::Sealed(_)));
    bench.chain.world().stalled = false;
    assert_eq!(bench.run().await, "applied");
    assert_eq!(bench.chain.world().sealed.len(), 2);
}

#[tokio::test]
async fn a_forgotten_transaction_is_looked_up_in_the_contract() {
    let mut bench = Bench::new(vec![open()]);
    // Applied, and then nobody asks for it until its ledger is gone.
    bench.chain.world().cut = Some((3, Cut::After));
    bench.act_next().await.unwrap_err();
    {
        let mut world = bench.chain.world();
        world.applied.clear();
        world.oldest_ledger = 1_000;
        world.now += 1_000_000;
    }
    bench.restart();
    assert_eq!(bench.run().await, "found");
    assert_eq!(bench.done(), "open of lease 1");
}

#[tokio::test]
async fn every_answer_to_sending_is_borne() {
    let rejected = |code: &str| Sent::Rejected(Rejection { code: code.to_owned(), too_late: false });
    for rebuffs in [
        vec![Sent::TryAgainLater],
        vec![Sent::TryAgainLater, Sent::TryAgainLater, Sent::TryAgainLater],
        vec![Sent::Duplicate],
        vec![rejected("TxBadSeq")],
        vec![rejected("TxInsufficientFee"), rejected("TxInsufficientFee")],
        vec![rejected("TxBadSeq"), Sent::TryAgainLater],
    ] {
        let mut bench = Bench::new(vec![open()]);
        bench.chain.world().rebuffs.clone_from(&rebuffs);
        assert_eq!(bench.run().await, "applied", "{rebuffs:?}");
        assert_eq!(bench.done(), "open of lease 1", "{rebuffs:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_fails_in_its_ledger_is_judged_anew() {
    let mut bench = Bench::new(vec![open()]);
    // The money is spent between simulation and ledger.
    bench.chain.world().cut = Some((2, Cut::After));
    bench.act_next().await.unwrap_err();
    bench.chain.world().refuses = Some(Refusal::BalanceTooLow);
    assert_eq!(bench.run().await, "failed: the balance in escrow is too low");
    assert_eq!(bench.done(), "");
}

#[tokio::test]
async fn a_refused_opening_is_owed_to_the_exchange_until_it_knows() {
    let mut bench = Bench::new(vec![open()]);
    bench.chain.world().refuses = Some(Refusal::BalanceTooLow);
    assert_eq!(bench.run().await, "failed: the balance in escrow is too low");
    bench.restart();
    let owed = bench.outbox().unreported().unwrap();
    let [(key, name, reason)] = owed.as_slice() else { panic!("{owed:?}") };
    assert_eq!((*name, reason.as_str()), (Name::Open(LEASE), "the balance in escrow is too low"));
    bench.outbox().reported(key).unwrap();
    bench.restart();
    assert_eq!(bench.outbox().unreported().unwrap(), []);
    assert_eq!(bench.outbox().failed_count(), 1);
}

#[tokio::test]
async fn a_lost_outbox_is_made_up_for_by_the_contract() {
    let mut first = Bench::new(vec![open(), settle(true)]);
    assert_eq!(first.run().await, "applied, applied");
    let mut second = Bench::new(vec![open(), settle(true)]);
    second.chain = first.chain;
    assert_eq!(second.run().await, "found, found");
    assert_eq!(second.done(), "open of lease 1, settlement of lease 1");
}

#[tokio::test]
async fn an_id_that_another_lease_has_fails() {
    let mut bench = Bench::new(vec![open()]);
    let Intent::Open { mut terms, .. } = open() else { unreachable!() };
    terms.amount = stroops(101);
    bench.chain.world().opened.insert(LEASE, terms);
    assert_eq!(bench.run().await, "failed: another lease has this id");
}

#[tokio::test]
async fn a_lease_that_closed_before_its_lock_was_sent_is_left_alone() {
    let mut bench = Bench::new(vec![open(), settle(false)]);
    assert_eq!(bench.run().await, "moot: the lease is over, moot: nothing was locked");
    assert_eq!(bench.done(), "");
}

#[tokio::test]
async fn a_lock_that_came_too_late_for_the_exchange_is_given_back() {
    let mut bench = Bench::new(vec![open()]);
    // Sent, and nothing is heard of it; then the exchange gives up.
    bench.chain.world().cut = Some((2, Cut::After));
    bench.act_next().await.unwrap_err();
    bench.outbox().accept(2, vec![settle(false)], 1_010).unwrap();
    assert_eq!(bench.run().await, "applied, applied");
    assert_eq!(bench.done(), "open of lease 1, settlement of lease 1");
}

/// Locked in time, and over only after the deadline.
async fn late() -> Bench {
    let mut bench = Bench::new(vec![open()]);
    assert_eq!(bench.run().await, "applied");
    bench.outbox().accept(2, vec![settle(true)], 1_010).unwrap();
    let mut world = bench.chain.world();
    world.late = true;
    world.calls = 0;
    drop(world);
    bench
}

#[tokio::test]
async fn a_lease_that_was_not_settled_in_time_is_refunded_through_any_kill() {
    let ended = "applied, failed: the lease's deadline and its window have passed, applied";
    let mut whole = late().await;
    assert_eq!(whole.run().await, ended);
    assert_eq!(whole.done(), "open of lease 1, refund of lease 1");
    let calls = whole.chain.world().calls;
    assert!(calls >= 5, "two for the refusal, three for the refund, and not {calls}");
    for call in 1..=calls {
        for cut in [Cut::Before, Cut::After] {
            let mut bench = late().await;
            bench.chain.world().cut = Some((call, cut));
            assert_eq!(bench.run().await, ended, "cut {cut:?} call {call}");
            assert_eq!(bench.done(), "open of lease 1, refund of lease 1", "cut {cut:?} call {call}");
            assert_eq!(bench.outbox().failed_count(), 1);
        }
    }
}

#[tokio::test]
async fn a_refund_that_another_server_calls_early_is_tried_again() {
    let bench = late().await;
    bench.act_next().await.unwrap();
    bench.chain.world().late = false;
    let early = bench.act_next().await;
    assert!(matches!(early, Err(ActError::Trouble(_))), "{early:?}");
    bench.chain.world().late = true;
    bench.act_next().await.unwrap();
    assert_eq!(bench.done(), "open of lease 1, refund of lease 1");
}

#[tokio::test]
async fn a_withdrawal_larger_than_what_was_set_aside_is_not_paid() {
    let mut bench = Bench::new(vec![withdraw(9)]);
    for _ in 0..3 {
        let larger = bench.act_next().await;
        assert!(matches!(larger, Err(ActError::Trouble(_))), "{larger:?}");
    }
    assert_eq!(bench.done(), "");
    // A lease took its part of what was requested.
    bench.chain.world().waiting.insert(Address::Account([1; 32]), stroops(9));
    assert_eq!(bench.run().await, "applied");
    assert_eq!(bench.done(), "withdrawal of event 4");
    let mut bench = Bench::new(vec![withdraw(10)]);
    assert_eq!(bench.run().await, "applied");
    assert_eq!(bench.done(), "withdrawal of event 4");
}

#[tokio::test]
async fn an_event_read_twice_changes_nothing() {
    let mut bench = Bench::new(vec![open()]);
    assert_eq!(bench.run().await, "applied");
    bench.outbox().accept(1, vec![open()], 2_000).unwrap();
    assert_eq!(bench.next(), None);
    assert_eq!(bench.outbox().cursor().unwrap(), 2);
    assert_eq!(bench.outbox().live().unwrap(), [Live { lease: LEASE, deadline: 2_000_000_000, topped_up: 0 }]);
}
