//! Lines of the operator, of owners whose hosts change, and of keys.
//!
//! ```text
//! treasury open A100-40 | pause H100-80 | resume H100-80 | cycle H100-80
//! treasury announce +1000 fee=700 grace=30 orders=5 delay=60
//! treasury upgrade 2 +1000
//! tom key k1 trade provide until=+60 | revoke k1
//! ada drain p1 | ada offer p1 region:eu,nvlink:yes | ada offer p1
//! ```

use berth_domain::{
    Attribute, Bounds, Change, Command, CycleMarket, FeeBps, MarketId, Micros, OpenMarket, PauseMarket, ProviderId,
    Reconfigure, ResumeMarket, Seconds, Timing, UpdateProvider, Upgrade,
};

use crate::cast::{class, genesis};
use crate::words::{attributes, id_of, number, option};

/// The command of a line, without who says it.
pub(crate) fn command(words: &[&str], now: Micros, market: &dyn Fn(&str) -> MarketId) -> Command {
    let after = |text: &str| now.plus(Seconds(number(text.trim_start_matches('+'))));
    match *words {
        ["open", name] => OpenMarket { class: class(name) }.into(),
        ["pause", name] => PauseMarket { market: market(name) }.into(),
        ["resume", name] => ResumeMarket { market: market(name) }.into(),
        ["cycle", name] => CycleMarket { market: market(name) }.into(),
        ["announce", when, ref options @ ..] => announce(after(when), options).into(),
        ["upgrade", rules, when] => {
            Upgrade { rules: rules.parse().expect("a version"), effective_at: after(when) }.into()
        }
        ["drain", host] => update(host, false, None).into(),
        ["drain", host, offers] => update(host, false, Some(offers)).into(),
        ["offer", host, ref offers @ ..] => update(host, true, offers.first().copied()).into(),
        ["key", key, ref options @ ..] => crate::keys::register(key, options, now).into(),
        ["revoke", key] => crate::keys::revoke(key).into(),
        _ => panic!("no command: {words:?}"),
    }
}

fn update(host: &str, available: bool, offers: Option<&str>) -> UpdateProvider {
    let provider = ProviderId(u32::try_from(id_of('p', host)).expect("an id"));
    UpdateProvider { provider, available, attributes: attributes(offers) }
}

fn announce(effective_at: Micros, options: &[&str]) -> Reconfigure {
    let named = |key| option(options, key).map(number);
    let (grace, delay, closing) = (named("grace"), named("delay"), named("closing"));
    let base = genesis();
    let timing = Timing {
        heartbeat_grace: grace.map_or(base.timing.heartbeat_grace, Seconds),
        reconfigure_delay: delay.map_or(base.timing.reconfigure_delay, Seconds),
        closing_timeout: closing.map_or(base.timing.closing_timeout, Seconds),
        ..base.timing
    };
    let count = |key, default| named(key).map_or(default, |n| u32::try_from(n).expect("a count"));
    let bounds =
        Bounds { orders: count("orders", base.bounds.orders), scan: count("scan", base.bounds.scan), ..base.bounds };
    Reconfigure {
        fee: named("fee").map(|bps| FeeBps::new(u16::try_from(bps).expect("a fee")).expect("a fee")),
        timing: (timing != base.timing).then_some(timing),
        bounds: (bounds != base.bounds).then_some(bounds),
        effective_at,
    }
}

/// What is announced.
pub(crate) fn change(change: &Change) -> String {
    match change {
        Change::Terms { fee, timing, bounds } => {
            let mut what: Vec<String> = fee.iter().map(|fee| format!("fee {}", fee.get())).collect();
            what.extend(timing.iter().map(|_| "timeouts".to_owned()));
            what.extend(bounds.iter().map(|_| "bounds".to_owned()));
            format!("announced {}", if what.is_empty() { "nothing".to_owned() } else { what.join(", ") })
        }
        Change::Rules { rules } => format!("announced rules {rules}"),
    }
}

/// `region:eu`, or `nothing`.
pub(crate) fn list(attributes: &[Attribute]) -> String {
    let pairs: Vec<_> = attributes.iter().map(|a| format!("{}:{}", a.key.as_str(), a.value.as_str())).collect();
    if pairs.is_empty() { "nothing".to_owned() } else { pairs.join(",") }
}
