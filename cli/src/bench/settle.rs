//! `berth bench settle`: the settler, the real contract and a local network that
//! closes a ledger each second, as an open node has them, in one process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use berth_domain::{Digest, LeaseId, Stroops};
use berth_settlement::chain::{Address, Key};
use berth_settlement::contract::{Escrow, Terms};
use berth_settlement::{
    ChannelsConfig, Events, Exchange, ExchangeError, ExchangeEvent, Faucet, Frame, Settler, SettlerConfig,
};
use berth_wire::request::Fact;
use clap::Args;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::serve::Chain;

/// What each lease locks: an hour at 36 XLM. It is paid for a minute.
const LOCKED: i64 = 360_000_000;
const PAID_SECONDS: u64 = 60;
/// How long a phase may take.
const PHASE_MAX: Duration = Duration::from_secs(1_800);
const COLUMNS: [&str; 8] = [
    "how",
    "channels",
    "leases",
    "openedPerSecond",
    "settledPerSecond",
    "escrowedP50Ms",
    "escrowedP99Ms",
    "feePerLeaseStroops",
];

/// How many leases are opened and settled a second, what each costs in fees, and
/// how long it takes from match to escrow: one after the other; all at once by one
/// account; all at once by channels.
#[derive(Args)]
pub(crate) struct SettleBench {
    /// Leases of each crowd; a tenth of them one after the other.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..=100_000))]
    leases: u64,
    /// Channels of the last crowd.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    channels: u32,
    /// An empty folder for the network and the settlers; by default one of its own,
    /// which is removed.
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl SettleBench {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        let own = std::env::temp_dir().join(format!("berth-bench-settle-{}", std::process::id()));
        let dir = self.dir.clone().unwrap_or_else(|| own.clone());
        std::fs::create_dir_all(&dir).or_fault("making the folder")?;
        let rows = self.measured(&dir).await;
        if self.dir.is_none() {
            std::fs::remove_dir_all(&own).or_fault("removing the folder")?;
        }
        output::list(format, &rows?, &COLUMNS);
        Ok(())
    }

    async fn measured(&self, dir: &Path) -> Result<Vec<Value>, Fault> {
        let chain = Chain::reach(dir, None, true).await?;
        let key = || Key::generate().or_fault("making a key");
        let (operator, treasury, tenant) = (key()?, key()?, key()?);
        let escrow = chain.deploy(&operator.clone().into(), &treasury, &key()?).await?;
        let faucet = Faucet::new(escrow.clone()).or_fault("the faucet")?;
        faucet.allow(tenant.clone()).await.or_fault("signing a mandate")?;
        let site = Site {
            url: chain.url().to_owned(),
            dir: dir.to_owned(),
            tenant: tenant.address(),
            provider: treasury.address(),
            channels_key: key()?,
            escrow,
            operator,
        };
        // Money for all, in deposits that the friendbot can pay.
        for _ in 0..self.leases / 200 + 2 {
            let amount = Stroops::new(2_000 * LOCKED / 10).unwrap_or_default();
            faucet.deposit(site.tenant, amount).await.or_fault("a deposit")?;
        }
        let alone = self.leases / 10;
        let rows = vec![
            site.one_by_one(1, alone).await?,
            site.crowd("crowd", 1_000_000, self.leases, 0).await?,
            site.crowd("crowd", 2_000_000, self.leases, self.channels).await?,
        ];
        chain.shutdown().await?;
        Ok(rows)
    }
}

/// What all phases share.
struct Site {
    url: String,
    dir: PathBuf,
    escrow: Escrow,
    operator: Key,
    tenant: Address,
    provider: Address,
    channels_key: Key,
}

impl Site {
    fn start(&self, first: u64, channels: u32, log: &Log) -> Settler {
        let config = SettlerConfig {
            rpc_url: self.url.clone(),
            contract: self.escrow.id(),
            operator: self.operator.clone().into(),
            channels: ChannelsConfig { key: self.channels_key.clone(), count: channels },
            data_dir: self.dir.join(format!("settler-{first}")),
            poll_ms: 100,
        };
        Settler::start(config, log.clone())
    }

    async fn purse(&self) -> Result<i64, Fault> {
        let account = self.escrow.rpc().account(self.operator.address()).await.or_fault("asking the network")?;
        Ok(account.map_or(0, |account| account.balance))
    }

    fn terms(&self) -> Terms {
        let now = self.escrow.rpc().now();
        let stroops = |amount| Stroops::new(amount).unwrap_or_default();
        Terms {
            tenant: self.tenant,
            provider: self.provider,
            token: self.escrow.rpc().network().native_token(),
            rate_per_hour: stroops(LOCKED),
            amount: stroops(LOCKED),
            deadline: now + 86_400,
        }
    }

    /// Each lease from match to paid before the next begins.
    async fn one_by_one(&self, first: u64, leases: u64) -> Result<Value, Fault> {
        let (log, terms) = (Log::default(), self.terms());
        let settler = self.start(first, 0, &log);
        let before = self.purse().await?;
        let (mut opening, mut settling) = (Duration::ZERO, Duration::ZERO);
        for lease in first..first + leases {
            let begun = Instant::now();
            log.open(lease, terms);
            log.until(&settler, |state| state.escrowed.contains_key(&lease)).await?;
            opening += begun.elapsed();
            let begun = Instant::now();
            log.close(lease);
            log.until(&settler, |state| state.paid >= lease + 1 - first).await?;
            settling += begun.elapsed();
        }
        let spent = before - self.purse().await?;
        settler.stop().await.or_fault("the settler")?;
        Ok(row("one by one", 0, leases, opening, settling, &log, Some(spent)))
    }

