//! Words of the scenarios: what the options of a line mean.

use berth_domain::{
    Attribute, BidTarget, ClientId, Digest, FinishLease, FinishOutcome, GpuInventory, JobResult, LeaseId, Limits,
    Micros, PlaceBid, ProviderId, Rate, RegisterProvider, Resources, Seconds, SelfTrade, Stroops, Text, TimeInForce,
    TrustLevel,
};

use crate::cast::class;

pub(crate) fn host(options: &[&str]) -> RegisterProvider {
    let size = |key| option(options, key).map_or(0, number);
    let gpus = |text: &str| {
        let (count, name) = text.split_once('x').expect("count x class");
        GpuInventory { class: class(name), count: count.parse().expect("a count") }
    };
    RegisterProvider {
        resources: Resources {
            cpu: u32::try_from(size("cpu")).expect("processors"),
            memory: size("memory"),
            storage: size("storage"),
        },
        bandwidth: 1_000,
        gpus: option(options, "gpus").into_iter().flat_map(|list| list.split(',')).map(gpus).collect(),
        hostname: Text::new("host.example").expect("short"),
        port: 22,
        attributes: attributes(option(options, "offers")),
        own_agent: true,
        client_id: option(options, "id").map(|id| ClientId::new(id).expect("short")),
    }
}

pub(crate) fn bid(provider: &str, target: BidTarget, price: &str, options: &[&str], now: Micros) -> PlaceBid {
    let after = |text: &str| now.plus(Seconds(number(text.trim_start_matches('+'))));
    PlaceBid {
        provider: ProviderId(u32::try_from(id_of('p', provider)).expect("an id")),
        target,
        price: rate(price),
        time_in_force: time_in_force(options),
        expires_at: option(options, "until").map(after),
        post_only: options.contains(&"post-only"),
        self_trade: self_trade(options),
        session: option(options, "session").map(number),
        client_id: option(options, "id").map(|id| ClientId::new(id).expect("short")),
    }
}

/// `gtd` where a time is named, else as said, else `gtc`.
pub(crate) fn time_in_force(options: &[&str]) -> TimeInForce {
    match option(options, "until") {
        Some(_) => TimeInForce::Gtd,
        None => options.iter().find_map(|word| TimeInForce::from_name(word)).unwrap_or(TimeInForce::Gtc),
    }
}

pub(crate) fn self_trade(options: &[&str]) -> SelfTrade {
    options.iter().find_map(|word| SelfTrade::from_name(word)).unwrap_or(SelfTrade::ExpireTaker)
}

pub(crate) fn finish(lease: LeaseId, how: &str) -> FinishLease {
    let (outcome, exit_code) = match how.split_once('=') {
        Some((_, code)) => {
            let code = code.split('/').next().expect("a first part");
            (FinishOutcome::Exited, Some(code.parse().expect("an exit code")))
        }
        None if how == "stopped" => (FinishOutcome::Stopped, None),
        None => (FinishOutcome::Failed, None),
    };
    // `exited=0/7` names the result's hash by a byte, `exited=0/none` has none.
    let byte = match how.split_once('/') {
        None => Some(0xCD),
        Some((_, byte)) => byte.parse().ok(),
    };
    let result = byte.filter(|_| exit_code == Some(0)).map(|byte| JobResult { sha256: Digest([byte; 32]), size: 42 });
    let detail = if outcome == FinishOutcome::Failed { "no such image" } else { "" };
    FinishLease { lease, outcome, exit_code, result, detail: Text::new(detail).expect("short") }
}

/// `2.5 One Three` or `One:2 Three:3`; every level when none is named.
pub(crate) fn limits(options: &[&str]) -> Limits {
    let default = options.first().and_then(|text| text.parse::<Stroops>().ok());
    let named = options.iter().filter_map(|text| {
        let (name, price) = text.split_once(':').map_or((*text, None), |(name, price)| (name, Some(price)));
        Some((TrustLevel::from_name(name)?, price.map_or_else(|| rate(options[0]), rate)))
    });
    let named: Vec<_> = named.collect();
    let all = TrustLevel::ALL.iter().filter_map(|level| Some((*level, Rate::new(default?.get())?)));
    if named.is_empty() { Limits::new(all) } else { Limits::new(named) }.expect("a limit")
}

pub(crate) fn attributes(list: Option<&str>) -> Vec<Attribute> {
    let pair = |text: &str| {
        let (key, value) = text.split_once(':').expect("key:value");
        Attribute { key: Text::new(key).expect("short"), value: Text::new(value).expect("short") }
    };
    list.into_iter().flat_map(|list| list.split(',')).map(pair).collect()
}

pub(crate) fn option<'a>(options: &[&'a str], key: &str) -> Option<&'a str> {
    options.iter().find_map(|text| text.strip_prefix(key)?.strip_prefix('='))
}

pub(crate) fn id_of(kind: char, text: &str) -> u64 {
    number(text.strip_prefix(kind).unwrap_or_else(|| panic!("{text} is no {kind}")))
}

pub(crate) fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

pub(crate) fn stroops(text: &str) -> Stroops {
    text.parse().unwrap_or_else(|_| panic!("{text} is no amount"))
}

pub(crate) fn rate(text: &str) -> Rate {
    Rate::new(stroops(text).get()).unwrap_or_else(|| panic!("{text} is no rate"))
}
