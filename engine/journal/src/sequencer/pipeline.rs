//! The two threads behind the core: one makes batches durable, one shows them.
//! While a batch is being written, the next is computed and the one before shown.
//!
//! The batches in memory are the one that the core fills, one that waits for the
//! writer, one with each thread: four at most.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Fatal;
use super::stages::{Durable, Sealed, Stages};

/// The core's end.
pub(super) struct Pipeline {
    stages: Arc<Stages>,
    progress: Arc<Progress>,
    /// None when no more will come.
    sealed: Option<Sender<Sealed>>,
    /// Batches that were handed over.
    handed: u64,
    /// Something comes when the writer has written a batch.
    freed: Receiver<()>,
    /// What the threads died of.
    failed: Receiver<Fatal>,
    threads: Vec<JoinHandle<()>>,
}

/// How many of the batches that were handed over went how far.
#[derive(Default)]
struct Progress {
    written: AtomicU64,
    published: AtomicU64,
}

impl Pipeline {
    pub(super) fn start(stages: Arc<Stages>) -> io::Result<Self> {
        let progress = Arc::new(Progress::default());
        let (sealed, to_write) = bounded(1);
        // The writer waits for whoever shows what it wrote.
        let (durable, to_show) = bounded(0);
        let (free, freed) = bounded(1);
        let (fail, failed) = bounded(2);
        let mut pipeline = Self {
            stages: Arc::clone(&stages),
            progress: Arc::clone(&progress),
            sealed: Some(sealed),
            handed: 0,
            freed,
            failed,
            threads: Vec::with_capacity(2),
        };
        let write = {
            let (stages, progress) = (Arc::clone(&stages), Arc::clone(&progress));
            move || write_all(&stages, &progress, to_write, durable, &free)
        };
        pipeline.threads.push(spawn("journal", fail.clone(), write)?);
        let show = move || show_all(&stages, &progress, to_show);
        pipeline.threads.push(spawn("publisher", fail, show)?);
        Ok(pipeline)
    }

    /// Whether the writer has nothing to do.
    pub(super) fn is_free(&self) -> bool {
        self.progress.written.load(Ordering::Acquire) == self.handed
    }

    /// Whether nothing is on its way, but for answers that are being given.
    pub(super) fn is_idle(&self) -> bool {
        self.progress.published.load(Ordering::Acquire) == self.handed
    }

    /// Gets something when the writer may have become free.
    pub(super) const fn freed(&self) -> &Receiver<()> {
        &self.freed
    }

    /// Gets what a thread died of.
    pub(super) const fn failed(&self) -> &Receiver<Fatal> {
        &self.failed
    }

    /// Gives a batch to the writer; waits while one waits for it already.
    pub(super) fn hand_over(&mut self, batch: Sealed) -> Result<(), Fatal> {
        self.handed += 1;
        let sender = self.sealed.as_ref().expect("nothing is handed over behind the end");
        sender.send(batch).map_err(|_| self.why())
    }

    /// Does all of it on this thread, which takes nobody's being woken. Only for
    /// a pipeline that is idle.
    pub(super) fn carry(&self, batch: Sealed) -> Result<(), Fatal> {
        let durable = self.stages.write(batch)?;
        self.stages.tell(self.stages.keep(durable)?, || ());
        Ok(())
    }

    /// Waits until all that was handed over is shown.
    pub(super) fn finish(&mut self) -> Result<(), Fatal> {
        self.end();
        self.failed.try_recv().map_or(Ok(()), Err)
    }

    /// Why a thread is gone.
    fn why(&self) -> Fatal {
        // It says so last of all.
        self.failed.recv().unwrap_or(Fatal::Panicked)
    }

    fn end(&mut self) {
        drop(self.sealed.take());
        for thread in self.threads.drain(..) {
            // A panic there was caught there.
            let _ = thread.join();
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(
    name: &str,
    fail: Sender<Fatal>,
    work: impl FnOnce() -> Result<(), Fatal> + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        let fatal = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => return,
            Ok(Err(fatal)) => fatal,
            Err(_) => Fatal::Panicked,
        };
        // There is room for what each of the two says.
        let _ = fail.try_send(fatal);
    })
}

fn write_all(
    stages: &Stages,
    progress: &Progress,
    batches: Receiver<Sealed>,
    durable: Sender<Durable>,
    free: &Sender<()>,
) -> Result<(), Fatal> {
    for batch in batches {
        let batch = stages.write(batch)?;
        if durable.send(batch).is_err() {
            // Whoever shows them has failed, and says why.
            break;
        }
        progress.written.fetch_add(1, Ordering::Release);
        // Where there is something already, the core will look.
        let _ = free.try_send(());
    }
    Ok(())
}

fn show_all(stages: &Stages, progress: &Progress, batches: Receiver<Durable>) -> Result<(), Fatal> {
    for batch in batches {
        let readable = stages.keep(batch)?;
        // Before the answers: who is answered and speaks again at once finds
        // the pipeline idle.
        stages.tell(readable, || {
            progress.published.fetch_add(1, Ordering::Release);
        });
    }
    Ok(())
}
