//! The planner as tables: a lease, what the engine holds of it, what to do.

use super::*;

const OURS: &str = "aa";
const OTHER_LOG: &str = "bb";
const LEASE: LeaseId = LeaseId(7);
const PROVIDER: ProviderId = ProviderId(1);

fn log(digits: &str) -> LogId {
    LogId::parse(&digits.repeat(32)).expect("64 hex digits")
}

fn scope(serves: Leases) -> Scope {
    Scope { log: log(OURS), serves }
}

fn labels() -> Labels {
    Labels { log: log(OURS), provider: PROVIDER, lease: LEASE, by_house: false }
}

fn lease(state: LeaseState, replicas: u32) -> Lease {
    Lease {
        id: LEASE,
        order: 3,
        provider: PROVIDER,
        provider_address: "GPROVIDER".to_owned(),
        tenant_address: "GTENANT".to_owned(),
        replicas,
        state,
    }
}

/// `-` is a replica without container; a `net` after them is the network.
fn observed(text: &str, labels: &Labels) -> Observed {
    let mut observed = Observed::default();
    for (index, word) in (0..).zip(text.split_whitespace()) {
        let status = match word {
            "-" => continue,
            "net" => {
                observed.networks.push(labels.clone());
                continue;
            }
            "created" => Status::Created,
            "running" => Status::Running,
            "paused" => Status::Paused,
            "leaving" => Status::Leaving,
            exit => {
                let code = exit.strip_prefix("exit").expect("a status").parse().expect("a code");
                Status::Exited { code, out_of_memory: false, words: None }
            }
        };
        observed.containers.push(Container {
            id: format!("c{index}"),
            labels: labels.clone(),
            index: ReplicaIndex(index),
            status,
        });
    }
    observed
}

fn show(actions: &[Action]) -> String {
    let words: Vec<_> = actions
        .iter()
        .map(|action| match action {
            Action::Start(index) => format!("start {index}"),
            Action::ReportStart => "report start".to_owned(),
            Action::Pause => "pause".to_owned(),
            Action::Unpause => "unpause".to_owned(),
            Action::Stop => "stop".to_owned(),
            Action::Keep(ending) => match ending.exit_code {
                Some(code) => format!("keep {} {code}", ending.reason.as_str()),
                None => format!("keep {}", ending.reason.as_str()),
            },
            Action::Remove => "remove".to_owned(),
            Action::ReportFinish => "report finish".to_owned(),
        })
        .collect();
    words.join(", ")
}

fn planned(desired: &Desired, observed: &Observed) -> String {
    let plans = plan(&scope(Leases::Provider(PROVIDER)), desired, observed);
    plans.get(&LEASE).map_or(String::new(), |actions| show(actions))
}

/// One row per case: state, replicas, kept outcome, containers → actions.
fn check(table: &str) {
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let mut cells = row.split('|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_else(|| panic!("five cells in {row}"));
        let state = LeaseState::parse(cell());
        let replicas = cell().parse().expect("a number of replicas");
        let ended = match cell() {
            "kept" => BTreeSet::from([LEASE]),
            "" => BTreeSet::new(),
            other => panic!("{other} is no mark of a kept outcome"),
        };
        let observed = observed(cell(), &labels());
        let expected = cell();
        let leases = BTreeMap::from([(LEASE, lease(state, replicas))]);
        let desired = Desired { leases, ended, ..Desired::default() };
        assert_eq!(planned(&desired, &observed), expected, "{row}");
    }
}

#[test]
fn nothing_starts_before_the_escrow_is_locked() {
    check(
        "opened    | 1 |  | -       |
         opened    | 1 |  | created |
         opened    | 2 |  | - -     |
         opened    | 1 |  | running |
         someday   | 1 |  | -       |
         someday   | 1 |  | running |
         escrowed  | 1 |  | -       | start 0, report start
         escrowed  | 2 |  | - -     | start 0, start 1, report start",
    );
}

#[test]
fn a_start_that_was_cut_short_goes_on_where_it_stopped() {
    check(
        "escrowed | 1 |  | - net             | start 0, report start
         escrowed | 1 |  | created net       | start 0, report start
         escrowed | 1 |  | leaving           | start 0, report start
         escrowed | 2 |  | running -         | start 1, report start
         escrowed | 2 |  | running created   | start 1, report start
         escrowed | 1 |  | running           | report start
         escrowed | 2 |  | running running   | report start",
    );
}

