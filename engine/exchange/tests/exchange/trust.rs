//! Trust levels and reputations: what makes them.

use berth_domain::{Genesis, Share, Stroops, TrustRules, Uptime};

use crate::cast::{address, genesis};
use crate::script::check_with;

/// Rules under which few leases make a record: those with a fee of 0.1, at most
/// half of them from one tenant.
pub(crate) fn rules() -> Genesis {
    let share = |bps| Share::new(bps).expect("a share");
    let trust = TrustRules {
        min_fee: Stroops::new(1_000_000).expect("an amount"),
        tenant_share: share(5_000),
        min_tenants: 2,
        window: 4,
        min_leases: 2,
        completed_three: share(6_000),
        completed_four: share(10_000),
        uptime_four: Uptime::new(9_000).expect("an uptime"),
        uptime_days: 2,
        ..TrustRules::default()
    };
    Genesis { trust, auditors: vec![address("dee"), address("eve")], ..genesis() }
}

#[track_caller]
pub(crate) fn check(scenario: &str) {
    check_with(rules(), scenario);
}

#[test]
fn completed_leases_of_enough_tenants_make_level_three_and_a_failure_unmakes_it() {
    check(
        "
        chain stakes ada 1000
          ada stakes 1000
          ada is Two, was One (stake)
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (Two), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 240 for=60
          order o2 open, holds 4
          lease l2: o2 on b1, 1x1 at 240 (Two), escrow 4
          order o2 has l2 for 1 replica, 0 left, holds 0
        tim order H100-80 1x1 @ 240 for=60
          order o3 open, holds 4
          lease l3: o3 on b1, 1x1 at 240 (Two), escrow 4
          order o3 has l3 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        chain escrowed l3
          lease l3 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        ada start l2
          lease l2 runs until 00:01:00
        wait 30
        ada beat l1
          lease l1 evidenced 30 s, cost 2
        ada beat l2
          lease l2 evidenced 30 s, cost 2
        ada finish l1 exited=0
          lease l1 closed (completed): 30 s, pay 2, fee 0.1, refund 2, to be settled
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | Two   | 100        | 1000  | 1/1       | 0+0         | 1       | 1      |
        ada finish l2 exited=0
          lease l2 closed (completed): 30 s, pay 2, fee 0.1, refund 2, to be settled
          ada is Four, was Two (lease l2)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | Four  | 100        | 1000  | 2/2       | 0+0         | 2       | 1      |
        ada finish l3 failed
          lease l3 closed (failed): 0 s, pay 0, fee 0, refund 4, to be settled
          ada has 95 of 100, had 100 (failed l3)
          ada is Three, was Four (lease l3)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | Three | 95         | 1000  | 2/3       | 1+0         | 3       | 1      |
        tia order H100-80 1x1 @ Two:240 for=60
          order o4 open, holds 4
        ",
    );
}

#[test]
fn what_paid_too_small_a_fee_and_what_the_provider_had_no_part_in_does_not_count() {
    check(
        "
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (One), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 240 for=29
          order o2 open, holds 1.9333333
          lease l2: o2 on b1, 1x1 at 240 (One), escrow 1.9333333
          order o2 has l2 for 1 replica, 0 left, holds 0
        tim order H100-80 1x1 @ 240 for=60
          order o3 open, holds 4
          lease l3: o3 on b1, 1x1 at 240 (One), escrow 4
          order o3 has l3 for 1 replica, 0 left, holds 0
        tom order H100-80 1x1 @ 240 for=60
          order o4 open, holds 4
          lease l4: o4 on b1, 1x1 at 240 (One), escrow 4
          order o4 has l4 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        chain escrowed l4
          lease l4 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        wait 29
        ada beat l1
          lease l1 evidenced 29 s, cost 1.9333333
        ada finish l1 exited=0
          lease l1 closed (completed): 29 s, pay 1.9333333, fee 0.0966666, refund 2.0666667, to be settled
        ada finish l2 failed
          lease l2 closed (failed): 0 s, pay 0, fee 0, refund 1.9333333, to be settled
        chain refuses l3
          lease l3 closed (escrowFailed): 0 s, pay 0, fee 0, refund 4, released
        tom stop l4
          lease l4 closing (stopped)
        ada finish l4 stopped
          lease l4 closed (stopped): 0 s, pay 0, fee 0, refund 4, to be settled
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 100        | 0     | 0/0       | 0+0         | 0       | 1      |
        ",
    );
}

#[test]
fn silence_failure_and_late_starts_cost_reputation_and_only_a_name_among_tenants_wins_it_back() {
    check(
        "
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (One), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        wait 30
        ada beat l1
          lease l1 evidenced 30 s, cost 2
        ada finish l1 exited=1
          lease l1 closed (failed): 30 s, pay 2, fee 0.1, refund 2, to be settled
          ada has 95 of 100, had 100 (failed l1)
        tia order H100-80 1x1 @ 240 for=60
          order o2 open, holds 4
          lease l2: o2 on b1, 1x1 at 240 (One), escrow 4
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l2
          lease l2 escrowed
        wait 600
          00:10:30 lease l2 closing (startTimeout)
        ada finish l2 failed
          lease l2 closed (startTimeout): 0 s, pay 0, fee 0, refund 4, to be settled
          ada has 90 of 100, had 95 (failed l2)
        tim order H100-80 1x1 @ 240 for=60
          order o3 open, holds 4
          lease l3: o3 on b1, 1x1 at 240 (One), escrow 4
          order o3 has l3 for 1 replica, 0 left, holds 0
        chain escrowed l3
          lease l3 escrowed
        ada start l3
          lease l3 runs until 00:11:30
        wait 30
        tim stop l3
          lease l3 closing (stopped)
        ada finish l3 stopped
          lease l3 closed (stopped): 30 s, pay 2, fee 0.1, refund 2, to be settled
          ada has 91 of 100, had 90 (completed l3)
        tom order H100-80 1x1 @ 240 for=600
          order o4 open, holds 40
          lease l4: o4 on b1, 1x1 at 240 (One), escrow 40
          order o4 has l4 for 1 replica, 0 left, holds 0
        chain escrowed l4
          lease l4 escrowed
        ada start l4
          lease l4 runs until 00:21:00
        wait 60
        ada beat l4
          lease l4 evidenced 60 s, cost 4
        wait 180
          00:15:00 lease l4 closed (dark): 60 s, pay 4, fee 0.2, refund 36, to be settled
          00:15:00 ada has 81 of 100, had 91 (dark l4)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | One   | 81         | 0     | 1/4       | 2+1         | 3       | 0.5714 |
        ",
    );
}

