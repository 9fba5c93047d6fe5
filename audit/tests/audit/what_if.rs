//! Backtests over the logs of simulated worlds.

use berth_audit::{Plan, WhatIf, WhatIfReport};
use berth_domain::{Entry, ResourceClass, Stroops};

use crate::{log, state};

fn run(log: &[Entry], plan: &str) -> WhatIfReport {
    let mut what_if = WhatIf::new(Plan::read(plan).unwrap_or_else(|fault| panic!("{fault}")));
    for entry in log {
        what_if.play(entry).unwrap_or_else(|fault| panic!("{fault}"));
    }
    what_if.finish().unwrap_or_else(|fault| panic!("{fault}"))
}

/// Who says nothing changes nothing: the other log has the same leases.
#[test]
fn an_account_that_says_nothing_changes_nothing() {
    for seed in 1..=30 {
        let log = log(seed);
        let report = run(&log, r#"{"address":"backtest","funds":"12.5"}"#);
        assert_eq!((report.dropped, report.diverged), (0, 0), "seed {seed}");
        assert_eq!(report.leases, report.leases_there, "seed {seed}");
        assert_eq!((report.own.len(), report.available.as_str()), (0, "12.5"));
        assert!(report.entries > 100, "seed {seed}");
    }
}

/// A bid below all others takes orders that would have been others'.
#[test]
fn a_cheap_host_would_have_been_leased() {
    let mut leases = 0;
    for seed in 1..=10 {
        let log = log(seed);
        let x = state(&log);
        let gpu = x.markets().find_map(|market| match &market.class {
            ResourceClass::Gpu { model, vram } => Some((market.class.to_string(), model.clone(), *vram)),
            ResourceClass::Cpu => None,
        });
        let (market, model, vram) = gpu.expect("a market of GPUs is open");
        let (opening, end) = (log[0].at.0 + 1, log[log.len() - 1].at.0);
        let plan = format!(
            r#"{{"address":"backtest","funds":"0"}}
            {{"at":{opening},"method":"provider.register","params":{{"address":"backtest","resources":{{"cpu":64,"memory":1048576,"storage":100000,"gpus":[{{"model":"{model}","vram":{vram},"count":8}}]}},"hostname":"h.example","port":443}}}}
            {{"at":{},"method":"bid.place","params":{{"providerId":1,"market":"{market}","bidPrice":"0.00036","quantity":8,"clientOrderId":"b"}}}}
            {{"at":{},"method":"bid.place","params":{{"providerId":2,"market":"{market}","bidPrice":"1","quantity":8}}}}
            {{"at":{end},"method":"cancel.all"}}
            {{"at":{},"method":"cancel","params":{{"clientOrderId":"b"}}}}"#,
            opening + 1,
            opening + 2,
            end + 1,
        );
        let report = run(&log, &plan);
        assert_eq!(report.refused, ["4: it has no host 2"]);
        assert_eq!(report.unsaid, [format!("6: its time is {}, and the log ends at {end}", end + 1)]);
        assert!(report.own.iter().all(|lease| lease.side == "provider" && lease.market == market));
        leases += report.own.len();
        let earned = report.own.iter().filter(|lease| lease.state == "closed");
        let earned: i64 = earned.map(|lease| lease.pay.parse::<Stroops>().expect("an amount").get()).sum();
        let has: Stroops = report.available.parse().expect("an amount");
        assert!(has.get() <= earned, "what it has, {has}, is what it earned, {earned}, less the fee");
    }
    assert!(leases > 0, "nobody took the cheapest host");
}

#[test]
fn a_line_that_is_none_is_named() {
    let fault = |plan: &str| Plan::read(plan).expect_err("it is none").to_string();
    let head = r#"{"address":"a","funds":"1"}"#;
    assert_eq!(fault(""), "line 1: : is empty");
    assert_eq!(fault(r#"{"address":"a","funds":"x"}"#), "line 1: funds: is not an amount");
    assert!(fault(&format!("{head}\n{{\"at\":1,\"method\":\"x\"}}")).starts_with("line 2: method: "));
    assert!(
        fault(&format!("{head}\n\n{{\"at\":1,\"method\":\"cancel\",\"params\":{{}}}}")).starts_with("line 3: params")
    );
    assert!(fault(&format!("{head}\n{{\"at\":1,\"metod\":\"x\"}}")).starts_with("line 2: "));
}