#[test]
fn what_ended_before_it_was_reported_is_not_started_again() {
    check(
        "escrowed | 1 |  | exit0         | report start
         escrowed | 1 |  | exit1         | report start
         escrowed | 2 |  | exit0 running | report start
         escrowed | 2 |  | exit0 -       | start 1, report start",
    );
}

#[test]
fn a_running_lease_is_left_alone() {
    check(
        "running | 1 |  | running net     |
         running | 2 |  | running running |
         running | 2 |  | running exit0   |",
    );
}

#[test]
fn a_suspended_lease_is_paused_and_goes_on_when_it_runs_again() {
    check(
        "suspended | 1 |      | running net     | pause
         suspended | 1 |      | paused net      |
         suspended | 2 |      | running running | pause
         suspended | 2 |      | paused running  | pause
         suspended | 2 |      | paused exit0    |
         suspended | 2 |      | running exit0   | pause
         running   | 1 |      | paused net      | unpause
         running   | 2 |      | paused running  | unpause
         running   | 2 |      | paused exit0    | unpause
         escrowed  | 1 |      | paused          | unpause, report start",
    );
}

#[test]
fn a_workload_that_ended_is_reported_also_while_its_lease_is_suspended() {
    check(
        "suspended | 1 |      | exit0        | keep exited 0, remove, report finish
         suspended | 2 |      | paused exit3 | stop, keep exited 3, remove, report finish
         suspended | 1 |      | - net        | keep failed, remove, report finish
         suspended | 1 | kept | paused net   | stop, remove, report finish
         suspended | 1 | kept | -            | report finish",
    );
}

#[test]
fn what_is_paused_can_be_stopped_and_removed() {
    check(
        "closing | 1 |      | paused net | stop, keep stopped, remove, report finish
         closed  | 1 | kept | paused     | stop, remove",
    );
    assert_eq!(planned(&Desired::default(), &observed("paused net", &labels())), "stop, remove");
}

#[test]
fn a_result_that_is_checked_is_left_as_it_is_until_the_lease_is_closed() {
    check(
        "verifying | 1 | kept | -       |
         verifying | 1 | kept | - net   |
         verifying | 1 |      | -       |
         verifying | 1 |      | running |
         closed    | 1 | kept | - net   | remove",
    );
}

#[test]
fn a_running_lease_whose_workload_ended_finishes_with_its_code() {
    check(
        "running | 1 |  | exit0 net       | keep exited 0, remove, report finish
         running | 1 |  | exit3           | keep exited 3, remove, report finish
         running | 1 |  | exit255         | keep exited 255, remove, report finish
         running | 2 |  | exit0 exit0     | keep exited 0, remove, report finish
         running | 2 |  | running exit9   | stop, keep exited 9, remove, report finish",
    );
}

#[test]
fn a_running_lease_whose_container_is_gone_finishes_as_failed() {
    check(
        "running | 1 |  | -          | keep failed, report finish
         running | 1 |  | - net      | keep failed, remove, report finish
         running | 1 |  | created    | keep failed, remove, report finish
         running | 1 |  | leaving    | keep failed, remove, report finish
         running | 2 |  | running -  | stop, keep failed, remove, report finish",
    );
}

#[test]
fn an_end_is_kept_with_its_cause_and_with_the_engines_words_apart_from_it() {
    for (code, out_of_memory, cause) in [(3, false, Cause::Ended(3)), (137, true, Cause::OutOfMemory(137))] {
        let mut observed = observed("running", &labels());
        let words = Some("exec: --token=secret".to_owned());
        observed.containers[0].status = Status::Exited { code, out_of_memory, words };
        let leases = BTreeMap::from([(LEASE, lease(LeaseState::Running, 1))]);
        let plans = plan(&scope(Leases::Provider(PROVIDER)), &Desired { leases, ..Desired::default() }, &observed);
        let failure = Failure::new(cause, "exec: --token=secret");
        let ending = Ending { reason: Reason::Exited, exit_code: Some(code), failure: Some(failure) };
        assert_eq!(plans[&LEASE][0], Action::Keep(ending));
        assert!(!cause.to_string().contains("token"), "{cause}");
    }
}