#[test]
fn two_keys_cannot_wash_a_level() {
    check(
        "
        chain stakes ada 1000
          ada stakes 1000
          ada is Two, was One (stake)
        ada bid p1 H100-80 800 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (Two), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        wait 60
          00:01:00 lease l1 closing (completed)
        ada finish l1 stopped
          lease l1 closed (completed): 60 s, pay 4, fee 0.2, refund 0, to be settled
        tom order H100-80 1x1 @ 240 for=60
          order o2 open, holds 4
          lease l2: o2 on b1, 1x1 at 240 (Two), escrow 4
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l2
          lease l2 escrowed
        ada start l2
          lease l2 runs until 00:02:00
        wait 60
          00:02:00 lease l2 closing (completed)
        ada finish l2 stopped
          lease l2 closed (completed): 60 s, pay 4, fee 0.2, refund 0, to be settled
        tom order H100-80 1x1 @ 240 for=60
          order o3 open, holds 4
          lease l3: o3 on b1, 1x1 at 240 (Two), escrow 4
          order o3 has l3 for 1 replica, 0 left, holds 0
        chain escrowed l3
          lease l3 escrowed
        ada start l3
          lease l3 runs until 00:03:00
        wait 60
          00:03:00 lease l3 closing (completed)
        ada finish l3 stopped
          lease l3 closed (completed): 60 s, pay 4, fee 0.2, refund 0, to be settled
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | Two   | 100        | 1000  | 1/1       | 0+0         | 1       | 1      |
        ",
    );
}

#[test]
fn four_needs_an_uptime_and_five_an_auditor_s_word_until_it_runs_out() {
    check(
        "
        chain stakes ada 1000
          ada stakes 1000
          ada is Two, was One (stake)
        ada bid p1 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=60
          order o1 open, holds 4
          lease l1: o1 on b1, 1x1 at 240 (Two), escrow 4
          order o1 has l1 for 1 replica, 0 left, holds 0
        tia order H100-80 1x1 @ 240 for=60
          order o2 open, holds 4
          lease l2: o2 on b1, 1x1 at 240 (Two), escrow 4
          order o2 has l2 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        chain escrowed l2
          lease l2 escrowed
        ada start l1
          lease l1 runs until 00:01:00
        ada start l2
          lease l2 runs until 00:01:00
        wait 60
          00:01:00 lease l1 closing (completed)
          00:01:00 lease l2 closing (completed)
        ada finish l1 stopped
          lease l1 closed (completed): 60 s, pay 4, fee 0.2, refund 0, to be settled
        ada finish l2 stopped
          lease l2 closed (completed): 60 s, pay 4, fee 0.2, refund 0, to be settled
          ada is Four, was Two (lease l2)
        tom attest ada +3600
          refused NOT_AN_AUDITOR
        dee attest dee +3600
          refused NOT_AN_AUDITOR
        dee attest ada +3600
          dee attests ada until 01:01:00
          ada is Five, was Four (attestation of dee)
        dee attest ada +3600
          again ada
        eve attest ada +7200
          eve attests ada until 02:01:00
        wait 3600
        eve attest ada +0
          eve takes back its word for ada
          ada is Four, was Five (attestation of eve)
        eve attest ada +0
          again ada
        dee attest ada +60
          dee attests ada until 01:02:00
          ada is Five, was Four (attestation of dee)
        wait 60
          01:02:00 ada is Four, was Five (expiry)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | Four  | 100        | 1000  | 2/2       | 0+0         | 2       | 1      |
        wait 86400
        wait 86400
          48:00:00 ada is Three, was Four (expiry)
        standing ada
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | ada     | Three | 100        | 1000  | 2/2       | 0+0         | 2       | 1      |
        ",
    );
}

#[test]
fn a_granted_level_does_not_fall() {
    check(
        "
        eve bid p5 H100-80 8 @ 240
          bid b1 open
        tom order H100-80 1x1 @ 240 for=600
          order o1 open, holds 40
          lease l1: o1 on b1, 1x1 at 240 (Five), escrow 40
          order o1 has l1 for 1 replica, 0 left, holds 0
        chain escrowed l1
          lease l1 escrowed
        eve start l1
          lease l1 runs until 00:10:00
        wait 180
          00:03:00 lease l1 closed (dark): 0 s, pay 0, fee 0, refund 40, to be settled
          00:03:00 eve has 90 of 100, had 100 (dark l1)
        chain stakes eve 5
          eve stakes 5
        chain stakes eve 0
          eve stakes 0
        standing eve
          | account | level | reputation | stake | completed | failed+dark | tenants | uptime |
          | eve     | Five  | 90         | 0     | 0/1       | 0+1         | 1       | 0      |
        bob attest eve +60
          refused NOT_AN_AUDITOR
        ",
    );
}
