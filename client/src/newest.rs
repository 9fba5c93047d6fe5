//! What a state channel is at, over as many connections as it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use berth_wire::frame::{Push, Subscribe};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::backoff::Backoff;
use crate::error::ClientError;
use crate::socket::{Endpoint, Incoming};

/// The newest of something that changes. What comes faster than it is looked at
/// is skipped.
#[derive(Debug)]
pub struct Newest<T> {
    newest: watch::Receiver<Result<Arc<T>, ClientError>>,
    is_current: Arc<AtomicBool>,
}

/// What a state is built from; each connection begins with a new one.
pub(crate) trait Built: Default + Send + 'static {
    type State: Default + Send + Sync + 'static;

    /// Takes a frame in; `None` for another channel's.
    fn take(&mut self, push: Push) -> Option<Piece<Self::State>>;
}

/// What a frame came to.
pub(crate) struct Piece<T> {
    /// The subscription.
    pub(crate) sub: u64,
    /// Whether it begins the state anew.
    pub(crate) is_first: bool,
    /// The state, or why the frame does not continue it.
    pub(crate) built: Result<Arc<T>, String>,
}

impl<T> Newest<T> {
    /// The state after its next change; the first call waits for the first
    /// snapshot. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When it can never be had: [`ClientError::Refused`] or
    /// [`ClientError::Protocol`].
    pub async fn next(&mut self) -> Result<Arc<T>, ClientError> {
        // The task ends only after it has said why, which stays readable.
        let changed = self.newest.changed().await;
        let newest = self.newest.borrow_and_update().clone();
        match (changed, newest) {
            (Ok(()), newest) => newest,
            (Err(_), Err(why)) => Err(why),
            (Err(_), Ok(_)) => Err(ClientError::Protocol("the stream's task has ended".to_owned())),
        }
    }

    /// Whether the node is heard, and what came last is what it has. Otherwise
    /// this is what was when the connection broke, and another is on its way.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_current.load(Ordering::Acquire)
    }

    pub(crate) fn keep<B: Built<State = T>>(endpoint: Endpoint, subscribe: Subscribe) -> Self
    where
        T: Default + Send + Sync + 'static,
    {
        let (sender, newest) = watch::channel(Ok(Arc::default()));
        let is_current = Arc::new(AtomicBool::new(false));
        tokio::spawn(keep::<B>(endpoint, subscribe, sender, Arc::clone(&is_current)));
        Self { newest, is_current }
    }
}

type Sender<T> = watch::Sender<Result<Arc<T>, ClientError>>;

/// The task behind a stream.
async fn keep<B: Built>(
    endpoint: Endpoint,
    subscribe: Subscribe,
    newest: Sender<B::State>,
    is_current: Arc<AtomicBool>,
) {
    let mut backoff = Backoff::default();
    loop {
        let why = tokio::select! {
            why = follow::<B>(&endpoint, &subscribe, &newest, &is_current, &mut backoff) => why,
            () = newest.closed() => return,
        };
        is_current.store(false, Ordering::Release);
        if matches!(why, ClientError::Refused { .. } | ClientError::Protocol(_)) && !why.may_retry() {
            // Without a reader there is nobody to tell.
            let _ = newest.send(Err(why));
            return;
        }
        debug!(%why, ch = subscribe.ch, "a stream's connection is over");
        tokio::select! {
            () = sleep(backoff.next()) => {}
            () = newest.closed() => return,
        }
    }
}

/// One connection, from its start to its end.
async fn follow<B: Built>(
    endpoint: &Endpoint,
    subscribe: &Subscribe,
    newest: &Sender<B::State>,
    is_current: &AtomicBool,
    backoff: &mut Backoff,
) -> ClientError {
    let connected = async {
        let mut socket = endpoint.connect_to_read().await?;
        let subscribed = socket.subscribe(subscribe).await?;
        Ok((socket, subscribed.sub))
    };
    let (mut socket, sub) = match connected.await {
        Ok(connected) => connected,
        Err(why) => return why,
    };
    let mut builder = B::default();
    loop {
        let piece = match socket.next().await {
            Ok(Incoming::Push(push)) => builder.take(push).filter(|piece| piece.sub == sub),
            Ok(Incoming::Answer(_)) => continue,
            Err(why) => return why,
        };
        match piece {
            None => {}
            Some(Piece { is_first, built: Ok(state), .. }) => {
                if !is_first {
                    backoff.reset();
                }
                is_current.store(true, Ordering::Release);
                newest.send_modify(|newest| *newest = Ok(state));
            }
            Some(Piece { built: Err(fault), .. }) => {
                // Another connection brings another snapshot.
                warn!(fault, ch = subscribe.ch, "what is kept is not the node's and is fetched anew");
                return ClientError::Transport(fault);
            }
        }
    }
}