    /// All leases matched at once, and all ended at once.
    async fn crowd(&self, how: &str, first: u64, leases: u64, channels: u32) -> Result<Value, Fault> {
        let (log, terms) = (Log::default(), self.terms());
        let settler = self.start(first, channels, &log);
        // Channels are funded before anything is timed.
        while settler.status().lanes < usize::try_from(channels.max(1)).unwrap_or(1) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let before = self.purse().await?;
        let begun = Instant::now();
        (first..first + leases).for_each(|lease| log.open(lease, terms));
        log.until(&settler, |state| state.escrowed.len() as u64 >= leases).await?;
        let opening = begun.elapsed();
        let begun = Instant::now();
        (first..first + leases).for_each(|lease| log.close(lease));
        log.until(&settler, |state| state.paid >= leases).await?;
        let settling = begun.elapsed();
        let spent = before - self.purse().await?;
        settler.stop().await.or_fault("the settler")?;
        // What channels pay is not in the operator's purse.
        let spent = (channels == 0).then_some(spent);
        Ok(row(how, channels, leases, opening, settling, &log, spent))
    }
}

fn row(
    how: &str,
    channels: u32,
    leases: u64,
    opening: Duration,
    settling: Duration,
    log: &Log,
    spent: Option<i64>,
) -> Value {
    let mut waits: Vec<u128> = log.state().escrowed.values().map(Duration::as_millis).collect();
    waits.sort_unstable();
    let at = |percent: usize| waits.get((waits.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
    let per_second = |took: Duration| {
        let hundredths = u128::from(leases) * 100_000_000 / took.as_micros().max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    };
    let fee = spent.and_then(|spent| i64::try_from(leases).ok().map(|leases| spent / leases));
    json!({
        "how": how,
        "channels": channels,
        "leases": leases,
        "openedPerSecond": per_second(opening),
        "settledPerSecond": per_second(settling),
        "escrowedP50Ms": u64::try_from(at(50)).unwrap_or(u64::MAX),
        "escrowedP99Ms": u64::try_from(at(99)).unwrap_or(u64::MAX),
        "feePerLeaseStroops": fee,
    })
}

/// An exchange's log in memory, and what it is told of the chain.
#[derive(Clone, Default)]
struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    grown: Notify,
    told: Notify,
}

#[derive(Default)]
struct State {
    frames: Vec<Frame>,
    opened: BTreeMap<u64, Instant>,
    /// From match to escrow, of each lease.
    escrowed: BTreeMap<u64, Duration>,
    paid: u64,
}

struct Reader {
    log: Log,
    from: u64,
}

impl Log {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: ExchangeEvent) {
        let mut state = self.state();
        let seq = state.frames.len() as u64 + 1;
        state.frames.push(Frame { seq, events: vec![event] });
        drop(state);
        self.0.grown.notify_one();
    }

    fn open(&self, lease: u64, terms: Terms) {
        self.state().opened.insert(lease, Instant::now());
        self.push(ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms });
    }

    fn close(&self, lease: u64) {
        let proof = Digest([7; 32]);
        self.push(ExchangeEvent::LeaseClosed { lease: LeaseId(lease), seconds: PAID_SECONDS, proof, escrowed: true });
    }

    /// Waits until what was told is enough.
    async fn until(&self, settler: &Settler, enough: impl Fn(&State) -> bool) -> Result<(), Fault> {
        let wait = async {
            while !enough(&self.state()) {
                let _ = tokio::time::timeout(Duration::from_secs(1), self.0.told.notified()).await;
                let status = settler.status();
                if status.failed > 0 || status.halted.is_some() {
                    return Err(Fault::CouldNotRun(format!("the settler failed: {status:?}")));
                }
            }
            Ok(())
        };
        tokio::time::timeout(PHASE_MAX, wait).await.or_fault("waiting for the settler")?
    }
}

impl Exchange for Log {
    type Events = Reader;

    async fn log_id(&self) -> Result<String, ExchangeError> {
        Ok("00".repeat(32))
    }

    fn events(&self, from: u64) -> Reader {
        Reader { log: self.clone(), from }
    }

    async fn report(&self, fact: &Fact) -> Result<(), ExchangeError> {
        let mut state = self.state();
        match fact {
            // A settler that begins anew tells of those before it as well.
            Fact::Escrowed(told) => {
                if let Some(opened) = state.opened.get(&told.lease_id).copied() {
                    state.escrowed.entry(told.lease_id).or_insert_with(|| opened.elapsed());
                }
            }
            Fact::Paid(told) if state.opened.contains_key(&told.lease_id) => state.paid += 1,
            _ => {}
        }
        drop(state);
        self.0.told.notify_one();
        Ok(())
    }
}

impl Events for Reader {
    async fn next(&mut self) -> Result<Frame, ExchangeError> {
        loop {
            let frame = usize::try_from(self.from).ok().and_then(|at| {
                let state = self.log.state();
                state.frames.get(at.checked_sub(1)?).cloned()
            });
            if let Some(frame) = frame {
                self.from = frame.seq + 1;
                return Ok(frame);
            }
            self.log.0.grown.notified().await;
        }
    }
}
