//! What an operator sets: one struct that a file, the environment and flags
//! fill, in this order, each over the one before.
//!
//! `settings` is the table of all settings; `sources` fills the struct and notes
//! where each value came from; what one value alone cannot show is checked here.

mod flags;
mod settings;
mod sources;
mod stray;
mod value;
mod verb;
mod words;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use berth_gateway::{Limits, RateLimit, RateLimits, TlsConfig};

pub(crate) use self::flags::Flags;
pub(crate) use self::sources::{File, Loaded, of_file, with_file};
pub(crate) use self::stray::of_process as strays;
use self::value::{Fraction, Whole};
pub(crate) use self::verb::Verb;
use self::words::{Account, Amount, Contract, Grant, Header, Level};
pub(crate) use self::words::{LogFormat, Url};
use crate::output::Format;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) open: bool,
    pub(crate) domain: Option<String>,
    pub(crate) token_seconds: Whole<60, 31_536_000>,
    pub(crate) rpc: Option<Url>,
    pub(crate) contract: Option<Contract>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) auditors: Vec<Account>,
    pub(crate) docker: Option<String>,
    pub(crate) settle: Settle,
    pub(crate) disk: Disk,
    pub(crate) tls: Tls,
    pub(crate) x402: X402,
    pub(crate) limits: LimitSettings,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    pub(crate) client: Client,
}

/// How leases are settled.
#[derive(Clone, Debug)]
pub(crate) struct Settle {
    pub(crate) channels: Whole<0, 64>,
    pub(crate) operator_key: Option<PathBuf>,
    pub(crate) operator_command: Vec<String>,
}

/// What is held back of the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk {
    pub(crate) ballast: Whole<0, 1_048_576>,
    pub(crate) stop_below: Whole<0, 98>,
}

/// With what HTTPS is spoken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

impl Tls {
    /// As the gateway takes it; none where one of them is missing.
    pub(crate) fn gateway(&self) -> Option<TlsConfig> {
        Some(TlsConfig::new(self.certificate.clone()?, self.key.clone()?))
    }
}

/// Calls that are paid for one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct X402 {
    pub(crate) price: Option<Amount>,
    pub(crate) most: Amount,
    pub(crate) wait_seconds: Whole<10, 604_800>,
    pub(crate) fee_max: Amount,
}

impl X402 {
    const fn defaults() -> Self {
        Self {
            price: None,
            // 100, and a tenth, of the token.
            most: Amount::of_stroops(1_000_000_000),
            wait_seconds: Whole::new(600),
            fee_max: Amount::of_stroops(1_000_000),
        }
    }

    fn contradictions(&self, open: bool, found: &mut Vec<(&'static str, String)>) {
        let Some(price) = self.price else { return };
        if open {
            found
                .push(("x402.price", "is for a node without open: there whoever is unknown is given money".to_owned()));
        }
        if price.0 >= self.most.0 {
            let (price, most) = (price.0, self.most.0);
            found.push(("x402.most", format!("is {most} and no more than x402.price, {price}")));
        }
    }
}

/// What one client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimitSettings {
    pub(crate) connections: Whole<16, 1_000_000>,
    pub(crate) connections_per_address: Whole<1, 1_000_000>,
    pub(crate) body_bytes: Whole<{ Limits::BODY_BYTES_MIN as u64 }, 1_048_576>,
    pub(crate) frame_bytes: Whole<{ Limits::BODY_BYTES_MIN as u64 }, 1_048_576>,
    pub(crate) head_seconds: Whole<1, 60>,
    pub(crate) body_seconds: Whole<1, 300>,
    pub(crate) account_commands: Bucket,
    pub(crate) account_cancels: Bucket,
    pub(crate) address_requests: Bucket,
    pub(crate) address_cancels: Bucket,
}

/// Tokens that come back, and that a bucket holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub(crate) per_second: Whole<1, 100_000_000>,
    pub(crate) burst: Whole<1, 1_000_000_000>,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) level: Level,
    pub(crate) format: LogFormat,
}

/// Where traces go.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    pub(crate) endpoint: Option<Url>,
    pub(crate) sampling: Fraction,
    pub(crate) headers: Vec<Header>,
}

/// For the verbs that ask a node.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) url: Url,
    pub(crate) key: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) output: Format,
}

