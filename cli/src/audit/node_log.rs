//! The log that a node serves. The node may lie: what comes is decoded, must be
//! what was asked for, and is held one answer at a time.

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Duration;

use berth_client::{Client, ClientError, LogPage};
use berth_domain::Seq;
use berth_journal::Batch;
use tokio::runtime::{Builder, Runtime};

use super::walk::Token;
use crate::fault::{Fault, While};
use crate::output::plain;
use crate::remote::fault;

/// How often an answer is asked for that the node is too busy to give.
const TRIES: u32 = 5;
/// How often one is asked for that breaks off or does not come.
const TRIES_LOST: u32 = 2;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(500);

/// A node's log.
pub(crate) struct NodeLog {
    runtime: Runtime,
    client: Client,
    url: String,
    /// What it said last that it withholds.
    sealed_from: Cell<Option<Seq>>,
}

impl NodeLog {
    pub(crate) fn new(url: &str, token: &Token) -> Result<Self, Fault> {
        let client = token.client(url)?;
        let runtime = Builder::new_current_thread().enable_all().build().or_fault("starting the runtime")?;
        Ok(Self { runtime, client, url: url.to_owned(), sealed_from: Cell::new(None) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The first entry that the node withheld, when it did.
    pub(crate) fn sealed_from(&self) -> Option<Seq> {
        self.sealed_from.get()
    }

    /// The last batch that it serves; none when the log is empty.
    pub(crate) fn last(&self) -> Result<Option<Batch>, Fault> {
        // What is withheld begins behind the first entry.
        let page = self.page(Seq(1))?;
        let Some(sealed) = page.sealed_from else {
            return self.batches(Seq(page.head)).last().transpose();
        };
        // A batch is withheld as a whole, from wherever it begins.
        let mut back = 1_u64;
        loop {
            let from = Seq(sealed.saturating_sub(back).max(1));
            if from == Seq(1) || !self.page(from)?.batches.is_empty() {
                return self.batches(from).last().transpose();
            }
            back = back.saturating_mul(2);
        }
    }

    /// Batches from the one that holds `from` up to the end that the log has at
    /// the first answer, or up to what is withheld.
    pub(crate) fn batches(&self, from: Seq) -> Batches<'_> {
        Batches {
            node: self,
            next: from.max(Seq(1)),
            page: VecDeque::new(),
            head: None,
            sealed_from: None,
            over: false,
        }
    }

    /// Asks something of the node, and again when that may help.
    pub(crate) fn ask<T>(&self, ask: impl AsyncFn(&Client) -> Result<T, ClientError>) -> Result<T, ClientError> {
        self.runtime.block_on(async {
            let mut tries = 1;
            loop {
                match ask(&self.client).await {
                    Err(error) if tries < tries_of(&error) => {
                        tries += 1;
                        tokio::time::sleep(PAUSE).await;
                    }
                    answer => return answer,
                }
            }
        })
    }

    fn page(&self, from: Seq) -> Result<LogPage, Fault> {
        let page = self.ask(async |client| client.log(from.0).await);
        page.map_err(|error| nonsense(&self.url, error))
    }
}

fn tries_of(error: &ClientError) -> u32 {
    match error {
        ClientError::Refused { status: Some(503), .. } => TRIES,
        ClientError::Transport(_) => TRIES_LOST,
        _ => 1,
    }
}

/// An answer that makes no sense is a finding; not to be reached is none.
pub(crate) fn nonsense(url: &str, error: ClientError) -> Fault {
    match error {
        ClientError::Protocol(_) => Fault::Refused(format!("{url}: {}", plain(&error.to_string()))),
        other => fault(other),
    }
}

/// See [`NodeLog::batches`].
pub(crate) struct Batches<'a> {
    node: &'a NodeLog,
    next: Seq,
    page: VecDeque<Vec<u8>>,
    head: Option<Seq>,
    sealed_from: Option<Seq>,
    over: bool,
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let batch = self.read().transpose();
        self.over = !matches!(batch, Some(Ok(_)));
        batch
    }
}

impl Batches<'_> {
    fn read(&mut self) -> Result<Option<Batch>, Fault> {
        if self.head.is_some_and(|head| self.next > head) {
            return Ok(None);
        }
        if self.page.is_empty() {
            // What is behind the batches of the last answer may be withheld as a
            // whole, and then it is not asked for.
            if self.sealed_from.is_none_or(|sealed| self.next < sealed) {
                self.turn()?;
            }
            if self.page.is_empty() {
                return self.end();
            }
        }
        let bytes = self.page.pop_front().unwrap_or_default();
        let wrong =
            |what: String| Fault::Refused(format!("{}: where entry {} belongs: {what}", self.node.url, self.next));
        let batch = Batch::decode(&bytes).map_err(|why| wrong(format!("no batch: {why}")))?;
        if !(batch.first()..=batch.last()).contains(&self.next) {
            return Err(wrong(format!("a batch with entries {} to {}", batch.first(), batch.last())));
        }
        self.next = batch.last().next();
        Ok(Some(batch))
    }

    /// Asks for what comes next.
    fn turn(&mut self) -> Result<(), Fault> {
        let page = self.node.page(self.next)?;
        self.page = page.batches.into();
        self.head.get_or_insert(Seq(page.head));
        self.sealed_from = page.sealed_from.map(Seq);
        Ok(())
    }

    /// There is nothing further; the node must have said why.
    fn end(&self) -> Result<Option<Batch>, Fault> {
        let (url, next) = (&self.node.url, self.next);
        match (self.sealed_from, self.head) {
            (Some(sealed), _) => {
                tracing::warn!(
                    "{url} withholds its log from entry {next} on, for an auction that entry {sealed} placed is \
                     open; the operator's token reads it (--token-file)"
                );
                self.node.sealed_from.set(Some(next));
                Ok(None)
            }
            (None, Some(head)) if next <= head => {
                Err(Fault::Refused(format!("{url}: its log goes on to entry {head}, and nothing comes from {next} on")))
            }
            (None, _) => Ok(None),
        }
    }
}
