//! The baseline: a file that records are appended to, each synced before the next.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// A plain file.
pub(crate) struct Raw {
    file: File,
    /// What records are cut from. No disk that compresses gains anything by it.
    noise: Vec<u8>,
}

impl Raw {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        Ok(Self { file, noise: Vec::new() })
    }

    /// Appends records of these sizes, in bytes, and gives the time of each.
    pub(crate) fn append(&mut self, sizes: &[usize]) -> io::Result<Vec<Duration>> {
        let longest = sizes.iter().copied().max().unwrap_or_default();
        if self.noise.len() < longest {
            self.noise.resize(longest, 0);
            blake3::Hasher::new().finalize_xof().fill(&mut self.noise);
        }
        let mut spent = Vec::with_capacity(sizes.len());
        for &size in sizes {
            let start = Instant::now();
            self.file.write_all(&self.noise[..size])?;
            self.file.sync_data()?;
            spent.push(start.elapsed());
        }
        Ok(spent)
    }
}
