//! A way to the engine that can be shut: to an agent the engine is away, while
//! its containers run.

use std::path::PathBuf;
use std::sync::Mutex;

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) struct Relay {
    engine: PathBuf,
    folder: TempDir,
    open: Mutex<Option<JoinHandle<()>>>,
}

impl Relay {
    pub(crate) fn open(engine: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let relay = Self { engine, folder, open: Mutex::new(None) };
        relay.reopen();
        relay
    }

    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.path().display())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("relay.sock")
    }

    pub(crate) fn reopen(&self) {
        let listener = UnixListener::bind(self.path()).expect("a socket");
        let engine = self.engine.clone();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut agent, _)) = listener.accept().await {
                let engine = engine.clone();
                connections.spawn(async move {
                    let mut engine = UnixStream::connect(engine).await.expect("the engine answers");
                    let _ = copy_bidirectional(&mut agent, &mut engine).await;
                });
            }
        });
        *self.open.lock().expect("no holder panics") = Some(task);
    }

    /// Breaks what is open and refuses what comes.
    pub(crate) fn close(&self) {
        let task = self.open.lock().expect("no holder panics").take();
        task.expect("an open relay").abort();
        std::fs::remove_file(self.path()).expect("a socket");
    }
}