impl Config {
    /// What holds when nobody says anything. A node that is tried out shares its
    /// disk with what else is on it, and is out of the way of any bot.
    pub(crate) fn defaults(open: bool) -> Self {
        let disk = match open {
            true => Disk { ballast: Whole::new(64), stop_below: Whole::new(2) },
            false => Disk { ballast: Whole::new(512), stop_below: Whole::new(10) },
        };
        Self {
            data: "berth-data".into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)),
            open: false,
            domain: None,
            token_seconds: Whole::new(86_400),
            rpc: None,
            contract: None,
            grants: Vec::new(),
            auditors: Vec::new(),
            docker: None,
            settle: Settle { channels: Whole::new(8), operator_key: None, operator_command: Vec::new() },
            disk,
            tls: Tls::default(),
            limits: LimitSettings::of(if open { Limits::OPEN } else { Limits::PUBLIC }),
            log: Log { level: Level("info".to_owned()), format: LogFormat::Text },
            x402: X402::defaults(),
            telemetry: Telemetry { endpoint: None, sampling: Fraction(1.0), headers: Vec::new() },
            client: Client { url: Url("http://127.0.0.1:3000".to_owned()), key: None, ca: None, output: Format::Table },
        }
    }

    /// What one setting alone does not show: the key, and what is wrong with it
    /// as the end of a sentence.
    fn contradictions(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.open && !self.listen.ip().is_loopback() {
            found.push((
                "listen",
                format!("is {}: an open node trusts whoever connects, so it listens on loopback only", self.listen),
            ));
        }
        if !self.open && self.domain.is_none() && self.listen.ip().is_unspecified() {
            let listen = self.listen;
            found.push(("domain", format!("is needed: {listen} is no address that accounts could log in at")));
        }
        if self.settle.operator_key.is_some() && !self.settle.operator_command.is_empty() {
            found.push(("settle.operator_command", "is one way to sign, and settle.operator_key another".to_owned()));
        }
        match (&self.tls.certificate, &self.tls.key) {
            (Some(_), None) => found.push(("tls.key", "is needed where there is tls.certificate".to_owned())),
            (None, Some(_)) => found.push(("tls.certificate", "is needed where there is tls.key".to_owned())),
            (None, None) => {}
            (Some(_), Some(_)) => {
                let checked = self.tls.gateway().map_or(Ok(()), |tls| tls.check());
                if let Err(why) = checked {
                    found.push(("tls.certificate", format!("is of no use: {why}")));
                }
            }
        }
        self.x402.contradictions(self.open, &mut found);
        self.limits.contradictions(&mut found);
        found
    }
}

impl LimitSettings {
    const fn of(limits: Limits) -> Self {
        let Limits { rates, connections, connections_per_address, body_bytes, frame_bytes, head_time, body_time } =
            limits;
        Self {
            connections: Whole::new(connections as u64),
            connections_per_address: Whole::new(connections_per_address as u64),
            body_bytes: Whole::new(body_bytes as u64),
            frame_bytes: Whole::new(frame_bytes as u64),
            head_seconds: Whole::new(head_time.as_secs()),
            body_seconds: Whole::new(body_time.as_secs()),
            account_commands: Bucket::of(rates.commands),
            account_cancels: Bucket::of(rates.cancels),
            address_requests: Bucket::of(rates.requests),
            address_cancels: Bucket::of(rates.cancel_requests),
        }
    }

    /// As the gateway takes them.
    pub(crate) fn gateway(&self) -> Limits {
        Limits {
            rates: RateLimits {
                commands: self.account_commands.rate(),
                cancels: self.account_cancels.rate(),
                requests: self.address_requests.rate(),
                cancel_requests: self.address_cancels.rate(),
            },
            connections: number(self.connections.get()),
            connections_per_address: number(self.connections_per_address.get()),
            body_bytes: number(self.body_bytes.get()) as usize,
            frame_bytes: number(self.frame_bytes.get()) as usize,
            head_time: Duration::from_secs(self.head_seconds.get()),
            body_time: Duration::from_secs(self.body_seconds.get()),
        }
    }

    fn contradictions(&self, found: &mut Vec<(&'static str, String)>) {
        let (each, all) = (self.connections_per_address.get(), self.connections.get());
        if each > all {
            let words = format!("is {each} and more than limits.connections, {all}");
            found.push(("limits.connections_per_address", words));
        }
        // Who has placed too much must still be able to cancel all of it.
        for (cancels, places, key, than) in [
            (
                self.account_cancels,
                self.account_commands,
                ["limits.account_cancels_per_second", "limits.account_cancels_burst"],
                "limits.account_commands",
            ),
            (
                self.address_cancels,
                self.address_requests,
                ["limits.address_cancels_per_second", "limits.address_cancels_burst"],
                "limits.address_requests",
            ),
        ] {
            let pairs = [
                (cancels.per_second.get(), places.per_second.get(), "per_second"),
                (cancels.burst.get(), places.burst.get(), "burst"),
            ];
            for (key, (cancels, places, what)) in key.into_iter().zip(pairs) {
                if cancels < places {
                    let words = format!("is {cancels} and less than {than}_{what}, {places}: cancels would wait");
                    found.push((key, words));
                }
            }
        }
    }
}

impl Bucket {
    const fn of(limit: RateLimit) -> Self {
        Self { per_second: Whole::new(limit.per_second as u64), burst: Whole::new(limit.burst as u64) }
    }

    fn rate(self) -> RateLimit {
        RateLimit { per_second: number(self.per_second.get()), burst: number(self.burst.get()) }
    }
}

fn number(whole: u64) -> u32 {
    u32::try_from(whole).expect("the bounds of these settings are below 2^32")
}
