//! What every request can reach.

use std::sync::Arc;

use berth_domain::{Digest, Seq};
use berth_exchange::{Exchange, StateHash};
use berth_journal::{EventStore, PrivateStore, SequencerHandle, TreeReader};
use berth_wire::errors::EdgeCode;
use berth_wire::response::NetworkStats;
use tokio::sync::watch;

use crate::fanout::Slice;
use crate::frame::Frame;
use crate::identity::Identity;
use crate::kept::Kept;
use crate::limits::Limits;
use crate::log::Log;
use crate::output::Outputs;
use crate::past::{Past, beyond};
use crate::problem::Refusal;
use crate::provision::Provisioning;
use crate::rate::Limiter;
use crate::session::Sessions;
use crate::till::Till;
use crate::treasury::Counter;
use crate::view::View;

/// The node as its routes and sockets share it.
pub(crate) type App = Arc<Node>;

/// The parts of a node that requests need.
pub(crate) struct Node {
    pub(crate) open: bool,
    /// Who asks.
    pub(crate) identity: Identity,
    pub(crate) log_id: Digest,
    pub(crate) view: Arc<View>,
    pub(crate) sequencer: SequencerHandle,
    /// How much one client may ask.
    pub(crate) limiter: Arc<Limiter>,
    /// What an operator bounds.
    pub(crate) limits: Limits,
    /// Whether somebody collects traces.
    pub(crate) traced: bool,
    /// The log on the disk.
    pub(crate) log: Arc<Log>,
    /// The state as it was.
    pub(crate) past: Arc<Past>,
    pub(crate) events: EventStore,
    pub(crate) private: PrivateStore,
    /// The tree over the log; none where nobody builds it.
    pub(crate) audit: Option<Audit>,
    pub(crate) provisioning: Option<Arc<Provisioning>>,
    /// Where money goes in and out; none where there is no chain to ask.
    pub(crate) treasury: Option<Counter>,
    /// Where calls are paid for one by one; none where they are not.
    pub(crate) till: Option<Arc<dyn Till>>,
    /// The totals.
    pub(crate) stats: Kept<NetworkStats>,
    /// An entry, and the hash of the state that follows from it.
    pub(crate) log_head: Kept<(Seq, StateHash)>,
    /// What the containers of leases write.
    pub(crate) outputs: Outputs,
    /// The sessions of its WebSockets.
    pub(crate) sessions: Sessions,
    /// Turns true when the gateway stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The Merkle tree over the log, for those who check it.
#[derive(Clone)]
pub struct Audit {
    /// Its tiles and checkpoints.
    pub tree: TreeReader,
    /// What its checkpoints are verified with, as `name+hash+key`.
    pub key: String,
}

/// How the node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It serves.
    Ready,
    /// The disk is nearly full: it takes nothing new, and cancels and reads go
    /// on.
    ReadOnly,
    /// It answers no more than what is under way.
    Stopping,
}

impl Status {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::ReadOnly => "readOnly",
            Self::Stopping => "stopping",
        }
    }
}

impl Node {
    pub(crate) fn status(&self) -> Status {
        if *self.stop.borrow() {
            Status::Stopping
        } else if self.sequencer.admission().is_open() {
            Status::Ready
        } else {
            Status::ReadOnly
        }
    }

    /// Reads the state behind an entry, or the newest.
    pub(crate) async fn state<R: Send + 'static>(
        &self,
        at: Option<Seq>,
        read: impl FnOnce(&Exchange) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        let Some(seq) = at else { return Ok(self.view.read(read)) };
        let head = self.view.head();
        if seq > head { Err(beyond(head)) } else { self.past.read(seq, read).await }
    }

    /// At most `limit` entries' events from `from` on: from memory when they
    /// are recent, else from the event store. None that the view has not
    /// applied yet, so a short answer is not the end of the log.
    pub(crate) async fn frames(&self, from: Seq, limit: usize) -> Result<Vec<Arc<Frame>>, Refusal> {
        if let Slice::Items(frames) = self.view.events.read(from.0, limit) {
            return Ok(frames);
        }
        let events = self.events.clone();
        let read = tokio::task::spawn_blocking(move || events.read(from, limit)).await;
        match read {
            Ok(Ok(entries)) => Ok(self.view.render(&entries)),
            Ok(Err(error)) => {
                tracing::error!(%error, "events cannot be read");
                Err(EdgeCode::Unavailable.into())
            }
            Err(_) => Err(EdgeCode::Unavailable.into()),
        }
    }

    /// While the disk is nearly full nothing new is taken. The sequencer says so,
    /// too; who keeps or deposits something beforehand asks here first.
    pub(crate) fn may_begin(&self) -> Result<(), Refusal> {
        if self.sequencer.admission().is_open() { Ok(()) } else { Err(EdgeCode::StorageLow.into()) }
    }
}