#[test]
fn a_closing_lease_is_stopped_kept_removed_and_reported() {
    check(
        "closing | 1 |      | running net   | stop, keep stopped, remove, report finish
         closing | 2 |      | running exit0 | stop, keep stopped, remove, report finish
         closing | 1 |      | exit143 net   | keep stopped, remove, report finish
         closing | 1 |      | created       | keep stopped, remove, report finish
         closing | 1 |      | -             | keep stopped, report finish",
    );
}

#[test]
fn a_kept_outcome_is_reported_and_never_made_anew() {
    check(
        "running  | 1 | kept | running net | stop, remove, report finish
         running  | 1 | kept | exit0 net   | remove, report finish
         running  | 1 | kept | -           | report finish
         running  | 1 | kept | - net       | remove, report finish
         closing  | 1 | kept | exit0       | remove, report finish
         closing  | 1 | kept | -           | report finish
         escrowed | 1 | kept | -           | report finish
         escrowed | 1 | kept | created net | remove, report finish",
    );
}

#[test]
fn a_closed_lease_leaves_nothing_behind() {
    check(
        "closed | 1 |      | running net | stop, keep stopped, remove, report finish
         closed | 1 |      | exit0       | keep stopped, remove, report finish
         closed | 1 |      | - net       | remove
         closed | 1 |      | -           |
         closed | 1 | kept | running net | stop, remove
         closed | 1 | kept | exit0 net   | remove
         closed | 1 | kept | -           |",
    );
}

#[test]
fn a_container_of_an_unknown_lease_is_removed_without_a_report() {
    let nothing = Desired::default();
    assert_eq!(planned(&nothing, &observed("running net", &labels())), "stop, remove");
    assert_eq!(planned(&nothing, &observed("exit0", &labels())), "remove");
    assert_eq!(planned(&nothing, &observed("- net", &labels())), "remove");
}

#[test]
fn a_lease_that_another_agent_serves_now_is_left_alone() {
    let desired = Desired { elsewhere: BTreeSet::from([LEASE]), ..Desired::default() };
    assert_eq!(planned(&desired, &observed("running net", &labels())), "");
}

#[test]
fn containers_of_another_log_or_provider_are_left_alone() {
    let nothing = Desired::default();
    let foreign_log = Labels { log: log(OTHER_LOG), ..labels() };
    let foreign_provider = Labels { provider: ProviderId(2), ..labels() };
    for labels in [&foreign_log, &foreign_provider] {
        assert_eq!(planned(&nothing, &observed("running net", labels)), "", "{labels:?}");
    }
    // Lease 7 of another log is another lease, even when both are escrowed.
    let leases = BTreeMap::from([(LEASE, lease(LeaseState::Escrowed, 1))]);
    let desired = Desired { leases, ..Desired::default() };
    assert_eq!(planned(&desired, &observed("running", &foreign_log)), "start 0, report start");
}

#[test]
fn the_house_touches_only_what_the_house_made() {
    let by_house = Labels { by_house: true, ..labels() };
    let house = scope(Leases::House);
    assert!(house.covers(&by_house));
    assert!(house.covers(&Labels { provider: ProviderId(9), ..by_house.clone() }));
    assert!(!house.covers(&labels()));
    assert!(!house.covers(&Labels { log: log(OTHER_LOG), ..by_house.clone() }));
    // A provider that gets an agent of its own takes over what the house began.
    assert!(scope(Leases::Provider(PROVIDER)).covers(&by_house));
}

#[test]
fn a_plan_that_was_carried_out_leaves_nothing_to_do() {
    // Each state of the engine that the steps of a stop pass through leads to
    // the same report, and the last one to silence.
    check(
        "closing | 1 |      | running net | stop, keep stopped, remove, report finish
         closing | 1 |      | exit143 net | keep stopped, remove, report finish
         closing | 1 | kept | exit143 net | remove, report finish
         closing | 1 | kept | - net       | remove, report finish
         closing | 1 | kept | -           | report finish
         closed  | 1 | kept | -           |",
    );
}
