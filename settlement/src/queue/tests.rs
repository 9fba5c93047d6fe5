use berth_wire::domain::LeaseId;

use super::*;
use crate::chain::Address;

const OPEN: Name = Name::Open(LeaseId(1));
const SETTLE: Name = Name::Settle(LeaseId(1));
const OTHER: Name = Name::Settle(LeaseId(2));
const PAY: Name = Name::PayWithdraw(7);
const PAY_LATER: Name = Name::PayWithdraw(9);

/// What waits, in this order. Withdrawals are of one account each.
fn todo(names: &[Name]) -> Todo {
    let mut todo = Todo::default();
    for (name, seq) in names.iter().zip(1..) {
        let subject = match name {
            Name::PayWithdraw(seq) => Subject::Withdrawals(Address::Account([u8::try_from(*seq).unwrap(); 32])),
            lease => Subject::Lease(lease.lease().unwrap()),
        };
        let waiting = Waiting { subject, untried: true, planned_at: 1 };
        let all = if matches!(name, Name::PayWithdraw(_)) { &mut todo.withdrawals } else { &mut todo.leases };
        all.insert((seq, *name), waiting);
    }
    todo
}

fn queue(lanes: u32, batch_max: usize) -> Queue {
    let mut queue = Queue::resume(Vec::new(), batch_max);
    queue.open(0..lanes);
    queue
}

fn jobs(queue: &mut Queue, names: &[Name], now: Instant) -> Vec<Vec<Name>> {
    queue.next(&todo(names), now).into_iter().map(|job| job.names).collect()
}

/// Takes up what is next with one lane, and lets it fail.
fn fail(queue: &mut Queue, name: Name, now: Instant) {
    let job = queue.next(&todo(&[name]), now).remove(0);
    queue.failed(job, false, Patience::Own, "trouble", now);
}

#[test]
fn leases_go_before_withdrawals_and_in_the_order_of_the_log() {
    let now = Instant::now();
    assert_eq!(jobs(&mut queue(1, 1), &[PAY, OTHER, OPEN], now), [[OTHER]]);
    assert_eq!(jobs(&mut queue(1, 1), &[PAY, PAY_LATER], now), [[PAY]]);
    assert_eq!(jobs(&mut queue(1, 1), &[], now), Vec::<Vec<Name>>::new());
    assert_eq!(jobs(&mut queue(3, 1), &[PAY, OTHER, OPEN], now), [[OTHER], [OPEN], [PAY]]);
}

#[test]
fn a_crowd_of_leases_leaves_withdrawals_one_lane_of_several() {
    let now = Instant::now();
    let crowd: Vec<Name> = (1..=20).map(|lease| Name::Open(LeaseId(lease))).chain([PAY, PAY_LATER]).collect();
    let mut queue = queue(3, 1);
    assert_eq!(jobs(&mut queue, &crowd, now), [[Name::Open(LeaseId(1))], [Name::Open(LeaseId(2))], [PAY]]);
    queue.done(&Job { names: vec![Name::Open(LeaseId(1))], lane: 0 });
    assert_eq!(jobs(&mut queue, &crowd[1..], now), [[Name::Open(LeaseId(3))]], "one at a time");
}

