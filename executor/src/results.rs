//! What is kept of leases that ended: the end of their logs, and how they ended.
//!
//! ```text
//! results/<log id>/<lease>.log    the last 64 KiB of the containers' output
//! results/<log id>/<lease>.json   the outcome; written last, so it decides
//! ```
//!
//! Both are on disk before a container is removed. From then on the outcome can
//! be reported as often as it takes, after any crash, and never comes out
//! differently.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::docker::Ended;
use crate::lease::{LeaseId, LogId, Outcome};
use crate::plan::Ending;

/// Bytes of output that are kept of one lease.
pub const LOG_BYTES_MAX: usize = 64 << 10;

/// The folder of kept results.
#[derive(Clone, Debug)]
pub struct Results {
    folder: PathBuf,
}

impl Results {
    /// The results under an agent's data folder, which need not exist yet.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self { folder: data.join("results") }
    }

    /// Keeps how a lease ended and what its containers wrote. Where an outcome
    /// is kept already, that one stands and is answered.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep(&self, log: &LogId, lease: LeaseId, ending: &Ending, ended: &[Ended]) -> io::Result<Outcome> {
        if let Some(outcome) = self.kept(log, lease)? {
            return Ok(outcome);
        }
        let exit_code = ending.exit_code.or_else(|| exit_code_of(ended));
        let mut outcome = Outcome::new(ending.reason, exit_code, ending.failure.clone());
        fs::create_dir_all(self.folder.join(log.as_str()))?;
        if !ended.is_empty() {
            let output = join(ended);
            outcome.result_sha256 = Some(hex::encode(Sha256::digest(&output)));
            outcome.result_size = output.len() as u64;
            write(&self.log_path(log, lease), &output)?;
        }
        let text = serde_json::to_vec_pretty(&outcome).map_err(io::Error::other)?;
        write(&self.outcome_path(log, lease), &text)?;
        Ok(outcome)
    }

    /// The kept outcome of a lease, if there is one.
    ///
    /// # Errors
    /// When the disk refuses, or the file is not one of ours.
    pub fn kept(&self, log: &LogId, lease: LeaseId) -> io::Result<Option<Outcome>> {
        let path = self.outcome_path(log, lease);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| io::Error::other(format!("{} is damaged: {error}", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Which of `leases` have a kept outcome.
    #[must_use]
    pub fn kept_of(&self, log: &LogId, leases: impl Iterator<Item = LeaseId>) -> BTreeSet<LeaseId> {
        leases.filter(|lease| self.outcome_path(log, *lease).exists()).collect()
    }

    /// Where a lease's output is kept.
    #[must_use]
    pub fn log_path(&self, log: &LogId, lease: LeaseId) -> PathBuf {
        self.folder.join(log.as_str()).join(format!("{lease}.log"))
    }

    fn outcome_path(&self, log: &LogId, lease: LeaseId) -> PathBuf {
        self.folder.join(log.as_str()).join(format!("{lease}.json"))
    }
}

/// The first code that is not success, else success if any replica ended so.
fn exit_code_of(ended: &[Ended]) -> Option<i64> {
    let codes = || ended.iter().filter_map(|ended| ended.exit_code);
    codes().find(|code| *code != 0).or_else(|| codes().next())
}

/// One replica's output as it came; several under headings. With the headings
/// it is a few bytes more than what the engine was asked for, so it is cut.
fn join(ended: &[Ended]) -> Vec<u8> {
    if let [only] = ended {
        return only.log.clone();
    }
    let mut output = Vec::new();
    for ended in ended {
        output.extend_from_slice(format!("==> replica {} <==\n", ended.index).as_bytes());
        output.extend_from_slice(&ended.log);
        if !output.ends_with(b"\n") {
            output.push(b'\n');
        }
    }
    output.drain(..output.len().saturating_sub(LOG_BYTES_MAX));
    output
}

/// All or nothing, also in a power cut: a file beside it, synced, then renamed
/// over it, then the folder synced.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("partial");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().ok_or_else(|| io::Error::other("a result has a folder"))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::{Reason, ReplicaIndex};

    fn log() -> LogId {
        LogId::parse(&"ab".repeat(32)).expect("64 hex digits")
    }

    fn ended(index: u32, exit_code: Option<i64>, log: &str) -> Ended {
        Ended { index: ReplicaIndex(index), exit_code, log: log.as_bytes().to_vec() }
    }

    fn ending(reason: Reason, exit_code: Option<i64>) -> Ending {
        Ending { reason, exit_code, failure: None }
    }

    #[test]
    fn the_first_outcome_stands() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let results = Results::new(folder.path());
        let lease = LeaseId(7);
        assert_eq!(results.kept(&log(), lease).expect("readable"), None);
        let first = results
            .keep(&log(), lease, &ending(Reason::Stopped, None), &[ended(0, Some(143), "hello\n")])
            .expect("kept");
        assert_eq!(first.exit_code, Some(143));
        assert_eq!(first.result_size, 6);
        // sha256sum of "hello\n".
        let expected = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(first.result_sha256.as_deref(), Some(expected));
        assert_eq!(fs::read(results.log_path(&log(), lease)).expect("a log"), b"hello\n");
        let second = results.keep(&log(), lease, &ending(Reason::Failed, Some(1)), &[]).expect("kept");
        assert_eq!(second, first);
        assert_eq!(results.kept(&log(), lease).expect("readable"), Some(first));
        let kept = results.kept_of(&log(), [LeaseId(6), lease].into_iter());
        assert_eq!(kept, BTreeSet::from([lease]));
    }

    #[test]
    fn a_lease_that_never_ran_has_an_outcome_and_no_result() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let results = Results::new(folder.path());
        let outcome = results.keep(&log(), LeaseId(1), &ending(Reason::Failed, None), &[]).expect("kept");
        assert_eq!(outcome, Outcome::new(Reason::Failed, None, None));
        assert!(!results.log_path(&log(), LeaseId(1)).exists());
    }

    #[test]
    fn a_damaged_outcome_is_an_error_and_not_an_absence() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let results = Results::new(folder.path());
        results.keep(&log(), LeaseId(1), &ending(Reason::Stopped, None), &[]).expect("kept");
        fs::write(results.outcome_path(&log(), LeaseId(1)), b"{").expect("written");
        let error = results.kept(&log(), LeaseId(1)).expect_err("damaged");
        assert!(error.to_string().contains("is damaged"), "{error}");
    }

    #[test]
    fn several_replicas_are_told_apart_and_their_worst_code_counts() {
        let both = [ended(0, Some(0), "one"), ended(1, Some(3), "two\n")];
        assert_eq!(join(&both), b"==> replica 0 <==\none\n==> replica 1 <==\ntwo\n");
        assert_eq!(exit_code_of(&both), Some(3));
        assert_eq!(exit_code_of(&[ended(0, Some(0), ""), ended(1, None, "")]), Some(0));
        assert_eq!(exit_code_of(&[ended(0, None, "")]), None);
        let long = "x".repeat(LOG_BYTES_MAX);
        assert_eq!(join(&[ended(0, None, &long), ended(1, None, "end\n")]).len(), LOG_BYTES_MAX);
    }
}
