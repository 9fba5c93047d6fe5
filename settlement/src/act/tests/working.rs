//! Emptying the whole outbox: what cannot be done holds up nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::{Bench, LEASE, open, settle, stroops, withdraw};
use crate::chain::Address;
use crate::channels::Lanes;
use crate::exchange::{Events, Exchange, ExchangeError, Frame};
use crate::follower::Desk;
use crate::outbox::{Outbox, Outcome, Stage};
use crate::plan::{Intent, Name};
use crate::worker::work;
use berth_wire::request::Fact;

/// An exchange that takes every fact and says nothing.
pub(super) struct Silent;

pub(super) struct Nothing;

/// The operator's own account, and no other.
struct Own;

impl Lanes for Own {
    fn open(&self) -> Vec<u32> {
        vec![0]
    }
}

impl Exchange for Silent {
    type Events = Nothing;

    async fn log_id(&self) -> Result<String, ExchangeError> {
        Ok("log".to_owned())
    }

    fn events(&self, _from: u64) -> Nothing {
        Nothing
    }

    async fn report(&self, _fact: &Fact) -> Result<(), ExchangeError> {
        Ok(())
    }
}

impl Events for Nothing {
    async fn next(&mut self) -> Result<Frame, ExchangeError> {
        std::future::pending().await
    }
}

fn is_done(outbox: &Outbox, name: Name) -> bool {
    let record = outbox.get(name).unwrap();
    record.is_some_and(|record| matches!(record.stage, Stage::Done(Outcome::Applied { .. })))
}

#[tokio::test]
async fn a_withdrawal_that_cannot_be_paid_holds_up_nobody() {
    const CLOSED: &str = "the call fails: HostError: Error(Context, InvalidAction)";
    // The oldest of all, and nothing will ever make it work.
    let mut bench = Bench::new(vec![withdraw(10)]);
    bench.chain.world().unpayable = Some((Address::Account([1; 32]), CLOSED.to_owned()));
    let desk = Desk::new(bench.outbox.take().unwrap(), Silent, Arc::default());
    bench.chain.world().waiting.insert(Address::Account([2; 32]), stroops(10));
    let plan = |seq, intent: Intent| {
        desk.outbox.accept(seq, vec![intent], 1_000).unwrap();
        desk.planned.notify_one();
    };
    let until = async |what: &dyn Fn() -> bool| {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let story = async {
        until(&|| desk.board.read().acting_error.is_some()).await;
        plan(2, open());
        until(&|| is_done(&desk.outbox, Name::Open(LEASE))).await;
        plan(3, settle(true));
        plan(5, Intent::PayWithdraw { account: Address::Account([2; 32]), total: stroops(10), seq: 5 });
        until(&|| is_done(&desk.outbox, Name::Settle(LEASE)) && is_done(&desk.outbox, Name::PayWithdraw(5))).await;
    };
    let worked = async { work(&desk, &bench.chain, &Own, Duration::from_millis(10)).await.map(|never| match never {}) };
    tokio::select! {
        ended = worked => ended.unwrap(),
        () = story => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("{:?}", desk.board.read()),
    }

    let stuck = desk.outbox.get(Name::PayWithdraw(4)).unwrap().unwrap();
    assert_eq!((stuck.stage, stuck.last_error.as_deref()), (Stage::Planned, Some(CLOSED)));
    let status = desk.board.read();
    assert_eq!(status.failed, 0);
    assert_eq!(desk.outbox.todo(|todo| (todo.leases.len(), todo.withdrawals.len())), (0, 1), "{status:?}");
}
