//! Where a log lies, and its batches in order.

use std::path::PathBuf;

use berth_domain::Seq;
use berth_journal::{Batch, DataDir, LogReader, Tip};

use super::node_log::NodeLog;
use super::walk::Token;
use crate::fault::{Fault, While};

/// A place where a log lies.
pub(crate) enum Source {
    /// On this machine; its node may run.
    Folder(DataDir),
    /// At a node that serves it.
    Node(Box<NodeLog>),
}

/// A log that can be read, as it was when it was opened.
pub(crate) enum Log {
    /// See [`Source`].
    Folder(LogReader),
    /// See [`Source`].
    Node(Box<NodeLog>),
}

impl Source {
    /// A URL is a node's, and anything else is a folder.
    pub(crate) fn named(name: &str, token: &Token) -> Result<Self, Fault> {
        if name.starts_with("http://") || name.starts_with("https://") {
            return NodeLog::new(name, token).map(Box::new).map(Self::Node);
        }
        Ok(Self::Folder(DataDir::new(PathBuf::from(name))))
    }

    pub(crate) fn open(self) -> Result<Log, Fault> {
        match self {
            Self::Folder(dir) => {
                let opened = LogReader::open(&dir);
                opened.or_fault(&format!("opening the log of {}", dir.root().display())).map(Log::Folder)
            }
            Self::Node(node) => Ok(Log::Node(node)),
        }
    }
}

impl Log {
    /// The batches in order, from the one that holds `from`. Their links are not
    /// checked.
    pub(crate) fn batches(&self, from: Seq) -> Box<dyn Iterator<Item = Result<Batch, Fault>> + '_> {
        match self {
            Self::Folder(log) => Box::new(log.read(from).map(|batch| batch.or_fault("reading the log"))),
            Self::Node(log) => Box::new(log.batches(from)),
        }
    }

    /// All batches, each checked to follow the one before.
    pub(crate) fn linked(&self) -> impl Iterator<Item = Result<Batch, Fault>> + '_ {
        let mut tip = Tip::default();
        self.batches(Seq(0)).map(move |batch| {
            let batch = batch?;
            tip.check_links(&batch).or_fault("following the log")?;
            tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: batch.events };
            Ok(batch)
        })
    }

    /// From where on it was withheld when it was read.
    pub(crate) fn sealed_from(&self) -> Option<Seq> {
        match self {
            Self::Folder(_) => None,
            Self::Node(log) => log.sealed_from(),
        }
    }

    /// Sees from now on what was written meanwhile.
    pub(crate) fn catch_up(&self) -> Result<(), Fault> {
        match self {
            Self::Folder(log) => log.catch_up().or_fault("reading the log"),
            Self::Node(_) => Ok(()),
        }
    }

    /// The batch that holds an entry, if there is one.
    pub(crate) fn holding(&self, seq: Seq) -> Result<Option<Batch>, Fault> {
        let batch = self.batches(seq).next().transpose()?;
        Ok(batch.filter(|batch| (batch.first()..=batch.last()).contains(&seq)))
    }

    /// The last batch; none when the log is empty.
    pub(crate) fn last(&self) -> Result<Option<Batch>, Fault> {
        match self {
            // The batch that would hold the last of all entries is the last one.
            Self::Folder(_) => self.batches(Seq(u64::MAX)).last().transpose(),
            Self::Node(log) => log.last(),
        }
    }
}