#[test]
fn a_lane_has_one_job_until_it_is_done() {
    let now = Instant::now();
    let mut queue = queue(2, 1);
    let taken = queue.next(&todo(&[OPEN, OTHER]), now);
    assert_eq!(taken.iter().map(|job| job.lane).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(queue.next(&todo(&[OPEN, OTHER, PAY]), now), []);
    queue.done(&taken[0]);
    assert_eq!(queue.in_flight(), 1);
    assert_eq!(queue.next(&todo(&[OTHER, SETTLE]), now), [Job { names: vec![SETTLE], lane: 0 }]);
}

#[test]
fn what_failed_lets_the_others_pass_and_comes_back() {
    let (mut queue, now) = (queue(1, 1), Instant::now());
    fail(&mut queue, PAY, now);
    fail(&mut queue, OTHER, now);
    let peek = |queue: &mut Queue, names: &[Name], now| {
        let jobs = queue.next(&todo(names), now);
        for job in &jobs {
            queue.taken.remove(&job.lane);
            queue.busy.remove(&job.names[0]);
        }
        jobs.into_iter().map(|job| job.names[0]).next()
    };
    assert_eq!(peek(&mut queue, &[PAY, OTHER, PAY_LATER], now), Some(PAY_LATER));
    assert_eq!(peek(&mut queue, &[PAY, OTHER], now), None);
    assert_eq!(peek(&mut queue, &[PAY, OTHER], now + FIRST), Some(OTHER));
    assert_eq!(peek(&mut queue, &[PAY, PAY_LATER], now + FIRST), Some(PAY_LATER), "the new one first");
    assert_eq!(peek(&mut queue, &[PAY], now + FIRST), Some(PAY));
    queue.done(&Job { names: vec![OTHER], lane: 0 });
    assert_eq!(queue.error().unwrap(), "withdrawal of event 7: trouble");
    queue.done(&Job { names: vec![PAY], lane: 0 });
    assert_eq!(queue.error(), None);
}

#[test]
fn a_lease_keeps_its_own_order() {
    let (mut queue, now) = (queue(4, 4), Instant::now());
    assert_eq!(jobs(&mut queue, &[OPEN, SETTLE, OTHER], now), [[OPEN], [OTHER]]);
    let mut queue = self::queue(1, 1);
    fail(&mut queue, OPEN, now);
    assert_eq!(jobs(&mut queue, &[OPEN, SETTLE], now), Vec::<Vec<Name>>::new());
}

#[test]
fn two_withdrawals_of_one_account_are_paid_one_after_the_other() {
    let now = Instant::now();
    let mut both = todo(&[PAY, PAY_LATER]);
    for waiting in both.withdrawals.values_mut() {
        waiting.subject = Subject::Withdrawals(Address::Account([1; 32]));
    }
    let mut queue = queue(4, 1);
    let newest = Job { names: vec![PAY_LATER], lane: 0 };
    assert_eq!(queue.next(&both, now), std::slice::from_ref(&newest));
    assert_eq!(queue.next(&both, now), []);
    queue.done(&newest);
    both.withdrawals.retain(|(_, name), _| *name == PAY);
    assert_eq!(queue.next(&both, now), [Job { names: vec![PAY], lane: 0 }]);
}

#[test]
fn settlements_share_envelopes_when_there_are_more_than_lanes() {
    let now = Instant::now();
    let settle = |lease| Name::Settle(LeaseId(lease));
    let crowd: Vec<Name> = (1..=9).map(settle).collect();
    assert_eq!(
        jobs(&mut queue(2, 4), &crowd, now),
        [(1..=4).map(settle).collect::<Vec<_>>(), (5..=8).map(settle).collect()]
    );
    // As long as each can have a lane of its own, it has.
    assert_eq!(jobs(&mut queue(2, 4), &crowd[..2], now), [[settle(1)], [settle(2)]]);
    // Openings and what came to nothing before go alone.
    let mut mixed = todo(&[settle(1), OPEN, settle(3), settle(4)]);
    mixed.leases.get_mut(&(3, settle(3))).unwrap().untried = false;
    mixed.leases.retain(|(_, name), _| *name != OPEN || name.lease() != Some(LeaseId(1)));
    let shared: Vec<_> = queue(2, 4).next(&mixed, now).into_iter().map(|job| job.names).collect();
    assert_eq!(shared, [vec![settle(1), settle(4)], vec![settle(3)]]);
}

#[test]
fn an_envelope_that_may_be_applied_keeps_its_lane() {
    let now = Instant::now();
    let sealed = Job { names: vec![PAY], lane: 0 };
    let mut queue = Queue::resume(vec![sealed.clone()], 1);
    queue.open([0]);
    assert_eq!(queue.next(&todo(&[OPEN, PAY]), now), std::slice::from_ref(&sealed));
    assert_eq!(queue.next(&todo(&[OPEN, PAY]), now), []);
    queue.failed(sealed.clone(), true, Patience::Brief, "no answer", now);
    assert_eq!(queue.next(&todo(&[OPEN, PAY]), now), []);
    assert_eq!(queue.next(&todo(&[OPEN, PAY]), now + FIRST), std::slice::from_ref(&sealed));
    queue.done(&sealed);
    assert_eq!(queue.next(&todo(&[OPEN]), now), [Job { names: vec![OPEN], lane: 0 }]);
}

#[test]
fn waits_grow_up_to_a_bound() {
    let check = |name, patience, most: Duration| {
        let (mut queue, now) = (queue(1, 1), Instant::now());
        for _ in 0..40 {
            queue.wait(name, patience, "", now);
        }
        let just_before = now + most - Duration::from_millis(1);
        assert_eq!(queue.next(&todo(&[name]), just_before), [], "{name}");
        assert_eq!(queue.next(&todo(&[name]), now + most), [Job { names: vec![name], lane: 0 }]);
    };
    check(SETTLE, Patience::Own, BRIEF_MAX);
    check(PAY, Patience::Own, WITHDRAWAL_MAX);
    check(PAY, Patience::Brief, BRIEF_MAX);
}
