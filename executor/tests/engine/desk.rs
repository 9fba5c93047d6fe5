//! A desk that plays the exchange: it keeps leases, hands out specifications
//! and takes reports by the rules of a lease's life.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use berth_executor::exchange::{Change, Exchange, ExchangeError, Head, Started, Vitals};
use berth_executor::lease::{
    Lease, LeaseId, LeaseState, Leases, LogId, Outcome, ProviderId, ReplicaIndex, Specification,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

/// How long a test waits for a report.
const PATIENCE: Duration = Duration::from_secs(60);

/// A report that was accepted.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    Start(Started),
    Heartbeat(Vitals),
    Finish(Outcome),
}

#[derive(Clone)]
pub(crate) struct Desk {
    log: LogId,
    provider: ProviderId,
    books: Arc<Mutex<Books>>,
    turned: watch::Sender<u64>,
}

#[derive(Default)]
struct Books {
    leases: BTreeMap<LeaseId, (Lease, Specification)>,
    reports: Vec<(LeaseId, Report)>,
    told: BTreeMap<(LeaseId, ReplicaIndex), Vec<String>>,
    results: BTreeMap<LeaseId, Vec<u8>>,
    attempts: Vec<LeaseId>,
    is_away: bool,
    loses_reports: bool,
}

impl Desk {
    pub(crate) fn new(log: LogId, provider: ProviderId) -> Self {
        Self { log, provider, books: Arc::default(), turned: watch::Sender::new(0) }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no holder panics")
    }

    fn turn(&self) {
        self.turned.send_modify(|seq| *seq += 1);
    }

    pub(crate) fn open(&self, id: LeaseId, replicas: u32, specification: Specification) {
        let lease = Lease {
            id,
            order: 3,
            provider: self.provider,
            provider_address: "GPROVIDER".to_owned(),
            tenant_address: "GTENANT".to_owned(),
            replicas,
            state: LeaseState::Opened,
        };
        self.books().leases.insert(id, (lease, specification));
        self.turn();
    }

    pub(crate) fn set(&self, id: LeaseId, state: LeaseState) {
        self.books().leases.get_mut(&id).expect("an open lease").0.state = state;
        self.turn();
    }

    pub(crate) fn forget(&self, id: LeaseId) {
        self.books().leases.remove(&id);
        self.turn();
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        self.books().is_away = is_away;
    }

    /// From now on reports arrive nowhere, as if the connection broke.
    pub(crate) fn lose_reports(&self, loses: bool) {
        self.books().loses_reports = loses;
    }

    /// What was told of the output of a lease's first replica, without its times.
    pub(crate) fn told(&self, id: LeaseId) -> Vec<String> {
        let books = self.books();
        let lines = books.told.get(&(id, ReplicaIndex(0))).into_iter().flatten();
        lines.map(|line| line[time(line).len() + 1..].to_owned()).collect()
    }

    /// Forgets what was told, as a node that was started anew.
    pub(crate) fn forget_told(&self, id: LeaseId) {
        self.books().told.remove(&(id, ReplicaIndex(0)));
    }

    pub(crate) fn result(&self, id: LeaseId) -> Option<Vec<u8>> {
        self.books().results.get(&id).cloned()
    }

    pub(crate) fn reports(&self, id: LeaseId) -> Vec<Report> {
        self.books().reports.iter().filter(|(lease, _)| *lease == id).map(|(_, report)| report.clone()).collect()
    }

    pub(crate) async fn started(&self, id: LeaseId) -> Started {
        let find = |desk: &Self| {
            desk.reports(id).into_iter().find_map(|report| match report {
                Report::Start(started) => Some(started),
                Report::Finish(outcome) => panic!("lease {id} finished before it started: {outcome:?}"),
                Report::Heartbeat(_) => None,
            })
        };
        self.until("the lease is reported as started", find).await
    }

    pub(crate) async fn finished(&self, id: LeaseId) -> Outcome {
        let find = |desk: &Self| {
            desk.reports(id).into_iter().find_map(|report| match report {
                Report::Finish(outcome) => Some(outcome),
                Report::Start(_) | Report::Heartbeat(_) => None,
            })
        };
        self.until("the lease is reported as finished", find).await
    }

    /// The newest of `more` heartbeats from now.
    pub(crate) async fn heartbeats(&self, id: LeaseId, more: usize) -> Vitals {
        let seen = |desk: &Self| -> Vec<Vitals> {
            let reports = desk.reports(id).into_iter();
            reports
                .filter_map(|report| if let Report::Heartbeat(vitals) = report { Some(vitals) } else { None })
                .collect()
        };
        let before = seen(self).len();
        self.until("heartbeats come", |desk| seen(desk).get(before + more - 1).copied()).await
    }

