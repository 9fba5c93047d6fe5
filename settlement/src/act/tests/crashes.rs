//! Kills at random calls, while several jobs are in flight and settlements share
//! envelopes: no payment is lost and none is made twice, not even by a contract
//! that pays whenever it is told to.

use std::sync::Arc;
use std::time::Duration;

use berth_wire::domain::LeaseId;
use tempfile::TempDir;

use super::working::Silent;
use super::{Cut, Double, open_of, settle_of, stroops};
use crate::chain::{Address, Rejection, Sent};
use crate::channels::Lanes;
use crate::follower::Desk;
use crate::outbox::{Outbox, Todo};
use crate::plan::{Intent, Name};
use crate::worker::work;

/// How many stories, unless `BERTH_SETTLER_CRASHES` says otherwise.
const STORIES: u64 = 40;
/// Kills of one story at most.
const KILLS_MAX: u64 = 12;

/// Numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn number(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.below(u64::from(to - from) + 1)).unwrap()
    }
}

struct Several(u32);

impl Lanes for Several {
    fn open(&self) -> Vec<u32> {
        (0..self.0).collect()
    }
}

/// What the log asks for, in its order, and what the contract has to do then.
fn story(dice: &mut Dice) -> (Vec<Intent>, Vec<String>) {
    let leases = u64::from(dice.number(2, 10));
    let mut intents: Vec<Intent> = (1..=leases).map(|lease| open_of(LeaseId(lease))).collect();
    for lease in (1..=leases).map(LeaseId) {
        // Anywhere behind its opening, and with a top-up in between now and then.
        let opened = intents.iter().position(|intent| intent.name() == Name::Open(lease)).unwrap();
        let at = behind(dice, opened, &intents);
        intents.insert(at, settle_of(lease, true));
        for (at, place) in (at..).zip(1..=dice.number(0, 2)) {
            let amount = stroops(5);
            let top_up = Intent::TopUp { lease, number: place, place, amount, deadline: 2_000_000_000 };
            intents.insert(at, top_up);
        }
    }
    for account in 1..=u8::try_from(dice.below(4)).unwrap() {
        let at = usize::try_from(dice.below(intents.len() as u64 + 1)).unwrap();
        let account = Address::Account([account; 32]);
        intents.insert(at, Intent::PayWithdraw { account, total: stroops(10), seq: 0 });
    }
    for (intent, event) in intents.iter_mut().zip(1..) {
        if let Intent::PayWithdraw { seq, .. } = intent {
            *seq = event;
        }
    }
    let mut expected: Vec<String> = intents.iter().map(|intent| intent.name().to_string()).collect();
    expected.sort();
    (intents, expected)
}

/// A place behind the one at `index`.
fn behind(dice: &mut Dice, index: usize, intents: &[Intent]) -> usize {
    let places = intents.len() - index;
    index + 1 + usize::try_from(dice.below(places as u64)).unwrap()
}

/// What an RPC may answer to a sending that it does not take.
fn rebuffs(dice: &mut Dice) -> Vec<Sent> {
    let rejected = |code: &str| Sent::Rejected(Rejection { code: code.to_owned(), too_late: false });
    let kinds = [Sent::TryAgainLater, Sent::Duplicate, rejected("TxBadSeq"), rejected("TxInsufficientFee")];
    (0..dice.below(4)).map(|_| kinds[usize::try_from(dice.below(4)).unwrap()].clone()).collect()
}

/// One process: takes what is new in the log, and works until it is killed or all
/// is done. Answers whether all is.
async fn live(dir: &TempDir, chain: &Double, lanes: u32, new: &[(u64, Intent)]) -> bool {
    let desk = Desk::new(Outbox::open(dir.path(), "log").unwrap(), Silent, Arc::default());
    for (seq, intent) in new {
        desk.outbox.accept(*seq, vec![intent.clone()], 1_000).unwrap();
    }
    let over = async {
        while !chain.world().dead && desk.outbox.todo(Todo::pending) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let lanes = Several(lanes);
    tokio::select! {
        ended = work(&desk, chain, &lanes, Duration::from_millis(2)) => match ended.unwrap() {},
        () = over => {}
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("it never ends: {:?}", desk.board.read()),
    }
    desk.outbox.todo(Todo::pending) == 0
}

async fn run(seed: u64) {
    let mut dice = Dice(seed);
    let (intents, expected) = story(&mut dice);
    let mut events: Vec<(u64, Intent)> = (1..).zip(intents).collect();
    let dir = tempfile::tempdir().unwrap();
    let chain = Double::default();
    let (lanes, naive) = (dice.number(1, 5), dice.below(2) == 0);
    {
        let mut world = chain.world();
        world.kills = true;
        world.naive = naive;
        world.batch_max = usize::try_from(dice.number(1, 6)).unwrap();
        world.waiting = (1..=4).map(|account| (Address::Account([account; 32]), stroops(10))).collect();
    }
    let kills = dice.below(KILLS_MAX);
    for _ in 0..kills {
        {
            let mut world = chain.world();
            let cut = if dice.below(2) == 0 { Cut::Before } else { Cut::After };
            world.dead = false;
            world.cut = Some((world.calls + dice.number(1, 40), cut));
            world.rebuffs = rebuffs(&mut dice);
            // Now and then it is down for so long that bounds have passed.
            world.now += dice.below(2) * dice.below(200);
        }
        let some = usize::try_from(dice.below(events.len() as u64 + 1)).unwrap();
        let new: Vec<_> = events.drain(..some).collect();
        live(&dir, &chain, lanes, &new).await;
    }
    {
        let mut world = chain.world();
        (world.dead, world.cut) = (false, None);
    }
    assert!(live(&dir, &chain, lanes, &events).await, "seed {seed}");

    let done = chain.world().done.clone();
    let mut sorted = done.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "seed {seed}, {kills} kills, {lanes} lanes, naive {naive}");
    let at = |what: &str| done.iter().position(|done| done == what);
    for lease in 1..=10 {
        let (open, settle) = (at(&format!("open of lease {lease}")), at(&format!("settlement of lease {lease}")));
        assert!(open <= settle, "seed {seed}: {done:?}");
    }
}

#[tokio::test]
async fn random_kills_with_many_jobs_in_flight_neither_lose_nor_repeat_a_payment() {
    let stories = std::env::var("BERTH_SETTLER_CRASHES").map_or(STORIES, |number| number.parse().unwrap());
    for seed in 1..=stories {
        run(seed).await;
    }
}