    /// Waits for a report that was lost.
    pub(crate) async fn attempted(&self, id: LeaseId) {
        self.until("a report is tried", |desk| desk.books().attempts.contains(&id).then_some(())).await
    }

    pub(crate) async fn until<T>(&self, what: &str, find: impl Fn(&Self) -> Option<T>) -> T {
        let mut turned = self.turned.subscribe();
        let found = async {
            loop {
                if let Some(found) = find(self) {
                    return found;
                }
                turned.changed().await.expect("the desk is open");
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{what}: {:?}", self.books().reports))
    }

    fn open_books(&self) -> Result<MutexGuard<'_, Books>, ExchangeError> {
        let books = self.books();
        if books.is_away { Err(ExchangeError::Away("the desk is closed".to_owned())) } else { Ok(books) }
    }

    /// Accepts a report if the lease is in one of `states`, and moves it on.
    fn take(&self, id: LeaseId, states: &[LeaseState], next: LeaseState, report: Report) -> Result<(), ExchangeError> {
        let taken = {
            let mut books = self.open_books()?;
            if books.loses_reports {
                books.attempts.push(id);
                Err(ExchangeError::Away("the report is lost".to_owned()))
            } else {
                let lease = &mut books.leases.get_mut(&id).expect("a known lease").0;
                if states.contains(&lease.state) {
                    lease.state = next;
                    books.reports.push((id, report));
                    Ok(())
                } else {
                    let detail = format!("lease {id} is {:?}", lease.state);
                    Err(ExchangeError::Refused { code: "LEASE_STATE".to_owned(), detail })
                }
            }
        };
        self.turn();
        taken
    }
}

fn time(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

impl Exchange for Desk {
    async fn head(&self) -> Result<Head, ExchangeError> {
        drop(self.open_books()?);
        Ok(Head { log: self.log.clone(), seq: *self.turned.borrow() })
    }

    async fn leases(&self, served: Leases) -> Result<Vec<Lease>, ExchangeError> {
        assert_eq!(served, Leases::Provider(self.provider));
        let books = self.open_books()?;
        let leases = books.leases.values().map(|(lease, _)| lease.clone());
        Ok(leases.filter(|lease| lease.state != LeaseState::Closed).collect())
    }

    async fn lease(&self, id: LeaseId) -> Result<Option<Lease>, ExchangeError> {
        Ok(self.open_books()?.leases.get(&id).map(|(lease, _)| lease.clone()))
    }

    async fn specification(&self, lease: &Lease) -> Result<Specification, ExchangeError> {
        Ok(self.open_books()?.leases[&lease.id].1.clone())
    }

    fn changes(&self, _seq: u64) -> BoxStream<'static, Change> {
        let provider = Some(self.provider);
        let desk = self.clone();
        let turned = self.turned.subscribe();
        stream::unfold((desk, turned), move |(desk, mut turned)| async move {
            turned.changed().await.ok()?;
            let changes: Vec<_> = desk.books().leases.keys().map(|lease| Change { lease: *lease, provider }).collect();
            Some((stream::iter(changes), (desk, turned)))
        })
        .flatten()
        .boxed()
    }

    async fn start(&self, lease: &Lease, started: &Started) -> Result<(), ExchangeError> {
        let states = [LeaseState::Escrowed];
        self.take(lease.id, &states, LeaseState::Running, Report::Start(started.clone()))
    }

    async fn heartbeat(&self, lease: &Lease, vitals: Vitals) -> Result<(), ExchangeError> {
        self.take(lease.id, &[LeaseState::Running], LeaseState::Running, Report::Heartbeat(vitals))
    }

    async fn tell(
        &self,
        lease: &Lease,
        replica: ReplicaIndex,
        after: Option<&str>,
        lines: Vec<u8>,
    ) -> Result<Option<String>, ExchangeError> {
        self.turn();
        let mut books = self.open_books()?;
        let told = books.told.entry((lease.id, replica)).or_default();
        let known = told.last().map(|line| time(line).to_owned());
        if after > known.as_deref() {
            return Ok(known);
        }
        let lines = String::from_utf8(lines).expect("the page writes text");
        told.extend(lines.lines().filter(|line| Some(time(line)) > known.as_deref()).map(str::to_owned));
        Ok(told.last().map(|line| time(line).to_owned()))
    }

    async fn hand_in(&self, lease: &Lease, result: Vec<u8>) -> Result<(), ExchangeError> {
        self.open_books()?.results.insert(lease.id, result);
        Ok(())
    }

    async fn finish(&self, lease: &Lease, outcome: &Outcome) -> Result<(), ExchangeError> {
        let states = [LeaseState::Escrowed, LeaseState::Running, LeaseState::Suspended, LeaseState::Closing];
        self.take(lease.id, &states, LeaseState::Closed, Report::Finish(outcome.clone()))
    }
}
